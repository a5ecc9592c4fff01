"""Pictures through our own origin: only what we signed, only pictures, never a way into a network."""

from __future__ import annotations

import stat
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from reader.errors import Upstream
from reader.ingest.fetch import Fetched
from reader.models.entry import SafeHtml
from reader.settings import Settings
from tests.helpers.app import Person, World
from tests.integration.web.page import open_page
from web.images import Images, key_of, read_key
from web.logo import png

PNG = png([[(1, 2, 3)]])
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90400000000002c00000000010001000002024401003b")
SOURCE = "https://pictures.example/a.png?x=1&y=2"


class Pictures:
    """Stands in for the fetcher: answers from a table, and remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.bodies: dict[str, bytes] = {SOURCE: PNG}

    async def get(self, url: str, *, accept: str, max_bytes: int, timeout: float) -> Fetched:  # noqa: ASYNC109
        assert max_bytes == 5_000_000
        self.asked.append(url)
        if url not in self.bodies:
            raise Upstream("status", "The server answered 404.", status=404)
        return Fetched(url, url, 200, {"content-type": "text/html"}, self.bodies[url], 0.1)


@pytest_asyncio.fixture
async def pictures(world: World) -> AsyncIterator[Pictures]:
    pictures = Pictures()
    world.app.state.kit.images._fetcher = pictures
    yield pictures


def images_of(world: World) -> Images:
    images = world.app.state.kit.images
    assert isinstance(images, Images)
    return images


async def test_a_signed_picture_comes(world: World, ada: Person, pictures: Pictures) -> None:
    answer = await ada.http.get(images_of(world).url(SOURCE))
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private, max-age=")
    assert pictures.asked == [SOURCE]


async def test_others_are_never_fetched(
    world: World, ada: Person, pictures: Pictures, anyone: httpx.AsyncClient
) -> None:
    good = images_of(world).url(SOURCE)
    signature = good.split("/")[2]
    other = urlsafe_b64encode(b"http://127.0.0.1/secret").rstrip(b"=").decode()
    for path in (
        f"/img/{signature}/{other}",
        f"/img/{signature[:-2]}xx/{good.split('/')[3]}",
        f"/img/x/{other}",
        f"/img/{signature}/%C3%BC",
        f"/img/{signature}/a",
        f"/img/%C3%BC/{other}",
    ):
        assert (await ada.http.get(path)).status_code == 404, path
    assert (await anyone.get(good)).status_code == 303
    assert pictures.asked == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html><script>alert(1)</script></html>", 415),
        (b"", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 415),
        (b"plain words", 415),
        (GIF, 200),
    ],
)
async def test_only_pictures_pass(world: World, ada: Person, pictures: Pictures, body: bytes, status: int) -> None:
    pictures.bodies[SOURCE] = body
    answer = await ada.http.get(images_of(world).url(SOURCE))
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"].startswith("text/plain")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert b"<script" not in answer.content


async def test_a_failure_is_a_short_text(world: World, ada: Person, pictures: Pictures) -> None:
    answer = await ada.http.get(images_of(world).url("https://pictures.example/gone.png"))
    assert answer.status_code == 502
    assert answer.text == "The server answered 404."


async def test_entries_show_pictures_from_here(world: World, ada: Person) -> None:
    content = f'<p><img src="{SOURCE.replace("&", "&amp;")}" alt="A &quot;b&quot;" loading="lazy"></p>'
    await world.feed(entries=1, readers=[ada], content=content)
    page = await open_page(ada.http, f"/entry/{(await world.entry_ids(ada))[0]}")
    image = page.one("//div[@class='prose']//img")
    assert image.get("src") == images_of(world).url(SOURCE)
    assert image.get("alt") == 'A "b"'


async def test_the_key_is_kept_and_private(world: World) -> None:
    data = world.container.settings.data
    path = data / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(data) == read_key(data)
    assert len(read_key(data)) == 32
    assert not list(data.glob(".secret.key.*"))
    path.write_bytes(b"short")
    with pytest.raises(RuntimeError, match="no key of 32 bytes"):
        read_key(data)


async def test_what_is_no_web_address_stays(world: World) -> None:
    images = images_of(world)
    for source in ("data:image/png;base64,AAAA", "x" * 5000, "", "/local.png"):
        assert images.url(source) == source
    assert images.rewrite(SafeHtml("<p>none</p>")) == "<p>none</p>"


def test_web_processes_with_one_secret_have_one_key(tmp_path: Path) -> None:
    """Each has a folder of its own, and a picture may be asked of any."""
    one, other = (Settings(_env_file=None, data=tmp_path / name, secret="x" * 32) for name in ("one", "other"))
    assert key_of(one) == key_of(other) != key_of(Settings(_env_file=None, secret="y" * 32))
    assert list(tmp_path.iterdir()) == []
    alone = Settings(_env_file=None, data=tmp_path / "alone")
    assert key_of(alone) == read_key(alone.data) != key_of(one)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        Settings(_env_file=None, secret="short")
