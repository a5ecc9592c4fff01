"""The whole application on MongoDB: pages and the API over one store."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.app import open_world
from web.app import create_app


async def test_pages_and_api_on_mongodb(mongo_url: str, tmp_path: Path) -> None:
    async with open_world(tmp_path, create_app, store=mongo_url) as world:
        ada = await world.person("ada", admin=True)
        feed_id = await world.feed(entries=5, readers=[ada])
        ids = await world.entry_ids(ada)
        assert len(ids) == 5
        for path in ("/", f"/feed/{feed_id}", "/starred", "/people", "/notifications", f"/entry/{ids[0]}"):
            answer = await ada.http.get(path)
            assert answer.status_code == 200, f"{path}: {answer.text[:200]}"
        await world.container.services.reading.mark(ada.actor, ids[:2], True)
        unread = await world.container.services.reading.sidebar(ada.actor)
        assert next(row.unread for row in unread.feeds if row.feed_id == feed_id) == 3
        assert await world.container.services.reading.star(ada.actor, ids[4], True)
        assert "Entry" in (await ada.http.get("/search", params={"q": "Text"})).text
        assert not (tmp_path / "evantr.sqlite").exists()
