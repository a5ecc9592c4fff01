"""What the queue in the process does beyond the contract (tests/contract/queue)."""

from __future__ import annotations

import pytest

from reader.jobs import Discover, FetchIcon, PullFeed, key_of
from workers.local import RowsOnly
from workers.transport import in_order


def test_who_asks_is_not_part_of_the_identity() -> None:
    assert key_of(PullFeed(1, user=True)) == key_of(PullFeed(1)) == key_of(PullFeed(1, imported=True))
    assert key_of(Discover("https://a.example/", "a.example")) == key_of(Discover("https://a.example/"))
    assert key_of(FetchIcon(1)) != key_of(PullFeed(1))


def test_user_queues_come_first() -> None:
    assert in_order(["upkeep", "pull-sys", "discovery", "import", "icon", "pull"]) == [
        "pull", "discovery", "pull-sys", "import", "icon", "upkeep",
    ]  # fmt: skip
    with pytest.raises(KeyError):
        in_order(["no such queue"])


async def test_a_process_without_workers_takes_everything() -> None:
    assert await RowsOnly().put(PullFeed(1))
    assert not await RowsOnly().cancel(key_of(PullFeed(1)))
