"""The whole web application: the API, the pages, their files."""

from __future__ import annotations

from fastapi import FastAPI

from api.app import add_api
from api.errors import register_html_errors
from reader.container import Container
from web.assets import Assets, add_assets
from web.errors import render
from web.images import Images, add_images
from web.kit import Kit
from web.pages import routes


def create_app(container: Container) -> FastAPI:
    """An ASGI application around an opened store. FastAPI's own documentation pages are left out."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    add_api(app, container)
    assets, images = Assets(), Images(container)
    app.state.kit = Kit(container, assets, images)
    app.router.routes.extend(routes())
    add_assets(app, assets)
    add_images(app, images)
    register_html_errors(app, render)
    return app
