"""text: the document is text of a title or of HTML → {"text"}: plain text on one line, which every sink must escape."""

from __future__ import annotations

from workers.batch.document import decoded
from workers.batch.task import Task


def one(task: Task) -> dict[str, object]:
    from reader.ingest.text import clean_text

    return {"text": clean_text(decoded(task))}
