"""The srcset attribute (HTML Standard, 4.8.4.2.1), read and written."""

from __future__ import annotations

import re
from collections.abc import Callable

_CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(?:,|\s+([\d.]{1,10}[wxh])?[^,]*(?:,|$)|$)")
_MOST = 20


def map_srcset(value: str, change: Callable[[str], str | None]) -> str:
    """Apply ``change`` to each URL; candidates for which it gives None are left out. Commas inside the resulting
    URLs are escaped, so that the next reader cannot split there."""
    kept = []
    for match in list(_CANDIDATE.finditer(value[:50_000].strip(" ,\t\r\n\f")))[:_MOST]:
        url = change(match[1])
        if url:
            kept.append(" ".join(part for part in (url.replace(",", "%2C").replace(" ", "%20"), match[2]) if part))
    return ", ".join(kept)
