"""One small file per page: parse, one or two calls of services, draw."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.routing import Route

from web.pages import (
    acts,
    add,
    admin,
    chain,
    departure,
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
    notifications,
    people,
    people_acts,
    profile,
    search,
    settings,
    settings_sharing,
    share,
    share_acts,
    sheet,
    webhooks,
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
    settings_sharing,
    webhooks,
    departure,
    sheet,
    people,
    people_acts,
    notifications,
    share,
    share_acts,
    chain,
    profile,
    door,
    admin,
)


def routes() -> Iterator[Route]:
    for module in MODULES:
        yield from module.ROUTES
