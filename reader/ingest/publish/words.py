"""What readers that know nothing of chains show of them: the note above the content, the way below it."""

from __future__ import annotations

from html import escape

from reader.ingest.parse.chain import NOTE, WAY
from reader.ingest.publish.model import Item
from reader.models.share import Link


def with_words(item: Item) -> str:
    """The content between note and way. Reading it back, an Evantr takes both off again (ingest/parse/chain)."""
    return "\n".join(part for part in (_note(item.step), item.content, _way(item)) if part)


def _note(step: Link) -> str:
    if not step.note:
        return ""
    lines = escape(step.note, quote=False).replace("\n", "<br>")
    return f"{NOTE[0]}<p><b>{escape(step.name, quote=False)}:</b> {lines}</p>{NOTE[1]}"


def _way(item: Item) -> str:
    """ "From The Gazette, passed on by ada and bob." """
    parts = []
    if item.source is not None:
        parts.append(f"From {_linked(item.source.title, item.source.site_url or item.source.url)}")
    names = [_linked(link.name, link.url) for link in item.before if link.name]
    if names:
        listed = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
        parts.append(f"passed on by {listed}" if parts else f"Passed on by {listed}")
    return f"{WAY[0]}{', '.join(parts)}.{WAY[1]}" if parts else ""


def _linked(name: str, url: str | None) -> str:
    plain = escape(name, quote=False)
    return f'<a href="{escape(url)}">{plain}</a>' if url else plain
