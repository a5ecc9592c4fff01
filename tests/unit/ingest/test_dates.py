from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.ingest.parse.dates import parse_date


def utc(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Tue, 10 Jun 2003 04:00:00 GMT", utc(2003, 6, 10, 4)),
        ("Sat, 07 Sep 2002 00:00:01 -0500", utc(2002, 9, 7, 5, 0, 1)),
        ("10 Jun 2003 04:00 UT", utc(2003, 6, 10, 4)),
        ("Tue, 10 Jun 03 04:00:00 EST", utc(2003, 6, 10, 9)),
        ("Tue, 10 June 2003 04:00:00 PDT", utc(2003, 6, 10, 11)),
        ("Tuesday, 10 Jun 2003 04:00:00 +0000", utc(2003, 6, 10, 4)),
        ("Tue,10 Jun 2003 04:00:00 +00:00", utc(2003, 6, 10, 4)),
        ("Tue, 10-Jun-2003 04:00:00 GMT", utc(2003, 6, 10, 4)),
        ("Tue 10 Jun 2003 04:00:00", utc(2003, 6, 10, 4)),
        ("Tue, 10 Jun 2003", utc(2003, 6, 10)),
        ("Tue, 10 Jun 2003 4:05:09 GMT+2", utc(2003, 6, 10, 2, 5, 9)),
        ("Tue, 10 Jun 2003 24:00:00 GMT", utc(2003, 6, 11)),
        ("Tue, 10 Jun 2003 04:00:00 GMT (summer)", utc(2003, 6, 10, 4)),
        ("Wed, 02 Oct 2002 13:00:00 XYZ", utc(2002, 10, 2, 13)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("2003-12-13T18:30:02Z", utc(2003, 12, 13, 18, 30, 2)),
        ("2003-12-13T18:30:02.25+01:00", utc(2003, 12, 13, 17, 30, 2) + 0.25),
        ("2003-12-13T18:30:02.123456789Z", utc(2003, 12, 13, 18, 30, 2) + 0.123456789),
        ("2003-12-13t18:30z", utc(2003, 12, 13, 18, 30)),
        ("2003-12-13T18:30:02+0100", utc(2003, 12, 13, 17, 30, 2)),
        ("2003-12-13T18:30:02-08", utc(2003, 12, 14, 2, 30, 2)),
        ("2003-12-13 18:30:02 UTC", utc(2003, 12, 13, 18, 30, 2)),
        ("2003-12-13 18:30:02 +0000 UTC", utc(2003, 12, 13, 18, 30, 2)),
        ("2003-12-13 18:30:02", utc(2003, 12, 13, 18, 30, 2)),
        ("2003-12-13", utc(2003, 12, 13)),
        ("2003-12", utc(2003, 12, 1)),
        ("2003", utc(2003, 1, 1)),
        ("20031213", utc(2003, 12, 13)),
        ("20031213T183002Z", utc(2003, 12, 13, 18, 30, 2)),
        ("200312131830", utc(2003, 12, 13, 18, 30)),
        ("1071340202", 1071340202.0),
        ("1071340202000", 1071340202.0),
        ("Sat Dec 13 18:30:02 2003", utc(2003, 12, 13, 18, 30, 2)),
        ("Sat Dec 13 18:30:02 PST 2003", utc(2003, 12, 14, 2, 30, 2)),
        ("December 13, 2003 6:30 pm", utc(2003, 12, 13, 18, 30)),
        ("Dec 13th, 2003 12:05 a.m.", utc(2003, 12, 13, 0, 5)),
        ("13 décembre 2003 18:30", utc(2003, 12, 13, 18, 30)),
        ("Sa, 13 Dez 2003 18:30:02 +0100", utc(2003, 12, 13, 17, 30, 2)),
        ("13 декабря 2003 18:30", utc(2003, 12, 13, 18, 30)),
        ("13 дек 2003", utc(2003, 12, 13)),
        ("13.12.2003 18:30", utc(2003, 12, 13, 18, 30)),
        ("12/13/2003 18:30:02", utc(2003, 12, 13, 18, 30, 2)),
        ("13/12/2003", utc(2003, 12, 13)),
        ("2003/12/13 18:30", utc(2003, 12, 13, 18, 30)),
        ("  \n2003-12-13T18:30:02Z\t", utc(2003, 12, 13, 18, 30, 2)),
    ],
)
def test_dates_as_they_are_written(text: str, seconds: float) -> None:
    assert parse_date(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [None, "", "yesterday", "0000-00-00T00:00:00Z", "0001-01-01T00:00:00Z", "2003-02-31",
     "Tue, 31 Jun 2003 00:00:00 GMT",
     "2003-13-45", "10 Foo 2003", "Tue, 10 Jun 2003 99:00:00 GMT", "2003-12-13T25:00:00Z", "99999999999999999999", "-5",
     "2003-12-13" + "0" * 200, "१०-०६-२००३x", "<b>"],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str | None) -> None:
    assert parse_date(text) is None


@given(st.text(max_size=60))
def test_nothing_is_raised(text: str) -> None:
    value = parse_date(text)
    assert value is None or -3e9 < value < 3e11


@given(st.datetimes(datetime(1901, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_rfc_3339_and_822_round_trip(when: datetime) -> None:
    whole = when.replace(microsecond=0)
    assert parse_date(whole.isoformat()) == whole.timestamp()
    assert parse_date(whole.strftime("%a, %d %b %Y %H:%M:%S +0000")) == whole.timestamp()
