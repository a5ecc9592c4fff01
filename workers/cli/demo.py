"""demo: the program with a small site of its own; needs no internet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workers.cli.common import EPILOG, run, settings_with

if TYPE_CHECKING:
    from workers.serve import AppFactory

DATA = Path("demo-data")


@click.command(epilog=EPILOG)
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default 8000; 0: any free one).")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=DATA, show_default=True)
@click.pass_obj
def demo(create_app: AppFactory, host: str | None, port: int | None, data: Path) -> None:
    """Run Evantr on data of its own beside a small site of ten feeds, on another loopback address.

    That address alone may be fetched. A new entry appears every 40 seconds.
    """
    from workers import serve as processes
    from workers.demo.site import HOST, DemoSite
    from workers.program import Program

    settings = settings_with(host=host, port=port, data=data, fetch_allow=f"{HOST}/32", log_level="warning")

    async def main() -> None:
        processes.check_data(settings)
        with processes.bind(settings.host, settings.port) as sock, DemoSite() as site:
            program = Program(settings, also=[site.tell])
            await processes.serve(program, sock, create_app, lambda line: click.echo(_welcome(line, site.base)))

    run(main())


def _welcome(line: str, base: str) -> str:
    if not line.startswith("Evantr is at"):
        return line
    return f"""{line}

The demo's site is at {base} (open it in a browser, too).
Type one of these into Evantr's “Add a feed”:

  {base}             a page that names several feeds
  {base}/harbour     publishes something new every 40 seconds
  {base}/kettle      RSS and Atom of one content count once
  {base}/snail       answers after seven seconds
  {base}/attic       a feed that is not well-formed
  {base}/closed      gone for good

Ctrl-C ends both."""
