"""What a form sent. Texts that no store takes are refused here, once for every form."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request

from reader.errors import Invalid

DIGITS = 15
MOST_FIELDS = 25_000  # a table of all feeds sends one per feed


class Form:
    def __init__(self, data: FormData) -> None:
        self._data = data

    @classmethod
    async def of(cls, request: Request) -> Form:
        return cls(await request.form(max_files=0, max_fields=MOST_FIELDS))

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def text(self, name: str, default: str = "") -> str:
        value = self._data.get(name, default)
        if not isinstance(value, str):
            return default
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            message = "This holds characters that cannot be stored. Type it without them."
            raise Invalid(message, {name: message})
        return value

    def raw(self, name: str) -> str:
        """As typed, to draw it again beside an error."""
        value = self._data.get(name, "")
        return value.replace("\0", "�") if isinstance(value, str) else ""

    def number(self, name: str) -> int | None:
        """A whole number; None when there is none."""
        text = self.text(name).strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= DIGITS):
            message = "This is a whole number."
            raise Invalid(message, {name: message})
        return int(text)

    def need(self, name: str) -> int:
        value = self.number(name)
        if value is None:
            message = "This is missing. Open the page again and try once more."
            raise Invalid(message, {name: message})
        return value

    def texts(self, name: str) -> list[str]:
        return [value for value in self._data.getlist(name) if isinstance(value, str) and "\0" not in value]

    def numbers(self, name: str) -> list[int]:
        values = self.texts(name)
        if any(not (v.isascii() and v.isdigit() and len(v) <= DIGITS) for v in values):
            message = "These are whole numbers."
            raise Invalid(message, {name: message})
        return list(dict.fromkeys(map(int, values)))
