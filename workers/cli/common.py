"""What all commands share: options that override settings, errors in words, exit codes."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reader.container import Container
    from reader.settings import Settings

FAILED, USAGE, CANNOT_START = 1, 2, 3
EPILOG = "Exit codes: 0 done; 1 it ran and the answer is no; 2 wrong use or settings; 3 it cannot start."

Function = Callable[..., Any]


class Fail(click.ClickException):
    """Ends the command with a sentence and exit code ``code``."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # click declares the default on the class


def with_data(function: Function) -> Function:
    """Adds --data; the command gets ``settings``."""

    @click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder of the database.")
    @functools.wraps(function)
    def command(data: Path | None, **arguments: Any) -> Any:
        return function(settings=settings_with(data=data), **arguments)

    return command


def with_address(function: Function) -> Function:
    """Adds --host, --port and --data; the command gets ``settings``."""

    @click.option("--host", help="Address to listen on (default 127.0.0.1).")
    @click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default 8000; 0: any free one).")
    @click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Folder of the database.")
    @functools.wraps(function)
    def command(host: str | None, port: int | None, data: Path | None, **arguments: Any) -> Any:
        return function(settings=settings_with(host=host, port=port, data=data), **arguments)

    return command


def settings_with(**overrides: Any) -> Settings:
    """Settings of the environment, with those ``overrides`` that are not None; logging is set up by them."""
    from pydantic import ValidationError

    from reader import log
    from reader.secret_files import BadSecretFile
    from reader.settings import Settings

    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        settings = Settings(**given)
    except BadSecretFile as error:
        raise Fail(str(error), USAGE) from None
    except ValidationError as error:
        lines = [f"EVANTR_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise Fail("Settings that cannot be used:\n  " + "\n  ".join(lines), USAGE) from None
    log.configure(settings.log_level, settings.log_format)
    return settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Container]:
    """The container for one command, its store migrated; no background parts run."""
    from workers.program import Program
    from workers.serve import check_data

    check_data(settings)
    program = Program(settings, queues=(), updater=False)
    container = await program.open()
    try:
        yield container
    finally:
        await program.close()


def run(main: Coroutine[Any, Any, Any]) -> None:
    """Run the command's coroutine; known errors become a sentence and an exit code."""
    from reader.errors import EvantrError
    from reader.mappers.errors import StoreError
    from workers import serve

    try:
        serve.run(main)
    except (serve.CannotStart, StoreError) as error:
        raise Fail(str(error), CANNOT_START) from None
    except EvantrError as error:
        raise Fail(str(error)) from None
