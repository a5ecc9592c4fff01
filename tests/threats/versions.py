"""Versions of a feed document, and their replay through the real gateway."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from html import escape
from typing import Any

from workers.batch.replay import one
from workers.batch.task import Task

FEED = "https://gazette.example/feed.xml"
DAY = 86_400.0
START = 1_780_000_000.0


@dataclass(frozen=True)
class Item:
    """An RSS item; None leaves its element out."""

    title: str | None = None
    link: str | None = None
    guid: str | None = None
    at: float | None = None
    text: str | None = None

    def xml(self) -> str:
        written = {
            "title": self.title,
            "link": self.link,
            "guid": self.guid,
            "pubDate": None if self.at is None else formatdate(self.at, usegmt=True),
            "description": self.text,
        }
        inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in written.items() if text is not None)
        return f"<item>{inside}</item>"


def document(items: Sequence[Item], title: str = "Gazette") -> bytes:
    body = "".join(item.xml() for item in items)
    head = f"<title>{title}</title><link>https://gazette.example/</link><description>d</description>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{body}</channel></rss>'.encode()


def item(number: int, **changes: Any) -> Item:
    """A well-behaved item, the higher the newer."""
    values: dict[str, Any] = {
        "title": f"Story number {number}",
        "link": f"https://gazette.example/story/{number}",
        "guid": f"https://gazette.example/?p={number}",
        "at": START + number * DAY / 4,
        "text": f"<p>What happened on day {number}, told at length.</p>",
    }
    return Item(**{**values, **changes})


@dataclass(frozen=True)
class Replayed:
    """What the batch command replay answers."""

    fetches: list[dict[str, Any]]
    entries: list[dict[str, Any]]

    @property
    def new(self) -> list[int]:
        return [fetch["new"] for fetch in self.fetches]

    @property
    def updated(self) -> int:
        return sum(fetch["updated"] for fetch in self.fetches)

    @property
    def unread(self) -> list[str]:
        return [entry["uid"] for entry in self.entries if not entry["read"]]


def replay(
    versions: Sequence[Sequence[Item] | bytes], read_after: Mapping[int, Sequence[str]] | None = None
) -> Replayed:
    bodies = [version if isinstance(version, bytes) else document(version) for version in versions]
    marks = {str(at): list(uids) for at, uids in (read_after or {}).items()}
    fetches = [{"body": base64.b64encode(body).decode()} for body in bodies]
    answer = one(Task({"feed": FEED, "fetches": fetches, "read_after": marks}))
    return Replayed(answer["fetches"], answer["entries"])  # type: ignore[arg-type]
