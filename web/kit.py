"""What all pages share: templates, signs, addresses of files; and a visit, which is one request by one person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.facts import facts_of
from reader.container import Container
from reader.errors import NotFound
from reader.models.reading import Done, Scope, Sidebar
from reader.models.user import Actor, Preferences, User
from reader.services import Services
from web import keys
from web.assets import Assets
from web.dates import Times
from web.draw import Signs, count, face, fav, hue, initial, number, safe
from web.encoding import html_response
from web.images import Images
from web.paths import own_path, quoted, scope_path, with_query
from web.sidebar import SidebarView

TEMPLATES = Path(__file__).parent / "templates"
SAID = "evantr_said"  # what the last form did, in words, for the toast of the page it answers with
SAID_SECONDS = 60
DEFAULTS = Preferences()
LATE = "News is late at the moment: this page looks for it every few seconds."  # as js/counts.js has it
MOST_SHOWN = 99  # on a badge


class _Compiled(BytecodeCache):
    """Templates compiled by this process, for all applications that it makes (a test run makes hundreds)."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


class Kit:
    def __init__(self, container: Container, assets: Assets, images: Images) -> None:
        self.container = container
        self.services: Services = container.services
        self.assets = assets
        self.images = images
        self.signs = Signs(assets.url("icons.svg"))
        self.env = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            bytecode_cache=COMPILED,
            auto_reload=False,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        self.env.globals.update(
            sign=self.signs,
            asset=assets.url,
            sprite=self.signs.sprite,
            fav=_safe_fav,
            face=_safe_face,
            badge=_badge,
            number=number,
            count=count,
            hue=hue,
            initial=initial,
        )
        for name in self.env.list_templates():  # compiled at start: the first visitor waits for nothing
            self.env.get_template(name)
        self.parts: Any = self.env.get_template("parts.html").module

    def render(self, template: str, values: dict[str, Any]) -> str:
        return self.env.get_template(template).render(values)


def _safe_face(name: str, size: str = "") -> Any:
    return safe(face(name, size))


def _badge(unseen: int) -> str:
    return str(min(unseen, MOST_SHOWN)) if unseen else ""


def _safe_fav(icon: str | None, title: str) -> Any:
    return safe(fav(icon, title))


@dataclass(slots=True)
class Visit:
    """One request to a page. ``user`` is None when signed out."""

    request: Request
    kit: Kit
    actor: Actor
    user: User | None

    @property
    def services(self) -> Services:
        return self.kit.services

    @property
    def prefs(self) -> Preferences:
        return self.user.preferences if self.user else DEFAULTS

    @property
    def client(self) -> str:
        return facts_of(self.request.scope).client

    @property
    def fragment(self) -> bool:
        """Whether a script asks for a piece of the page."""
        return self.request.headers.get("x-fragment") == "1" or self.query("fragment") == "1"

    @property
    def times(self) -> Times:
        return Times(self.kit.container.clock.now(), self.prefs.timezone)

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "")

    def id(self, name: str = "id") -> int:
        """A number in the path. What cannot be an id is absent."""
        return number_or_absent(self.request.path_params[name])

    def address(self) -> str:
        """Path and query of this request, without what only concerned the act before it."""
        url = self.request.url
        return own_path(with_query(url.path + (f"?{url.query}" if url.query else "")))

    def html(self, html: str, status: int = 200) -> Response:
        return html_response(self.request, html, status)

    async def page(
        self,
        template: str,
        *,
        title: str,
        status: int = 200,
        current: Scope | None = None,
        tab: str = "",
        side: Sidebar | None = None,
        people: bool = False,
        **values: Any,
    ) -> Response:
        """A page in the frame: sidebar, tabs, toast. ``people``: it shows people in quiet mode too."""
        assert self.user is not None
        side = side or await self.services.reading.sidebar(self.actor)
        quiet = self.prefs.quiet
        values |= await self.people_values(people) | {
            "title": f"({side.unread:,}) {title}" if side.unread else title,
            "user": self.user,
            "prefs": self.prefs,
            "nav": SidebarView(self.kit.signs, side, current, quiet=quiet, tab=tab).nav(),
            "frame": "page.html",
            "unread": side.unread,
            "late": "" if self.services.reading.connected(self.actor) else LATE,
            "tab": tab,
            "here": self.address(),
            "toast": self.said(),
            "times": values.get("times") or self.times,
        }
        return self.html(self.kit.render(template, values), status)

    async def people_values(self, people: bool = False) -> dict[str, Any]:
        """What every frame says of people: nothing in quiet mode."""
        quiet = self.prefs.quiet
        return {
            "keys_table": keys.as_json(quiet),
            "with_people": people or not quiet,
            "unseen": 0 if quiet else await self.services.people.unseen(self.actor),
        }

    async def open_page(self, template: str, *, title: str, status: int = 200, **values: Any) -> Response:
        """A page for everybody: in the frame for who is signed in, else in a bare one with the way in."""
        if self.user is not None:
            return await self.page(template, title=title, status=status, people=True, **values)
        for name in ("current", "tab", "side"):
            values.pop(name, None)
        values |= {"title": title, "user": None, "prefs": DEFAULTS, "frame": "open.html", "here": self.address()}
        values |= {"times": values.get("times") or self.times, "toast": None}
        return self.html(self.kit.render(template, values), status)

    def door(self, template: str, *, title: str, status: int = 200, **values: Any) -> Response:
        """A page for people who are signed out."""
        values |= {"title": title, "prefs": DEFAULTS, "host": self.request.url.netloc}
        return self.html(self.kit.render(template, values), status)

    def said(self) -> dict[str, str] | None:
        """The toast: what the form before did. It shows on the page that the form answered with, and on no other."""
        token, flagged = self.query("undo"), self.query("said")
        if not token and not flagged:
            return None
        known = _read_said(self.request.cookies.get(SAID, ""))
        if known is not None and known["undo"] == token:
            return known
        return {"label": "Done", "undo": token} if token else None

    def back(self, path: str | None, done: Done | None = None, otherwise: str = "/") -> Response:
        """303 to where the form came from, with words and a way to take it back."""
        target = with_query(own_path(path, otherwise))
        if done is None:
            return RedirectResponse(target, 303)
        response = RedirectResponse(with_query(target, undo=done.undo, said=None if done.undo else "1"), 303)
        value = quote(json.dumps({"label": done.label, "undo": done.undo or ""}), safe="")
        if len(value) < 3000:
            response.set_cookie(SAID, value, SAID_SECONDS, path="/", httponly=True, samesite="lax")
        return response


def _read_said(text: str) -> dict[str, str] | None:
    try:
        value = json.loads(unquote(text))
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    return {"label": str(value.get("label", "Done"))[:500], "undo": str(value.get("undo", ""))}


def number_or_absent(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise NotFound("There is nothing at this address.")
    return int(text)


__all__ = ["Kit", "Visit", "number_or_absent", "quoted", "scope_path"]
