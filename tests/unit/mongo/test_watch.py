"""The counter of round trips that other tests go by."""

from __future__ import annotations

from typing import cast

from pymongo import monitoring

from reader.mappers import Mappers
from reader.mappers.mongo import open_store
from tests.helpers.mongo import Mongo
from tests.helpers.mongo_watch import WATCH


async def test_a_cancelled_connect_spoils_no_later_count(mongo: Mongo) -> None:
    """PyMongo says that it began to look for a connection, and never how that ended."""
    WATCH.connection_check_out_started(monitoring.ConnectionCheckOutStartedEvent(("127.0.0.1", 1)))
    with mongo.store() as url:
        store = await open_store(url)
        await store.migrate()
        before = WATCH.trips
        assert await cast(Mappers, store).feeds.rev() >= 0
        assert WATCH.trips - before == 1
        await store.close()
