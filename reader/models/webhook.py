"""Webhooks: addresses that are told of new entries or of what their owner shares. Times are UTC seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WebhookKind = Literal["entries", "shares"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """``scope``: "all", "folder/3" or "feed/7"; of shares always "all". ``last_id``: entries up to this id were
    delivered. ``stopped``: it failed too often, or said that it is gone; its owner may start it again."""

    id: int
    user_id: int
    url: str
    secret: str  # signs what is sent; shown once, when it is made
    kind: WebhookKind
    scope: str
    created_at: float
    last_id: int
    due_at: float | None  # when the next delivery is due; None: nothing waits
    lease_token: int
    lease_until: float
    failures: int  # in a row
    stopped: bool
    status: int | None  # of the last answer
    error: str | None  # what went wrong last, in words; None while all is well
    delivered_at: float | None
