"""opml import|export: a list of feeds in and out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workers.cli.common import EPILOG, Fail, run, with_data

if TYPE_CHECKING:
    from reader.container import Container
    from reader.models.imports import Progress
    from reader.models.user import Actor
    from reader.settings import Settings

LOOK_SECONDS = 0.25  # the bar moves at most four times a second
QUEUES = ("pull", "discovery", "import", "icon")
OPEN = ("running", "paused")


@click.group(epilog=EPILOG)
def opml() -> None:
    """Feeds of other readers in, yours out (OPML)."""


@opml.command("import", epilog=EPILOG)
@click.argument("file", type=click.File("rb"))
@click.option("--user", "name", required=True, help="Whose subscriptions they become.")
@click.option("--wait", is_flag=True, help="Stay until the last feed is done, with a bar.")
@with_data
def import_(settings: Settings, file: Any, name: str, wait: bool) -> None:
    """Subscribe a user to the feeds of FILE ("-": standard input). Exit code 1 if feeds fail or need a look.

    A running Evantr does the work; with --wait and none running, this command does it itself. An import that is
    interrupted goes on when Evantr runs again.
    """
    from workers.program import Program
    from workers.serve import check_data

    check_data(settings)
    body = file.read()

    async def main() -> None:
        program = Program(settings, queues=QUEUES, updater=False)
        container = await program.open()
        try:
            actor = await _actor(container, name)
            progress = await container.services.imports.upload(actor, Path(file.name).name, body)
            _say_preview(progress)
            if not progress.tally.new:
                return
            import_id = progress.job.id
            await container.services.imports.start(actor, import_id)
            if not wait:
                click.echo("Started. A running Evantr does the rest; its page /import shows how far it is.")
                return
            if not await _somebody_works(container):
                program.start()
            await _say_end(container, actor, await _follow(container, actor, import_id))
        finally:
            await program.close()

    run(main())


@opml.command("export", epilog=EPILOG)
@click.option("--user", "name", required=True, help="Whose subscriptions.")
@click.option("--out", "-o", type=click.File("wb"), default="-", help="File to write (default: standard output).")
@with_data
def export(settings: Settings, name: str, out: Any) -> None:
    """Write a user's feeds in their folders as OPML 2.0."""
    from workers.cli.common import opened

    async def main() -> None:
        async with opened(settings) as container:
            out.write(await container.services.exports.opml(await _actor(container, name)))
            out.flush()

    run(main())


async def _actor(container: Container, name: str) -> Actor:
    from reader.models.user import Actor

    user = await container.gateways.accounts.by_name(name)
    if user is None:
        raise Fail(f"There is no user {name}.")
    return Actor(user.id, user.admin)


async def _somebody_works(container: Container) -> bool:
    """Whether a server or worker runs on this store: then it drives the import."""
    from reader.process import is_dead
    from workers.updater import LEASE

    lease = await container.gateways.work.leader(LEASE)
    return lease is not None and lease.until > container.clock.now() and not is_dead(lease.holder)


async def _follow(container: Container, actor: Actor, import_id: int) -> Progress:
    total = (await container.services.imports.get(actor, import_id)).tally.total
    with click.progressbar(length=total, label="Importing", show_pos=True, item_show_func=_at_hand) as bar:
        while True:
            progress = await container.services.imports.get(actor, import_id)
            bar.update(max(0, progress.tally.settled - bar.pos), progress)
            if progress.job.state not in OPEN:
                return progress
            await asyncio.sleep(LOOK_SECONDS)


def _at_hand(progress: Progress | None) -> str | None:
    return None if progress is None or progress.now is None else progress.now[:30]


def _say_preview(progress: Progress) -> None:
    tally = progress.tally
    click.echo(
        f"{tally.found} found: {tally.new} new, {tally.yours} subscribed to already, {tally.twice} twice,"
        f" {tally.refused} refused."
    )


async def _say_end(container: Container, actor: Actor, progress: Progress) -> None:
    tally = progress.tally
    click.echo(f"{tally.done} done, {tally.need} need a look, {tally.failed} failed.")
    for item in await container.services.imports.items(actor, progress.job.id, states=("need", "failed")):
        click.echo(f"  {item.title or item.url}: {item.reason}")
        for each in item.found:
            click.echo(f"    instead: {each.url}")
    if progress.job.state != "done" or tally.need or tally.failed:
        raise SystemExit(1)
