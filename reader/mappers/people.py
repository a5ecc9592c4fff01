"""Contract for people to each other: what they show of themselves, who follows, who may, who will not.

Following is a subscription to a stream's feed. Accounts that are being removed count as absent in every answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reader.models.people import Candidate, Person, RelationKind, Standing, Talk, Ties
from reader.models.people_views import Request


class PeopleMapper(Protocol):
    async def person(self, name: str) -> Person | None:
        """By name, without regard to case."""
        ...

    async def persons(self, user_ids: Sequence[int]) -> dict[int, Person]:
        """Those that exist. One round trip."""
        ...

    async def standings(self, viewer_id: int, user_ids: Sequence[int]) -> dict[int, Standing]:
        """How the viewer (0: nobody) and each of these people stand to each other; who is gone is left out. One round
        trip."""
        ...

    async def set_profile(self, user_id: int, *, about: str, talk: Talk) -> None: ...

    async def set_private(self, user_id: int, private: bool, *, now: float) -> bool:
        """False if it was so already. Going private approves everybody who follows now, and takes the stars and
        read-later marks of everybody else off the person's shares, in the same write. Going public ends approvals;
        requests stay for open_requests()."""
        ...

    # ---- approval

    async def ask(self, owner_id: int, user_id: int, *, now: float) -> bool:
        """True if this call asked; False when they asked before or are approved."""
        ...

    async def approve(self, owner_id: int, user_id: int, *, feed_id: int, unread: int, now: float) -> bool:
        """An open request becomes an approval (of an owner who is public: it just ends) and, in the same write, a
        subscription to ``feed_id``, a stream of the owner's, as SubscriptionMapper.subscribe makes it. False when
        there was no request."""
        ...

    async def refuse(self, owner_id: int, user_id: int) -> bool:
        """Ends a request or an approval, with the subscriptions and stars that rest on it; False when there was
        neither and they did not follow."""
        ...

    async def withdraw(self, owner_id: int, user_id: int) -> bool:
        """Ends a request, not an approval; False when there was none."""
        ...

    async def requests(self, owner_id: int, *, before: int | None, limit: int) -> list[Request]:
        """Who asks to follow, by falling id of the account, those below ``before``."""
        ...

    async def open_requests(self, limit: int) -> list[tuple[int, int]]:
        """(owner, who asks) for owners who are public (again): to be approved."""
        ...

    # ---- blocks and mutes

    async def block(self, user_id: int, other_id: int, *, now: float) -> bool:
        """In one write, both ways: subscriptions to each other's streams, approvals and requests, stars and read-later
        marks on each other's shares, and notifications about each other end. False if it was there."""
        ...

    async def mute(self, user_id: int, other_id: int, *, now: float) -> bool:
        """The user's subscriptions to the other's streams are muted as well. False if it was there."""
        ...

    async def unrelate(self, user_id: int, other_id: int, kind: RelationKind) -> bool:
        """Ends a block, or a mute with that of the subscriptions. False if there was none."""
        ...

    async def related(self, user_id: int, kind: RelationKind, *, before: int | None, limit: int) -> list[Person]:
        """Whom the user blocked or muted, by falling id."""
        ...

    # ---- followers

    async def followers(self, owner_id: int, *, before: int | None, limit: int) -> list[Person]:
        """Who reads a stream of the owner, or is approved, by falling id, those below ``before``."""
        ...

    async def following(self, user_id: int, *, before: int | None, limit: int) -> list[Person]:
        """Whose streams the user reads, by falling id, those below ``before``."""
        ...

    async def ties(self, user_id: int) -> Ties: ...

    async def suggestions(self, user_id: int, limit: int) -> list[Candidate]:
        """Public people whom the user neither follows, asked, blocked nor muted, and who did not block the user:
        followed by those the user follows, or who shared lately what stands in the user's feeds. The likeliest first.
        The number of rows looked at is bounded."""
        ...

    async def put_right(self, limit: int) -> int:
        """Ends what rests on a block or a missing approval and should not be there any more (a crash, or two acts at
        once); returns how many."""
        ...
