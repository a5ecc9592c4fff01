"""Contract for comments and likes on shares, and for notifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reader.models.people import Comment, Notification, NotificationKind
from reader.models.people_views import TalkCounts

UNSEEN_MOST = 1000  # what lies beyond is as good as a thousand


class TalkMapper(Protocol):
    async def comments(self, share_id: int, limit: int) -> list[Comment]:
        """The newest ``limit`` of a share, in order of id, with the comments that they answer."""
        ...

    async def many(self, comment_ids: Sequence[int]) -> dict[int, Comment]:
        """Those that exist."""
        ...

    async def add(self, share_id: int, user_id: int, parent_id: int | None, text: str, *, now: float) -> Comment:
        """``parent_id``: the comment that it answers. Raises Conflict when that is gone, deleted, an answer itself or
        of another share."""
        ...

    async def remove(self, comment_id: int, *, now: float) -> bool:
        """Deletes it; one with answers stays without its text. A deleted one whose last answer goes, goes too. False
        when it was deleted before."""
        ...

    async def like(self, share_id: int, user_id: int, on: bool, *, now: float) -> bool:
        """False if it was so already."""
        ...

    async def likers(self, share_id: int, limit: int) -> list[int]:
        """User ids, the latest like first."""
        ...

    async def counts(self, viewer_id: int, share_ids: Sequence[int]) -> dict[int, TalkCounts]:
        """For each share, as the viewer (0: nobody) may count: without those the viewer blocked or muted, who blocked
        the viewer, or who are private and did not approve (a share's owner counts private people too). Shares without
        any are left out. One round trip."""
        ...

    async def of_user(self, user_id: int, after: int, limit: int) -> list[Comment]:
        """What a user wrote, by id, above ``after``; for the archive."""
        ...

    async def liked_by(self, user_id: int, after: int, limit: int) -> list[tuple[int, float]]:
        """(share, when) that the user liked, by id of the share, above ``after``."""
        ...


class NotificationMapper(Protocol):
    async def tell(
        self, user_id: int, key: str, kind: NotificationKind, actor_id: int, *,
        share_id: int | None, comment_id: int | None, now: float,
    ) -> bool:  # fmt: skip
        """Stores a notification unless one of that key is there, or the user blocked or muted the actor, or the actor
        blocked the user, or either is being removed. True if it was stored."""
        ...

    async def forget(self, user_id: int, key: str) -> bool:
        """Takes one back (a request that was withdrawn)."""
        ...

    async def page(self, user_id: int, *, before: int | None, limit: int) -> list[Notification]:
        """The newest first, those with an id below ``before``; without those about people whom the user muted."""
        ...

    async def unseen(self, user_id: int) -> int:
        """How many that page() would show are not seen yet, UNSEEN_MOST at most."""
        ...

    async def seen(self, user_id: int, up_to: int, *, now: float) -> int:
        """All up to that id are seen; returns how many were not."""
        ...

    async def trim(self, before: float) -> int:
        """Removes what was told before then; returns how many."""
        ...
