"""The frame of these pages: a column of their own at the left, who may see them, how they redraw themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from reader.models.operations import Overview
from reader.models.reading import Done
from web.forms import Form
from web.kit import Visit

PLACES = (
    ("queues", "/admin/queues", "layers", "Queues"),
    ("jobs", "/admin/jobs", "clock", "Jobs"),
    ("dead", "/admin/dead", "stop", "Dead letters"),
    ("feeds", "/admin/feeds", "pulse", "Feeds by health"),
    ("accounts", "/admin/accounts", "people", "Accounts"),
    ("settings", "/admin/settings", "sliders", "Settings"),
)


@dataclass(frozen=True, slots=True)
class Place:
    href: str
    glyph: str
    label: str
    current: bool
    count: int


async def page(
    visit: Visit, template: str, *, title: str, section: str, overview: Overview, status: int = 200, **values: Any
) -> Response:
    """A page in the frame. Raises NotFound for people who are no administrators, as the services do."""
    assert visit.user is not None
    places = [
        Place(href, glyph, label, name == section, overview.dead if name == "dead" else 0)
        for name, href, glyph, label in PLACES
    ]
    values |= await visit.people_values() | {
        "title": title,
        "user": visit.user,
        "prefs": visit.prefs,
        "places": places,
        "unread": 0,
        "tab": "",
        "here": visit.address(),
        "toast": visit.said(),
        "times": visit.times,
    }
    return visit.html(visit.kit.render(f"admin/{template}", values), status)


async def form_of(visit: Visit) -> Form:
    """The form that an administrator sent; raises NotFound for everybody else."""
    visit.services.access.operator(visit.actor)
    return await Form.of(visit.request)


def back(visit: Visit, form: Form, words: str, otherwise: str) -> Response:
    """303 to where the form came from, saying what was done."""
    return visit.back(form.text("back") or otherwise, Done(words, None), otherwise)
