"""feed list|pull."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from workers.cli.common import EPILOG, FAILED, Fail, run, with_data

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from reader.container import Container
    from reader.models.feed import Feed
    from reader.settings import Settings

PAGE = 500


@click.group(epilog=EPILOG)
def feed() -> None:
    """Feeds that the store knows."""


@feed.command("list", epilog=EPILOG)
@click.option("--failing", is_flag=True, help="Only feeds that fail or are gone.")
@with_data
def list_feeds(settings: Settings, failing: bool) -> None:
    """List feeds: id, state, entries, next check, address."""
    from workers.cli.common import opened

    async def main() -> None:
        async with opened(settings) as container:
            async for each in _all(container):
                if not failing or each.state in ("failing", "gone"):
                    click.echo(await _line(container, each))

    run(main())


@feed.command(epilog=EPILOG)
@click.argument("feeds", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Pull every feed that is not gone.")
@with_data
def pull(settings: Settings, feeds: tuple[str, ...], everything: bool) -> None:
    """Pull FEEDS (ids or addresses) now, whether they are due or not. Exit code 1 if one of them fails."""
    from workers.program import Program
    from workers.serve import check_data

    if bool(feeds) == everything:
        raise click.UsageError("Name feeds by id or address, or say --all.")

    async def main() -> None:
        check_data(settings)
        program = Program(settings, updater=False)
        container = await program.open()
        try:
            wanted = [each async for each in _all(container)] if everything else await _named(container, feeds)
            failed = await _pull(container, [each for each in wanted if not everything or each.state != "gone"])
        finally:
            await program.close()
        if failed:
            raise Fail(f"{failed} of {len(wanted)} failed.", FAILED)

    run(main())


async def _all(container: Container) -> AsyncIterator[Feed]:
    from reader.models.user import SYSTEM

    after = 0
    while page := await container.services.feeds.all_feeds(SYSTEM, after=after, limit=PAGE):
        for each in page:
            yield each
        after = page[-1].id


async def _named(container: Container, names: tuple[str, ...]) -> list[Feed]:
    from reader.ingest.address import normalize

    found = []
    for name in names:
        known = (
            await container.gateways.feeds.get(int(name))
            if name.isdecimal()
            else await container.gateways.feeds.at(normalize(name))
        )
        if known is None:
            raise Fail(f"The store knows no feed {name}. See: evantr feed list")
        found.append(known)
    return found


async def _pull(container: Container, feeds: list[Feed]) -> int:
    """Pull side by side, say how each went in order of their ends; returns how many failed."""
    import asyncio

    gate = asyncio.Semaphore(container.settings.fetch_concurrency)
    failed = done = 0

    async def one(each: Feed) -> None:
        nonlocal failed, done
        async with gate:
            await container.mappers.feeds.make_due(each.id, container.clock.now())
            outcome = await container.gateways.pulls.pull(each.id, user=True)
        done += 1
        failed += outcome.error is not None
        said = outcome.error or (
            "somebody else pulls it" if outcome.skipped else f"{outcome.new} new, {outcome.updated} changed"
        )
        click.echo(f"[{done}/{len(feeds)}] {each.id:>6}  {each.url}  {said}")

    await asyncio.gather(*(one(each) for each in feeds))
    return failed


async def _line(container: Container, each: Feed) -> str:
    facts = await container.gateways.feeds.facts(each.id)
    wait = facts.schedule.next_pull_at - time.time() if facts else 0.0
    when = "-" if each.state == "gone" else "due" if wait <= 0 else f"in {wait / 60:.0f} min"
    error = f"  {facts.schedule.error}" if facts and facts.schedule.error else ""
    return f"{each.id:>6}  {each.state:<7}  {each.seq - each.floor:>6}  {when:>10}  {each.url}{error}"
