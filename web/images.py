"""Pictures of entries through our own origin: /img/SIGNATURE/URL. Readers' browsers meet no stranger's server, and only
addresses that we wrote into a page ourselves are fetched."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.deps import signed_in
from reader.container import Container
from reader.errors import Invalid, NotFound, Upstream
from reader.ingest.clean import map_images
from reader.ingest.fetch import ACCEPT_IMAGE
from reader.ingest.icon import sniff
from reader.models.entry import SafeHtml
from reader.settings import Settings

log = structlog.get_logger("evantr.web")

KEY_FILE = "secret.key"
KEY_BYTES = 32
LARGEST = 5_000_000
LONGEST_URL = 4000
AT_ONCE = 16  # bodies are held in memory
SECONDS = 15.0
HEADERS = {
    # A picture opened by itself (an SVG with a script) may do nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "private, max-age=604800, immutable",
    "X-Content-Type-Options": "nosniff",
}


def key_of(settings: Settings) -> bytes:
    """The key of this installation. Another web process has to have the same: a picture may be asked of any."""
    if settings.secret:
        return hashlib.sha256(b"img:" + settings.secret.encode()).digest()
    if settings.store:
        log.warning("EVANTR_SECRET is not set: pictures come only from the web process that drew their page")
    return read_key(settings.data)


def read_key(data: Path) -> bytes:
    """The key in that folder; made on first use, readable by its owner alone."""
    path = data / KEY_FILE
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{KEY_FILE}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        try:
            os.link(fresh, path)  # fails when another process was faster: then its key counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise RuntimeError(f"{path} is no key of {KEY_BYTES} bytes. Remove it, and Evantr makes a new one.")
    return key


class Images:
    """Signs addresses of pictures, and fetches what it signed."""

    def __init__(self, container: Container) -> None:
        self._key = key_of(container.settings)
        self._fetcher = container.fetcher
        self._places = asyncio.Semaphore(AT_ONCE)

    def rewrite(self, html: SafeHtml) -> SafeHtml:
        """The cleaned HTML with each picture coming from here."""
        return map_images(html, self.url)

    def url(self, source: str) -> str:
        if not source.startswith(("http://", "https://")) or len(source) > LONGEST_URL:
            return source
        raw = source.encode("utf-8", "replace")
        return f"/img/{self._sign(raw)}/{_text(raw)}"

    async def fetch(self, signature: str, encoded: str) -> Response:
        """The picture, or an error without a body of the stranger's. NotFound for what we never signed."""
        raw = _bytes(encoded)
        if not hmac.compare_digest(self._sign(raw).encode(), signature.encode("utf-8", "replace")):
            raise NotFound("There is no such picture.")
        try:
            async with self._places:
                answer = await self._fetcher.get(raw.decode(), accept=ACCEPT_IMAGE, max_bytes=LARGEST, timeout=SECONDS)
        except (Upstream, Invalid) as error:
            return _no_picture(502, str(error))
        kind = _kind(answer.body)
        if kind is None:
            return _no_picture(415, "That is no picture.")
        return Response(answer.body, media_type=kind, headers=HEADERS)

    def _sign(self, raw: bytes) -> str:
        return _text(hmac.new(self._key, b"img:" + raw, hashlib.sha256).digest()[:18])


def _kind(body: bytes) -> str | None:
    """The type by what is in it. All but SVG are known by their first bytes."""
    return sniff(body) if body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else sniff(body[:4096])


def _no_picture(status: int, why: str) -> Response:
    headers = {**HEADERS, "Cache-Control": "private, max-age=300"}
    return Response(why, status, headers, "text/plain; charset=utf-8")


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (ValueError, UnicodeEncodeError):
        raise NotFound("There is no such picture.") from None


def add_images(app: FastAPI, images: Images) -> None:
    async def show(request: Request) -> Response:
        await signed_in(request)
        return await images.fetch(request.path_params["signature"], request.path_params["source"])

    app.router.add_route("/img/{signature}/{source}", show, methods=["GET"], include_in_schema=False)
