"""A backup holds no change that is half done: what a dead process left is finished before."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers
from reader.mappers.sqlite import open_store as open_file
from tests.contract.mappers.make import add_reader
from tests.unit.mongo.dying import Died, Mortal


async def test_what_the_dead_left_is_finished_first(mappers: MongoMappers, tmp_path: Path) -> None:
    reader = await add_reader(cast(Mappers, mappers))
    user_id, feed_id = reader.user.id, reader.feed.id
    rev = await mappers.subscriptions.rev(user_id)
    mortal = Mortal(mappers, 1)  # it opens the change, and writes nothing of it
    with pytest.raises(Died):
        await mortal.mappers.subscriptions.rename(user_id, feed_id, "Mine")
    assert await mappers.engine.db.user.count_documents({"open.token": {"$exists": True}}) == 1
    await mappers.backup(tmp_path / "backup.sqlite")
    copy = await open_file(tmp_path / "backup.sqlite")
    stored = await copy.subscriptions.get(user_id, feed_id)
    assert stored is not None and stored.title == "Mine"
    assert await copy.subscriptions.rev(user_id) == rev + 1
    await copy.close()
