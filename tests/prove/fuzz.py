# ruff: noqa: E501  # documents as they are
"""Fuzzing of every batch command: documents, pages, lists, addresses and dates, mutated by the thousand.

A line passes when it is answered, by an answer or by an error that has a name, in at most 2 s of CPU and within the
memory limit that the batch processes have. The total counts lines; the same seed makes the same lines.
"""

from __future__ import annotations

import asyncio
import base64
import json
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from tests.helpers import damage
from tests.prove import Say
from tests.unit.ingest.test_documents import CASES
from workers.batch import KINDS, _prepare, perform

LINES, LINES_SHORT = 6000, 150
LINES_REPLAY, LINES_REPLAY_SHORT = 300, 8  # each opens a store of its own
CPU_SECONDS = 2.0
WALL_SECONDS = 60.0  # the machine may be busy

HTML = [
    b"<p>One <a href='/x?utm_source=a'>two</a> <img src=a.png srcset='a 1x, b 2x' onerror=x> &amp; &lt;b&gt;",
    b"<table><tr><td colspan=2>a<td>b</table><ul><li>x<li>y</ul><svg><script>1</script></svg><math><mi>x</mi></math>",
    b"<iframe src='https://www.youtube.com/embed/abc'></iframe><pre><code class=language-py>a &lt; b</code></pre>",
    b"<noscript><img src=x></noscript><style>p{}</style><!-- c --><template>x</template><div style='text-align:center'>",
]
PAGES = [
    b"<html><head><title>T</title><link rel=alternate type='application/rss+xml' href=/f.xml title=F>"
    b"<link rel='icon' sizes='16x16' href=i.png><base href='/b/'></head><body><a href='/feed'>RSS</a>" + b"".join(HTML),
]
LISTS = [
    b'<?xml version="1.0"?><opml version="2.0"><head><title>t</title></head><body><outline text="F"><outline type="rss" '
    b'text="A &amp; B" xmlUrl="https://a.example/f" htmlUrl="https://a.example/"/></outline><outline xmlUrl="x"/></body>'
    b"</opml>",
]
ADDRESSES = [
    "http://127.1/", "http://[::ffff:10.0.0.1]/", "https://example.org:80/x?y#z", "http://0x7f.1/", "http://a@b/",
    "ftp://x/", "http://１２７.0.0.1/", "//x", "http://[::1%25lo]/", "http://2130706433/", "https://xn--bcher-kva.example/",
]  # fmt: skip
DATES = [
    "Tue, 10 Jun 2003 04:00:00 GMT",
    "2003-12-13T18:30:02.25+01:00",
    "2003年12月13日 午後6:30",
    "13 déc. 2003 à 18h30",
]

Make = Callable[[random.Random, Path], dict[str, Any]]


async def prove(seed: int, short: bool, say: Say) -> tuple[int, int]:
    """(lines that were answered as they should, all lines)."""
    passed = total = 0
    for kind in KINDS:
        count = (LINES_REPLAY_SHORT if short else LINES_REPLAY) if kind == "replay" else LINES_SHORT if short else LINES
        problems = await asyncio.to_thread(_one_kind, kind, count, seed)
        passed, total = passed + count - len(problems), total + count
        say(f"{kind}: {count - len(problems)} of {count}")
        for problem in problems[:5]:
            say(f"  {problem}")
    return passed, total


def _one_kind(kind: str, count: int, seed: int) -> list[str]:
    context = multiprocessing.get_context("spawn")
    problems = []
    with (
        tempfile.TemporaryDirectory(prefix="evantr-fuzz-") as folder,
        ProcessPool(2, initializer=_prepare, context=context) as pool,
    ):
        lines = list(_lines(kind, count, seed, Path(folder)))
        for start in range(0, count, 64):  # few under way at a time: the pool's time limit runs from the first byte
            batch = lines[start : start + 64]
            futures = [pool.schedule(measured, (kind, line), timeout=WALL_SECONDS) for line in batch]
            for line, future in zip(batch, futures, strict=True):
                try:
                    problem = _judge(*future.result())
                except (TimeoutError, ProcessExpired) as error:
                    problem = f"{type(error).__name__}"
                if problem:
                    problems.append(f"{problem}: {line[:300]}")
    return problems


def measured(kind: str, line: str) -> tuple[bytes, float]:
    """The answer and the CPU seconds it took. Runs in the pool."""
    start = time.process_time()
    answer = perform(kind, line)
    return answer, time.process_time() - start


def _judge(answer: bytes, seconds: float) -> str | None:
    if seconds > CPU_SECONDS:
        return f"{seconds:.1f} s"
    error = json.loads(answer).get("error")
    if error and (error["kind"] == "internal" or "memory" in error["message"]):
        return f"{error['kind']}: {error['message'][:200]}"
    return None


def _lines(kind: str, count: int, seed: int, folder: Path) -> Iterator[str]:
    rng = random.Random(f"{seed} {kind}")
    for number in range(count):
        yield json.dumps({"id": number, "url": "https://example.org/a/b", **_MAKERS[kind](rng, folder)})


def _bytes(rng: random.Random, samples: list[bytes]) -> bytes:
    """One of ``samples``, mutated one to four times; now and then crossed with another, or pure noise."""
    body = rng.choice(samples)
    if rng.random() < 0.05:
        return rng.randbytes(rng.randrange(2000))
    if rng.random() < 0.2:
        other = rng.choice(samples)
        body = body[: rng.randrange(len(body) + 1)] + other[rng.randrange(len(other) + 1) :]
    for _ in range(rng.randint(1, 4)):
        if body:
            body = rng.choice((*damage.WAYS, _flipped, _repeated))(rng, body)
    return body


def _flipped(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body))
    return body[:at] + rng.randbytes(rng.randint(1, 3)) + body[at + rng.randint(0, 3) :]


def _repeated(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body))
    piece = body[at : at + rng.randint(1, 40)]
    return body[:at] + piece * rng.choice([2, 10, 300, 3000]) + body[at:]


def _document(samples: list[bytes]) -> Make:
    def make(rng: random.Random, folder: Path) -> dict[str, Any]:
        kinds = [None, "text/xml", "application/json; charset=utf-16", "text/html; charset=gb2312", "\x00", "charset="]
        body = base64.b64encode(_bytes(rng, samples)).decode()
        return {"body": body, "content_type": rng.choice(kinds)}

    return make


def _text(field: str, samples: list[str]) -> Make:
    def make(rng: random.Random, folder: Path) -> dict[str, Any]:
        return {field: _bytes(rng, [sample.encode() for sample in samples]).decode("utf-8", "replace")}

    return make


def _replay(rng: random.Random, folder: Path) -> dict[str, Any]:
    files = []
    for number in range(rng.randint(1, 3)):
        path = folder / f"{rng.randrange(10**9)}-{number}"
        path.write_bytes(_bytes(rng, FEEDS))
        files.append(str(path))
    return {
        "feed": "https://example.org/feed",
        "fetches": files,
        "read_after": rng.choice([{}, {"0": ["1"]}, {"9": []}]),
    }


FEEDS = [case.body for case in CASES]
_MAKERS: dict[str, Make] = {
    "parse": _document(FEEDS),
    "discover": _document(PAGES),
    "clean": _document(HTML),
    "text": _document(HTML),
    "opml": _document(LISTS),
    "address": _text("url", ADDRESSES),
    "date": _text("text", DATES),
    "replay": _replay,
}
