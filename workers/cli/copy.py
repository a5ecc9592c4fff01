"""copy: everything from one database into another."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workers.cli.common import EPILOG, USAGE, Fail, run

if TYPE_CHECKING:
    from reader.mappers.copying import Copyable

QUIET_SECONDS = 15  # a process that runs says so every two
WORDS_AT_ONCE = 500


@click.command(epilog=EPILOG)
@click.option("--from", "source", required=True, metavar="STORE", help="sqlite:FILE or mongodb://HOST/NAME.")
@click.option("--to", "target", required=True, metavar="STORE", help="An empty one, or one of a copy that was cut off.")
@click.option("--anyway", is_flag=True, help="Though a process of Evantr seems to use one of the two.")
def copy(source: str, target: str, anyway: bool) -> None:
    """Copy the whole database into another, between SQLite and MongoDB in either direction.

    Evantr must not run meanwhile. A copy that was cut off goes on where it was when it is begun again. At the end both
    are compared.
    """

    async def main() -> None:
        from reader.mappers import copying

        async with AsyncExitStack() as stack:
            if not _is_remote(source) and not _file(source).exists():
                raise Fail(f"There is no database {_file(source)}.", USAGE)
            ours, theirs = await _open(stack, source), await _open(stack, target)
            if ours.label == theirs.label:
                raise Fail("These two are the same.", USAGE)
            for store in (ours, theirs):
                if not anyway and await store.busy(time.time() - QUIET_SECONDS):
                    raise Fail(f"Evantr runs on {store.label}; stop it first.")
            total = sum([await ours.count(kind) for kind in copying.KINDS])
            with click.progressbar(length=max(total, 1), label="Copying  ") as bar:
                await copying.copy(ours, theirs, bar.update)
            with click.progressbar(length=max(2 * total, 1), label="Comparing") as bar:
                rows = await copying.verify(ours, theirs, bar.update)
            left_out = await theirs.finish()
        await _index_words(target)
        click.echo(f"{rows} rows copied, the same in both.")
        if left_out:
            click.echo(f"{left_out} rows were left out: what they belonged to is gone.")

    run(main())


async def _open(stack: AsyncExitStack, store: str) -> Copyable:
    from reader.mappers.mongo.copying import MongoCopying
    from reader.mappers.mongo.engine import connect
    from reader.mappers.sqlite.copying import SqliteCopying

    if _is_remote(store):
        remote = MongoCopying(await connect(store))
        stack.push_async_callback(remote.close)
        return remote
    local = SqliteCopying(_file(store))
    stack.push_async_callback(local.close)
    return local


def _is_remote(store: str) -> bool:
    return store.startswith(("mongodb://", "mongodb+srv://"))


def _file(store: str) -> Path:
    scheme, _, path = store.partition(":")
    if scheme != "sqlite" or not path:
        raise Fail(f"{store} is neither sqlite:FILE nor mongodb://HOST/NAME.", USAGE)
    return Path(path) / "evantr.sqlite" if Path(path).is_dir() else Path(path)


async def _index_words(store: str) -> None:
    """What a crash leaves undone here, upkeep does."""
    from reader.mappers import mongo, sqlite

    mappers = await (mongo.open_store(store) if _is_remote(store) else sqlite.open_store(_file(store)))
    try:
        await mappers.search.restart()
        with click.progressbar(length=1, label="Indexing ") as bar:
            while done := await mappers.search.fill(WORDS_AT_ONCE):
                bar.length = (bar.length or 0) + done
                bar.update(done)
            bar.update(1)
    finally:
        await mappers.close()
