"""Folders. Each function is one change of changes.py: a user's folders are few, so all are read and planned on.

That changes of one user come one after the other makes titles unique, too: no index has to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from reader.errors import Conflict, NotFound
from reader.mappers.keys import title_key
from reader.mappers.mongo.changes import Draft, change
from reader.mappers.mongo.engine import Engine
from reader.mappers.mongo.shape import PLACE, in_folder, place
from reader.mappers.mongo.shelf_documents import FOLDER, folders_of, subscriptions
from reader.models.subscription import Folder


class Tree:
    """The folders of a user while a change is planned."""

    def __init__(self, folders: Sequence[Folder]) -> None:
        self.all = {folder.id: folder for folder in folders}

    def require(self, folder_id: int | None) -> Folder | None:
        """None is the place outside all folders."""
        if folder_id is None:
            return None
        if folder_id not in self.all:
            raise NotFound("There is no such folder.")
        return self.all[folder_id]

    def need(self, folder_id: int) -> Folder:
        folder = self.require(folder_id)
        if folder is None:
            raise NotFound("There is no such folder.")
        return folder

    def require_title(self, title: str, parent_id: int | None, *but: int) -> None:
        """Another folder at that place may not have this title; ``but`` those."""
        wanted = title_key(title, parent_id)
        if any(title_key(f.title, f.parent_id) == wanted for f in self.all.values() if f.id not in but):
            raise Conflict("There is a folder of that name.")

    def order(self, draft: Draft, folder_ids: Sequence[int]) -> None:
        """Folders in this order; those that stand right are not written."""
        for at, folder_id in enumerate(folder_ids):
            if folder_id not in self.all or self.all[folder_id].position != at:
                draft.set("folder", folder_id, {"position": at})


async def _tree(engine: Engine, draft: Draft) -> Tree:
    return Tree(await folders_of(engine, draft.user_id))


async def add_folder(engine: Engine, user_id: int, title: str, parent_id: int | None = None) -> Folder:
    """See SubscriptionMapper.add_folder."""
    return await change(engine, user_id, partial(_add, engine, title, parent_id))


async def _add(engine: Engine, title: str, parent_id: int | None, draft: Draft) -> Folder:
    tree = await _tree(engine, draft)
    tree.require(parent_id)
    tree.require_title(title, parent_id)
    position = max((folder.position + 1 for folder in tree.all.values()), default=0)
    made = Folder(await engine.next_id("folder"), draft.user_id, title, position, parent_id=parent_id)
    put_folder(draft, made)
    draft.shape = True
    return made


def put_folder(draft: Draft, folder: Folder) -> None:
    """Stores a folder as it is."""
    draft.put("folder", folder.id, {name: getattr(folder, name) for name in FOLDER})


async def rename_folder(engine: Engine, user_id: int, folder_id: int, title: str) -> None:
    """See SubscriptionMapper.rename_folder."""
    await change(engine, user_id, partial(_rename, engine, folder_id, title))


async def _rename(engine: Engine, folder_id: int, title: str, draft: Draft) -> None:
    tree = await _tree(engine, draft)
    folder = tree.need(folder_id)
    tree.require_title(title, folder.parent_id, folder_id)
    draft.set("folder", folder_id, {"title": title})
    draft.shape = True


async def remove_folder(engine: Engine, user_id: int, folder_id: int) -> list[int]:
    """See SubscriptionMapper.remove_folder."""
    return await change(engine, user_id, partial(_remove, engine, folder_id))


async def _remove(engine: Engine, folder_id: int, draft: Draft) -> list[int]:
    tree = await _tree(engine, draft)
    folder = tree.need(folder_id)
    for child in [each for each in tree.all.values() if each.parent_id == folder_id]:
        tree.require_title(child.title, folder.parent_id, folder_id)
        draft.set("folder", child.id, {"parent_id": folder.parent_id})
    inside, outside = await asyncio.gather(
        in_folder(engine, draft.user_id, folder_id), in_folder(engine, draft.user_id, None)
    )
    place(draft, None, outside + inside)
    draft.drop("folder", folder_id)
    draft.shape = True
    return [each["feed_id"] for each in inside]


async def nest_folder(engine: Engine, user_id: int, folder_id: int, parent_id: int | None) -> None:
    """See SubscriptionMapper.nest_folder."""
    await change(engine, user_id, partial(_nest, engine, folder_id, parent_id))


async def _nest(engine: Engine, folder_id: int, parent_id: int | None, draft: Draft) -> None:
    tree = await _tree(engine, draft)
    folder, above = tree.need(folder_id), tree.require(parent_id)
    while above is not None:
        if above.id == folder_id:
            raise Conflict("A folder cannot be put into itself.")
        above = tree.all.get(above.parent_id) if above.parent_id is not None else None
    if folder.parent_id == parent_id:
        return
    tree.require_title(folder.title, parent_id, folder_id)
    draft.set("folder", folder_id, {"parent_id": parent_id})
    draft.shape = True


async def restore_folder(
    engine: Engine, folder: Folder, feed_ids: Sequence[int], folder_ids: Sequence[int] = ()
) -> Folder:
    """See SubscriptionMapper.restore_folder."""
    return await change(engine, folder.user_id, partial(_restore, engine, folder, feed_ids, folder_ids))


async def _restore(
    engine: Engine, folder: Folder, feed_ids: Sequence[int], folder_ids: Sequence[int], draft: Draft
) -> Folder:
    tree = await _tree(engine, draft)
    parent_id = folder.parent_id if folder.parent_id in tree.all else None
    tree.require_title(folder.title, parent_id, folder.id)
    taken = await engine.db.folder.find_one({"_id": folder.id}, {"user_id": 1})
    if taken is not None and taken["user_id"] != draft.user_id:
        raise NotFound("There is no such folder.")
    others = [each.id for each in tree.all.values() if each.id != folder.id]
    at = min(folder.position, len(others))
    made = tree.all.get(folder.id) or Folder(folder.id, draft.user_id, folder.title, at, folder.open, parent_id)
    put_folder(draft, made)
    tree.order(draft, [*others[:at], folder.id, *others[at:]])
    await _fill(engine, draft, folder.id, feed_ids)
    for child in tree.all.values():
        if child.id in folder_ids and child.parent_id == parent_id and child.id != folder.id:
            draft.set("folder", child.id, {"parent_id": folder.id})
    draft.shape = True
    return Folder(made.id, made.user_id, made.title, at, made.open, made.parent_id)


async def _fill(engine: Engine, draft: Draft, folder_id: int, feed_ids: Sequence[int]) -> None:
    """Puts those of the feeds that are subscribed to at the end of a folder."""
    mine, there = await asyncio.gather(
        subscriptions(engine, draft.user_id, feed_ids, PLACE), in_folder(engine, draft.user_id, folder_id)
    )
    staying = [each for each in there if each["feed_id"] not in mine]
    place(draft, folder_id, staying + [mine[feed_id] for feed_id in dict.fromkeys(feed_ids) if feed_id in mine])


async def move_folder(engine: Engine, user_id: int, folder_id: int, before: int | None) -> None:
    """See SubscriptionMapper.move_folder."""
    await change(engine, user_id, partial(_move, engine, folder_id, before))


async def _move(engine: Engine, folder_id: int, before: int | None, draft: Draft) -> None:
    tree = await _tree(engine, draft)
    tree.need(folder_id)
    others = [each for each in tree.all if each != folder_id]
    at = others.index(before) if before in others else len(others)
    tree.order(draft, [*others[:at], folder_id, *others[at:]])
    draft.shape = True


async def open_folder(engine: Engine, user_id: int, folder_id: int, open_: bool) -> None:
    """See SubscriptionMapper.open_folder."""
    await change(engine, user_id, partial(_open, engine, folder_id, open_))


async def _open(engine: Engine, folder_id: int, open_: bool, draft: Draft) -> None:
    tree = await _tree(engine, draft)
    if tree.need(folder_id).open != open_:
        draft.set("folder", folder_id, {"open": open_})
        draft.shape = True
