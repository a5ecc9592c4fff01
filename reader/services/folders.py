"""Folders of the left column."""

from __future__ import annotations

from reader.errors import Invalid
from reader.gateways.reading import ReadingGateway
from reader.gateways.subscriptions import SubscriptionGateway
from reader.models.reading import Done
from reader.models.subscription import Folder
from reader.models.user import Actor
from reader.services.access import Access
from reader.services.words import clean_title

FOLDERS_MOST = 1000


class FolderService:
    def __init__(self, access: Access, subscriptions: SubscriptionGateway, reading: ReadingGateway) -> None:
        self._access = access
        self._subscriptions = subscriptions
        self._reading = reading

    async def add(self, actor: Actor, title: str, parent_id: int | None = None) -> Folder:
        """Inside another folder, if one is named. Conflict if there is one of that title at that place."""
        user_id = self._access.user(actor)
        clean = clean_title(title, "title", "The folder's name")
        if len((await self._reading.shelf(user_id)).folders) >= FOLDERS_MOST:
            raise Invalid(f"You have {FOLDERS_MOST} folders. Remove one first.")
        if parent_id is not None:
            await self._access.folder(actor, parent_id)
        return await self._subscriptions.add_folder(user_id, clean, parent_id)

    async def rename(self, actor: Actor, folder_id: int, title: str) -> Done:
        folder = await self._access.folder(actor, folder_id)
        clean = clean_title(title, "title", "The folder's name")
        if clean == folder.title:
            return Done(f"Still called {clean}", None)
        label = f"{folder.title} renamed to {clean}"
        undo = await self._subscriptions.rename_folder(folder.user_id, folder, clean, label)
        return Done(label, undo.token, 1)

    async def remove(self, actor: Actor, folder_id: int) -> Done:
        """Its feeds stay, without a folder; folders inside move to where it was."""
        folder = await self._access.folder(actor, folder_id)
        label = f"Folder {folder.title} removed"
        shelf = await self._reading.shelf(folder.user_id)
        inside = [each.id for each in shelf.folders.values() if each.parent_id == folder_id]
        undo = await self._subscriptions.remove_folder(folder.user_id, folder, inside, label)
        return Done(label, undo.token, 1)

    async def nest(self, actor: Actor, folder_id: int, parent_id: int | None) -> Done:
        """Into another folder, or out of all. Conflict for a title that is taken there, and for a folder in itself."""
        folder = await self._access.folder(actor, folder_id)
        where = (await self._access.folder(actor, parent_id)).title if parent_id is not None else None
        if folder.parent_id == parent_id:
            return Done(f"{folder.title} stays where it is", None)
        label = f"{folder.title} moved to {where}" if where else f"{folder.title} moved out of its folder"
        undo = await self._subscriptions.nest_folder(folder.user_id, folder, parent_id, label)
        return Done(label, undo.token, 1)

    async def move(self, actor: Actor, folder_id: int, before: int | None) -> Done:
        """Before another folder, or to the end."""
        folder = await self._access.folder(actor, folder_id)
        if before is not None:
            await self._access.folder(actor, before)
        shelf = await self._reading.shelf(folder.user_id)
        order = [each for each, _ in shelf.tree() if each.parent_id == folder.parent_id]
        index = [f.id for f in order].index(folder_id)
        follower = order[index + 1].id if index + 1 < len(order) else None
        if before in (folder_id, follower):
            return Done(f"{folder.title} stays where it is", None)
        label = f"{folder.title} moved"
        undo = await self._subscriptions.move_folder(folder.user_id, folder_id, before, follower, label)
        return Done(label, undo.token, 1)

    async def open(self, actor: Actor, folder_id: int, open_: bool) -> None:
        """Drawn unfolded or folded in the left column."""
        folder = await self._access.folder(actor, folder_id)
        await self._subscriptions.open_folder(folder.user_id, folder_id, open_)
