"""Evantr's command line. It composes the processes; the commands are in workers/cli."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workers.cli.admin import admin
from workers.cli.check import check
from workers.cli.common import EPILOG
from workers.cli.copy import copy
from workers.cli.demo import demo
from workers.cli.feeds import feed
from workers.cli.ingest import ingest
from workers.cli.opml import opml
from workers.cli.people import token, user
from workers.cli.serve import serve, updater, web, worker
from workers.cli.store import backup, migrate, recount, restore

if TYPE_CHECKING:
    from reader.container import Container


def create_app(container: Container) -> Any:
    """The ASGI application. Imported here and now, so that no other command loads the web framework."""
    from web.app import create_app as create

    return create(container)


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="evantr")
@click.pass_context
def main(context: click.Context) -> None:
    """Evantr, a social feed reader.

    Settings come from EVANTR_* variables or a file .env (docs/settings.md); options win over both.
    """
    context.obj = create_app


for command in (
    serve,
    web,
    worker,
    updater,
    user,
    token,
    admin,
    feed,
    check,
    ingest,
    opml,
    migrate,
    recount,
    backup,
    restore,
    copy,
    demo,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
