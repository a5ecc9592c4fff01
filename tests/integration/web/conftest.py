"""The whole web application on a real store, for tests of pages, once for each database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from tests.helpers.app import Person, World, open_world
from web.app import create_app


@pytest_asyncio.fixture
async def world(tmp_path: Path, store: str) -> AsyncIterator[World]:
    async with open_world(tmp_path, create_app, store=store) as opened:
        yield opened
        assert (tmp_path / "evantr.sqlite").exists() == (not store)  # all of it is in the one database


@pytest_asyncio.fixture
async def ada(world: World) -> Person:
    return await world.person("ada", admin=True)


@pytest_asyncio.fixture
async def bob(world: World, ada: Person) -> Person:
    return await world.person("bob")


@pytest_asyncio.fixture
async def anyone(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client() as client:
        yield client
