"""Text of a document that is a piece of HTML or of plain text."""

from __future__ import annotations

import codecs
import re

from workers.batch.task import Task

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_WIDE = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


def decoded(task: Task) -> str:
    """The document's text: a byte order mark decides, then the charset of the content type, a <meta>, UTF-8, a guess.

    Never raises for its bytes; what cannot be decoded is U+FFFD.
    """
    from reader.ingest.parse.charsets import codec_of, is_wide
    from reader.ingest.parse.encoding import decode

    body = task.body()
    for mark, codec in _WIDE:
        if body.startswith(mark):
            return body.decode(codec, "replace")
    match = _CHARSET.search(task.content_type or "")
    said = codec_of(match[1]) if match else None
    if said and is_wide(said) and b"\0" in body:
        return body.decode(said, "replace").removeprefix("\ufeff")
    return decode(body, task.content_type, page=True)[0]
