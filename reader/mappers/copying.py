"""Moving house: everything that one store holds, row by row, into another, whatever databases they are.

A kind of row is what SQLite keeps in a table of that name. A record holds the values of its fields in order, as Python
has them: lists and objects for what a database keeps as JSON, truth values for flags. What follows from other rows
(indexes of words, keys made of names) is not copied but made anew. Nobody may use either store meanwhile.

The target notes how far it has come with every batch, so a copy that was cut off goes on there. At the end both are
read once more: the numbers of rows and the sums of their digests have to agree, kind by kind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

from reader.errors import Conflict

Record = tuple[Any, ...]
Place = list[Any]  # behind which row to go on, as its store understands it
MASK = (1 << 128) - 1


@dataclass(frozen=True, slots=True)
class Kind:
    """``key``: what makes a row unique. ``texts``: fields that SQLite keeps as JSON; ``flags``: truth values.
    ``batch``: rows that are handed over together."""

    name: str
    key: tuple[str, ...]
    fields: tuple[str, ...]
    texts: frozenset[str]
    flags: frozenset[str]
    batch: int

    def named(self, record: Record) -> dict[str, Any]:
        return dict(zip(self.fields, record, strict=True))

    def record(self, values: dict[str, Any]) -> Record:
        return tuple(values[name] for name in self.fields)


def _kind(name: str, key: str, fields: str, batch: int = 500) -> Kind:
    """``fields``: their names, with ``:json`` or ``:flag`` where it is one."""
    pairs = [field.partition(":") for field in fields.split()]
    return Kind(
        name,
        tuple(key.split()),
        tuple(field for field, _, _ in pairs),
        frozenset(field for field, _, sort in pairs if sort == "json"),
        frozenset(field for field, _, sort in pairs if sort == "flag"),
        batch,
    )


KINDS: tuple[Kind, ...] = (
    _kind(
        "user", "id",
        "id name admin:flag password_hash created_at preferences:json rev shape_rev journal_floor about private:flag"
        " talk leaving_at",
    ),
    _kind("reserved_name", "digest", "digest at"),
    _kind("session", "token_hash", "token_hash user_id created_at expires_at"),
    _kind("token", "id", "id user_id name token_hash created_at used_at rights"),
    _kind("invitation", "code", "code created_by created_at expires_at used_by"),
    _kind("icon", "digest", "digest type body", 50),
    _kind(
        "feed", "id",
        "id seq floor rev kind state created_at url title site_url icon icon_at error description language format"
        " next_pull_at last_pull_at last_ok_at errors reason etag last_modified body_digest hint_seconds lease_token"
        " lease_until moved_to moved_count rhythm host criterion criterion_note renewals moved_since move_refused"
        " lease_holder lost withdrawn copies_rev",
    ),
    _kind("feed_alias", "url", "url feed_id"),
    _kind("feed_move", "feed_id at", "feed_id at from_url to_url undone_at"),
    _kind("host_pause", "host", "host until reason"),
    _kind("pull", "feed_id at", "feed_id at status bytes milliseconds new updated error"),
    _kind(
        "entry", "id",
        "id feed_id seq sort_at digest published_at updated_at arrived_at uid url title author summary tags:json"
        " enclosures:json comments_url content guid story chain keys changes",
        100,
    ),
    _kind("tombstone", "feed_id uid_hash", "feed_id uid_hash"),
    _kind("folder", "id", "id user_id title position open:flag parent_id"),
    _kind(
        "subscription", "user_id feed_id",
        "user_id feed_id folder_id title position rev created_rev created_at read muted:flag",
    ),
    _kind("first_unread", "feed_id user_id", "feed_id user_id unread"),
    _kind("read_journal", "user_id rev number", "user_id rev number feed_id at added removed"),
    _kind("flag", "user_id kind entry_id", "user_id kind entry_id at"),
    _kind("undo", "token", "token user_id kind label payload created_at expires_at", 50),
    _kind(
        "job", "key",
        "key name args queue state attempts run_at lease_token lease_until result error created_at finished_at"
        " lease_holder lost story:json",
    ),
    _kind("dead_letter", "key", "key name args queue error story:json attempts died_at"),
    _kind("job_owner", "user_id key", "user_id key name args submitted_at mark"),
    _kind("queue_setting", "queue name", "queue name value"),
    _kind("audit", "id", "id at user_id user_name what before after"),
    _kind("history", "at holder", "at holder figures"),
    _kind(
        "import", "id",
        "id user_id name state created_at started_at finished_at resumed_at resumed_count folders:json",
    ),
    _kind(
        "import_item", "import_id number",
        "import_id number line kind chosen:flag state settled:flag url title html_url folders:json reason feed_id"
        " made_rev looking found:json since",
    ),
    _kind("stream", "id", "id user_id feed_id name title description position created_at"),
    _kind("stream_source", "stream_id feed_id", "stream_id feed_id rule seq created_at"),
    _kind(
        "share", "id",
        "id user_id stream_id feed_id seq story source_id source:json parent_id root_id depth note created_at noted_at"
        " removed_at credit wiped:flag",
    ),
    _kind("copy", "story entry_id", "story entry_id feed_id seq"),
    _kind("approval", "owner_id user_id", "owner_id user_id state at"),
    _kind("relation", "user_id other_id kind", "user_id other_id kind at"),
    _kind("liking", "share_id user_id", "share_id user_id at"),
    _kind("comment", "id", "id share_id user_id parent_id text created_at removed_at"),
    _kind("notification", "id", "id user_id key kind actor_id share_id comment_id at seen_at"),
    _kind(
        "hub_subscription", "id",
        "id feed_id format topic callback secret until created_at sent_rev failures error sent_at digest due_at",
    ),
    _kind("hub_topic", "feed_id", "feed_id rev"),
    _kind("hub_request", "id", "id mode feed_id format topic callback secret lease created_at"),
    _kind(
        "hub_lease", "feed_id",
        "feed_id hub topic token secret state asked_at until renew_at pushed_at failures error verified_at missed_at",
    ),
    _kind("push", "id", "id feed_id digest body type arrived_at due_at", 20),
    _kind(
        "webhook", "id",
        "id user_id url secret kind scope created_at last_id due_at lease_token lease_until failures stopped:flag"
        " status error delivered_at",
    ),
    # Numbers that were given out last, so that none is given out twice. The last to be copied.
    _kind("counter", "name", "name value"),
)  # fmt: skip
NOT_COPIED = {
    "migration": "each store has its own",
    "manager": "processes that run",
    "lease": "processes that run",
    "feed_words": "made of the feed",
    "search_fill": "words are indexed anew",
    "entry_words": "words are indexed anew",
}


class State(NamedTuple):
    """How far a copy has come with one kind."""

    place: Place | None
    rows: int
    done: bool


class Copyable(Protocol):
    """One store, as the source or the target of a copy."""

    @property
    def label(self) -> str:
        """Names the store, without secrets."""
        ...

    async def busy(self, since: float) -> bool:
        """Whether a process of Evantr that uses the store said something since then."""
        ...

    async def count(self, kind: Kind) -> int:
        """About how many rows there are, for the progress bar."""
        ...

    async def read(self, kind: Kind, after: Place | None) -> tuple[list[Record], Place | None]:
        """The next rows, and where to go on: None at the end. A batch may be empty and not be the last."""
        ...

    async def begin(self, source: str) -> dict[str, State]:
        """For the target: makes its schema; returns how far an earlier copy from this source has come. Raises Conflict
        if something else is in it."""
        ...

    async def write(self, kind: Kind, records: Sequence[Record], state: State) -> None:
        """Stores rows (again, if they are there), then the state."""
        ...

    async def finish(self) -> int:
        """Everything is there and the same: forgets the states. Returns how many rows were left out because what they
        belong to is gone."""
        ...


def canonical(value: Any) -> Any:
    """The same for what databases keep differently: 1 for 1.0 and True, pairs for lists and objects."""
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    if isinstance(value, list | tuple):
        return tuple(canonical(each) for each in value)
    if isinstance(value, dict):
        return tuple((name, canonical(value[name])) for name in sorted(value))
    return value


def digest(record: Record) -> int:
    """Of one row. Sums of these do not depend on the order of rows."""
    return int.from_bytes(blake2b(repr(canonical(record)).encode(), digest_size=16).digest(), "big")


def pack_place(place: Place | None) -> str | None:
    """A place as text, for a store that has no better way."""
    if place is None:
        return None
    return json.dumps([{"bytes": each.hex()} if isinstance(each, bytes) else each for each in place])


def unpack_place(text: str | None) -> Place | None:
    if text is None:
        return None
    return [bytes.fromhex(each["bytes"]) if isinstance(each, dict) else each for each in json.loads(text)]


async def copy(source: Copyable, target: Copyable, progress: Callable[[int], object]) -> None:
    """Copies what is not there yet. ``progress`` is told how many rows were done, those of an earlier try too."""
    states = await target.begin(source.label)
    for kind in KINDS:
        state = states.get(kind.name, State(None, 0, False))
        progress(state.rows)
        while not state.done:
            records, place = await source.read(kind, state.place)
            state = State(place or state.place, state.rows + len(records), place is None)
            await target.write(kind, records, state)
            progress(len(records))


async def verify(source: Copyable, target: Copyable, progress: Callable[[int], object]) -> int:
    """Reads both; returns the number of rows. Raises Conflict, in words, where they differ."""
    rows = 0
    for kind in KINDS:
        ours, theirs = await _sum(source, kind, progress), await _sum(target, kind, progress)
        if ours != theirs:
            what = f"{ours[0]} and {theirs[0]} rows" if ours[0] != theirs[0] else f"some of {ours[0]} rows"
            raise Conflict(f"The copy is not the same: {kind.name} differs ({what}). Was one of the two in use?")
        rows += ours[0]
    return rows


async def _sum(store: Copyable, kind: Kind, progress: Callable[[int], object]) -> tuple[int, int]:
    rows, total, place = 0, 0, None
    while True:
        records, place = await store.read(kind, place)
        rows += len(records)
        total = (total + sum(map(digest, records))) & MASK
        progress(len(records))
        if place is None:
            return rows, total
