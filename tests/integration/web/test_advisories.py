"""Weaknesses of other readers in what they show of strangers, each under the number of its advisory."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from reader.models.entry import Enclosure
from tests.helpers.app import Person, World
from tests.helpers.site import Site
from web.images import Images

SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='hit()'><script>hit()</script></svg>"


def images_of(world: World) -> Images:
    images = world.app.state.kit.images
    assert isinstance(images, Images)
    return images


async def test_miniflux_cve_2023_27592_the_image_proxy_echoes_no_address(world: World, ada: Person) -> None:
    """An image host that cannot be reached: the error is plain text and holds nothing of the URL."""
    await world.container.fetcher.start()
    for bad in ("http://127.0.0.1:9/<script>hit()</script>", "https://a.invalid/<img src=x onerror=hit()>"):
        answer = await ada.http.get(images_of(world).url(bad))
        assert answer.status_code in (415, 502)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "hit()" not in answer.text


async def test_miniflux_cve_2025_31483_freshrss_cve_2025_31136_svg_is_sandboxed(world: World, ada: Person) -> None:
    """An SVG from the proxy and one stored as an icon may run nothing, opened by themselves or not."""
    feed = await world.feed("gazette", entries=1, readers=[ada])
    digest = await world.icon(feed, "image/svg+xml", SVG)
    with Site("127.0.0.11") as site:
        site.put("/a.svg", SVG, "image/svg+xml")
        await world.container.fetcher.start()
        for path in (f"/icons/{digest}", images_of(world).url(site.url("/a.svg"))):
            answer = await ada.http.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "sandbox" in policy and "script" not in policy, path
            assert answer.headers["x-content-type-options"] == "nosniff"
        page = (await ada.http.get("/")).text
        assert "<script>hit()" not in page and "onload" not in page, "never inline"


async def test_miniflux_cve_2026_21885_commafeed_c4364486_no_way_into_the_network(world: World, ada: Person) -> None:
    """Addresses of this network in an entry: the proxy does not ask them, and asks nothing that it did not sign."""
    await world.container.fetcher.start()
    with Site("127.0.0.12") as canary:
        canary.put("/secret", b"GIF89a", "image/gif")
        for address in ("http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://10.0.0.1/a.png"):
            answer = await ada.http.get(images_of(world).url(address))
            assert answer.status_code == 502, address
        before = len(canary.seen("/secret"))
        forged = urlsafe_b64encode(canary.url("/secret").encode()).rstrip(b"=").decode()
        for signature in ("x", "A" * 24, images_of(world).url("https://x.example/").split("/")[2]):
            assert (await ada.http.get(f"/img/{signature}/{forged}")).status_code == 404
        assert len(canary.seen("/secret")) == before


async def test_commafeed_44pq_freshrss_9272_links_that_are_none_of_the_web(world: World, ada: Person) -> None:
    """javascript: as link, enclosure and comments of an entry reaches neither pages nor programs behind the API."""
    rss = (
        "<rss version='2.0'><channel><title>T</title><link>javascript:hit()</link><item><title>One</title>"
        "<guid>1</guid><link>javascript:hit()</link><comments>data:text/html,hit()</comments>"
        "<enclosure url='javascript:hit()' type='audio/mpeg' length='1'/>"
        "<enclosure url='file:///etc/passwd' type='audio/mpeg' length='1'/>"
        "<enclosure url='https://x.example/a.mp3' type='audio/mpeg' length='1'/></item></channel></rss>"
    )
    with Site("127.0.0.13") as site:
        site.put("/feed", rss, "application/rss+xml")
        await world.container.fetcher.start()
        feed, _ = await world.container.mappers.feeds.create(
            site.url("/feed"), title="T", site_url=None, description=None, now=world.hands.now()
        )
        await world.subscribe(ada, feed.id)
        outcome = await world.container.gateways.pulls.pull(feed.id)
        assert outcome.new == 1
    entry_id = (await world.entry_ids(ada, f"feed/{feed.id}"))[0]
    stored = (await world.container.mappers.entries.many([entry_id]))[0]
    assert stored.url is None and stored.comments_url is None
    assert stored.enclosures == (Enclosure("https://x.example/a.mp3", "audio/mpeg", 1),)
    for http in (ada.http, ada.program):
        for path in (f"/api/v1/entries/{entry_id}", f"/entry/{entry_id}", f"/feed/{feed.id}/health"):
            text = (await http.get(path)).text
            assert "javascript:" not in text and "file:///" not in text, path


async def test_freshrss_cve_2025_59950_every_page_refuses_frames(world: World, ada: Person) -> None:
    for path in ("/", "/add", "/manage", "/settings", "/signin", "/nowhere", "/offline"):
        answer = await ada.http.get(path)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
        assert answer.headers["x-frame-options"] == "DENY", path


async def test_miniflux_08de9546_a_title_of_10_mb_is_cut(world: World, ada: Person) -> None:
    item = f"<item><title>{'x' * 3_000_000}</title><guid>1</guid></item>"
    rss = f"<rss version='2.0'><channel><title>T</title>{item}</channel></rss>"
    with Site("127.0.0.14") as site:
        site.put("/feed", rss, "application/rss+xml")
        await world.container.fetcher.start()
        feed, _ = await world.container.mappers.feeds.create(
            site.url("/feed"), title="T", site_url=None, description=None, now=world.hands.now()
        )
        await world.subscribe(ada, feed.id)
        await world.container.gateways.pulls.pull(feed.id)
    page = await ada.http.get("/")
    assert page.status_code == 200 and len(page.content) < 200_000
