from __future__ import annotations

from pathlib import Path

import pytest

from reader.errors import Conflict
from reader.mappers import Mappers
from tests.contract.mappers.make import add_user


async def test_migrating_again_runs_nothing(mappers: Mappers) -> None:
    assert await mappers.migrate() == []
    await mappers.ready()


async def test_backup_makes_a_file_and_never_overwrites_one(mappers: Mappers, tmp_path: Path) -> None:
    await add_user(mappers)
    target = tmp_path / "backups" / "one"
    await mappers.backup(target)
    assert target.stat().st_size > 0
    before = target.read_bytes()
    with pytest.raises(Conflict):
        await mappers.backup(target)
    assert target.read_bytes() == before


async def test_closing_twice_is_harmless(mappers: Mappers) -> None:
    await mappers.close()
    await mappers.close()
