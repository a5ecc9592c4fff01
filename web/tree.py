"""The tree of a chain as nested lists. Strings, escaped here: a tree may hold a thousand shares.

Lists nest at most to DEEPEST, since browsers give up on documents that are nested too deep; what is deeper stands flat
and says whom it answers. Phones do so from five on, by style alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from reader.models.sharing_views import TAKEN_BACK, ChainNode, Tree
from web.dates import Times, later
from web.draw import esc, face, safe

DEEPEST = 10
DEEP = 5  # phones stop indenting here
WHOLE = 200  # more nodes than this: branches are closed
NEAR = 12 * 3600  # seconds after the one before, within which a time is told from there


class TreeView:
    """Draws one tree. ``me``: what stands at the end of the way to the reader, "" where there is none."""

    def __init__(self, tree: Tree, times: Times, me: str = "") -> None:
        self._tree = tree
        self._times = times
        self._me = me
        self._below: dict[int | None, list[ChainNode]] = {}
        self._nodes = {node.share_id: node for node in tree.nodes}
        for node in tree.nodes:
            self._below.setdefault(node.parent if node.parent in self._nodes else None, []).append(node)
        self._whole = len(tree.nodes) <= WHOLE

    def draw(self) -> Markup:
        items = "".join(self._item(node) for node in self._below.get(None, ()))
        return safe(f'<ol class="tree" aria-label="Who passed it on to whom">{items}</ol>')

    def _item(self, node: ChainNode) -> str:
        below = self._below.get(node.share_id, [])
        if node.depth >= DEEPEST:
            return self._with_all_below(node)
        me = self._me if node.share_id == self._tree.share_id else ""
        inner = me + "".join(self._item(each) for each in below)
        return f"<li{self._classes(node)}>{self._node(node)}{self._inner(node, inner, below)}</li>"

    def _with_all_below(self, node: ChainNode) -> str:
        """The node and whatever came from it, one beside the other."""
        parts: list[str] = []
        stack = [node]
        while stack:
            at = stack.pop()
            me = f"<ol>{self._me}</ol>" if self._me and at.share_id == self._tree.share_id else ""
            parts.append(f"<li{self._classes(at)}>{self._node(at)}{me}</li>")
            stack += reversed(self._below.get(at.share_id, []))
        return "".join(parts)

    def _inner(self, node: ChainNode, inner: str, below: Sequence[ChainNode]) -> str:
        if not inner:
            return ""
        if self._whole or node.on_way or not below:
            return f"<ol>{inner}</ol>"
        return f"<details><summary>Show {self._many(node)}</summary><ol>{inner}</ol></details>"

    def _many(self, node: ChainNode) -> str:
        count = max(node.credit, len(self._below.get(node.share_id, ())))
        return f"{count:,} more"

    def _flat(self, node: ChainNode) -> bool:
        return node.depth > DEEPEST

    def _classes(self, node: ChainNode) -> str:
        names = [
            *(["path"] if node.on_way and node.parent is not None else []),
            *(["deep"] if node.depth > DEEP else []),
            *(["flat"] if self._flat(node) else []),
        ]
        return f' class="{" ".join(names)}"' if names else ""

    def _node(self, node: ChainNode) -> str:
        place = f'id="s{node.share_id}"'
        answer = self._answer(node)
        if node.withdrawn:
            words = esc(node.name[:1].upper() + node.name[1:]) if node.removed else "Share taken back"
            return (
                f'<div class="node gone" {place}><span class="av l" aria-hidden="true">–</span>'
                f'<p class="by"><b>{words}</b>{answer}</p></div>'
            )
        credit = f"<span>{node.credit:,} passed it on from here</span>" if node.credit else ""
        note = f'<blockquote class="words" dir="auto">{esc(node.note)}</blockquote>' if node.note else ""
        name = "You" if node.mine else esc(node.name)
        return (
            f'<div class="node{" me" if node.mine else ""}" {place}>{face(node.name, "l")}<p class="by">'
            f'<a href="/share/{node.share_id}">{name}</a>{self._when(node)}{credit}{answer}</p>{note}</div>'
        )

    def _when(self, node: ChainNode) -> str:
        before = self._nodes.get(node.parent or 0)
        if before is not None and not before.withdrawn and 0 <= node.at - before.at < NEAR:
            exact = self._times.exact(node.at)
            return f'<span title="{exact}">{later(node.at - before.at)}</span>'
        return f"<span>{self._times.moment_tag(node.at)}</span>"

    def _answer(self, node: ChainNode) -> str:
        """Whom it came from, where the indent does not tell."""
        before = self._nodes.get(node.parent or 0)
        if before is None or node.depth <= DEEP:
            return ""
        name = TAKEN_BACK if before.withdrawn and not before.removed else before.name
        return f'<span class="answer">in answer to {esc("you" if before.mine else name)}</span>'


def summary(tree: Tree, times: Times) -> str:
    """ "9 people have shared it, in at most 4 steps, from Thursday, 21:14 until today, 12:06." """
    live = [node for node in tree.nodes if not node.withdrawn]
    if not live:
        return "Nobody shares it any more."
    first, last = min(node.at for node in live), max(node.at for node in live)
    people = len({node.person.id for node in live if node.person})
    if len(live) == 1:
        return f"One person has shared it, {times.moment(first)}."
    steps = max(node.depth for node in live)
    who = "One person has" if people == 1 else f"{people:,} people have"
    far = f", in at most {steps} {'step' if steps == 1 else 'steps'}" if steps else ""
    began, ended = times.moment(first), times.moment(last)
    return f"{who} shared it{far}, {began if began == ended else f'from {began} until {ended}'}."
