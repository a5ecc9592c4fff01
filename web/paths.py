"""Addresses of our own: building them, and refusing every other one as a place to go back to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote, urlencode

from reader.models.reading import Scope

# One slash, then what our own pages have in their addresses. No backslash, no second slash, no controls, nothing
# that a browser reads as the beginning of a host or drops while parsing.
OWN = re.compile(
    r"/(?:[A-Za-z0-9_.~%-][A-Za-z0-9_.~%/@:-]*)?(?:\?[A-Za-z0-9_.~%/@:=&+,*-]*)?(?:#[A-Za-z0-9_-]*)?", re.ASCII
)
LONGEST = 2000
FLASH = ("undo", "said", "kept")


def own_path(text: str | None, otherwise: str = "/") -> str:
    """``text`` if it is a path on this server, else ``otherwise``."""
    if not text or len(text) > LONGEST or not OWN.fullmatch(text):
        return otherwise
    path = unquote(text.partition("?")[0])
    if "//" in path or "\\" in path or "/do/" in path or any(ord(c) < 33 for c in path):
        return otherwise
    return text


def with_query(path: str, **values: str | int | None) -> str:
    """``path`` with these parameters set (None: taken out); earlier flashes go."""
    bare, mark, anchor = path.partition("#")
    place, _, query = bare.partition("?")
    kept = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if k not in values and k not in FLASH]
    kept += [(k, str(v)) for k, v in values.items() if v is not None]
    return place + (f"?{urlencode(kept)}" if kept else "") + mark + anchor


def scope_path(scope: Scope) -> str:
    return "/" if scope.kind == "all" else f"/{scope}"


def list_path(scope: Scope, query: Mapping[str, str]) -> str:
    """The list of a scope with its choices; parameters without a value are left out."""
    return with_query(scope_path(scope), **{k: v or None for k, v in query.items()})


def quoted(text: str) -> str:
    return quote(text, safe="")
