"""The chain of a share as a tree: who passed it on to whom. Readable without an account as far as the shares are."""

from __future__ import annotations

from starlette.responses import Response

from reader.models.share import Link
from reader.models.sharing_views import Tree
from web import tree as drawing
from web.draw import esc, face
from web.kit import Visit
from web.pages.entry import web_address
from web.routing import get
from web.sharing import Step, first_name


async def show(visit: Visit) -> Response:
    tree = await visit.services.sharing.tree(visit.actor, visit.id())
    times = visit.times
    entry, source = tree.entry, tree.source
    url = web_address(entry.url) if entry else web_address(source.url)
    return await visit.open_page(
        "chain.html",
        title=f"How “{_title(tree)}” was passed on",
        tab="people",
        tree=tree,
        story=_title(tree),
        href=url,
        summary=drawing.summary(tree, times),
        before=[_step(link, n) for n, link in enumerate(tree.before)],
        way=_way(visit, tree),
        drawn=drawing.TreeView(tree, times, _me(visit, tree)).draw(),
        up=f"/share/{tree.share_id}",
    )


def _title(tree: Tree) -> str:
    return (tree.entry.title or tree.entry.summary[:100] if tree.entry else "") or "Untitled"


def _step(link: Link, number: int) -> Step:
    return Step("via" if number else "from", first_name(link.name), web_address(link.url))


def _way(visit: Visit, tree: Tree) -> str:
    """What the coloured line is."""
    if len([node for node in tree.nodes if node.on_way]) < 1:
        return ""
    return "How it reached you" if _meets(visit, tree) else "The way to this share"


def _meets(visit: Visit, tree: Tree) -> bool:
    """Whether the way goes on to the viewer: somebody signed in who shares it nowhere in this tree."""
    asked = next((node for node in tree.nodes if node.share_id == tree.share_id), None)
    mine = any(node.mine and not node.withdrawn for node in tree.nodes)
    return visit.user is not None and not mine and asked is not None and not asked.withdrawn


def _me(visit: Visit, tree: Tree) -> str:
    if visit.user is None or not _meets(visit, tree):
        return ""
    back = esc(visit.address())
    return (
        f'<li class="path"><div class="node me">{face(visit.user.name, "l")}<p class="by"><b>You</b>'
        '<span>met it here</span></p><form class="youact" method="post" action="/do/share">'
        f'<input type="hidden" name="entry" value="{tree.share_id}"><input type="hidden" name="back" value="{back}">'
        f'<button class="btn main">{visit.kit.signs.small("share")}Share it on</button></form></div></li>'
    )


ROUTES = [get("/chain/{id}", show, open_to_all=True)]
