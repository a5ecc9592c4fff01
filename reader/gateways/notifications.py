"""Rules of notifications: written once each, none from people whom one blocked or muted, told together when read."""

from __future__ import annotations

from collections.abc import Sequence

from reader.clock import Clock
from reader.events import Notified, PubSub, user_topic
from reader.mappers import Mappers
from reader.models.people import Notification, NotificationKind, Person, Standing
from reader.models.people_views import Notice, Notices
from reader.models.share import Share

NAMED = 3  # people that a notice names
TOGETHER: tuple[NotificationKind, ...] = ("like", "reshare", "follow")
ELSEWHERE: tuple[NotificationKind, ...] = ("reshare", "answer")  # what does not stand below one's own shares
EXCERPT = 200


def key_of(kind: NotificationKind, actor_id: int, share_id: int | None = None, comment_id: int | None = None) -> str:
    """What makes a notification the same one: following twice is told once, each comment by itself."""
    match kind:
        case "comment" | "answer":
            return f"{kind}:{comment_id}"
        case "like":
            return f"like:{share_id}:{actor_id}"
        case "reshare":
            return f"reshare:{share_id}"
        case _:
            return f"{kind}:{actor_id}"


class NotificationGateway:
    def __init__(self, mappers: Mappers, bus: PubSub, clock: Clock) -> None:
        self._notifications = mappers.notifications
        self._people = mappers.people
        self._entries = mappers.entries
        self._talk = mappers.talk
        self._shares = mappers.shares
        self._bus = bus
        self._clock = clock

    async def tell(
        self, user_id: int, kind: NotificationKind, actor_id: int, *,
        share_id: int | None = None, comment_id: int | None = None,
    ) -> bool:  # fmt: skip
        """Tells ``user_id`` that ``actor_id`` did something; False when it was told before, or nobody wants to know.

        ``share_id``: of a like, comment or answer the share that it is about; of a reshare the new share. Nobody is
        told what they did themselves.
        """
        if user_id == actor_id or (kind in ELSEWHERE and not await self._sees(user_id, actor_id)):
            return False
        key = key_of(kind, actor_id, share_id, comment_id)
        told = await self._notifications.tell(
            user_id, key, kind, actor_id, share_id=share_id, comment_id=comment_id, now=self._clock.now()
        )
        if told:
            await self._bus.publish(user_topic(user_id), Notified(user_id))
        return told

    async def forget(
        self, user_id: int, kind: NotificationKind, actor_id: int, *,
        share_id: int | None = None, comment_id: int | None = None,
    ) -> None:  # fmt: skip
        """Takes back what was told: a request that was answered, a like that was taken back."""
        if await self._notifications.forget(user_id, key_of(kind, actor_id, share_id, comment_id)):
            await self._bus.publish(user_topic(user_id), Notified(user_id))

    async def notices(self, user_id: int, before: int | None, limit: int) -> Notices:
        """What happened, the newest first: at most ``limit`` notifications, those of one kind about one share (or new
        followers) as one. A constant number of round trips."""
        found = await self._notifications.page(user_id, before=before, limit=limit + 1)
        page = found[:limit]
        unseen = await self._notifications.unseen(user_id)
        share_ids = list({each.share_id for each in page if each.share_id is not None})
        shares = await self._shares.many(share_ids) if share_ids else {}
        owners = {share.user_id for share in shares.values() if share.user_id is not None}
        standings = await self._people.standings(user_id, list(owners | {each.actor_id or 0 for each in page}))
        shown = [each for each in page if _may_know(each, standings, shares)]
        titles = await self._titles([each.share_id for each in shown if each.share_id is not None])
        texts = await self._texts([each.comment_id for each in shown if each.comment_id is not None])
        people = {person_id: standing.shown for person_id, standing in standings.items()}
        notices = [_notice(group, people, titles, texts) for group in together(shown)]
        return Notices(tuple(notices), page[-1].id if len(found) > limit else None, unseen)

    async def _titles(self, share_ids: list[int]) -> dict[int, str]:
        entries = await self._entries.many(list(dict.fromkeys(share_ids))) if share_ids else []
        return {entry.id: entry.title for entry in entries}

    async def _texts(self, comment_ids: list[int]) -> dict[int, str]:
        comments = await self._talk.many(comment_ids) if comment_ids else {}
        return {each.id: each.text[:EXCERPT] for each in comments.values() if each.removed_at is None}

    async def _sees(self, user_id: int, actor_id: int) -> bool:
        standing = (await self._people.standings(user_id, [actor_id])).get(actor_id)
        return standing is not None and standing.visible

    async def unseen(self, user_id: int) -> int:
        return await self._notifications.unseen(user_id)

    async def seen(self, user_id: int, up_to: int) -> int:
        changed = await self._notifications.seen(user_id, up_to, now=self._clock.now())
        if changed:
            await self._bus.publish(user_topic(user_id), Notified(user_id))
        return changed


def _may_know(each: Notification, standings: dict[int, Standing], shares: dict[int, Share]) -> bool:
    """Private people one may not see can ask, follow, like and comment on one's own shares; what they share or say
    elsewhere is not told. Of shares that were taken back, or that one may not see any more, nothing is."""
    actor = standings.get(each.actor_id or 0)
    if actor is None or not (actor.visible or each.kind not in ELSEWHERE):
        return False
    if each.share_id is None:
        return True
    share = shares.get(each.share_id)
    if share is None or not share.live or share.user_id is None:
        return False
    owner = standings.get(share.user_id)
    return owner is not None and owner.visible


def together(page: Sequence[Notification]) -> list[list[Notification]]:
    """Groups in order of their newest."""
    groups: dict[object, list[Notification]] = {}
    for each in page:
        same = each.kind in TOGETHER
        key = (each.kind, each.share_id, each.seen_at is None) if same else each.id
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _notice(
    group: Sequence[Notification], people: dict[int, Person], titles: dict[int, str], texts: dict[int, str]
) -> Notice:
    first = group[0]
    actors = list(dict.fromkeys(each.actor_id for each in group if each.actor_id is not None))
    return Notice(
        id=first.id,
        kind=first.kind,
        people=tuple(people[user_id] for user_id in actors[:NAMED]),
        others=max(0, len(actors) - NAMED),
        share_id=first.share_id,
        title=titles.get(first.share_id) if first.share_id is not None else None,
        comment_id=first.comment_id,
        text=texts.get(first.comment_id) if first.comment_id is not None else None,
        at=first.at,
        seen=first.seen_at is not None,
    )
