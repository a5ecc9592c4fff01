"""ingest WHAT: the batch commands."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

import click

from workers.batch import KINDS
from workers.cli.common import EPILOG


@click.command(epilog=EPILOG)
@click.argument("what", type=click.Choice(KINDS), metavar="WHAT")
@click.option("--processes", type=click.IntRange(1, 64), help="Processes that work at a time (default: one per core).")
def ingest(what: str, processes: int | None) -> None:
    """Read one JSON object per line on standard input, write one per line, in the same order.

    WHAT is parse, discover, clean, text, opml, address, date or replay; docs/batch.md describes each. A line that
    fails gives {"id", "error": {"kind", "message"}}; the exit code stays 0.
    """
    from workers.batch import work

    out = sys.stdout.buffer
    for answer in work(what, _lines(), processes):
        out.write(answer + b"\n")
        out.flush()


def _lines() -> Iterable[bytes]:
    """Standard input by a file object of its own: a thread may wait for a line when the program ends, and Python wants
    to close its own then."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)  # it stays open to the end
    except io.UnsupportedOperation:
        return sys.stdin.buffer
