"""Settings of queues and CPU processes: what is in force, from where, and changing it while everything runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from starlette.responses import Response

from reader.errors import Invalid
from reader.models.operations import SettingInForce
from reader.secret_files import hidden
from reader.settings import Settings
from web import letters, operations
from web.forms import Form
from web.kit import Visit
from web.operations import LABELS, Field
from web.pages.admin import frame
from web.routing import get

LINES = 50
SECRETS = frozenset({"secret", "admin_token", "heartbeat_secret"})


@dataclass(frozen=True, slots=True)
class Typed:
    """A form that was sent: its queue, and by field what was typed and what is wrong with it."""

    queue: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


def fields(settings: Iterable[SettingInForce], queue: str, typed: Typed) -> list[Field]:
    """The settings of a queue as fields of a form, with what was typed where that cannot be used."""
    values, problems = (typed.values, typed.problems) if queue == typed.queue else ({}, {})
    return [operations.field_of(each, values, problems) for each in settings if each.queue == queue]


@dataclass(frozen=True, slots=True)
class Group:
    """``kind``: what the settings are about, in a word or two."""

    queue: str
    kind: str
    fields: list[Field]


async def show(visit: Visit) -> Response:
    return await draw(visit, Typed())


async def draw(visit: Visit, typed: Typed) -> Response:
    service, actor = visit.services.operations, visit.actor
    overview = await service.overview(actor)
    settings = list(await service.settings(actor))
    path, error = await service.settings_file(actor)
    names = list(dict.fromkeys(each.queue for each in settings))
    kinds = {queue.name: f"{queue.priority} queue" for queue in overview.queues} | {"cpu": "processes that parse"}
    return await frame.page(
        visit,
        "settings.html",
        title="Settings",
        section="settings",
        status=422 if typed.problems else 200,
        overview=overview,
        groups=[Group(name, kinds.get(name, ""), fields(settings, name, typed)) for name in names],
        file=path,
        file_error=error,
        environment=environment(visit.kit.container.settings),
        audit=letters.audit(await service.audit(actor, limit=LINES), settings, visit.times),
    )


def environment(settings: Settings) -> list[tuple[str, str, str]]:
    """(variable, value, meaning) of what the process was started with. Secrets are not shown."""
    rows = []
    for name, about in Settings.model_fields.items():
        value = getattr(settings, name)
        text = ", ".join(map(str, value)) if isinstance(value, tuple) else str("" if value is None else value)
        if name in SECRETS and text:
            text = "set, not shown"
        rows.append((f"EVANTR_{name.upper()}", hidden(text) or "empty", about.description or ""))
    return rows


async def change(visit: Visit, start: Callable[[Visit, Typed], Awaitable[Response]]) -> Response:
    """Sets what differs from what is in force; with ``reset``, takes back what was changed live.

    What cannot be used is drawn again with the reason, on the page that the form came from; the rest is in force.
    """
    form = await frame.form_of(visit)
    service, actor, queue = visit.services.operations, visit.actor, form.text("queue")
    done: list[str] = []
    typed: dict[str, str] = {}
    problems: dict[str, str] = {}
    settings = [each for each in await service.settings(actor) if each.queue == queue]
    if not settings:
        raise Invalid(f"There is no queue “{queue}”.", {"queue": "unknown"})
    for each in settings:
        value = wanted(form, each)
        if value is KEEP:
            continue
        try:
            new = await service.set_setting(actor, queue, each.name, value)
        except Invalid as error:
            typed[each.name], problems[each.name] = form.raw(each.name), str(error)
        else:
            done.append(f"{LABELS.get(each.name, each.name)} is {operations.plain(new.value)}")
    back = form.text("back")
    if problems:
        page = draw if back.startswith("/admin/settings") else start
        return await page(visit, Typed(queue, typed, problems))
    words = f"{queue}: {', '.join(done)}" if done else "Nothing was different"
    return frame.back(visit, form, words, "/admin/queues")


KEEP = object()


def wanted(form: Form, each: SettingInForce) -> object:
    """What the form wants of a setting: KEEP, None to take back a live change, or what was typed ("60 s" is 60)."""
    if "reset" in form:
        return None if each.source == "store" else KEEP
    if each.name not in form:
        return KEEP
    text = form.text(each.name).strip().replace(",", "")
    number, _, unit = text.partition(" ")
    if unit.strip() in (each.unit, each.unit[:1]):
        text = number
    return KEEP if text == operations.plain(each.value) else text


ROUTES = [get("/admin/settings", show)]
