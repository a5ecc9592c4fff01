"""People and the ways they prove who they are. Times are UTC seconds since 1970 (float)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

RIGHTS = ("jobs",)  # what a personal token may only if it was said so: submit jobs and follow them


@dataclass(frozen=True, slots=True)
class Preferences:
    """How one person wants to read; stored as JSON."""

    theme: Literal["system", "light", "dark"] = "system"
    density: Literal["compact", "balanced", "roomy"] = "balanced"
    layout: Literal["beside", "place"] = "beside"
    marking: Literal["open", "scroll", "never"] = "open"
    text_size: int = 18  # px, 16 to 22
    text_face: Literal["serif", "sans"] = "serif"
    text_width: int = 66  # ch, 56 to 76
    keys: bool = True  # single-key shortcuts (WCAG 2.1.4 wants an off switch)
    timezone: str = "UTC"
    quiet: bool = False  # pages without people: no shares, comments, suggestions, badges


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    admin: bool
    password_hash: str
    created_at: float
    preferences: Preferences = field(default_factory=Preferences)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. ``token_hash`` is SHA-256 of the cookie (32 bytes)."""

    token_hash: bytes
    user_id: int
    created_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class Token:
    """A personal API token; the secret itself is shown once and never stored."""

    id: int
    user_id: int
    name: str
    token_hash: bytes
    created_at: float
    used_at: float | None
    rights: tuple[str, ...] = ()  # of RIGHTS, beyond what every token may


@dataclass(frozen=True, slots=True)
class Invitation:
    code: str
    created_by: int
    created_at: float
    expires_at: float
    used_by: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. Every public service method takes one first. SYSTEM is the workers'."""

    user_id: int  # 0: nobody is signed in; -1: the system itself
    admin: bool = False
    rights: tuple[str, ...] = RIGHTS  # a person's own session has all; a token those chosen when it was made

    @property
    def signed_in(self) -> bool:
        return self.user_id > 0


ANONYMOUS = Actor(0)
SYSTEM = Actor(-1, admin=True)
