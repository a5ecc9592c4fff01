"""The frame of the batch commands: what comes back for lines of every kind, and when."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from workers.batch import perform, work

FEED = base64.b64encode(b"<rss version='2.0'><channel><title>t</title></channel></rss>").decode()


@pytest.mark.parametrize(
    "identity",
    [
        "1", "1.5", "true", "null", '"a"', '"\\ud800"', "[1, 123456789012345678901234567890]", '{"a": [null]}', "-0.5",
        "18446744073709551615", "123456789012345678901234567890",
    ],
)  # fmt: skip
def test_an_id_of_any_type_comes_back_as_it_was(identity: str) -> None:
    good = perform("date", f'{{"id": {identity}, "text": "2020-01-01"}}'.encode())
    assert json.loads(good) == {"id": json.loads(identity), "utc": "2020-01-01T00:00:00Z"}
    bad = json.loads(perform("date", f'{{"id": {identity}}}'.encode()))
    assert bad["id"] == json.loads(identity) and bad["error"]["kind"] == "invalid"


@pytest.mark.parametrize(
    ("line", "identity"),
    [
        (b'{"id": 7, "text": "\xff"}', 7),  # no UTF-8, yet the id can be told
        (b"\xff\xfe", None),
        (b"[1]", None),
        (b'{"id": 7', None),
        (b'{"id": 7, "text": NaN}', None),
    ],
)
def test_lines_that_are_no_json_or_no_text(line: bytes, identity: object) -> None:
    answer = json.loads(perform("date", line))
    assert answer["id"] == identity
    assert answer["error"]["kind"] == "invalid"


def test_a_mark_of_byte_order_and_lone_surrogates_are_read() -> None:
    assert json.loads(perform("date", b'\xef\xbb\xbf{"id": 1, "text": "2020-01-01"}'))["utc"] == "2020-01-01T00:00:00Z"
    assert json.loads(perform("date", b'{"id": 1, "text": "\\ud800"}')) == {"id": 1, "utc": None}
    assert json.loads(perform("address", b'{"id": 1, "url": "http://\\ud800/"}'))["verdict"] == "refused"


def test_null_is_as_good_as_not_there() -> None:
    line = {"id": 1, "file": None, "body": FEED, "url": None, "content_type": None, "headers": None}
    assert json.loads(perform("parse", json.dumps(line).encode()))["feed"]["title"] == "t"
    line = {"id": 1, "file": "/nonexistent", "body": None}
    assert "/nonexistent" in json.loads(perform("parse", json.dumps(line).encode()))["error"]["message"]


def test_answers_do_not_wait_for_later_lines() -> None:
    into, out = os.pipe()
    with os.fdopen(into, "rb") as lines, os.fdopen(out, "wb", buffering=0) as pen:
        answers = work("date", lines, processes=1)
        for number in range(3):
            pen.write(b'{"id": %d, "text": "2020-01-01"}\n' % number)
            assert json.loads(next(answers))["id"] == number
        pen.close()
        assert list(answers) == []


def test_order_is_kept_and_blank_lines_are_left_out() -> None:
    lines = [b'{"id": %d, "text": "2020"}\n' % number + b"\n" * (number % 2) for number in range(100)]
    answers = [json.loads(answer)["id"] for answer in work("date", b"".join(lines).splitlines(), processes=2)]
    assert answers == list(range(100))


def test_what_reading_raises_comes_out() -> None:
    def lines() -> Iterator[bytes]:
        yield b'{"id": 1, "text": "2020"}'
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(work("date", lines(), processes=1))


@pytest.mark.parametrize("marks", ['{"0": "ab"}', '{"x": []}', "[1]", '{"0": 5}'])
def test_marks_of_a_replay_that_are_no_lists(marks: str) -> None:
    line = f'{{"id": 1, "feed": "https://x.example/", "fetches": [], "read_after": {marks}}}'
    assert "read_after" in json.loads(perform("replay", line.encode()))["error"]["message"]


def test_whoever_stops_listening_ends_it_quietly() -> None:
    command = [sys.executable, "-m", "evantr", "ingest", "date", "--processes", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdin and program.stdout and program.stderr
        program.stdin.write(b'{"id": 1, "text": "2020"}\n')
        program.stdin.flush()
        assert json.loads(program.stdout.readline())["id"] == 1
        program.stdout.close()
        program.stdin.write(b'{"id": 2, "text": "2020"}\n')
        program.stdin.flush()  # and stays open
        assert program.wait(30) == 1
        assert program.stderr.read() == b""
