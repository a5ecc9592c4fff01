"""The shortcuts: one table. The sheet is drawn from it, and scripts read it from the page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup

from web.draw import safe


@dataclass(frozen=True, slots=True)
class Key:
    """``act`` is the name of the command in static/js/commands.js; ``keys`` as written there: "shift+a", "g s"."""

    act: str
    keys: tuple[str, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the sheet: one or several commands under one name. ``or_``: the keys are alternatives."""

    label: str
    keys: tuple[Key, ...]
    either: bool = False

    @property
    def caps(self) -> list[list[str]]:
        """Key caps of each shortcut: [["⇧", "A"]]."""
        return [caps(text) for key in self.keys for text in key.keys]


CAPS = {"shift": "⇧", "ctrl": "Ctrl", "space": "Space", "enter": "Enter", "esc": "Esc"}


def caps(text: str) -> list[str]:
    if text == "+":
        return ["+"]
    return [CAPS.get(part, part.upper()) for step in text.split(" ") for part in step.split("+")]


def _one(act: str, keys: str, label: str) -> Line:
    return Line(label, (Key(act, tuple(keys.split(", ")), label),), either=", " in keys)


def _two(label: str, *several: tuple[str, str, str]) -> Line:
    return Line(label, tuple(Key(act, (keys,), name) for act, keys, name in several))


def _or(label: str, *several: tuple[str, str, str]) -> Line:
    return Line(label, _two(label, *several).keys, either=True)


MARK_PARTS = (("mark-below", "shift+b", "All below read"), ("mark-above", "shift+y", "All above read"))
FEED_STEPS = (
    ("next-feed", "shift+j", "Next feed with unread"),
    ("previous-feed", "shift+k", "Previous feed with unread"),
)
PEOPLE = "People"  # the part that quiet mode leaves out
DENSITIES = ("compact", "balanced", "roomy")

SHEET: tuple[tuple[str, tuple[Line, ...]], ...] = (
    (
        "Read",
        (
            _two("Next, previous entry", ("next", "j", "Next entry"), ("previous", "k", "Previous entry")),
            _two("Move without opening", ("down", "n", "Next, unopened"), ("up", "p", "Previous, unopened")),
            _one("open", "o, enter", "Open or close"),
            _or("Page, then next; back", ("page-down", "space", "Page down"), ("page-up", "shift+space", "Page up")),
            _one("next-unread", "h", "Next unread"),
            _one("original", "v", "Open the original"),
            _one("escape", "esc", "Close, or back"),
        ),
    ),
    (
        "Mark",
        (
            _one("read", "m", "Read, unread"),
            _one("star", "s", "Star"),
            _one("later", "l", "Read later"),
            _one("mark-all", "shift+a", "All read"),
            _or("All below, all above", *MARK_PARTS),
            _one("undo", "z", "Undo"),
        ),
    ),
    (
        "Go to",
        (
            _one("go-all", "g a", "All, unread first"),
            _one("go-starred", "g s", "Starred"),
            _one("go-later", "g l", "Read later"),
            _one("go-folders", "g f", "Folders"),
            _one("palette", "ctrl+k", "Any feed or folder"),
            _one("search", "/", "Search your feeds"),
        ),
    ),
    (
        PEOPLE,
        (
            _two("Share, with a note", ("share", "shift+s", "Share"), ("share-note", "shift+n", "Share with a note")),
            _one("chain", "c", "How it was passed on"),
            _one("go-people", "g p", "People"),
            _one("go-notifications", "g n", "Notifications"),
        ),
    ),
    (
        "Feeds",
        (
            _or("Next, previous feed", *FEED_STEPS),
            _one("add", "+", "Add a site"),
            _one("move", "shift+m", "Move the feed"),
            _one("rename", "shift+r", "Rename the feed"),
            _two("Check now, health", ("check", "r", "Check the feed now"), ("health", "i", "Health of the feed")),
            _one("unsubscribe", "#", "Unsubscribe"),
        ),
    ),
    (
        "View",
        (
            _one("fresh", ".", "Show new entries"),
            _one("sidebar", "f", "Sidebar"),
            _one("layout", "w", "Beside or in place"),
            _two("Density", *(("density", str(n), f"Density: {name}") for n, name in enumerate(DENSITIES, 1))),
            _one("sheet", "?", "This sheet"),
        ),
    ),
)  # fmt: skip


QUIET_SHEET = tuple(part for part in SHEET if part[0] != PEOPLE)


def sheet(quiet: bool) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    return QUIET_SHEET if quiet else SHEET


@cache
def as_json(quiet: bool = False) -> Markup:
    """All commands for the page's script element; "<" cannot end it there."""
    rows = [
        {"act": key.act, "keys": key.keys, "label": key.label}
        for _, lines in sheet(quiet)
        for line in lines
        for key in line.keys
    ]
    text = json.dumps(rows, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    return safe(text)
