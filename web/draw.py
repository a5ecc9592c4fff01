"""The smallest pieces of a page: signs, icons of feeds, numbers. Plain strings, escaped here, for the hot parts."""

from __future__ import annotations

import re

from markupsafe import Markup
from markupsafe import escape as _escape

SPECIAL = re.compile(r"[&<>\"']")


def safe(html: str) -> Markup:
    """HTML that was made here: every text in it went through esc(), a template or the cleaner."""
    return Markup(html)  # noqa: S704 -- the one place


def esc(text: str) -> str:
    """Escaped for text and for quoted attributes."""
    return text if SPECIAL.search(text) is None else str.__str__(_escape(text))


class Signs:
    """Signs of the sprite. The address of the sprite carries its hash, so it is known only at start."""

    def __init__(self, sprite: str) -> None:
        self.sprite = sprite
        self._made: dict[tuple[str, str], Markup] = {}

    def __call__(self, name: str, style: str = "i") -> Markup:
        made = self._made.get((name, style))
        if made is None:
            made = safe(f'<svg class="{style}" aria-hidden="true"><use href="{self.sprite}#{name}"/></svg>')
            self._made[name, style] = made
        return made

    def small(self, name: str) -> Markup:
        return self(name, "i s")


def fav(icon: str | None, title: str) -> str:
    """A feed's icon, or the first letter of its name in a box of the same size."""
    if icon:
        return f'<img class="fav" src="/icons/{icon}" alt="" width="16" height="16" loading="lazy" decoding="async">'
    return f'<b class="fav" aria-hidden="true">{esc(initial(title))}</b>'


def initial(title: str) -> str:
    return next((c.upper() for c in title if c.isalnum()), "·")[:1]


def face(name: str, size: str = "") -> str:
    """Somebody's first letters on a colour made from the name. ``size``: s (18 px), "" (24), l (32), xl (56)."""
    return f'<span class="av{f" {size}" if size else ""} h{hue(name)}" aria-hidden="true">{esc(letters(name))}</span>'


def letters(name: str) -> str:
    """ "Mara Vellin": MV, "mara": MA."""
    words = name.split()
    return ("".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]).upper() or "·"


def number(value: int) -> str:
    return f"{value:,}"


def count(value: int, one: str, many: str | None = None) -> str:
    """ "1 entry", "1,204 entries"."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def hue(name: str) -> int:
    """One of twelve colours for a person's initials."""
    return sum(map(ord, name)) % 12
