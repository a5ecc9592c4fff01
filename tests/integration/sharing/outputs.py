"""Every way to see what somebody shares and says. Whoever adds a page, a feed or a message adds it here."""

from __future__ import annotations

import re

from reader.errors import EvantrError
from reader.events import EntriesArrived, ImportChanged, feed_topic, user_topic
from reader.ingest.publish import FORMATS
from tests.helpers.app import ORIGIN
from tests.integration.sharing.scene import ABOUT, NOTE, OWNER, SAID, STREAM, TEXT, Ask, Output, Scene, Target, Viewer

CHANGES = re.compile(r'"request_id":"\w+"|nobody|olga')
"""What differs between two answers that say the same: each has its number, and names what was asked for."""


def get(path: str) -> Ask:
    """What stands at an address, with its status."""

    async def ask(scene: Scene, viewer: Viewer, target: Target) -> str:
        values = {"name": target.name, "stream": target.stream, "feed": target.feed_id, "share": target.share_id}
        answer = await viewer.http.get(path.format(**values))
        return f"{answer.status_code} {CHANGES.sub('', answer.text)}"

    return ask


def names(path: str) -> Ask:
    """What stands on a page, with the names."""

    async def ask(scene: Scene, viewer: Viewer, target: Target) -> str:
        answer = await viewer.http.get(path)
        return answer.text if answer.status_code == 200 else ""

    return ask


async def hub(scene: Scene, viewer: Viewer, target: Target) -> str:
    """Whether our hub takes a subscription: it goes on telling the callback, whoever asked for it."""
    form = {
        "hub.mode": "subscribe",
        "hub.callback": "http://127.0.0.9/callback",
        "hub.topic": f"{ORIGIN}/u/{target.name}/{target.stream}.atom",
    }
    answer = await viewer.http.post("/hub", data=form)
    return f"{answer.status_code} {answer.text}"


async def live(scene: Scene, viewer: Viewer, target: Target) -> str:
    """What an open page hears when something comes to the stream."""
    if not viewer.actor.signed_in:
        return ""
    bus = scene.world.container.bus
    heard = ""
    async with scene.world.container.services.reading.events(viewer.actor) as channel:
        await bus.publish(feed_topic(target.feed_id), EntriesArrived(target.feed_id, 1, 1))
        await bus.publish(user_topic(viewer.actor.user_id), ImportChanged(7))
        async for event in channel:
            if event == ImportChanged(7):
                return heard
            heard += f"{type(event).__name__} "
    return heard


async def told(scene: Scene, viewer: Viewer, target: Target) -> str:
    """Of what the owner did with the viewer's own share."""
    if not viewer.actor.signed_in:
        return ""
    answer = await viewer.http.get("/api/v1/notifications")
    unseen = (await viewer.http.get("/api/v1/notifications/unseen")).json()["unseen"]
    notices = answer.json()["notifications"]
    assert unseen == answer.json()["unseen"]
    reshares = [each for each in notices if each["kind"] == "reshare" and OWNER in str(each["people"])]
    return "told" if reshares and unseen else ""


async def talk_elsewhere(scene: Scene, viewer: Viewer, target: Target) -> str:
    """What the owner said below a third person's share, which everybody may see."""
    view = await scene.world.container.services.talk.comments(viewer.actor, scene.elsewhere)
    texts = " ".join(each.comment.text for each in view.comments)
    assert view.counts.comments == len(view.comments)
    return texts


async def card_elsewhere(scene: Scene, viewer: Viewer, target: Target) -> str:
    """Through whom the third person's share came."""
    [entry] = await scene.world.container.mappers.entries.many([scene.passed_on])
    cards = await scene.world.container.services.sharing.cards_of(viewer.actor, [entry.id])
    return str(cards)


async def chain_elsewhere(scene: Scene, viewer: Viewer, target: Target) -> str:
    tree = await scene.world.container.services.sharing.tree(viewer.actor, scene.passed_on)
    return " ".join(f"{node.name} {node.note}" for node in tree.nodes)


async def sidebar(scene: Scene, viewer: Viewer, target: Target) -> str:
    """Counts of the left column: right, or not there. One of the shares stands in a feed of the viewer's own, too, and
    is met there."""
    owner = scene.viewers["owner"].actor
    live = (await scene.world.container.services.sharing.stream_page(owner, OWNER, target.stream)).total
    feeds = (await viewer.http.get("/api/v1/sidebar")).json().get("feeds", [])
    counts = [each["unread"] for each in feeds if each["feed_id"] == target.feed_id]
    return "" if not counts else "counted" if counts == [live - 1] else f"wrong: {counts} of {live}"


async def service(scene: Scene, viewer: Viewer, target: Target) -> str:
    """The public page of a stream, as pages get it."""
    try:
        page = await scene.world.container.services.sharing.stream_page(viewer.actor, target.name, target.stream)
    except EvantrError as error:
        return f"{type(error).__name__} {error}"
    return " ".join(item.share.note for item in page.items)


async def profile(scene: Scene, viewer: Viewer, target: Target) -> str:
    try:
        found = await scene.world.container.services.people.profile(viewer.actor, target.name)
    except EvantrError as error:
        return f"{type(error).__name__} {error}"
    return str(found)


OUTPUTS: tuple[Output, ...] = (
    # People. A private account has a name, for people who are signed in, in order to ask.
    Output("profile", "open", ABOUT, profile, absent=False),
    Output("GET people", "signed in", ABOUT, get("/api/v1/people/{name}"), absent=False),
    Output("GET followers", "signed in", '"terry"', get("/api/v1/people/{name}/followers")),
    Output("GET following", "signed in", '"terry"', get("/api/v1/people/{name}/following")),
    Output("GET suggestions", "strangers", f'"{ABOUT}"', get("/api/v1/suggestions"), absent=False),
    # Streams and shares.
    Output("stream page", "open", NOTE, service),
    Output("GET stream", "signed in", NOTE, get("/api/v1/people/{name}/streams/{stream}")),
    Output("GET share", "signed in", NOTE, get("/api/v1/shares/{share}")),
    Output("GET chain", "signed in", NOTE, get("/api/v1/shares/{share}/chain")),
    Output("card elsewhere", "open", NOTE, card_elsewhere, absent=False, anonymous=False),
    Output("chain elsewhere", "open", NOTE, chain_elsewhere, absent=False),
    # Feeds for other readers.
    *(Output(f"feed {each}", "open", NOTE, get(f"/u/{{name}}/{{stream}}.{each}")) for each in FORMATS),
    Output("hub", "public", "202", hub),
    # Pages.
    Output("page of a person", "open", ABOUT, get("/u/{name}"), absent=False),
    Output("page of a stream", "open", NOTE, get("/u/{name}/{stream}")),
    Output("page of a share", "open", NOTE, get("/share/{share}")),
    Output("page of a chain", "open", NOTE, get("/chain/{share}")),
    Output(
        "page of notifications",
        "others",
        f">{OWNER}</a> passed on",
        names("/notifications"),
        absent=False,
        anonymous=False,
    ),
    # Talk.
    Output("GET comments", "signed in", SAID, get("/api/v1/shares/{share}/comments")),
    Output("talk elsewhere", "open", SAID, talk_elsewhere, absent=False),
    # Reading: what one subscribes to.
    Output("GET entries", "readers", TEXT, get("/api/v1/entries?scope=feed/{feed}")),
    Output("GET all entries", "readers", TEXT, get("/api/v1/entries?scope=all"), absent=False),
    # Everybody starred it while they could see it; nobody keeps a star on what they may not see.
    Output("GET entry", "signed in", TEXT, get("/api/v1/entries/{share}")),
    Output("GET starred", "signed in", TEXT, get("/api/v1/entries?scope=starred"), absent=False),
    Output("GET search", "readers", TEXT, get(f"/api/v1/search?q={TEXT}"), absent=False),
    Output("GET sidebar", "readers", "counted", sidebar, absent=False),
    Output("GET subscriptions", "readers", STREAM, get("/api/v1/subscriptions"), absent=False),
    Output("GET export", "readers", STREAM, get("/api/v1/export/opml"), absent=False),
    Output("GET feeds", "nobody", STREAM, get(f"/api/v1/feeds?q={STREAM}"), absent=False),
    # Messages.
    Output("live", "readers", "EntriesArrived", live, absent=False),
    Output("notifications", "others", "told", told, absent=False),
)
