from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.websub.stage import Stage, open_stage


@pytest.fixture
async def stage(tmp_path: Path, store: str) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, store=store) as opened:
        yield opened
