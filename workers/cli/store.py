"""migrate, recount, backup, restore: the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workers.cli.common import EPILOG, Fail, opened, run, with_data

if TYPE_CHECKING:
    from reader.settings import Settings

_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command(epilog=EPILOG)
@with_data
def migrate(settings: Settings) -> None:
    """Make the database, or bring its schema up to date. (serve, web, worker do so by themselves.)"""

    async def main() -> None:
        from reader.container import open_mappers
        from workers.serve import check_data

        check_data(settings)
        mappers = await open_mappers(settings)
        try:
            done = await mappers.migrate()
        finally:
            await mappers.close()
        click.echo("\n".join(f"Ran {name}" for name in done) if done else "Nothing to do.")

    run(main())


@click.command(epilog=EPILOG)
@with_data
def recount(settings: Settings) -> None:
    """Rebuild what is stored redundantly: read sets against the entries, the index of words. Safe while Evantr runs."""

    async def main() -> None:
        async with opened(settings) as container:
            total = (await container.gateways.feeds.stats())["feeds"]
            with click.progressbar(length=max(total, 1), label="Feeds") as bar:
                feeds, changed = await container.gateways.upkeep.recount(lambda done: bar.update(done - bar.pos))
            click.echo(f"{feeds} feeds counted, {changed} rows put right.")

    run(main())


@click.command(epilog=EPILOG)
@_file
@with_data
def backup(settings: Settings, file: Path) -> None:
    """Copy the whole database, consistently, into FILE (which must not exist). Safe while Evantr runs."""

    async def main() -> None:
        if not settings.store and not (settings.data / "evantr.sqlite").exists():
            raise Fail(f"There is no database in {settings.data.absolute()}.")
        async with opened(settings) as container:
            click.echo("Copying …", err=True)
            await container.mappers.backup(file)

    run(main())
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


@click.command(epilog=EPILOG)
@_file
@click.option("--replace", is_flag=True, help="Replace the database that is in the data folder.")
@with_data
def restore(settings: Settings, file: Path, replace: bool) -> None:
    """Put the backup FILE in the place of the database. Evantr must not run; the backup is checked first."""

    if settings.store:
        raise Fail("The store is on MongoDB; take the backup back with evantr copy --from sqlite:FILE.")

    async def main() -> None:
        import asyncio

        from reader.container import open_mappers
        from reader.mappers import sqlite
        from workers.serve import check_data

        check_data(settings)
        click.echo("Checking and copying …", err=True)
        await asyncio.to_thread(sqlite.restore, file, settings.data / "evantr.sqlite", replace=replace)
        mappers = await open_mappers(settings)
        try:
            done = await mappers.migrate()
        finally:
            await mappers.close()
        click.echo(f"Restored {file}" + (f" and ran {len(done)} migrations." if done else "."))

    run(main())
