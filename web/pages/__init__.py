"""One small file per page: parse, one or two calls of services, draw."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.routing import Route

from web.pages import (
    acts,
    add,
    admin,
    door,
    entry,
    feed_acts,
    feed_edit,
    folder_edit,
    folders,
    health,
    imports,
    lists,
    manage,
    search,
    settings,
    sheet,
)

MODULES = (
    lists,
    entry,
    acts,
    folders,
    add,
    manage,
    search,
    health,
    feed_edit,
    feed_acts,
    folder_edit,
    imports,
    settings,
    sheet,
    door,
    admin,
)


def routes() -> Iterator[Route]:
    for module in MODULES:
        yield from module.ROUTES
