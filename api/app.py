"""Mounts everything of this package on an app."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.docs import add_docs
from api.errors import add_errors
from api.health import add_health
from api.hub import add_hub
from api.icons import add_icons
from api.metrics import RequestMetrics, add_metrics
from api.middleware import RequestMiddleware
from api.outputs import add_outputs
from api.routing import ApiRoutes
from api.streams import Streams
from api.v1 import (
    admin,
    counters,
    entries,
    feeds,
    find,
    folders,
    imports,
    jobs,
    jobs_live,
    live,
    marks,
    me,
    notifications,
    people,
    search,
    session,
    shares,
    streams,
    subscriptions,
    talk,
    tokens,
    webhooks,
)
from reader.container import Container

RESOURCES = (
    *(entries, search, counters, marks, live, me, tokens, session),
    *(find, subscriptions, folders, feeds, imports, jobs_live, jobs, admin),
    *(people, talk, notifications, shares, streams, webhooks),
)


def add_api(app: FastAPI, container: Container) -> None:
    """Routes, errors, middleware. The app's own document is not used: ours covers the API alone."""
    app.state.container = container
    app.state.streams = Streams()
    app.router.redirect_slashes = False  # it would build an address from a Host header that anybody can write
    metrics = RequestMetrics()
    app.add_middleware(RequestMiddleware, settings=container.settings, metrics=metrics)
    add_errors(app)
    routes = [route for module in RESOURCES for route in module.router.routes if isinstance(route, APIRoute)]
    app.router.routes.append(ApiRoutes("/api/v1/", routes))
    app.router.routes.extend([*jobs_live.SOCKETS, *live.SOCKETS])
    add_docs(app, routes)
    add_health(app, container)
    add_metrics(app, container, metrics)
    add_icons(app, container)
    add_outputs(app, container)
    add_hub(app, container)
