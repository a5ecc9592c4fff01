"""One line of a batch command's input, read under limits."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reader.errors import Invalid, Upstream

MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """``values`` is the JSON object of the line. Every getter raises Invalid, in words, for what cannot be used."""

    values: dict[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """A string that must be there unless ``default`` is given; null is as good as not there."""
        value = self.values.get(name)
        value = default if value is None else value
        if not isinstance(value, str):
            raise Invalid(f'"{name}" must be a string.', {name: "a string is needed"})
        return value

    @property
    def url(self) -> str:
        """Base of relative links; a made-up address where the line names none."""
        return self.text("url", "http://localhost/")

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers with lower-case names."""
        given = self.values.get("headers") or {}
        if not isinstance(given, dict):
            raise Invalid('"headers" must be an object.', {"headers": "an object is needed"})
        return {str(name).lower(): str(value) for name, value in given.items()}

    @property
    def content_type(self) -> str | None:
        """The field "content_type", else the header of that name."""
        value = self.values.get("content_type")
        return str(value) if value is not None else self.headers.get("content-type")

    def body(self) -> bytes:
        """The document: "body" (base64) or the bytes of "file". Raises Upstream("too_large") over 50 MB."""
        if self.values.get("body") is not None:
            try:
                return _bounded(base64.b64decode(self.text("body"), validate=True))
            except (binascii.Error, ValueError):
                raise Invalid('"body" is not base64.', {"body": "base64 is needed"}) from None
        return read(self.text("file"))


def read(name: str) -> bytes:
    """The bytes of a file. Raises Invalid if it cannot be read, Upstream("too_large") over 50 MB."""
    try:
        with Path(name).open("rb") as file:
            return _bounded(file.read(MAX_BYTES + 1))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Invalid(f"{name[:200]} cannot be read: {why}.", {"file": why}) from None


def _bounded(body: bytes) -> bytes:
    if len(body) > MAX_BYTES:
        raise Upstream("too_large", f"The document is larger than {MAX_BYTES // 1_000_000} MB.")
    return body
