"""WebSub (W3C Recommendation of 23 January 2018): our hub for our streams, and what we ask of other people's hubs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

HubMode = Literal["subscribe", "unsubscribe"]
LeaseState = Literal["asked", "active", "leaving", "denied", "failed"]


@dataclass(frozen=True, slots=True)
class HubWish:
    """What somebody asks our hub for. ``lease`` in seconds."""

    mode: HubMode
    feed_id: int
    format: str  # ingest.publish.Format
    topic: str
    callback: str
    secret: str | None
    lease: int


@dataclass(frozen=True, slots=True)
class HubRequest:
    """A wish that has to be confirmed (5.3)."""

    id: int
    mode: HubMode
    feed_id: int
    format: str  # ingest.publish.Format
    topic: str
    callback: str
    secret: str | None
    lease: int
    created_at: float


@dataclass(frozen=True, slots=True)
class HubSubscription:
    """A verified subscription to a stream. ``sent_rev``: the feed's rev as it was when ``digest`` was sent; what is
    above is to be sent. ``due_at``: when; None while there is nothing."""

    id: int
    feed_id: int
    format: str
    topic: str
    callback: str
    secret: str | None
    until: float
    created_at: float
    sent_rev: int
    sent_at: float
    digest: bytes
    due_at: float | None
    failures: int
    error: str | None


class Delivery(NamedTuple):
    """A subscription that is being sent to, and the rev of its feed at the start."""

    subscription: HubSubscription
    rev: int


@dataclass(frozen=True, slots=True)
class HubLease:
    """What we asked of a feed's hub. ``token`` is the secret part of our callback's address.

    "asked": not confirmed yet; "active"; "leaving": nobody reads the feed any more; "denied" by the hub; "failed": the
    hub does not answer as it should. Of these only an active lease before ``until``, whose hub has kept nothing to
    itself (``missed_at``), stands in for polling. ``asked_at``: a request is out that the hub may confirm;
    ``renew_at``: when to ask (again); ``verified_at``: since when the lease holds without a break.
    """

    feed_id: int
    hub: str
    topic: str
    token: str
    secret: str
    state: LeaseState
    asked_at: float | None
    until: float
    renew_at: float
    pushed_at: float | None
    failures: int
    error: str | None
    verified_at: float | None = None
    missed_at: float | None = None

    def holds(self, now: float) -> bool:
        """Whether the hub tells what is new."""
        return self.state == "active" and self.until > now and self.missed_at is None


@dataclass(frozen=True, slots=True)
class Push:
    """A document that a hub brought, with a good signature."""

    id: int
    feed_id: int
    body: bytes
    type: str | None
    arrived_at: float
