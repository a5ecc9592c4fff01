"""The srcset attribute (HTML Standard, 4.8.4.2.1), read and written."""

from __future__ import annotations

import re
from collections.abc import Callable

# A URL runs to white space and does not end in a comma; its descriptors run to a comma outside of parentheses.
_CANDIDATE = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s++([^,(]*+)(?:\([^)]*+\)?+[^,(]*+)*+(?:,|$)|$)")
_DESCRIPTOR = re.compile(r"(?:^|\s)(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})([wxWX])(?=$|\s)")
_HEIGHT = re.compile(r"(?:^|\s)\d{1,6}h(?=$|\s)")
_MOST = 20
_LONGEST = 50_000


def map_srcset(value: str, change: Callable[[str], str | None]) -> str:
    """Apply ``change`` to each URL; candidates for which it gives None are left out. Commas inside the resulting
    URLs are escaped, so that the next reader cannot split there. At most 20 candidates are kept."""
    kept = []
    for number, match in enumerate(_CANDIDATE.finditer(value[:_LONGEST].strip(" ,\t\r\n\f"))):
        if number >= _MOST:
            break
        url = change(match[1])
        if url:
            url = url.replace(",", "%2C").replace(" ", "%20")
            written = _descriptor(match[2] or "")
            kept.append(f"{url} {written}" if written else url)
    return ", ".join(kept)


def _descriptor(written: str) -> str:
    """The width or the density, as it will be read again; a height beside a width says nothing more (future-compat)."""
    match = _DESCRIPTOR.search(written)
    if match is None:
        return ""
    number = match[1] if not match[1].startswith(".") else f"0{match[1]}"
    return number + match[2].lower()
