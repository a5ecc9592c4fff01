"""Keyset cursors: the position in the merge, and the state of the list when it was first drawn."""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass

from reader.errors import Invalid
from reader.gateways.positions import Key


@dataclass(frozen=True, slots=True)
class Cursor:
    """``rev`` and ``as_of`` name the state as drawn; ``part`` is "u" above the horizon, "r" below; ``key`` is the last
    position shown in that part, None before its first."""

    rev: int
    as_of: int
    unread: int
    total: int
    part: str
    key: Key | None

    def encode(self) -> str:
        sort_at, entry_id = (self.key[0].hex(), str(self.key[1])) if self.key else ("", "")
        text = f"{self.rev},{self.as_of},{self.unread},{self.total},{self.part},{sort_at},{entry_id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(text: str) -> Cursor:
    """Raises Invalid for what encode() did not make."""
    try:
        if len(text) > 400:
            raise ValueError("too long")
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        rev, as_of, unread, total, part, sort_at, entry_id = raw.split(",")
        key = (float.fromhex(sort_at), _whole(entry_id)) if sort_at else None
        if part not in ("u", "r") or (key is not None and not math.isfinite(key[0])):
            raise ValueError(part)
        return Cursor(_whole(rev), _whole(as_of), _whole(unread), _whole(total), part, key)
    except (ValueError, OverflowError, binascii.Error) as error:
        message = "That place in the list is not known. Open the list again."
        raise Invalid(message, {"after": message}) from error


def _whole(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**53 or not text.isdigit():
        raise ValueError(text)
    return number


def decode_flag_key(text: str) -> Key:
    """The cursor of starred and read later: (when it was flagged, entry id)."""
    cursor = decode(text)
    if cursor.key is None:
        raise Invalid("That place in the list is not known. Open the list again.", {"after": "not a place"})
    return cursor.key
