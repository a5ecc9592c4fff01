"""What the middleware found out about a request, kept in its ASGI scope for whoever needs it later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reader.models.user import Actor, User

KEY = "evantr.facts"


class Facts:
    """``headers`` holds the last header of each name. ``actor`` and ``user`` are filled by deps.py, once."""

    __slots__ = ("actor", "client", "headers", "request_id", "secure", "user")

    def __init__(self, request_id: str, headers: Mapping[bytes, bytes], client: str, secure: bool) -> None:
        self.request_id = request_id
        self.headers = headers
        self.client = client
        self.secure = secure
        self.actor: Actor | None = None
        self.user: User | None = None


def facts_of(scope: Mapping[str, Any]) -> Facts:
    """Facts of a request that went through the middleware (all do)."""
    facts = scope[KEY]
    assert isinstance(facts, Facts)
    return facts
