"""Everything that a user has, in forms that other programs read: OPML 2.0, JSON Feed 1.1, and one archive of all."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html import escape
from tempfile import SpooledTemporaryFile
from typing import Any, NamedTuple

import orjson
from pyroaring import BitMap

from reader.clock import Clock
from reader.gateways.reading import ReadingGateway
from reader.gateways.shelf import Shelf
from reader.gateways.social_export import ABOUT, SocialExport, iso_time
from reader.ingest.opml.write import Branch, Leaf, write_opml
from reader.mappers import Mappers
from reader.models.entry import Entry, FlagKind
from reader.models.share import is_stream_url, stream_path
from reader.models.user import User
from reader.settings import Settings

AT_ONCE = 200
SPOOL_BYTES = 5_000_000
CHUNK = 65_536
NAMES: dict[FlagKind, str] = {"starred": "Starred", "later": "Read later"}
README = """\
Everything that {name} has in Evantr, as of {when}.

subscriptions.opml  feeds in their folders (OPML 2.0): import it into Evantr or any other reader
starred.json        starred entries with their text (JSON Feed 1.1), newest star first
later.json          entries to read later, the same
reading.json        per feed: how many entries, how many are unread, and the numbers of those read, as ranges
settings.json       name and preferences
"""
README += ABOUT


class ExportGateway:
    def __init__(self, mappers: Mappers, reading: ReadingGateway, clock: Clock, settings: Settings) -> None:
        self._entries = mappers.entries
        self._streams = mappers.streams
        self._people = mappers.people
        self._base = settings.base_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
        self._flags = mappers.flags
        self._social = SocialExport(mappers)
        self._reading = reading
        self._clock = clock

    async def opml(self, user: User, base: str = "") -> bytes:
        """``base``: the address of this instance, for the streams of its people; empty: that of the settings."""
        shelf = await self._reading.shelf(user.id)
        own = await self._own(shelf, base or self._base)
        return write_opml(f"Feeds of {user.name}", _tree(shelf, own), self._clock.now())

    async def _own(self, shelf: Shelf, base: str) -> dict[int, Public]:
        """Where everybody finds the streams that one follows, by the ids of their feeds."""
        followed = [feed_id for feed_id, state in shelf.subs.items() if is_stream_url(state.mark.url)]
        streams = await self._streams.by_feeds(followed) if followed else {}
        people = await self._people.persons(list({stream.user_id for stream in streams.values()})) if streams else {}
        paths = {
            feed_id: stream_path(people[stream.user_id].name, stream.name)
            for feed_id, stream in streams.items()
            if stream.user_id in people
        }
        return {feed_id: Public(f"{base}{path}.atom", f"{base}{path}") for feed_id, path in paths.items()}

    async def flagged(self, user: User, kind: FlagKind) -> AsyncIterator[bytes]:
        """A JSON Feed of all entries with that flag, the newest flag first, in pieces."""
        head = {"version": "https://jsonfeed.org/version/1.1", "title": f"{NAMES[kind]} by {user.name}"}
        yield orjson.dumps(head)[:-1] + b',"items":['
        shelf = await self._reading.shelf(user.id)
        before: tuple[float, int] | None = None
        first = True
        while page := await self._flags.page(user.id, kind, before=before, limit=AT_ONCE):
            before = page[-1]
            entries = {entry.id: entry for entry in await self._entries.many([entry_id for _, entry_id in page])}
            for at, entry_id in page:
                if entry_id in entries:
                    yield (b"" if first else b",\n") + orjson.dumps(_item(entries[entry_id], at, kind, shelf))
                    first = False
        yield b"]}\n"

    async def archive(self, user: User, base: str = "") -> AsyncIterator[bytes]:
        """A zip of all files that README names, in pieces. It is made on disk when it is large."""
        with SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                when = datetime.fromtimestamp(self._clock.now(), UTC)
                archive.writestr("README.txt", README.format(name=user.name, when=f"{when:%d %B %Y, %H:%M} UTC"))
                archive.writestr("subscriptions.opml", await self.opml(user, base))
                for kind in NAMES:
                    await _add(archive, f"{kind}.json", self.flagged(user, kind))
                async for name, pieces in self._social.files(user):
                    await _add(archive, name, pieces)
                archive.writestr("reading.json", await self._reading_state(user))
                archive.writestr("settings.json", _settings(user))
            file.seek(0)
            while piece := await asyncio.to_thread(file.read, CHUNK):
                yield piece

    async def _reading_state(self, user: User) -> bytes:
        shelf = await self._reading.shelf(user.id)
        feeds = []
        for state in shelf.subs.values():
            row = state.row()
            feeds.append(
                {
                    "url": row.url, "title": row.title, "entries": row.total, "unread": row.unread,
                    "first": state.mark.floor + 1, "last": state.mark.seq, "read": _ranges(state.done()),
                }
            )  # fmt: skip
        return orjson.dumps({"feeds": feeds}, option=orjson.OPT_INDENT_2)


async def _add(archive: zipfile.ZipFile, name: str, pieces: AsyncIterator[bytes]) -> None:
    """A file of any length, written away from the event loop."""
    with archive.open(name, "w", force_zip64=True) as part:
        async for piece in pieces:
            await asyncio.to_thread(part.write, piece)


class Public(NamedTuple):
    """Addresses of a stream that any reader understands."""

    feed: str
    page: str


def _tree(shelf: Shelf, own: dict[int, Public]) -> Branch:
    rows = sorted((s.row() for s in shelf.subs.values()), key=lambda row: (row.position, row.title.casefold()))
    feeds: dict[int | None, list[Leaf]] = {}
    for row in rows:
        place = row.folder_id if row.folder_id in shelf.folders else None
        feed, page = own.get(row.feed_id, (row.url, row.site_url))
        feeds.setdefault(place, []).append(Leaf(row.title, feed, page))
    folders: dict[int | None, list[Branch]] = {}
    for folder, depth in reversed(shelf.tree()):  # inner ones first
        branch = Branch(folder.title, folders.get(folder.id, ())[::-1], feeds.get(folder.id, ()))
        folders.setdefault(folder.parent_id if depth else None, []).append(branch)
    return Branch("", folders.get(None, ())[::-1], feeds.get(None, ()))


def _item(entry: Entry, at: float, kind: FlagKind, shelf: Shelf) -> dict[str, Any]:
    state = shelf.subs.get(entry.feed_id)
    item: dict[str, Any] = {
        "id": entry.uid,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.content or f"<p>{escape(entry.summary)}</p>",
        "summary": entry.summary or None,
        "date_published": iso_time(entry.published_at),
        "date_modified": iso_time(entry.updated_at),
        "authors": [{"name": entry.author}] if entry.author else None,
        "tags": list(entry.tags) or None,
        "attachments": [
            {
                "url": file.url,
                "mime_type": file.type or "application/octet-stream",
                **({"size_in_bytes": file.length} if file.length else {}),
            }
            for file in entry.enclosures
        ]
        or None,
        "_evantr": {
            f"{kind}_at": iso_time(at),
            **({"feed_title": state.row().title, "feed_url": state.mark.url} if state is not None else {}),
        },
    }
    return {name: value for name, value in item.items() if value is not None}


def _ranges(seqs: BitMap) -> list[list[int]]:
    out: list[list[int]] = []
    for seq in seqs:
        if out and out[-1][1] == seq - 1:
            out[-1][1] = seq
        else:
            out.append([seq, seq])
    return out


def _settings(user: User) -> bytes:
    values = {"name": user.name, "created_at": iso_time(user.created_at), "preferences": user.preferences}
    return orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_DATACLASS)
