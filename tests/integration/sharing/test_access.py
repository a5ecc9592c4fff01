"""The access matrix: every output × audience × public or private account (decision 0013)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.helpers.app import World, open_world
from tests.integration.sharing.outputs import OUTPUTS
from tests.integration.sharing.scene import AUDIENCE, NOWHERE, Account, Audience, Output, Scene, set_up
from web.app import create_app

ACCOUNTS: tuple[Account, ...] = ("public", "private")


@pytest.fixture
async def world(tmp_path: Path, store: str) -> AsyncIterator[World]:
    async with open_world(tmp_path, create_app, store=store) as opened:
        yield opened


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_every_output_shows_it_to_those_alone_who_may_see_it(world: World, account: Account) -> None:
    scene = await set_up(world, account)
    wrong: list[str] = []
    for output in OUTPUTS:
        wrong += [f"{output.name}: {problem}" for problem in await problems(scene, output)]
    assert not wrong, "\n".join(wrong)


async def problems(scene: Scene, output: Output) -> list[str]:
    expected = scene.expected(output.rule)
    out = []
    for audience in AUDIENCE:
        if audience == "anonymous" and not output.anonymous:
            continue
        viewer = scene.viewers[audience]
        seen = await output.ask(scene, viewer, scene.target)
        if (output.word in seen) != (audience in expected):
            out.append(f"{audience} {'sees' if output.word in seen else 'does not see'} it: {seen[:300]}")
        elif output.absent and audience not in expected:
            absent = await output.ask(scene, viewer, NOWHERE)
            if seen != absent:
                out.append(f"{audience} can tell it from what is nowhere: {seen[:200]} / {absent[:200]}")
    return out


ACTS = {
    "follow": ("POST", "/api/v1/follow", {"target": "@{name}"}),
    "subscribe": ("POST", "/api/v1/subscriptions", {"feed_id": "{feed_id}"}),
    "pass on": ("POST", "/api/v1/shares", {"entry_id": "{share_id}"}),
    "comment": ("POST", "/api/v1/shares/{share_id}/comments", {"text": "Hm"}),
    "answer": ("POST", "/api/v1/shares/{share_id}/comments", {"text": "Hm", "parent_id": "{comment_id}"}),
    "like": ("PUT", "/api/v1/shares/{share_id}/like", None),
    "star": ("PUT", "/api/v1/entries/{share_id}/star", None),
    "mute": ("PUT", "/api/v1/people/{name}/mute", None),
}
SIGNED: tuple[Audience, ...] = ("follower", "stranger", "blocked", "blocker")


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("act", ACTS)
async def test_nobody_does_anything_with_what_they_may_not_see(world: World, account: Account, act: str) -> None:
    scene = await set_up(world, account)
    may = scene.expected("signed in")
    for audience in SIGNED:
        status = await do(scene, audience, act, there=True)
        if audience in may:
            assert status in (200, 201), f"{audience}: {status}"
        elif (act, audience) == ("mute", "blocker") or (act, audience, account) == ("mute", "stranger", "private"):
            assert status == 200, "whose name one knows, one may mute"
        elif (act, audience) == ("follow", "blocker"):
            assert status == 409, "they are told that they blocked them"
        elif (act, audience, account) == ("follow", "stranger", "private"):
            assert status == 201, "they ask"
        else:
            assert status == await do(scene, audience, act, there=False) == 404, audience
    feed_id = scene.target.feed_id
    for audience in ("blocked", "blocker"):
        user_id = scene.viewers[audience].actor.user_id
        assert await world.container.mappers.subscriptions.get(user_id, feed_id) is None


async def do(scene: Scene, audience: Audience, act: str, *, there: bool) -> int:
    """The status of the act, done to what is there, or to what is nowhere."""
    target = scene.target if there else NOWHERE
    values = {name: getattr(target, name) for name in ("name", "feed_id", "share_id", "comment_id")}
    method, path, template = ACTS[act]
    body = None
    if template is not None:
        body = {key: _filled(value, values) for key, value in template.items()}
    answer = await scene.viewers[audience].http.request(method, path.format(**values), json=body)
    return answer.status_code


def _filled(value: str, values: dict[str, object]) -> object:
    """A value of a body: a text with a name in it, or an id."""
    return values[value[1:-1]] if value.startswith("{") and value.endswith("_id}") else value.format(**values)
