"""`make bench`: prints the table, writes build/bench.json, and with --write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path

from benchmarks.due import bench_due
from benchmarks.fetch import bench_fetch
from benchmarks.ingest import bench_ingest
from benchmarks.live import bench_live
from benchmarks.reading import bench_reading
from benchmarks.report import table, write_json
from benchmarks.rounds import bench_rounds
from benchmarks.sharing import bench_sharing

ROOT = Path(__file__).parents[1]
PAGE = """# Benchmarks

Taken by `make bench` on {cpus} cores, Python {python}. A target that does not hold is said, not hidden.

## Feeds

Floors are taken in the same run: a bare lxml parse and an lxml.html round trip of the entries; a bare aiohttp client;
one SQLite transaction with FTS5. *Multiple* is how many times the floor ours takes. The corpus are 1,000 feeds with
20,000 entries; rounds and imports are those of the whole program, in CPU seconds of all its processes.

{feeds}

## Reading

One keep-alive connection, warm, medians of 500 requests. The three programs run side by side and take turns by blocks
of 25; each request is taken in turn with one to a bare ASGI route (uvicorn, httptools) that sends as many bytes. The
column *floor* is that route's median in the same unit. 1,000 subscriptions in 10 folders; about a third is read;
an entry has about 1.8 kB of HTML. Memory is the proportional set size of all processes.

{reading}

## Sharing

A stream with 600 shares of entries as above; rows are counted where SQLite counts them, the index of words with them.
Pages are asked for as under Reading, by somebody who is signed out (the API: signed in).

{sharing}

## Live

One web process with 1,000 accounts that read 20 feeds and have five pages open each; 200 of them follow one more feed,
which gets a new entry ten times. The floor is the process before the first page; the time is from the wish to store the
entry to its arrival at each of the 1,000 pages.

{live}
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="20000,200000,1000000", help="entries in the store, separated by commas")
    parser.add_argument("--only", choices=("feeds", "reading", "sharing", "live"), help="one part alone")
    parser.add_argument("--write", action="store_true", help="also write docs/benchmarks.md")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    wanted = (arguments.only,) if arguments.only else ("feeds", "reading", "sharing", "live")
    feeds = [*bench_ingest(), *bench_fetch(), *bench_due(), *bench_rounds()] if "feeds" in wanted else []
    reading = bench_reading(sizes) if "reading" in wanted else []
    sharing = bench_sharing() if "sharing" in wanted else []
    live = bench_live() if "live" in wanted else []
    write_json([*feeds, *reading, *sharing, *live], ROOT / "build" / "bench.json")
    print(table([*feeds, *reading, *sharing, *live]))
    if arguments.write:
        page = {"feeds": table(feeds), "reading": table(reading), "sharing": table(sharing), "live": table(live)}
        text = PAGE.format(cpus=os.cpu_count(), python=platform.python_version(), **page)
        (ROOT / "docs" / "benchmarks.md").write_text(text)


if __name__ == "__main__":
    main()
