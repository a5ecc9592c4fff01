"""user add|passwd|remove|free|list and token add."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from workers.cli.common import EPILOG, Fail, opened, run, with_data

if TYPE_CHECKING:
    from reader.settings import Settings

_password = click.password_option(help="The password; asked for if it is not given.")


@click.group(epilog=EPILOG)
def user() -> None:
    """Accounts: add one, change a password, remove one, list them."""


@user.command(epilog=EPILOG)
@click.argument("name")
@_password
@with_data
def add(settings: Settings, name: str, password: str) -> None:
    """Add an account. The first one is the administrator."""
    from reader.models.user import SYSTEM

    async def main() -> None:
        async with opened(settings) as container:
            made = await container.services.accounts.add_user(SYSTEM, name, password)
            click.echo(f"Added {made.name}{' (administrator)' if made.admin else ''}.")

    run(main())


@user.command(epilog=EPILOG)
@click.argument("name")
@_password
@with_data
def passwd(settings: Settings, name: str, password: str) -> None:
    """Set a new password. Ends all sessions of the account."""
    from reader.models.user import SYSTEM

    async def main() -> None:
        async with opened(settings) as container:
            await container.services.accounts.set_password(SYSTEM, name, password)
            click.echo(f"{name} has a new password.")

    run(main())


@user.command(epilog=EPILOG)
@click.argument("name")
@click.confirmation_option(prompt="This removes the account with everything it holds, for good. Go on?")
@with_data
def remove(settings: Settings, name: str) -> None:
    """Remove an account with everything it holds. There is no way back.

    What others built on what it shared stays, as of a removed account. Nobody can take its name: see `user free`.
    """
    from reader.models.user import SYSTEM

    async def main() -> None:
        async with opened(settings) as container:
            gone = await container.services.departure.remove(SYSTEM, name)
            await container.services.departure.finish(SYSTEM, gone.id)
            click.echo(f"{gone.name} is removed.")

    run(main())


@user.command(epilog=EPILOG)
@click.argument("name")
@with_data
def free(settings: Settings, name: str) -> None:
    """Let the name of a removed account be taken again, as when its owner comes back."""
    from reader.models.user import SYSTEM

    async def main() -> None:
        async with opened(settings) as container:
            if not await container.services.departure.free(SYSTEM, name):
                raise Fail(f"No removed account had the name {name}.")
            click.echo(f"{name} can be taken again.")

    run(main())


@user.command("list", epilog=EPILOG)
@with_data
def list_users(settings: Settings) -> None:
    """List accounts."""
    from reader.models.user import SYSTEM

    async def main() -> None:
        async with opened(settings) as container:
            people = await container.services.accounts.users(SYSTEM)
            if not people:
                click.echo("There is no account yet. The first visit in a browser makes one, or: evantr user add NAME")
            for person in people:
                since = datetime.fromtimestamp(person.created_at, UTC).date().isoformat()
                click.echo(f"{person.id:>6}  {person.name:<32}  since {since}{'  administrator' * person.admin}")

    run(main())


@click.group(epilog=EPILOG)
def token() -> None:
    """Personal API tokens."""


@token.command("add", epilog=EPILOG)
@click.argument("name")
@click.option("--label", default="command line", show_default=True, help="What the token is for.")
@click.option("--jobs", is_flag=True, help="It may also submit jobs and follow them.")
@with_data
def add_token(settings: Settings, name: str, label: str, jobs: bool) -> None:
    """Make a token for the account NAME and print it. It is shown this once and stored hashed.

    A token of an administrator is what `evantr admin` needs.
    """
    from reader.models.user import SYSTEM

    async def main() -> None:
        async with opened(settings) as container:
            _, secret = await container.services.accounts.add_token_for(SYSTEM, name, label, ["jobs"] if jobs else [])
            click.echo(secret)

    run(main())
