"""What a fetch brings back, and what its failure tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from reader.errors import Upstream


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect: ``url`` answered ``status`` and pointed elsewhere, for good if ``permanent``."""

    url: str
    status: int
    permanent: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of 2xx or 304. ``headers`` has lower-case names; ``body`` is decoded; ``elapsed`` in seconds."""

    url: str
    final_url: str
    status: int
    headers: dict[str, str]
    body: bytes
    elapsed: float
    redirects: list[Hop] = field(default_factory=list)
    wire_bytes: int = 0

    @property
    def moved_to(self) -> str | None:
        """Where the URL has moved for good: the end of the unbroken run of permanent redirects from the start."""
        stops = [hop.url for hop in self.redirects] + [self.final_url]
        permanent = 0
        for hop in self.redirects:
            if not hop.permanent:
                break
            permanent += 1
        return stops[permanent] if permanent else None

    @property
    def content_type(self) -> str | None:
        return self.headers.get("content-type")


@dataclass(slots=True)
class Trip:
    """What is known while one request is under way: ``at`` is the URL that is asked now, ``hops`` those before it."""

    url: str
    at: str
    limit: int
    seconds: float
    request_headers: dict[str, str]
    data: bytes | None = None  # of a POST
    conditional: bool = False
    follow: bool = True  # redirects; else one fails
    hops: list[Hop] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    elapsed: float = 0.0
    wants_error: bool = False
    error_body: bytes = b""


class FetchFailed(Upstream):
    """Upstream that also tells where it happened: ``url`` that failed last, its ``headers``, the ``redirects``
    before it, ``elapsed`` seconds, and the start of the ``body`` if it was asked for."""

    def __init__(self, error: Upstream, trip: Trip) -> None:
        super().__init__(error.kind, str(error), status=error.status, retry_after=error.retry_after)
        self.url = trip.at
        self.headers = trip.headers
        self.redirects = trip.hops
        self.elapsed = trip.elapsed
        self.body = trip.error_body


class Source(Protocol):
    """Where a pull's document comes from: the Fetcher, or saved documents that are played again."""

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """See Fetcher.get."""
        ...
