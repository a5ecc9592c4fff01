"""`make bench`: prints the table, writes build/bench.json, and with --write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path

from benchmarks.due import bench_due
from benchmarks.fetch import bench_fetch
from benchmarks.ingest import bench_ingest
from benchmarks.reading import bench_reading
from benchmarks.report import table, write_json
from benchmarks.rounds import bench_rounds

ROOT = Path(__file__).parents[1]
PAGE = """# Benchmarks

Taken by `make bench` on {cpus} cores, Python {python}. One keep-alive connection, warm, medians of 500 requests. The
three programs run side by side and take turns by blocks of 25; each request is taken in turn with one to a bare ASGI
route (uvicorn, httptools) that sends as many bytes. The column *floor* is that route's median in the same unit,
*multiple* how many times that ours takes. 1,000 subscriptions in 10 folders; about a third of all entries is read; an
entry has about 1.8 kB of HTML. Memory is the proportional set size of all processes. A target that does not hold is
said, not hidden.

{table}
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="20000,200000,1000000", help="entries in the store, separated by commas")
    parser.add_argument("--write", action="store_true", help="also write docs/benchmarks.md")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    figures = [*bench_ingest(), *bench_fetch(), *bench_due(), *bench_rounds(), *bench_reading(sizes)]
    write_json(figures, ROOT / "build" / "bench.json")
    print(table(figures))
    if arguments.write:
        text = PAGE.format(cpus=os.cpu_count(), python=platform.python_version(), table=table(figures))
        (ROOT / "docs" / "benchmarks.md").write_text(text)


if __name__ == "__main__":
    main()
