"""serve, web, worker, updater: the processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workers.cli.common import EPILOG, run, with_address, with_data

if TYPE_CHECKING:
    from reader.settings import Settings
    from workers.program import Program
    from workers.serve import AppFactory


@click.command(epilog=EPILOG)
@with_address
@click.pass_obj
def serve(create_app: AppFactory, settings: Settings) -> None:
    """Run everything in one process: web pages, API, workers, updater.

    Makes or migrates the database first. Ctrl-C or SIGTERM lets running work end (at most 10 seconds); a second
    signal ends at once.
    """
    from workers.transport import ALL_QUEUES

    _web(settings, create_app, queues=ALL_QUEUES, updater=True)


@click.command(epilog=EPILOG)
@with_address
@click.pass_obj
def web(create_app: AppFactory, settings: Settings) -> None:
    """Run web pages and API alone; `evantr worker` processes on the same data do the work."""
    _web(settings, create_app, queues=(), updater=False)


@click.command(epilog=EPILOG)
@click.option("--queues", metavar="NAMES", help="Queues to serve, separated by commas (default: all but upkeep).")
@with_data
def worker(settings: Settings, queues: str | None) -> None:
    """Run a worker: pulls, discoveries and icons of the database in the data folder. Any number may run.

    SIGHUP reads the settings file of queues again.
    """
    from workers.program import Program
    from workers.transport import ALL_QUEUES

    wanted = [queue for queue in ALL_QUEUES if queue != "upkeep"]
    if queues is not None:
        wanted = [name.strip() for name in queues.split(",") if name.strip()]
        unknown = [name for name in wanted if name not in ALL_QUEUES]
        if unknown or not wanted:
            said = f"There is no queue “{unknown[0]}”." if unknown else "Name at least one queue."
            raise click.UsageError(f"{said} There are: {', '.join(ALL_QUEUES)}.")
    _work(settings, Program(settings, queues=wanted, updater=False, polls=True, role="worker"), "worker")


@click.command(epilog=EPILOG)
@with_data
def updater(settings: Settings) -> None:
    """Run the updater: upkeep once an hour. One leads at a time, others stand by.

    On one SQLite file worker processes find due feeds themselves, since nothing carries jobs between processes.
    """
    from workers.program import Program

    _work(settings, Program(settings, queues=["upkeep"], updater=True, role="updater"), "updater")


def _web(settings: Settings, create_app: AppFactory, *, queues: tuple[str, ...], updater: bool) -> None:
    from workers import serve as processes
    from workers.program import Program

    async def main() -> None:
        processes.check_data(settings)
        sock = processes.bind(settings.host, settings.port)
        with sock:
            program = Program(settings, queues=queues, updater=updater, role="serve" if queues else "web")
            await processes.serve(program, sock, create_app, click.echo)

    run(main())


def _work(settings: Settings, program: Program, name: str) -> None:
    from workers import serve as processes

    async def main() -> None:
        processes.check_data(settings)
        await processes.work(program, click.echo, name)

    run(main())
