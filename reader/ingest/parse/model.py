"""What a parser hands out: a feed as it was written, before cleaning."""

from __future__ import annotations

from dataclasses import dataclass, field

from reader.models.entry import Enclosure
from reader.models.share import Chain

MAX_TITLE = 1000
MAX_CONTENT = 1_000_000
MAX_AUTHOR = 500
MAX_DESCRIPTION = 5000
MAX_TAGS = 100
MAX_ENCLOSURES = 100
MAX_URL = 4096
MAX_UID = 4096
MAX_LINKS = 50  # of a chain


@dataclass(slots=True)
class ParsedEntry:
    """One entry. ``uid`` is guid or id as written; ``title`` is plain text; times are epoch seconds, UTC; HTML is
    raw, relative links in it resolve against ``base``. Each is what the document says, None where it says nothing;
    ``media_html`` is made of the media elements of an entry without text; ``chain`` is its way before it came here;
    ``story`` is the story key that another Evantr gives for what has no link."""

    uid: str | None = None
    url: str | None = None
    title: str = ""
    author: str | None = None
    summary_html: str | None = None
    content_html: str | None = None
    published_at: float | None = None
    updated_at: float | None = None
    tags: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    comments_url: str | None = None
    base: str = ""
    media_html: str | None = None
    chain: Chain | None = None
    story: bytes | None = None

    @property
    def dated_at(self) -> float | None:
        """The time to show and to sort by: published, else updated."""
        return self.published_at if self.published_at is not None else self.updated_at

    @property
    def body_html(self) -> str:
        """The HTML to show: an entry of media with them, else the content, else the summary."""
        return self.media_html or self.content_html or self.summary_html or ""


@dataclass(slots=True)
class ParsedFeed:
    """One document. ``format`` such as "rss 2.0", "rdf 1.0", "atom 1.0", "json 1.1"; ``repaired``: it was not
    well-formed; ``ttl_seconds`` and ``skip_hours`` (UTC) are the publisher's wishes; ``hub`` is for WebSub."""

    format: str
    encoding: str = "utf-8"
    repaired: bool = False
    title: str = ""
    site_url: str | None = None
    description: str | None = None
    language: str | None = None
    icon: str | None = None
    hub: str | None = None
    self_url: str | None = None
    ttl_seconds: int | None = None
    skip_hours: tuple[int, ...] = ()
    entries: list[ParsedEntry] = field(default_factory=list)
