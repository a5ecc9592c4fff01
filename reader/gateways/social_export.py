"""What a person has among people, for their archive: streams with their shares, talk, follows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from html import escape
from typing import Any

import orjson

from reader.mappers import Mappers
from reader.models.entry import Entry
from reader.models.people import Person
from reader.models.share import Share, Stream
from reader.models.user import User

AT_ONCE = 200
ABOUT = """\
profile.json        what others see of you, and your tokens by name and webhooks
streams/NAME.json   what you shared, with your notes (JSON Feed 1.1), oldest first
comments.json       what you wrote below shares
likes.json          shares that you liked
people.json         whom you follow, who follows you, who asks, whom you blocked or muted
notifications.json  what you were told in the last 90 days
"""


class SocialExport:
    def __init__(self, mappers: Mappers) -> None:
        self._users = mappers.users
        self._people = mappers.people
        self._streams = mappers.streams
        self._shares = mappers.shares
        self._talk = mappers.talk
        self._notifications = mappers.notifications
        self._webhooks = mappers.webhooks

    async def files(self, user: User) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
        """(name, its bytes in pieces) of each file that ABOUT names."""
        yield "profile.json", _one(self._profile(user))
        for stream in await self._streams.of_users([user.id]):
            yield f"streams/{stream.name}.json", self._stream(user, stream)
        yield "comments.json", _array(self._comments(user))
        yield "likes.json", _array(self._likes(user))
        yield "people.json", _one(self._ties(user))
        yield "notifications.json", _array(self._told(user))

    async def _profile(self, user: User) -> Any:
        person = (await self._people.persons([user.id])).get(user.id)
        tokens = await self._users.tokens(user.id)
        webhooks = await self._webhooks.of_user(user.id)
        return {
            "name": user.name,
            "created_at": iso_time(user.created_at),
            "about": person.about if person is not None else "",
            "private": person is not None and person.private,
            "talk": person.talk if person is not None else None,
            "tokens": [{"name": token.name, "created_at": iso_time(token.created_at)} for token in tokens],
            "webhooks": [{"url": each.url, "kind": each.kind, "scope": each.scope} for each in webhooks],
        }

    async def _stream(self, user: User, stream: Stream) -> AsyncIterator[bytes]:
        head = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": stream.title,
            "description": stream.description or None,
            "authors": [{"name": user.name}],
            "_evantr": {"stream": stream.name, "created_at": iso_time(stream.created_at)},
        }
        yield orjson.dumps(head)[:-1] + b',"items":'
        async for piece in _array(self._shared(user, stream)):
            yield piece
        yield b"}\n"

    async def _shared(self, user: User, stream: Stream) -> AsyncIterator[Any]:
        after = 0
        while page := await self._shares.of_user(user.id, after=after, limit=AT_ONCE):
            for share, entry in page:
                if share.stream_id == stream.id:
                    yield _item(share, entry)
            after = page[-1][0].id

    async def _comments(self, user: User) -> AsyncIterator[Any]:
        after = 0
        while page := await self._talk.of_user(user.id, after, AT_ONCE):
            for each in page:
                yield {
                    "id": each.id, "share_id": each.share_id, "answers": each.parent_id, "text": each.text,
                    "at": iso_time(each.created_at), "deleted_at": iso_time(each.removed_at),
                }  # fmt: skip
            after = page[-1].id

    async def _likes(self, user: User) -> AsyncIterator[Any]:
        after = 0
        while page := await self._talk.liked_by(user.id, after, AT_ONCE):
            for share_id, at in page:
                yield {"share_id": share_id, "at": iso_time(at)}
            after = page[-1][0]

    async def _ties(self, user: User) -> Any:
        people = self._people
        following = await _all(lambda at: people.following(user.id, before=at, limit=AT_ONCE))
        followers = await _all(lambda at: people.followers(user.id, before=at, limit=AT_ONCE))
        blocked = await _all(lambda at: people.related(user.id, "block", before=at, limit=AT_ONCE))
        muted = await _all(lambda at: people.related(user.id, "mute", before=at, limit=AT_ONCE))
        requests: list[Any] = []
        before = None
        while page := await people.requests(user.id, before=before, limit=AT_ONCE):
            requests += [{"name": each.person.name, "at": iso_time(each.at)} for each in page]
            before = page[-1].person.id
        return {
            "following": following, "followers": followers, "requests": requests, "blocked": blocked, "muted": muted,
        }  # fmt: skip

    async def _told(self, user: User) -> AsyncIterator[Any]:
        before = None
        while page := await self._notifications.page(user.id, before=before, limit=AT_ONCE):
            names = await self._people.persons(list({each.actor_id for each in page if each.actor_id is not None}))
            for each in page:
                actor = names.get(each.actor_id or 0)
                yield {
                    "kind": each.kind, "by": actor.name if actor is not None else None, "share_id": each.share_id,
                    "comment_id": each.comment_id, "at": iso_time(each.at), "seen_at": iso_time(each.seen_at),
                }  # fmt: skip
            before = page[-1].id


def iso_time(at: float | None) -> str | None:
    """RFC 3339, to the second."""
    return None if at is None else datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _all(page_below: Callable[[int | None], Awaitable[list[Person]]]) -> list[str]:
    """Names on all pages."""
    names: list[str] = []
    before: int | None = None
    while page := await page_below(before):
        names += [person.name for person in page]
        before = page[-1].id
    return names


def _item(share: Share, entry: Entry) -> dict[str, Any]:
    item = {
        "id": str(share.id),
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.content or f"<p>{escape(entry.summary)}</p>",
        "date_published": iso_time(share.created_at),
        "authors": [{"name": entry.author}] if entry.author else None,
        "tags": list(entry.tags) or None,
        "_evantr": {
            "note": share.note,
            "source": {"title": share.source.title, "url": share.source.url, "site_url": share.source.site_url},
            "published_at": iso_time(entry.published_at),
            "parent_id": share.parent_id,
            "root_id": share.root_id,
            "passed_on": share.credit,
        },
    }
    return {name: value for name, value in item.items() if value is not None}


async def _one(value: Awaitable[Any]) -> AsyncIterator[bytes]:
    yield orjson.dumps(await value, option=orjson.OPT_INDENT_2) + b"\n"


async def _array(items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    first = True
    yield b"["
    async for item in items:
        yield (b"" if first else b",\n") + orjson.dumps(item)
        first = False
    yield b"]"
