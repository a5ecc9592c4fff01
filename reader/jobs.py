"""Typed job payloads, and the port that carries them to a manager.

Names are explicit: moving a file orphans no queued job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ClassVar, Protocol, TypeVar

import orjson

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PullFeed:
    """Fetch one feed now. ``user``: somebody waits for it (queue "pull"); ``imported``: an import does ("import");
    else the updater asks ("pull-sys"). Who asks is no part of the key: a feed has one pull at a time."""

    NAME: ClassVar[str] = "pull"
    ROW: ClassVar[bool] = False
    WATCHED: ClassVar[bool] = True
    feed_id: int
    user: bool = False
    imported: bool = False

    @property
    def queue(self) -> str:
        if self.user:
            return "pull"
        return "import" if self.imported else "pull-sys"


@dataclass(frozen=True, slots=True)
class Discover:
    """Find the feeds of an address that a person typed (queue "discovery"), or of a site whose feed an import could not
    read (``imported``, queue "import"). ``address`` is normalised (ingest.address.normalize)."""

    NAME: ClassVar[str] = "discover"
    ROW: ClassVar[bool] = True
    WATCHED: ClassVar[bool] = True
    address: str
    typed: str = ""
    imported: bool = False

    @property
    def queue(self) -> str:
        return "import" if self.imported else "discovery"


@dataclass(frozen=True, slots=True)
class CrawlSite:
    """Read other pages of a site whose page at ``address`` (as in Discover) names no feed; nobody is kept waiting."""

    NAME: ClassVar[str] = "crawl"
    queue: ClassVar[str] = "crawl"
    ROW: ClassVar[bool] = True
    WATCHED: ClassVar[bool] = True
    address: str
    page: str = ""  # where the address led to


@dataclass(frozen=True, slots=True)
class FetchIcon:
    NAME: ClassVar[str] = "icon"
    queue: ClassVar[str] = "icon"
    ROW: ClassVar[bool] = True
    WATCHED: ClassVar[bool] = True
    feed_id: int
    named: str | None = None  # the address that the feed itself gives


@dataclass(frozen=True, slots=True)
class RecountChain:
    """Count anew how often each share of a tree was passed on. ``turn``: another job while the one before runs, which
    may have read the tree already."""

    NAME: ClassVar[str] = "recount-chain"
    queue: ClassVar[str] = "share"
    ROW: ClassVar[bool] = True
    WATCHED: ClassVar[bool] = False
    root_id: int
    turn: int = 0


@dataclass(frozen=True, slots=True)
class ShareMatches:
    """Look through the new entries of a feed for the streams that share from it. Due by stream_source.seq."""

    NAME: ClassVar[str] = "share-matches"
    queue: ClassVar[str] = "share"
    ROW: ClassVar[bool] = False
    WATCHED: ClassVar[bool] = False
    feed_id: int


@dataclass(frozen=True, slots=True)
class DeliverWebhook:
    """Tell a webhook what is new. Due by its own row. ``ping``: its owner only tries it out."""

    NAME: ClassVar[str] = "webhook"
    queue: ClassVar[str] = "webhook"
    ROW: ClassVar[bool] = False
    WATCHED: ClassVar[bool] = False
    webhook_id: int
    ping: bool = False


@dataclass(frozen=True, slots=True)
class VerifyIntent:
    """Ask somebody's callback whether it wants what was asked of our hub in its name (WebSub 5.3)."""

    NAME: ClassVar[str] = "hub-verify"
    queue: ClassVar[str] = "websub"
    ROW: ClassVar[bool] = True
    WATCHED: ClassVar[bool] = False
    request_id: int


@dataclass(frozen=True, slots=True)
class AnnounceStream:
    """Find who subscribed to a stream at our hub: it has changed. Due by hub_topic.rev."""

    NAME: ClassVar[str] = "hub-announce"
    queue: ClassVar[str] = "websub"
    ROW: ClassVar[bool] = False
    WATCHED: ClassVar[bool] = False
    feed_id: int


@dataclass(frozen=True, slots=True)
class DeliverStream:
    """Send a stream to one who subscribed to it at our hub. Due by hub_subscription.due_at."""

    NAME: ClassVar[str] = "hub-deliver"
    queue: ClassVar[str] = "websub"
    ROW: ClassVar[bool] = False
    WATCHED: ClassVar[bool] = False
    subscription_id: int


@dataclass(frozen=True, slots=True)
class AskHub:
    """Subscribe to a feed at its hub, renew that, or leave. Due by hub_lease.renew_at."""

    NAME: ClassVar[str] = "hub-ask"
    queue: ClassVar[str] = "websub"
    ROW: ClassVar[bool] = False
    WATCHED: ClassVar[bool] = False
    feed_id: int


@dataclass(frozen=True, slots=True)
class ReadPush:
    """Take in what a hub brought for a feed. Due by push.due_at."""

    NAME: ClassVar[str] = "push"
    queue: ClassVar[str] = "push"
    ROW: ClassVar[bool] = False
    WATCHED: ClassVar[bool] = True
    feed_id: int


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Purge, trim journals, end sessions, recount: everything that nobody waits for."""

    NAME: ClassVar[str] = "upkeep"
    queue: ClassVar[str] = "upkeep"
    ROW: ClassVar[bool] = False
    WATCHED: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class RemoveAccount:
    """Remove what an account holds that has begun to leave."""

    NAME: ClassVar[str] = "remove-account"
    queue: ClassVar[str] = "upkeep"
    ROW: ClassVar[bool] = True
    WATCHED: ClassVar[bool] = False
    user_id: int


@dataclass(frozen=True, slots=True)
class RunImport:
    """An import that somebody started: a job that can be followed, though no queue carries it. The importer drives it
    from its own rows."""

    NAME: ClassVar[str] = "import"
    import_id: int


Payload = (
    PullFeed | Discover | CrawlSite | FetchIcon | RecountChain | ShareMatches | DeliverWebhook | RemoveAccount | Upkeep
    | VerifyIntent | AnnounceStream | DeliverStream | AskHub | ReadPush
)  # fmt: skip
"""Each names itself (NAME), says whether it is a row of its own (ROW) or due by some other row, and whether it is run
in a process apart after it may have ended one (WATCHED): those that touch what comes from outside."""

KINDS: tuple[type[Payload], ...] = (
    *(PullFeed, Discover, CrawlSite, FetchIcon),
    *(RecountChain, ShareMatches, DeliverWebhook, RemoveAccount, Upkeep),
    *(VerifyIntent, AnnounceStream, DeliverStream, AskHub, ReadPush),
)


def kind_of(name: str) -> type[Payload] | None:
    """The class of jobs of that name."""
    return next((kind for kind in KINDS if name == kind.NAME), None)


USER_QUEUES = ("pull", "discovery")
SYSTEM_QUEUES = ("push", "pull-sys", "import", "share", "websub", "icon", "crawl", "webhook", "upkeep")


NO_IDENTITY = ("user", "imported", "typed", "page", "named")
"""Fields that say who asks and how: they do not make it another job."""


def key_of(payload: Payload | RunImport) -> str:
    """Hex digest of name and identifying arguments: the same job is never queued twice while one waits or runs."""
    if type(payload) is PullFeed:  # the updater asks this of every due feed, many times over
        text = b'["pull",{"feed_id":%d}]' % payload.feed_id
    else:
        args = {field.name: getattr(payload, field.name) for field in fields(payload) if field.name not in NO_IDENTITY}
        text = orjson.dumps([payload.NAME, args], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=16).hexdigest()


class JobQueue(Protocol):
    """What gateways need of a queue. The durable row is written before; the queue only carries."""

    async def put(self, payload: Payload) -> bool:
        """False if a job of the same key already waits (a waiting system job moves up when a user asks)."""
        ...

    async def cancel(self, key: str) -> bool:
        """Take a waiting job out, or end a running one, as far as this process has it."""
        ...


class Cpu(Protocol):
    """Where parsing and cleaning run, away from the event loop."""

    async def run(self, function: Callable[..., T], *args: object, seconds: float = 20.0) -> T:
        """Calls ``function`` (importable by name; picklable arguments and result) in a CPU process.

        Raises what the function raised; Upstream(kind="too_large") when it ran over its time limit or memory
        limit and was killed.
        """
        ...
