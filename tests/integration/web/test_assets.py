"""Files of the pages: hashed, packed, small; colours that can be read; pictures that are what the code draws."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import httpx
import pytest

from tests.helpers.app import Person, World
from tests.integration.web.page import open_page
from web.assets import FOLDER, Assets
from web.logo import pictures

CSS = (FOLDER / "evantr.css").read_text()


async def test_files_are_packed_and_never_stale(world: World, anyone: httpx.AsyncClient) -> None:
    assets = world.app.state.kit.assets
    for name, kind in (("evantr.css", "text/css"), ("icons.svg", "image/svg+xml"), ("js/main.js", "text/javascript")):
        for encoding in ("br", "gzip", "identity"):
            answer = await anyone.get(assets.url(name), headers={"Accept-Encoding": encoding})
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith(kind)
            assert "immutable" in answer.headers["cache-control"]
            assert answer.headers.get("content-encoding", "identity") == encoding
            assert answer.content == (FOLDER / name).read_bytes()
    refused = await anyone.get(assets.url("evantr.css"), headers={"Accept-Encoding": "br;q=0, gzip;q=0"})
    assert "content-encoding" not in refused.headers


@pytest.mark.parametrize(
    "path", ["/static/evantr.css", "/static/../app.py", "/static/%2e%2e/app.py", "/static/", "/static/js/main.js"]
)
async def test_other_files_are_absent(world: World, anyone: httpx.AsyncClient, path: str) -> None:
    assert (await anyone.get(path)).status_code == 404


async def test_every_file_that_a_page_names_is_there(world: World, ada: Person) -> None:
    await world.feed(entries=2, readers=[ada])
    page = await open_page(ada.http, "/")
    paths = {str(v).partition("#")[0] for v in page.all("//@href|//@src") if str(v).startswith("/static/")}
    assert len(paths) >= 6
    for path in paths:
        assert (await ada.http.get(path)).status_code == 200, path
    manifest = (await ada.http.get(next(p for p in paths if p.endswith("webmanifest")))).json()
    for icon in manifest["icons"]:
        assert (await ada.http.get(icon["src"])).status_code == 200
    assert (await ada.http.get("/favicon.ico")).content[:4] == b"\0\0\1\0"


def test_every_sign_is_in_the_sprite() -> None:
    known = set(re.findall(r'<symbol id="([\w-]+)"', (FOLDER / "icons.svg").read_text()))
    sources = [
        p.read_text()
        for top in ("templates", ".")
        for p in (FOLDER.parent / top).glob("*.*")
        if p.suffix in (".html", ".py")
    ]
    used = {
        name
        for text in sources
        for name in re.findall(r'(?:sign|signs|sign\.small|signs\.small|_signs|_signs\.small)\("([\w-]+)"', text)
    }
    assert used and used <= known, used - known


def test_pictures_are_what_the_code_draws() -> None:
    for name, body in pictures().items():
        assert (FOLDER / name).read_bytes() == body, f"{name}: run python -m web.logo"


def test_weights() -> None:
    assert len(gzip.compress(CSS.encode(), 9)) <= 11_000
    sizes = {name.split(".")[0]: small for name, _, small in Assets().weights()}
    assert sizes["icons"] + sizes["up"] + sizes["manifest"] <= 3_000


async def test_first_visit_and_pages_are_light(world: World, ada: Person) -> None:
    """50 entries of 20 feeds in a sidebar of 100."""
    folder = (await world.container.services.folders.add(ada.actor, "Making things")).id
    for number in range(100):
        await world.feed(f"feed-number-{number}", entries=1 if number < 60 else 0, readers=[ada], folder_id=folder)
    for encoding in ("br", "gzip"):
        answer = await ada.http.get(f"/folder/{folder}", headers={"Accept-Encoding": encoding})
        assert answer.text.count('<li class="row') == 50
        assert answer.num_bytes_downloaded <= 14_000, encoding


def test_import_stays_inside_the_layers() -> None:
    for path in Path(FOLDER.parent).rglob("*.py"):
        assert not re.search(r"reader\.(mappers|gateways)", path.read_text()), path


# ---- colours (UI: section 4; WCAG 2.2: text 4.5, signs 3)

PAIR = re.compile(r"--([\w-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)")
TOKENS = {name: (light, dark) for name, light, dark in PAIR.findall(CSS)} | {"on-fill": ("ffffff", "ffffff")}
SURFACES = ("canvas", "paper", "raised")
CONTRASTS = [
    *((ink, surface, 4.5) for ink in ("ink", "ink2", "sea", "sea-deep", "bad", "good", "warn") for surface in SURFACES),
    *(("ink3", surface, 4.5) for surface in SURFACES),
    *((ink, "tint", 4.5) for ink in ("ink", "ink2", "sea-deep")),
    *(("sun", surface, 3) for surface in SURFACES),
    *(("edge", surface, 3) for surface in SURFACES),
    ("sun-ink", "sun-tint", 4.5), ("sun-ink", "paper", 4.5),
    ("on-fill", "fill", 4.5), ("on-fill", "fill-deep", 4.5),
]  # fmt: skip


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("over", "under", "least"), CONTRASTS)
def test_colours_can_be_read(over: str, under: str, least: float, mode: int) -> None:
    assert contrast(TOKENS[over][mode], TOKENS[under][mode]) >= least


def test_colours_come_from_tokens() -> None:
    """Outside of the token layer a colour is a token, but for shadows, the toast and pictures in url()."""
    body = re.sub(r"url\('.*?'\)", "", CSS[CSS.index("@layer base {") :])
    loose = re.findall(r"#[0-9a-f]{3,8}\b", body)
    assert set(loose) <= {"#18282b", "#e2e8e7", "#f2f6f6", "#14201f", "#86d2e5", "#0b5d74", "#10222752", "#000a"}, loose
