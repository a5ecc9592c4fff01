"""The settings page of webhooks."""

from __future__ import annotations

from tests.helpers.app import Person, World
from tests.integration.web.page import open_page, send


async def test_one_is_made_tried_and_removed(world: World, ada: Person, bob: Person) -> None:
    feed_id = await world.feed(entries=1, readers=[ada])
    page = await open_page(ada.http, "/settings/webhooks")
    form = "//form[@action='/do/webhook']"
    inside = await send(ada.http, page, form, url="http://10.0.0.1/x", about="all")
    assert inside.status == 422 and "http://10.0.0.1/x" in inside.text  # what was typed stays
    made = await send(ada.http, page, form, url="https://hooks.example.org/1", about=f"feed/{feed_id}")
    [hook] = await world.container.services.webhooks.all(ada.actor)
    assert hook.scope == f"feed/{feed_id}" and hook.secret in made.text
    again = await open_page(ada.http, "/settings/webhooks")
    assert hook.secret not in again.text
    assert "https://hooks.example.org/1" in again.text and "Gazette" in again.text
    theirs = await open_page(bob.http, "/settings/webhooks")
    assert "hooks.example.org" not in theirs.text
    answer = await bob.http.post("/do/webhook/remove", data={"webhook": str(hook.id)})
    assert answer.status_code == 404
    tried = await send(ada.http, again, "//form[@action='/do/webhook/try']", "webhook")
    assert tried.status == 200 and "on its way" in tried.text
    removed = await send(ada.http, again, "//form[@action='/do/webhook/remove']", "webhook")
    assert "hooks.example.org" not in removed.text
    shares = await send(ada.http, page, form, url="https://hooks.example.org/2", about="shares")
    assert "what you share" in shares.text


async def test_one_that_was_stopped_says_why_and_starts_again(world: World, ada: Person) -> None:
    service, mapper = world.container.services.webhooks, world.container.mappers.webhooks
    page = await open_page(ada.http, "/settings/webhooks")
    await send(ada.http, page, "//form[@action='/do/webhook']", url="https://hooks.example.org/1", about="all")
    [hook] = await service.all(ada.actor)
    await mapper.wake_all(1.0)
    leased = await mapper.lease(hook.id, 2.0, 3.0)
    assert leased is not None
    await mapper.failed(leased, status=410, error="It says that it is gone <for good>.", retry_at=None)
    page = await open_page(ada.http, "/settings/webhooks")
    assert page.words("//ul[contains(@class, 'hooks')]//*[contains(@class, 'bad')]").startswith("Stopped: It says")
    assert "gone &lt;for good&gt;" in page.text
    await send(ada.http, page, "//form[@action='/do/webhook/restart']", "webhook")
    assert not (await service.get(ada.actor, hook.id)).stopped
