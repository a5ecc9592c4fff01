"""TLS: certificates that do not hold, each with its reason in words."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from reader.ingest.fetch import Fetcher, FetchFailed

from .conftest import make_settings

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<rss>"


CA = """
[ca]
default_ca = own
[own]
database = {folder}/index
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:{name}
"""


def certificate(folder: Path, name: str = "localhost", start: str = "20200101", end: str = "20400101") -> Path:
    """A key with a certificate of its own for ``name``, in one file; valid between the dates (YYYYMMDD)."""
    pem, config = folder / "server.pem", folder / "ca.cnf"
    config.write_text(CA.format(folder=folder, name=name))
    (folder / "index").write_text("")
    (folder / "serial").write_text("01")
    openssl(
        folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-keyout", "key", "-out", "request", "-subj", f"/CN={name}",
    )  # fmt: skip
    openssl(
        folder, "ca", "-batch", "-selfsign", "-config", "ca.cnf", "-keyfile", "key", "-in", "request", "-out", "cert",
        "-notext", "-startdate", f"{start}000000Z", "-enddate", f"{end}000000Z",
    )  # fmt: skip
    pem.write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    return pem


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@asynccontextmanager
async def server(pem: Path) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()


async def failure(url: str) -> FetchFailed:
    async with Fetcher(make_settings()) as fetch:
        with pytest.raises(FetchFailed) as caught:
            await fetch.get(url)
    assert caught.value.kind == "tls", caught.value
    assert str(caught.value).endswith(".")
    return caught.value


def trust(monkeypatch: pytest.MonkeyPatch, pem: Path) -> None:
    """Make the certificate one that is trusted, as if an authority had signed it."""
    context = ssl.create_default_context(cafile=str(pem))
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", context)


async def test_a_trusted_certificate_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path)
    trust(monkeypatch, pem)
    async with server(pem) as port, Fetcher(make_settings()) as fetch:
        assert (await fetch.get(f"https://localhost:{port}/")).body == b"<rss>"


async def test_a_self_signed_certificate(tmp_path: Path) -> None:
    async with server(certificate(tmp_path)) as port:
        error = await failure(f"https://localhost:{port}/")
    assert str(error) == "The certificate of localhost is not valid: nobody but the server itself vouches for it."


async def test_a_certificate_of_another_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, "other.example")
    trust(monkeypatch, pem)
    async with server(pem) as port:
        error = await failure(f"https://localhost:{port}/")
    assert str(error) == "The certificate of localhost is not valid: it belongs to another host."


async def test_an_expired_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, end="20200201")
    trust(monkeypatch, pem)
    async with server(pem) as port:
        error = await failure(f"https://localhost:{port}/")
    assert str(error) == "The certificate of localhost is not valid: it has expired."


async def test_a_certificate_of_the_future(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, start="20390101")
    trust(monkeypatch, pem)
    async with server(pem) as port:
        error = await failure(f"https://localhost:{port}/")
    assert str(error) == "The certificate of localhost is not valid: it is not valid yet. A clock may be wrong."
