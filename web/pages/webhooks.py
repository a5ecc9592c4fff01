"""Settings of webhooks: programs that are told instead of asking."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from reader.errors import Invalid, NotFound
from reader.models.reading import Done
from reader.models.webhook import Webhook, WebhookKind
from reader.services.reading import parse_scope
from web.forms import Form
from web.kit import Visit
from web.pages.settings import Problems
from web.routing import get, post

HERE = "/settings/webhooks"


async def webhooks(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, problems: dict[str, str] | None = None, **shown: Any) -> Response:
    side = await visit.services.reading.sidebar(visit.actor)
    feeds = [row for folder in side.folders for row in folder.feeds] + list(side.feeds)
    titles = {"all": "everything you read"}
    titles |= {f"folder/{folder.id}": f"the folder {folder.title}" for folder in side.folders}
    titles |= {f"feed/{row.feed_id}": row.title for row in feeds}
    return await visit.page(
        "settings_webhooks.html",
        title="Webhooks",
        status=422 if problems else 200,
        section="webhooks",
        problems=Problems(problems or {}),
        hooks=await visit.services.webhooks.all(visit.actor),
        titles=titles,
        **{"made": None, "typed": {"url": "", "about": "all"}, **shown},
    )


async def add(visit: Visit) -> Response:
    """Answers with the page itself: the secret is shown once and must not stand in an address or a cookie."""
    form = await Form.of(visit.request)
    about = form.text("about", "all")
    kind: WebhookKind = "shares" if about == "shares" else "entries"
    try:
        scope = parse_scope("all" if kind == "shares" else about)
        made: Webhook = await visit.services.webhooks.add(visit.actor, form.text("url"), kind, scope)
    except Invalid as error:
        typed = {"url": form.raw("url"), "about": about}
        return await _page(visit, error.fields or {"url": str(error)}, typed=typed)
    except NotFound as error:
        return await _page(visit, {"scope": str(error)}, typed={"url": form.raw("url"), "about": "all"})
    return await _page(visit, made=made)


async def remove(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    await visit.services.webhooks.remove(visit.actor, form.need("webhook"))
    return visit.back(HERE, Done("The webhook is removed", None))


async def restart(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    await visit.services.webhooks.restart(visit.actor, form.need("webhook"))
    return visit.back(HERE, Done("The webhook is told again", None))


async def try_out(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    await visit.services.webhooks.try_out(visit.actor, form.need("webhook"))
    return visit.back(HERE, Done("A try is on its way; how it went stands here in a moment", None))


ROUTES = [
    get(HERE, webhooks),
    post("/do/webhook", add),
    post("/do/webhook/remove", remove),
    post("/do/webhook/restart", restart),
    post("/do/webhook/try", try_out),
]
