"""Random share trees: no cycles, credits equal a recount, and what anybody sees of a tree keeps together."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from reader.clock import Clock
from reader.container import Container, build
from reader.errors import EvantrError, NotFound
from reader.models.share import Share
from reader.models.sharing_views import ChainNode, Tree
from reader.models.user import ANONYMOUS, Actor
from reader.settings import Settings
from tests.helpers.app import new_entry
from tests.helpers.stores import NewStore, check_histories, sqlite
from workers.cpu import CpuPool
from workers.local import LocalQueue

T = TypeVar("T")
PEOPLE, ENTRIES = 6, 3
WHO, PICK = st.integers(0, PEOPLE - 1), st.integers(0, 10_000)


class Trees(RuleBasedStateMachine):
    """The truth is kept in rows of its own: (owner, parent, live) of each share."""

    new_store: NewStore = staticmethod(sqlite)

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = ExitStack()
        self.rows: dict[int, tuple[int | None, int | None, bool]] = {}
        self.private: set[int] = set()
        self.blocks: set[tuple[int, int]] = set()
        self.gone: set[int] = set()
        self.undos: list[tuple[int, int, str]] = []
        self.now = 1_000_000.0

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    @initialize(number=st.integers(0, 1_000_000))
    def begin(self, number: int) -> None:
        """Grows trees of some size first: what is drawn step by step stays small."""
        self.run(self._begin())
        rng = random.Random(number)
        for _ in range(24):
            who, pick = rng.randrange(PEOPLE), rng.randrange(10_000)
            act = rng.choices((self.pass_on, self.share, self.take_back), (6, 2, 1))[0]
            if act == self.share or not self.rows:
                self.share(who, pick)
            elif act == self.take_back:
                self.take_back(pick)
            else:
                self.pass_on(who, pick)

    async def _begin(self) -> None:
        self.cpu = CpuPool(1)
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.program: Container = await build(
            Settings(_env_file=None, data=folder, store=self.stack.enter_context(self.new_store())),
            queue=LocalQueue(), cpu=self.cpu, clock=Clock(now=lambda: self.now),
        )  # fmt: skip
        mappers = self.program.mappers
        await mappers.migrate()
        users = [await mappers.users.create(f"p{n}", "hash", now=self.now, admin_if_first=False) for n in range(PEOPLE)]
        self.actors = [Actor(user.id) for user in users]
        feed, _ = await mappers.feeds.create(
            "https://gazette.test/", title="Gazette", site_url=None, description=None, now=self.now
        )
        token = await mappers.feeds.lease(feed.id, self.now, self.now + 10)
        assert token is not None
        news = [new_entry(feed.id, n, self.now - n) for n in range(ENTRIES)]
        stored = await mappers.entries.append(feed.id, token, news, renewed={}, now=self.now)
        assert stored is not None
        self.entries = [at.id for at in stored.new]
        for actor in self.actors:
            await mappers.subscriptions.subscribe(
                actor.user_id, feed.id, folder_id=None, title=None, unread=10, now=self.now
            )

    def teardown(self) -> None:
        if hasattr(self, "program"):
            self.check_all()
            self.run(self.program.close())
            self.run(self.cpu.close())
        self.loop.close()
        self.stack.close()

    def here(self, who: int) -> Actor | None:
        return None if who in self.gone else self.actors[who]

    def sees(self, viewer: int, owner: int) -> bool:
        if viewer == owner:
            return True
        return owner not in self.private and not self.blocks & {(viewer, owner), (owner, viewer)}

    def owner(self, share_id: int) -> int | None:
        """Number of the person, None for a removed account."""
        return self.rows[share_id][0]

    # ---- what people do

    @rule(who=WHO, pick=PICK)
    def share(self, who: int, pick: int) -> None:
        self._share(who, self.entries[pick % ENTRIES], None)

    @rule(who=WHO, pick=PICK)
    @precondition(lambda self: self.rows)
    def pass_on(self, who: int, pick: int) -> None:
        share_id = sorted(self.rows)[pick % len(self.rows)]
        owner, _, live = self.rows[share_id]
        if who in self.gone:
            return
        if not live or owner is None or not self.sees(who, owner):
            try:
                self.run(self.program.services.sharing.share(self.actors[who], share_id))
            except NotFound:
                return
            raise AssertionError(f"{who} shared {share_id}, which they cannot see")
        self._share(who, share_id, share_id)

    def _share(self, who: int, entry_id: int, met: int | None) -> None:
        actor = self.here(who)
        if actor is None:
            return
        self.now += 1
        done = self.run(self.program.services.sharing.share(actor, entry_id))
        if not done.made:
            assert self.rows[done.share.id][0] == who
            return
        parent = met
        while parent is not None and self.rows[parent][0] == who:
            parent = self.rows[parent][1]
        self.rows[done.share.id] = (who, parent, True)

    @rule(pick=PICK)
    @precondition(lambda self: self.rows)
    def take_back(self, pick: int) -> None:
        share_id = sorted(self.rows)[pick % len(self.rows)]
        who, parent, live = self.rows[share_id]
        if who is None or not live:
            return
        done = self.run(self.program.services.sharing.unshare(self.actors[who], share_id))
        assert done.undo is not None
        self.undos.append((who, share_id, done.undo))
        self.rows[share_id] = (who, parent, False)

    @rule(pick=PICK)
    @precondition(lambda self: self.undos)
    def undo(self, pick: int) -> None:
        who, share_id, token = self.undos.pop(pick % len(self.undos))
        if who in self.gone:
            return
        self.run(self.program.services.reading.undo(self.actors[who], token))
        stored = self.run(self.program.mappers.shares.get(share_id))
        assert stored is not None
        self.rows[share_id] = (who, self.rows[share_id][1], stored.live)

    @rule(who=WHO, private=st.booleans())
    def be_private(self, who: int, private: bool) -> None:
        actor = self.here(who)
        if actor is not None:
            self.run(self.program.services.people.edit_profile(actor, private=private))
            (self.private.add if private else self.private.discard)(who)

    @rule(who=WHO, other=WHO, on=st.booleans())
    def block(self, who: int, other: int, on: bool) -> None:
        actor = self.here(who)
        if actor is None or who == other or other in self.gone:
            return
        people = self.program.services.people
        try:
            self.run((people.block if on else people.unblock)(actor, f"p{other}"))
        except EvantrError:  # who blocked them does not exist for them
            return
        (self.blocks.add if on else self.blocks.discard)((who, other))

    @rule(who=WHO, really=st.integers(0, 9))
    def leave(self, who: int, really: int) -> None:
        """Now and then somebody's account is removed: what others built on stays."""
        if really or who in self.gone:
            return
        self.gone.add(who)
        self.run(self.program.mappers.shares.forget(self.actors[who].user_id, now=self.now))
        self.rows = {i: (None if o == who else o, p, live and o != who) for i, (o, p, live) in self.rows.items()}
        while bare := {i for i, row in self.rows.items() if row[0] is None and not self.children(i)}:
            self.rows = {i: row for i, row in self.rows.items() if i not in bare}

    def children(self, share_id: int) -> list[int]:
        return [i for i, (_, parent, _) in self.rows.items() if parent == share_id]

    # ---- what has to hold

    @rule(viewer=st.integers(-1, PEOPLE - 1), pick=PICK)
    @precondition(lambda self: self.rows)
    def look(self, viewer: int, pick: int) -> None:
        self.check(viewer, sorted(self.rows)[pick % len(self.rows)])

    def check_all(self) -> None:
        stored = self.run(self.program.mappers.shares.many(sorted(self.rows)))
        assert stored.keys() == self.rows.keys()
        for root in {share.root_id for share in stored.values()}:
            self.run(self.program.gateways.sharing.recount(root))
        stored = self.run(self.program.mappers.shares.many(sorted(self.rows)))
        for share in stored.values():
            self.check_row(share, stored)
        for viewer in range(-1, PEOPLE):
            for share_id in self.rows:
                self.check(viewer, share_id)
        assert self.run(self.program.gateways.upkeep.recount())[1] == 0

    def check_row(self, share: Share, stored: dict[int, Share]) -> None:
        owner, parent, live = self.rows[share.id]
        assert (share.parent_id, share.live) == (parent, live)
        assert share.user_id == (self.actors[owner].user_id if owner is not None else None)
        assert share.credit == self.credit(share.id)
        if parent is None:
            assert (share.root_id, share.depth) == (share.id, 0)
        else:  # depths rise along every chain, so there is no cycle
            above = stored[parent]
            assert (share.root_id, share.depth, share.id > parent) == (above.root_id, above.depth + 1, True)

    def credit(self, share_id: int) -> int:
        return sum(self.rows[child][2] + self.credit(child) for child in self.children(share_id))

    def check(self, viewer: int, share_id: int) -> None:
        if viewer in self.gone:
            return
        actor = ANONYMOUS if viewer < 0 else self.actors[viewer]
        owner, _, live = self.rows[share_id]
        try:
            tree: Tree | None = self.run(self.program.services.sharing.tree(actor, share_id))
        except NotFound:
            tree = None
        shown = self.expected(viewer, share_id)
        hidden = live and owner is not None and not self.sees(viewer, owner)
        if hidden or not any(self.rows[i][2] for i in shown):
            assert tree is None
            return
        assert tree is not None
        assert {(node.share_id, node.parent, node.withdrawn) for node in tree.nodes} == {
            (i, parent, not self.rows[i][2]) for i, parent in shown.items()
        }
        self.check_drawing(tree.nodes)
        for node in tree.nodes:
            who = self.rows[node.share_id][0]
            assert (node.person is not None) == (not node.withdrawn)
            assert node.person is None or node.person.id == self.actors[who or 0].user_id
            assert node.removed == (who is None)
            assert node.mine == (not node.withdrawn and who == viewer)

    @staticmethod
    def check_drawing(nodes: tuple[ChainNode, ...]) -> None:
        """Each stands behind its parent, one deeper: the tree is in one piece, or in pieces whose roots are hidden."""
        depths: dict[int, int] = {}
        for node in nodes:
            assert node.share_id not in depths
            assert node.depth == (0 if node.parent is None else depths[node.parent] + 1)
            depths[node.share_id] = node.depth

    def expected(self, viewer: int, share_id: int) -> dict[int, int | None]:
        """Share → parent as this viewer sees the tree."""
        root = self.root(share_id)
        seen = {i for i in self.rows if self.root(i) == root and self.open(viewer, i)}
        parents = {i: self.parent(i, seen) for i in seen}
        while bare := {i for i in parents if not self.rows[i][2] and i not in parents.values()}:
            parents = {i: parent for i, parent in parents.items() if i not in bare}
        return parents

    def open(self, viewer: int, share_id: int) -> bool:
        owner = self.owner(share_id)
        return owner is None or self.sees(viewer, owner)

    def root(self, share_id: int) -> int:
        parent = self.rows[share_id][1]
        return share_id if parent is None else self.root(parent)

    def parent(self, share_id: int, seen: set[int]) -> int | None:
        parent = self.rows[share_id][1]
        return parent if parent is None or parent in seen else self.parent(parent, seen)


def test_trees(store: str, new_store: NewStore) -> None:
    check_histories(Trees, new_store, 4 if store else 15, 20)  # a step takes MongoDB's stand-in four times as long
