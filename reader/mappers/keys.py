"""Keys that both databases store alike."""

from __future__ import annotations

from hashlib import blake2b


def uid_hash(uid: str) -> bytes:
    """Short key of an identity that may be as long as a publisher likes."""
    return blake2b(uid.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def title_key(title: str, parent_id: int | None) -> str:
    """What is unique among a user's folders: the title without regard to case, beside the folder it is in."""
    return title.casefold() if parent_id is None else f"{parent_id}\x1f{title.casefold()}"
