"""check URL: the feed doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workers.cli.common import EPILOG, FAILED, run, with_data

if TYPE_CHECKING:
    from reader.settings import Settings


@click.command(epilog=EPILOG)
@click.argument("url")
@with_data
@click.pass_context
def check(context: click.Context, settings: Settings, url: str) -> None:
    """Examine URL (a site, a page, a feed) as Evantr would: every step of discovery and of a pull, with headers,
    times and a verdict in plain words. Writes nothing. Exit code 1 if there is no working feed.
    """

    async def main() -> None:
        from reader.ingest.fetch import Fetcher
        from workers.cpu import CpuPool
        from workers.doctor import examine

        cpu = CpuPool(1)
        try:
            async with Fetcher(settings) as fetcher:
                well = await examine(url, fetcher, cpu, click.echo)
        finally:
            await cpu.close()
        if not well:
            context.exit(FAILED)

    run(main())
