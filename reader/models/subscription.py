"""What a user has: folders and subscriptions, and the set of entries read in each."""

from __future__ import annotations

from dataclasses import dataclass

from pyroaring import BitMap


@dataclass(frozen=True, slots=True)
class Folder:
    id: int
    user_id: int
    title: str
    position: int  # order among the user's folders, 0 first
    open: bool = False  # drawn unfolded in the left column
    parent_id: int | None = None  # the folder it is in


@dataclass(frozen=True, slots=True)
class Subscription:
    """One user reading one feed. ``read`` is the serialized Roaring bitmap of the seqs read.

    ``rev`` is the user's revision at which the bitmap last changed.
    """

    user_id: int
    feed_id: int
    folder_id: int | None
    title: str | None  # the user's own name for the feed
    position: int  # order inside its folder
    read: bytes
    rev: int
    created_rev: int  # the user's revision when it was made; a list drawn before does not show it
    created_at: float
    muted: bool = False  # counts nothing and stays out of wider lists


@dataclass(frozen=True)
class ReadChange:
    """Seqs of one feed to put into the read set (``add``) and to take out of it (``remove``)."""

    feed_id: int
    add: BitMap
    remove: BitMap

    def inverse(self) -> ReadChange:
        return ReadChange(self.feed_id, self.remove, self.add)


@dataclass(frozen=True, slots=True)
class Undo:
    """An entry of the undo journal. ``payload`` is JSON that the gateway of its ``kind`` understands."""

    token: str
    user_id: int
    kind: str
    label: str  # what happened, in words: "38 marked as read"
    payload: str
    created_at: float
    expires_at: float
