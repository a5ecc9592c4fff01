"""One share by itself: what was passed on, with the note, and what is said about it; the piece of an entry's bar."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from reader.errors import NotFound
from reader.models.sharing_views import ChainNode, ShareCard, Tree
from web import around
from web.draw import safe
from web.kit import Visit
from web.pages.entry import web_address
from web.pages.profile import base_of
from web.paths import own_path
from web.prose import reachable
from web.routing import get
from web.sharing import Pass, Step, cards_of


async def show(visit: Visit) -> Response:
    tree = await visit.services.sharing.tree(visit.actor, visit.id())
    node = next((each for each in tree.nodes if each.share_id == tree.share_id), None)
    if node is None or node.withdrawn or node.person is None:
        raise NotFound("This was taken back.")
    talk = await visit.services.talk.comments(visit.actor, tree.share_id)
    item = _pass(visit, tree, node)
    item.likes, item.liked, item.comments = talk.counts.likes, talk.counts.liked, talk.counts.comments
    content = tree.entry.content if tree.entry else None
    return await visit.open_page(
        "share.html",
        title=f"{item.title}, shared by {node.name}",
        tab="people",
        item=item,
        stream_name=node.stream.name if node.stream else "",
        talk=talk,
        content=safe(reachable(visit.kit.images.rewrite(content))) if content else "",
        address=f"{base_of(visit)}/share/{tree.share_id}",
    )


def _pass(visit: Visit, tree: Tree, node: ChainNode) -> Pass:
    entry = tree.entry
    mine = next((each.share_id for each in tree.nodes if each.mine and not each.withdrawn), None)
    return Pass(
        node.share_id,
        node.share_id,
        safe(visit.times.moment_tag(node.at)),
        node.person,
        _way(tree, node),
        node.note,
        (entry.title or entry.summary[:100] if entry else "") or "Untitled",
        web_address(entry.url) if entry else web_address(tree.source.url),
        tree.source.title,
        mine,
        tree.live,
    )


def _way(tree: Tree, node: ChainNode) -> list[Step]:
    """Those above it in the tree, origin first."""
    nodes = {each.share_id: each for each in tree.nodes}
    above: list[Step] = []
    at = nodes.get(node.parent or 0)
    while at is not None:
        name = "a share taken back" if at.withdrawn and not at.removed else at.name
        above.append(Step("via", name, None if at.withdrawn else f"/share/{at.share_id}"))
        at = nodes.get(at.parent or 0)
    above.reverse()
    if above:
        above[0] = Step("from", above[0].name, above[0].href)
    return above if len(above) <= 4 else [above[0], Step("via", f"{len(above) - 2} more", None), above[-1]]


async def shared(visit: Visit) -> Response:
    """One's own first stream: the list of what one shared."""
    assert visit.user is not None
    streams = await visit.services.sharing.streams(visit.actor)
    name = f"/u/{visit.user.name}"
    return RedirectResponse(f"{name}/{streams[0].name}" if streams else name, 303)


async def piece(visit: Visit) -> Response:
    """The Share button of an entry, or the card of one's share of it; for scripts."""
    view = await visit.services.reading.entry(visit.actor, visit.id())
    card = (await cards_of(visit, [view])).get(view.entry.id) or ShareCard(view.entry.id, None)
    back = own_path(visit.query("back"))
    return visit.html(await around.button(visit, card, back, opened=visit.query("opened") == "1"))


ROUTES = [get("/share/{id}", show, open_to_all=True), get("/sharing/{id}", piece), get("/shared", shared)]
