"""Check 11: addresses that are not public, in every spelling, through everything that fetches: all refused."""

from __future__ import annotations

import pytest

from reader.errors import EvantrError
from reader.ingest.fetch import ACCEPT_IMAGE, Fetcher, FetchFailed
from reader.jobs import FetchIcon
from tests.integration.workers.conftest import Bench
from tests.threats.network import Canary, settings, watched
from workers.batch.address import one
from workers.batch.task import Task

# {p} is the canary's port at 127.0.0.2.
SPELLINGS = [
    "127.0.0.2", "127.2", "127.0.2", "2130706434", "0x7f000002", "0x7f.0.0.2", "0x7F.2", "0177.0.0.2", "017700000002",
    "0177.0.0x2", "127.000.000.002", "127.0.0.2.", "127.0.0.2..", "%31%32%37.0.0.2", "127%2e0%2e0%2e2", "①②⑦.⓪.⓪.②",
    "１２７．０．０．２", "127。0。0。2", "127｡0｡0｡2", "𝟏𝟐𝟕.0.0.2", "[::ffff:127.0.0.2]", "[::ffff:7f00:2]",
    "[0:0:0:0:0:ffff:7f00:0002]", "[::127.0.0.2]", "[64:ff9b::127.0.0.2]", "[64:ff9b:1::7f00:2]", "[2002:7f00:2::]",
    "[2001:0:7f00:2::1]", "[fe80::5efe:7f00:2]", "[2001:470:1::5efe:7f00:2]", "public.example@127.0.0.2",
    "user:word@127.0.0.2", "127.0.0.2%00.example", "127.0.0.2\\@public.example",
]  # fmt: skip
HOSTS = [
    "0.0.0.0", "0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "169.254.169.254", "172.16.0.1", "192.168.0.1",
    "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "168.63.129.16", "localhost",
    "LOCALHOST.", "a.localhost",
    "[::]", "[::1]", "[fe80::1%25eth0]", "[fec0::1]", "[fd00:ec2::254]", "[ff02::1]", "[100::1]", "[2001:db8::1]",
    "[2001:10::1]", "[2001:20::1]", "[3fff::1]", "[5f00::1]", "0xA9FEA9FE", "2852039166", "0251.0376.0251.0376",
    "169.254.43518", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]",
]  # fmt: skip


def urls(canary: Canary) -> list[str]:
    spelled = [f"http://{spelling}:{canary.port}/secret" for spelling in SPELLINGS]
    return spelled + [f"http://{host}/" for host in HOSTS]


@pytest.mark.parametrize("host", SPELLINGS + HOSTS)
def test_the_batch_command_refuses_it(host: str) -> None:
    for url in (f"http://{host}/", f"HTTPS://{host}/x?y#z", f" http://{host}\t/"):
        verdict = one(Task({"url": url}))
        assert verdict["verdict"] == "refused", url
        assert str(verdict["reason"]).endswith(".")


async def test_the_one_client_refuses_them_all() -> None:
    async with watched() as canary, Fetcher(settings(fetch_allow="")) as fetcher:
        for url in urls(canary):
            with pytest.raises(FetchFailed) as got:
                await fetcher.get(url)
            with pytest.raises(FetchFailed) as pictured:
                await fetcher.get(url, accept=ACCEPT_IMAGE, max_bytes=100)
            with pytest.raises(FetchFailed) as posted:
                await fetcher.post(url, b"{}", {"Content-Type": "application/json"})
            assert {caught.value.kind for caught in (got, pictured, posted)} <= {"refused", "dns"}, url
    assert canary.hits == 0


async def test_feeds_icons_and_discovery_refuse_them(bench: Bench) -> None:
    from tests.integration.workers.conftest import settings_in

    bench.container.fetcher._settings = settings_in(bench.container.settings.data, fetch_allow="")
    bench.container.fetcher._place.cache_clear()
    gateways = bench.container.gateways
    async with watched("127.0.0.200") as canary:
        for number, url in enumerate(urls(canary)):
            feed, _ = await bench.container.mappers.feeds.create(
                f"{url}?{number}", title="", site_url=url, description=None, now=bench.hands.now()
            )
            outcome = await gateways.pulls.pull(feed.id)
            assert outcome.kind in ("refused", "dns"), url
            await gateways.icons.run(FetchIcon(feed.id))
            stored = await bench.stored(feed.id)
            assert (stored.seq, stored.icon) == (0, None)
            try:
                finding = await gateways.discovery.find(url, url, 0.0)
                assert not [found for found in finding.feeds if found.feed_id is None]
            except EvantrError:
                continue
    assert canary.hits == 0
