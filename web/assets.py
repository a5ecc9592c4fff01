"""Style sheet, sprite, scripts and pictures: read once, named by what is in them, compressed once, kept in memory."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import brotli
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.encoding import best_of
from reader.errors import NotFound

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
}
PACKED = (".png", ".ico")
FOREVER = "public, max-age=31536000, immutable"
# A picture that is opened by itself may style itself, and do nothing else.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True, slots=True)
class Asset:
    """``bodies`` by Content-Encoding; "" is the plain one."""

    type: str
    bodies: dict[str, bytes]

    def response(self, accepted: str, cache: str = FOREVER) -> Response:
        encoding = best_of(accepted, self.bodies)
        headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
        if encoding:
            headers["Content-Encoding"] = encoding
        if self.type.startswith("image/"):
            headers["Content-Security-Policy"] = PICTURE_POLICY
        return Response(self.bodies[encoding], media_type=self.type, headers=headers)


class Assets:
    """``url("evantr.css")`` is where a file is served; scripts lie together in a folder named by all of them."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._served: dict[str, Asset] = {}
        self._urls: dict[str, str] = {}
        for path in sorted(p for p in folder.iterdir() if p.suffix in TYPES):
            self._add(path.name, path.read_bytes())
        self._add_scripts(folder / "js")
        self._add("manifest.webmanifest", self._manifest())
        self.ico = _asset(".ico", (folder / "favicon.ico").read_bytes())

    def url(self, name: str) -> str:
        return self._urls[name]

    def find(self, name: str) -> Asset:
        asset = self._served.get(name)
        if asset is None:
            raise NotFound("There is no such file.")
        return asset

    def weights(self) -> Iterator[tuple[str, int, int]]:
        """(name, plain bytes, bytes with brotli) of every file."""
        for name, asset in self._served.items():
            yield name, len(asset.bodies[""]), min(map(len, asset.bodies.values()))

    def _add(self, name: str, body: bytes) -> None:
        stem, dot, suffix = name.rpartition(".")
        self._serve(name, f"{stem}.{_digest(body)}{dot}{suffix}", body)

    def _add_scripts(self, folder: Path) -> None:
        """Modules import each other by relative names, so one hash stands for all."""
        files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.js"))}
        place = f"js.{_digest(b''.join(files.values()))}"
        for name, body in files.items():
            self._serve(f"js/{name}", f"{place}/{name}", body)

    def _serve(self, name: str, place: str, body: bytes) -> None:
        self._served[place] = _asset(Path(name).suffix, body)
        self._urls[name] = f"/static/{place}"

    def _manifest(self) -> bytes:
        icons = [
            {"src": self._urls["up.svg"], "sizes": "any", "type": "image/svg+xml"},
            {"src": self._urls["icon-512.png"], "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ]
        about = {
            "name": "Evantr",
            "short_name": "Evantr",
            "start_url": "/",
            "display": "standalone",
            "background_color": "#eef2f2",
            "theme_color": "#eef2f2",
            "icons": icons,
        }
        return json.dumps(about).encode()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:10]


@cache
def _asset(suffix: str, body: bytes) -> Asset:
    bodies = {"": body}
    if suffix not in PACKED:
        bodies |= {"br": brotli.compress(body), "gzip": gzip.compress(body, 9, mtime=0)}
    return Asset(TYPES[suffix], bodies)


def add_assets(app: FastAPI, assets: Assets) -> None:
    async def show(request: Request) -> Response:
        return assets.find(request.path_params["name"]).response(request.headers.get("accept-encoding", ""))

    async def favicon(request: Request) -> Response:
        return assets.ico.response("", "public, max-age=86400")

    app.router.add_route("/static/{name:path}", show, methods=["GET"], include_in_schema=False)
    app.router.add_route("/favicon.ico", favicon, methods=["GET"], include_in_schema=False)
