from __future__ import annotations

from email.utils import formatdate

import pytest

from reader.ingest.headers import DAY, duration, hint_seconds, retry_after

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("999999999999999999999", DAY // 3),
        (formatdate(NOW + 90, usegmt=True), 90),
        (formatdate(NOW - 90, usegmt=True), 0),
        (formatdate(NOW + 10 * 365 * DAY, usegmt=True), DAY // 3),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("Wed, 99 Foo 2026 00:00:00 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: int | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "max-age=0"}, None),
        ({"cache-control": "max-age=99999999"}, DAY),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"cache-control": "private, max-age=600"}, None),
        ({"cache-control": "max-age=60", "expires": formatdate(NOW + 900, usegmt=True)}, 60),
        ({"expires": formatdate(NOW + 900, usegmt=True)}, 900),
        ({"expires": "0"}, None),
        ({"expires": formatdate(NOW - 900, usegmt=True)}, None),
        ({}, None),
    ],
)
def test_hint_seconds(headers: dict[str, str], seconds: int | None) -> None:
    assert hint_seconds(headers, NOW) == seconds


def test_durations_read_well() -> None:
    assert [duration(s) for s in (0, 1, 40, 60, 540, 3600, 7300, DAY, 3 * DAY)] == [
        "1 second", "1 second", "40 seconds", "1 minute", "9 minutes", "1 hour", "2 hours", "1 day", "3 days",
    ]  # fmt: skip
