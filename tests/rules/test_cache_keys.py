"""Every key of the cache says the version of its shape, and stands in docs/caching.md."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CALL = re.compile(r"cache\.(?:get|set|add|increment|delete)\(\s*(.+?)[,)]")
KEY = re.compile(r'f"([a-z-]+):([0-9]+):')
NAMED = {"ours", "place.cache_key(rev", "session_key(session.token_hash", "session_key(fingerprint", "user_key(user.id",
         "user_key(user_id", 'user_key(session["user_id"]'}  # fmt: skip
"""Keys that are made elsewhere, by functions whose text below is looked through, too."""
ROW = re.compile(r"^\| (`.+?`) \|", re.MULTILINE)
SHOWN = re.compile(r"`([a-z-]+):([0-9]+):")


def sources() -> str:
    files = [path for top in ("reader", "api", "web", "workers") for path in (ROOT / top).rglob("*.py")]
    return "\n".join(path.read_text() for path in files if (ROOT / "reader" / "cache") not in path.parents)


def test_every_key_says_its_version() -> None:
    called = CALL.findall(sources())
    assert len(called) > 15
    assert [key for key in called if not KEY.match(key) and key not in NAMED] == []


def test_every_key_is_described() -> None:
    rows = "".join(ROW.findall((ROOT / "docs" / "caching.md").read_text()))
    described = set(SHOWN.findall(rows))
    assert set(KEY.findall(sources())) == described
