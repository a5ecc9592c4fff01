"""Decisions of a pull."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reader.errors import Upstream
from reader.gateways.pull_rules import (
    DAY,
    FULL_EVERY,
    believes_move,
    is_gone,
    moved_target,
    moves,
    pause_of,
    validators,
)
from reader.ingest.fetch import Fetched, Hop
from reader.models.feed import Schedule

NOW = 1_795_000_000.0
SCHEDULE = Schedule(1, NOW, NOW - 3600, NOW - 3600, 0, "", None, '"a"', "yesterday", b"", b"", None, 1, 0.0)


@pytest.mark.parametrize("feed_id", [1, 7, 1000, 123_456])
def test_validators_are_left_out_once_in_eight_days(feed_id: int) -> None:
    full, last = 0, NOW
    for hour in range(1, 24 * 32):
        now = NOW + hour * 3600
        full += validators(replace(SCHEDULE, last_pull_at=last), feed_id, now) == (None, None)
        last = now
    assert full == 32 * DAY // FULL_EVERY


def fetched(*hops: Hop) -> Fetched:
    return Fetched("https://a.example/", "https://c.example/feed", 200, {}, b"", 0.0, list(hops))


def test_a_move_is_for_good_only_if_every_hop_says_so() -> None:
    for_good = Hop("https://a.example/", 301, True)
    for_now = Hop("https://b.example/", 302, False)
    assert moved_target(fetched(), "https://a.example/") is None
    assert moved_target(fetched(for_good), "https://a.example/") == "https://c.example/feed"
    assert moved_target(fetched(for_good, for_now), "https://a.example/") == "https://b.example/", "as far as for good"
    assert moved_target(fetched(for_now, for_good), "https://a.example/") is None
    assert moved_target(fetched(for_good), "https://c.example/feed") is None
    assert moved_target(fetched(for_good), "https://a.example/", refused="https://c.example/feed") is None
    down = replace(fetched(for_good), final_url="http://a.example/")
    assert moved_target(down, "https://a.example/") is None, "never from https to http"
    assert moved_target(down, "http://b.example/") == "http://a.example/"


def test_a_move_is_counted_while_it_leads_to_the_same_place() -> None:
    watched = replace(SCHEDULE, moved_to="https://c.example/", moved_count=2)
    assert moves(watched, "https://c.example/") == 3
    assert moves(watched, "https://d.example/") == 1
    assert moves(watched, None) == 0
    assert believes_move(watched, 3, NOW - DAY, NOW) and not believes_move(watched, 2, NOW - 9 * DAY, NOW)
    assert not believes_move(watched, 99, NOW - DAY + 1, NOW), "over less than a day"
    new = replace(SCHEDULE, last_ok_at=None)
    assert believes_move(new, 1, NOW, NOW) and not believes_move(new, 0, NOW, NOW)


def test_which_failures_are_the_hosts() -> None:
    assert pause_of(Upstream("status", "", status=429, retry_after=90)) == 90
    assert pause_of(Upstream("status", "", status=429)) == 600
    assert pause_of(Upstream("status", "", status=503, retry_after=90)) == 90
    assert pause_of(Upstream("status", "", status=503)) is None
    for status in (403, 404, 410, 500, None):
        assert pause_of(Upstream("status", "", status=status, retry_after=90)) is None


def test_gone_is_410_alone() -> None:
    assert is_gone(Upstream("status", "", status=410))
    assert not is_gone(Upstream("status", "", status=404))
    assert not is_gone(Upstream("timeout", ""))
