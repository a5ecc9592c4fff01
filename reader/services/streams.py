"""Streams: making, changing and removing them, and what they share by themselves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from reader.errors import Conflict, Invalid, NotFound
from reader.gateways.reading import ReadingGateway
from reader.gateways.sharing import SharingGateway
from reader.gateways.streams import Match, StreamGateway
from reader.models.people import Person
from reader.models.reading import Done
from reader.models.share import Stream
from reader.models.sources import WORDS_MOST, Rule, StreamSource
from reader.models.user import Actor
from reader.services.access import Access
from reader.services.words import clean_text, clean_title, count

STREAMS_MOST = 50
SOURCES_MOST = 5000
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
NAME_MOST = 40
TITLE_MOST = 100
DESCRIPTION_MOST = 500
WORD_MOST = 100
NO_STREAM = "There is no such stream."
# Last parts of addresses below /u/NAME that mean something else.
TAKEN = frozenset({
    "about", "atom", "block", "blocked", "comments", "edit", "feed", "feeds", "follow", "followers", "following",
    "json", "likes", "mute", "new", "notifications", "requests", "rss", "settings", "share", "shares",
    "stream", "streams", "suggestions", "unfollow",
})  # fmt: skip


class StreamService:
    """What SharingService offers of streams; see there."""

    def __init__(
        self, access: Access, sharing: SharingGateway, streams: StreamGateway, reading: ReadingGateway
    ) -> None:
        self._access = access
        self._sharing = sharing
        self._streams = streams
        self._reading = reading

    async def streams(self, actor: Actor) -> list[Stream]:
        """The actor's own, the default one first; none before the first share."""
        return await self._streams.of_user(self._access.user(actor))

    async def add_stream(self, actor: Actor, title: str, *, name: str = "", description: str = "") -> Stream:
        """``name`` is what stands in its address, made of the title without it. Raises Invalid, or Conflict for a name
        that the actor uses already."""
        person = await self._self(actor)
        clean = clean_title(title, "title", "The title", limit=TITLE_MOST)
        about = clean_text(description, "description", "The description", limit=DESCRIPTION_MOST, least=0)
        slug = _name(name.strip().lower()) if name.strip() else _name_from(clean)
        if len(await self._streams.of_user(person.id)) >= STREAMS_MOST:
            raise Invalid(f"You have {STREAMS_MOST} streams. Remove one first.")
        stream, made = await self._streams.add(person.id, person.name, slug, clean, about)
        if not made:
            raise Conflict(f"You have a stream at the address “{slug}” already. Choose another.")
        return stream

    async def edit_stream(
        self, actor: Actor, stream_id: int, *, title: str | None = None, description: str | None = None
    ) -> Stream:
        """What is None stays."""
        stream = await self._own(actor, stream_id)
        clean = stream.title if title is None else clean_title(title, "title", "The title", limit=TITLE_MOST)
        about = stream.description
        if description is not None:
            about = clean_text(description, "description", "The description", limit=DESCRIPTION_MOST, least=0)
        return await self._streams.edit(stream.user_id, stream, clean, about)

    async def move_stream(self, actor: Actor, stream_id: int, before: int | None) -> None:
        """Before another of the actor's streams, or last. The first is the one that one key shares into."""
        stream = await self._own(actor, stream_id)
        if before is not None:
            await self._own(actor, before)
        await self._streams.move(stream.user_id, stream_id, before)

    async def remove_stream(self, actor: Actor, stream_id: int) -> Done:
        """Takes back all that was shared in it; who follows it sees that it is gone. Undo brings it back
        for 24 hours."""
        stream = await self._own(actor, stream_id)
        label = f"Stream “{stream.title}” removed"
        undo = await self._streams.remove(stream.user_id, stream_id, label)
        if undo is None:
            raise NotFound(NO_STREAM)
        return Done(label, undo.token, 1)

    async def _own(self, actor: Actor, stream_id: int) -> Stream:
        user_id = self._access.user(actor)
        stream = await self._streams.get(stream_id)
        if stream is None or stream.user_id != user_id:
            raise NotFound(NO_STREAM)
        return stream

    async def _self(self, actor: Actor) -> Person:
        user_id = self._access.user(actor)
        standing = (await self._access.standings(actor, [user_id])).get(user_id)
        if standing is None:
            raise NotFound("There is no such account.")
        return standing.person

    # ---- what streams share by themselves

    async def sources(self, actor: Actor, stream_id: int) -> list[StreamSource]:
        return await self._streams.sources((await self._own(actor, stream_id)).id)

    async def attach(self, actor: Actor, stream_id: int, feed_ids: Sequence[int] | None, rule: Rule) -> Done:
        """Shares into the stream whatever comes into these feeds from now on and matches; None: all that the actor
        reads now. A feed that is attached takes the new rule."""
        stream, clean = await self._own(actor, stream_id), _clean(rule)
        if feed_ids is None:
            subs = (await self._reading.shelf(stream.user_id)).subs
            feed_ids = [feed_id for feed_id in subs if feed_id != stream.feed_id]
        else:
            await self._access.subscriptions(actor, list(feed_ids))
            if stream.feed_id in feed_ids:
                raise Invalid("A stream cannot share from itself.", {"feed_ids": "Leave the stream itself out."})
        known = {source.feed_id for source in await self._streams.sources(stream_id)}
        if len(known | set(feed_ids)) > SOURCES_MOST:
            raise Invalid(f"A stream shares from {SOURCES_MOST:,} feeds at most.", {"feed_ids": "too many"})
        changed = await self._streams.attach(stream_id, list(dict.fromkeys(feed_ids)), clean)
        return Done(f"“{stream.title}” shares from {count(changed, 'feed')} by itself", None, changed)

    async def detach(self, actor: Actor, stream_id: int, feed_ids: Sequence[int]) -> Done:
        """What was shared stays."""
        stream = await self._own(actor, stream_id)
        label = f"“{stream.title}” no longer shares from {count(len(feed_ids), 'feed')}"
        undo = await self._streams.detach(stream.user_id, stream_id, list(feed_ids), label)
        return Done(label, undo.token, len(feed_ids)) if undo is not None else Done("Nothing to change", None)

    async def preview(self, actor: Actor, feed_id: int, rule: Rule) -> Match:
        """What the rule would have shared of the last 100 entries of a feed that the actor reads."""
        await self._access.subscription(actor, feed_id)
        return await self._streams.preview(feed_id, _clean(rule))


def _name(text: str) -> str:
    if not NAME.fullmatch(text) or text in TAKEN:
        message = (
            f"An address is made of a–z, 0–9 and hyphens, up to {NAME_MOST} characters. “{text[:60]}” will not do."
        )
        raise Invalid(message, {"name": message})
    return text


def _name_from(title: str) -> str:
    """An address made of a title: "Schöne Bücher" → "schone-bucher"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:NAME_MOST].strip("-")
    if not slug:
        message = "This title has no letters for an address. Type one: a–z, 0–9 and hyphens."
        raise Invalid(message, {"name": message})
    return _name(f"{slug[: NAME_MOST - 2]}-1" if slug in TAKEN else slug)


def _clean(rule: Rule) -> Rule:
    if len(rule.words) + len(rule.without) > WORDS_MOST:
        raise Invalid(f"A rule has {WORDS_MOST} words at most.", {"words": "too many"})

    def line(text: str, field: str) -> str:
        return clean_title(text, field, "The rule's text", limit=WORD_MOST) if text.strip() else ""

    words = tuple(filter(None, (line(word, "words") for word in rule.words)))
    without = tuple(filter(None, (line(word, "without") for word in rule.without)))
    return Rule(words, without, line(rule.author, "author"), line(rule.tag, "tag"))
