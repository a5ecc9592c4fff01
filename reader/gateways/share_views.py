"""Shares as one viewer may see them, made of what was read before: no database here.

A person whom the viewer may not see vanishes, and what came from them attaches to whom it came from before. What was
taken back is a knot without a name, kept only where something hangs on it (decision 0013).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reader.mappers.shares import Related
from reader.models.entry import Entry
from reader.models.people import REMOVED, Person, Standing
from reader.models.people_views import NO_TALK, TalkCounts
from reader.models.share import Link, Share, Stream, person_path
from reader.models.sharing_views import TAKEN_BACK, ChainNode, Passer, ShareCard


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks, and what they may see: people by id, streams by their feed."""

    viewer_id: int  # 0: nobody is signed in
    standings: Mapping[int, Standing]
    streams: Mapping[int, Stream]
    talk: Mapping[int, TalkCounts] = field(default_factory=dict)

    def hidden(self, share: Share) -> bool:
        """Whether the viewer may not see whose it is. A removed account's is nobody's."""
        if share.user_id is None or share.user_id == self.viewer_id:
            return False
        standing = self.standings.get(share.user_id)
        return standing is None or not standing.visible

    def person(self, share: Share) -> Person | None:
        standing = self.standings.get(share.user_id) if share.user_id is not None else None
        return standing.person if standing is not None else None

    def shows(self, share: Share) -> bool:
        return share.live and not self.hidden(share) and self.person(share) is not None

    def muted(self, share: Share) -> bool:
        standing = self.standings.get(share.user_id) if share.user_id is not None else None
        return standing is not None and standing.muted

    def passer(self, share: Share) -> Passer:
        """Of a share that it shows."""
        person, stream = self.person(share), self.streams.get(share.feed_id)
        name = person.name if person is not None else ""
        return Passer(name, share.id, person, stream, person_path(name), share.note, share.created_at)


def owners(shares: Iterable[Share]) -> list[int]:
    """Whose they are."""
    return list(dict.fromkeys(share.user_id for share in shares if share.user_id is not None))


# ---- cards


def cards(entries: Sequence[Entry], related: Related, eyes: Eyes) -> dict[int, ShareCard]:
    """entry id → card, of those of which there is something to tell."""
    by_story: dict[bytes, list[Share]] = {}
    for share in related.also:
        by_story.setdefault(share.story, []).append(share)
    made = (_card(entry, related, by_story, eyes) for entry in entries)
    return {card.entry_id: card for card in made if card is not None}


def _card(entry: Entry, related: Related, by_story: Mapping[bytes, list[Share]], eyes: Eyes) -> ShareCard | None:
    share = related.shares.get(entry.id)
    own = share if share is not None and eyes.shows(share) else None
    way = [each for each in above(share, related.shares) if not eyes.hidden(each)] if share is not None else []
    before = entry.chain.links if entry.chain is not None else ()
    others = by_story.get(related.stories.get(entry.id, b""), ())
    mine = next((each for each in others if each.user_id == eyes.viewer_id), None)
    told = {each.user_id for each in way if eyes.shows(each)} | {
        eyes.viewer_id,
        own.user_id if own is not None else None,
    }
    also = _also(others, told, eyes)
    path = (*map(_elsewhere, before), *(eyes.passer(each) if eyes.shows(each) else _knot(each) for each in way))
    if own is None and mine is None and not also and not path:
        return None
    talk = eyes.talk.get(entry.id, NO_TALK)
    source = share.source if share is not None else (entry.chain.source if entry.chain is not None else None)
    return ShareCard(
        entry.id, eyes.passer(own) if own is not None else None, path, source, also,
        mine.id if mine is not None else None, mine.note if mine is not None else "",
        own.credit if own is not None else 0, talk.likes, talk.liked, talk.comments,
        _whole(share, related.shares) if share is not None else 0,
    )  # fmt: skip


def _whole(share: Share, shares: Mapping[int, Share]) -> int:
    """How many share it in the whole tree, whoever they are: what the root counts, and the root itself."""
    root = shares.get(share.root_id, share)
    return root.credit + int(root.live)


def _also(others: Iterable[Share], told: Collection[int | None], eyes: Eyes) -> tuple[Passer, ...]:
    """Others who shared the story, each once, those whom the viewer muted left out."""
    first: dict[int | None, Share] = {}
    for share in others:
        if share.user_id not in told and eyes.shows(share) and not eyes.muted(share):
            first.setdefault(share.user_id, share)
    return tuple(map(eyes.passer, first.values()))


def above(share: Share, shares: Mapping[int, Share]) -> list[Share]:
    """The shares above one, the root first."""
    way: list[Share] = []
    at = share
    while at.parent_id is not None and (parent := shares.get(at.parent_id)) is not None:
        way.append(parent)
        at = parent
    return way[::-1]


def _elsewhere(link: Link) -> Passer:
    return Passer(link.name, None, None, None, link.url, link.note, link.at)


def _knot(share: Share) -> Passer:
    """What keeps the way together where somebody took theirs back, or left."""
    name = TAKEN_BACK if share.user_id is not None and not share.live else REMOVED
    return Passer(name, None, None, None, None, "", None)


# ---- trees


def nodes(shares: Sequence[Share], asked: Share, eyes: Eyes) -> tuple[ChainNode, ...]:
    """The tree as the viewer sees it, each node before those that came from it, the oldest first. ``shares`` come with
    parents before their children."""
    known = {share.id: share for share in shares}
    parents = {share.id: _seen_parent(share, known, eyes) for share in shares if not eyes.hidden(share)}
    kept = _kept(shares, parents, eyes)
    children: dict[int | None, list[Share]] = {}
    for share in shares:
        if share.id in kept:
            children.setdefault(parents[share.id], []).append(share)
    way = {asked.id, *(each.id for each in above(asked, known))}
    out: list[ChainNode] = []
    stack = [(share, 0) for share in reversed(children.get(None, []))]
    while stack:
        share, depth = stack.pop()
        out.append(_node(share, parents[share.id], depth, share.id in way, eyes))
        stack += [(child, depth + 1) for child in reversed(children.get(share.id, []))]
    return tuple(out)


def _seen_parent(share: Share, known: Mapping[int, Share], eyes: Eyes) -> int | None:
    """The nearest share above that is not hidden."""
    parent_id = share.parent_id
    while parent_id is not None and (parent := known.get(parent_id)) is not None:
        if not eyes.hidden(parent):
            return parent_id
        parent_id = parent.parent_id
    return None


def _kept(shares: Sequence[Share], parents: Mapping[int, int | None], eyes: Eyes) -> set[int]:
    """Live ones, and what was taken back where something live hangs on it."""
    kept: set[int] = set()
    for share in reversed(shares):
        if share.id in parents and (share.id in kept or eyes.shows(share)):
            kept.add(share.id)
            parent_id = parents[share.id]
            if parent_id is not None:
                kept.add(parent_id)
    return kept


def _node(share: Share, parent: int | None, depth: int, on_way: bool, eyes: Eyes) -> ChainNode:
    if not eyes.shows(share):
        return ChainNode(
            share.id, parent, depth, None, None, "", share.created_at, share.credit,
            withdrawn=True, removed=share.user_id is None, on_way=on_way,
        )  # fmt: skip
    return ChainNode(
        share.id, parent, depth, eyes.person(share), eyes.streams.get(share.feed_id), share.note, share.created_at,
        share.credit, mine=share.user_id == eyes.viewer_id, on_way=on_way,
    )  # fmt: skip
