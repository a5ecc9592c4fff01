"""The one error tree. Services and gateways raise meaning; only api/errors.py knows status codes.

EvantrError
├── NotFound      absent, or another's: both look the same from outside
├── Invalid       what was sent cannot be used; carries the fields and the reason for each
├── Conflict      it collides with what is already there (a name taken, a stale lease)
├── Forbidden     signed out, or not an administrator
├── Limited       too often; carries the seconds to wait
├── Upstream      an outside server failed us; carries a kind and words a reader understands
└── Away          our own store does not answer now; the same may work in a moment
"""

from __future__ import annotations

from collections.abc import Callable


class EvantrError(Exception):
    """Base of all errors that are meant for a person. ``str()`` is a sentence."""


class NotFound(EvantrError):
    """What was asked for is absent, or belongs to somebody else."""


class Invalid(EvantrError):
    """Input cannot be used. ``fields`` maps the name of a field to what is wrong with it."""

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class Conflict(EvantrError):
    """The write collides with what is there."""


class Forbidden(EvantrError):
    """The actor may not do this; ``signed_out`` says that signing in might help."""

    def __init__(self, message: str, *, signed_out: bool = False) -> None:
        super().__init__(message)
        self.signed_out = signed_out


class Limited(EvantrError):
    """Too often. ``retry_after`` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Upstream(EvantrError):
    """An outside server failed us.

    ``kind`` is a stable word: dns, refused, connect, tls, timeout, too_large, redirects, status,
    not_a_feed, encoding. ``status`` is the HTTP status, if one came. ``retry_after`` in seconds is what
    the server asked for, if it did.
    """

    def __init__(self, kind: str, message: str, *, status: int | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Callable[..., Upstream], tuple[str, str, int | None, int | None]]:
        """Crosses the border of a process whole (the CPU pool's errors do)."""
        return _upstream, (self.kind, str(self), self.status, self.retry_after)


class Away(EvantrError):
    """The store does not answer. Whether a write that ended so was done is not known."""


def _upstream(kind: str, message: str, status: int | None, retry_after: int | None) -> Upstream:
    return Upstream(kind, message, status=status, retry_after=retry_after)
