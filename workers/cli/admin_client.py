"""The command line's way to a running Evantr: its API over HTTP, errors in words, tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from workers.cli.common import CANNOT_START, FAILED, USAGE, Fail

if TYPE_CHECKING:
    from reader.settings import Settings

SECONDS = 30.0
HOW_TO_GET_ONE = (
    "`evantr admin` needs the token of an administrator: --token, or EVANTR_ADMIN_TOKEN."
    " On the machine of Evantr this makes one: evantr token add NAME --label admin"
)


class Server:
    """A running Evantr, asked as an administrator."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    @classmethod
    def of(cls, settings: Settings, url: str | None, token: str | None) -> Server:
        """Options win over settings; raises Fail without a token."""
        secret = token or settings.admin_token
        if not secret:
            raise Fail(HOW_TO_GET_ONE, USAGE)
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 -- compared, not bound
        place = url or settings.admin_url or f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
        if "://" not in place:
            place = f"http://{place}"
        return cls(place, secret)

    def get(self, path: str, **query: object) -> Any:
        return self._ask("GET", path, query=query)

    def post(self, path: str) -> Any:
        return self._ask("POST", path)

    def patch(self, path: str, body: object) -> Any:
        return self._ask("PATCH", path, body=body)

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path)

    def _ask(self, method: str, path: str, *, query: dict[str, object] | None = None, body: object = None) -> Any:
        """The answer's JSON. Raises Fail: what the server refused in its own words, or that it does not answer."""
        import httpx

        known = {name: str(value) for name, value in (query or {}).items() if value is not None}
        headers, content = {"Authorization": f"Bearer {self._token}"}, None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        address = f"{self._url}/api/v1{path}"
        try:
            with httpx.Client(timeout=SECONDS, headers=headers, trust_env=False) as client:
                answer = client.request(method, address, params=known, content=content)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
            raise Fail(f"{self._url} is no address of an Evantr. One is like http://127.0.0.1:8000", USAGE) from None
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            words = f"No Evantr answers at {self._url} ({why}). Does it run there? Say where: --url"
            raise Fail(words, CANNOT_START) from None
        if answer.is_success:
            return _document(answer.content, self._url)
        raise Fail(_refusal(answer.status_code, answer.content, self._url), FAILED)


def _document(raw: bytes, url: str) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        raise Fail(f"What answers at {url} is no Evantr.", CANNOT_START) from None


def _refusal(status: int, raw: bytes, url: str) -> str:
    try:
        problem = json.loads(raw)
        detail = str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return f"What answers at {url} is no Evantr, or something stands before it (HTTP {status})."
    if status == 401:
        return "The token is not valid. It was removed, or belongs to another Evantr. evantr token add makes one."
    if status == 404 and detail == "There is nothing at this address.":
        return "The token is not an administrator's, so there is nothing to see for it."
    return detail


def segment(text: str) -> str:
    """One part of a path."""
    return quote(text, safe="")


def table(head: Sequence[str], rows: Sequence[Sequence[object]], right: str = "") -> str:
    """Columns as wide as they need to be. ``right``: letters of columns (a is the first) whose text stands right."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(head))]
    last = len(head) - 1

    def line(row: Sequence[str]) -> str:
        out = []
        for n, cell in enumerate(row):
            if chr(97 + n) in right:
                out.append(cell.rjust(widths[n]))
            else:
                out.append(cell if n == last else cell.ljust(widths[n]))
        return "  ".join(out).rstrip()

    return "\n".join(line(row) for row in cells)


def say_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def span(seconds: float | None) -> str:
    """ "-", "3 s", "9 min", "2 h"."""
    if seconds is None:
        return "-"
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= size * 2:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
