"""/u/NAME/STREAM.atom and its like: what other readers get, and who gets it."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import brotli
import httpx
import pytest

from reader.ingest.parse import ParsedEntry, ParsedFeed, parse
from reader.models.share import Link
from tests.helpers.app import PASSWORD, Person, World, open_world
from tests.helpers.counts import once
from tests.helpers.formats import judge_atom, judge_json_feed, judge_rss
from tests.helpers.sinks import judge
from web.app import create_app

FORMATS = ("atom", "rss", "json")
JUDGES = {"atom": judge_atom, "rss": judge_rss, "json": judge_json_feed}
TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}
BASE = "http://evantr.test"


@pytest.fixture
async def world(tmp_path: Path, store: str) -> AsyncIterator[World]:
    async with open_world(tmp_path, create_app, store=store) as opened:
        yield opened


async def shared(world: World, person: Person, count: int = 3, name: str = "gazette", note: str = "") -> list[int]:
    """So many shares of a feed's entries, the oldest first; their ids."""
    feed_id = await world.feed(name, entries=count, readers=[person])
    ids = reversed(await world.entry_ids(person, f"feed/{feed_id}"))
    done = [await world.container.services.sharing.share(person.actor, entry_id, note=note) for entry_id in ids]
    return [each.share.id for each in done]


async def get(client: httpx.AsyncClient, path: str = "/u/ada/shared.atom", **headers: str) -> httpx.Response:
    return await client.get(path, headers={"Accept-Encoding": "identity", **headers})


def read(answer: httpx.Response, format: str) -> ParsedFeed:
    JUDGES[format](answer.content)
    judge(answer, str(answer.url))
    return parse(answer.content, url=str(answer.url), content_type=answer.headers["content-type"])


def titles(feed: ParsedFeed) -> list[str]:
    return [entry.title for entry in feed.entries]


@pytest.mark.parametrize("format", FORMATS)
async def test_a_stream_goes_out_to_anybody(world: World, ada: Person, anyone: httpx.AsyncClient, format: str) -> None:
    await shared(world, ada, note="Look!")
    answer = await get(anyone, f"/u/ada/shared.{format}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{TYPES[format]}; charset=utf-8"
    feed = read(answer, format)
    assert feed.title == "Shared items by ada"
    assert feed.self_url == f"{BASE}/u/ada/shared.{format}"
    assert feed.site_url == f"{BASE}/u/ada/shared"
    assert feed.hub == f"{BASE}/hub"
    assert [title.split()[1] for title in titles(feed)] == ["2", "1", "0"]
    entry = feed.entries[0]
    assert entry.author == "Ada Marsh"
    assert entry.chain is not None
    (step,) = entry.chain.links
    assert (step.name, step.url, step.note) == ("ada", f"{BASE}/u/ada/shared", "Look!")
    assert entry.chain.source is not None
    assert entry.chain.source.title == "Gazette"
    assert entry.chain.source.url == "https://gazette.example/feed.xml"
    assert entry.content_html == "<p>Text</p>"


async def test_an_empty_stream_is_a_document_too(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    (share_id,) = await shared(world, ada, 1)
    await world.container.services.sharing.unshare(ada.actor, share_id)
    for format in FORMATS:
        assert read(await get(anyone, f"/u/ada/shared.{format}"), format).entries == []


async def test_somebody_who_has_shared_nothing_yet_can_be_followed(
    world: World, ada: Person, anyone: httpx.AsyncClient
) -> None:
    for format in FORMATS:
        assert read(await get(anyone, f"/u/ada/shared.{format}"), format).entries == []
    assert (await get(anyone, "/u/ada/other.atom")).status_code == 404
    await shared(world, ada, 1)
    assert len(read(await get(anyone), "atom").entries) == 1


async def test_a_stream_that_was_removed_stays_away(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    await shared(world, ada, 1)
    sharing = world.container.services.sharing
    other = await sharing.add_stream(ada.actor, "Boats", name="boats")
    first = next(each for each in await sharing.streams(ada.actor) if each.name == "shared")
    assert (await get(anyone)).status_code == 200
    await sharing.remove_stream(ada.actor, first.id)
    assert (await get(anyone)).status_code == 404
    assert (await get(anyone, "/u/ada/boats.atom")).status_code == 200
    assert [each.id for each in await sharing.streams(ada.actor)] == [other.id]


async def test_shared_caches_may_keep_it(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    await shared(world, ada)
    world.hands.ahead += 5
    answer = await get(anyone)
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert "Cookie" in answer.headers["vary"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    links = answer.headers["link"]
    assert f'<{BASE}/hub>; rel="hub"' in links
    assert f'<{BASE}/u/ada/shared.atom>; rel="self"' in links
    mine = await get(ada.http)
    assert mine.headers["cache-control"] == "private, no-store"
    assert mine.content == answer.content


async def test_who_has_it_gets_304(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    (first, *_) = await shared(world, ada)
    world.hands.ahead += 5
    answer = await get(anyone)
    etag, modified = answer.headers["etag"], answer.headers["last-modified"]
    same = await get(anyone, **{"If-None-Match": f'"other", {etag}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert same.headers["cache-control"] == "public, max-age=60"
    assert (await get(anyone, **{"If-Modified-Since": modified})).status_code == 304
    assert (await get(anyone, **{"If-Modified-Since": "nonsense"})).status_code == 200
    assert (await get(anyone, **{"If-None-Match": '"other"', "If-Modified-Since": modified})).status_code == 200
    await world.container.services.sharing.note(ada.actor, first, "Now with a note")
    world.hands.ahead += 5
    assert (await get(anyone, **{"If-None-Match": etag})).status_code == 200
    assert (await get(anyone, **{"If-Modified-Since": modified})).status_code == 200


async def test_no_date_is_told_that_may_hold_more(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    """Two shares within one second would have one Last-Modified."""
    await shared(world, ada)
    assert "last-modified" not in (await get(anyone)).headers


async def test_it_is_packed_as_the_client_likes(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    await shared(world, ada, 20)
    plain = await get(anyone)
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}
    for name, function in unpack.items():
        async with anyone.stream("GET", "/u/ada/shared.atom", headers={"Accept-Encoding": name}) as answer:
            body = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == name
        assert len(body) < len(plain.content) / 2
        assert function(body) == plain.content


async def test_archives(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    """RFC 5005: from the newest part to the oldest, each share once, and archives that stay as they are."""
    ids = await shared(world, ada, 160)
    await world.container.services.sharing.unshare(ada.actor, ids[3])
    archives = {format: await archived(anyone, format) for format in FORMATS}
    later = await world.feed("later", entries=3, readers=[ada])
    for entry_id in await world.entry_ids(ada, f"feed/{later}"):
        await world.container.services.sharing.share(ada.actor, entry_id)
    for format, archive in archives.items():
        assert (await get(anyone, f"/u/ada/shared.{format}?archive=1")).content == archive
        for number in ("0", "3", "99", "x", "-1", "1" * 30, "²"):
            assert (await get(anyone, f"/u/ada/shared.{format}?archive={number}")).status_code == 404, number


async def archived(anyone: httpx.AsyncClient, format: str) -> bytes:
    """The first archive, after all parts were read from the newest."""
    path: str | None = f"/u/ada/shared.{format}"
    seen: list[str] = []
    parts = []
    while path:
        answer = await get(anyone, path)
        feed = read(answer, format)
        parts.append(len(feed.entries))
        seen += titles(feed)
        path = older(answer, format)
    assert parts == [60, 50, 49]
    assert len(set(seen)) == 159
    archive = await get(anyone, f"/u/ada/shared.{format}?archive=1")
    assert "hub" not in archive.headers["link"]
    return archive.content


def older(answer: httpx.Response, format: str) -> str | None:
    if format == "json":
        found: str | None = answer.json().get("next_url")
        return found
    for link in JUDGES[format](answer.content).iter("{http://www.w3.org/2005/Atom}link"):
        if link.get("rel") == "prev-archive":
            return str(link.get("href"))
    return None


async def chained(world: World, ada: Person, bob: Person) -> tuple[int, int]:
    """What ada shared, bob shares on."""
    (first,) = await shared(world, ada, 1, note="From ada")
    done = await world.container.services.sharing.share(bob.actor, first, note="From bob")
    return first, done.share.id


def only(feed: ParsedFeed) -> ParsedEntry:
    (entry,) = feed.entries
    return entry


def steps(answer: httpx.Response, format: str = "atom") -> list[Link]:
    chain = only(read(answer, format)).chain
    assert chain is not None
    return list(chain.links)


@pytest.mark.parametrize("format", FORMATS)
async def test_the_chain_goes_out(
    world: World, ada: Person, bob: Person, anyone: httpx.AsyncClient, format: str
) -> None:
    await chained(world, ada, bob)
    mine = only(read(await get(anyone, f"/u/ada/shared.{format}"), format))
    answer = await get(anyone, f"/u/bob/shared.{format}")
    links = steps(answer, format)
    assert [(link.name, link.url, link.note) for link in links] == [
        ("ada", f"{BASE}/u/ada/shared", "From ada"),
        ("bob", f"{BASE}/u/bob/shared", "From bob"),
    ]
    assert links[0].id == mine.uid, "ids are the same wherever a share is told of"
    chain = only(read(answer, format)).chain
    assert chain is not None and chain.source is not None
    assert chain.source.title == "Gazette"


async def test_who_is_not_to_be_seen_vanishes_from_chains_at_once(
    world: World, ada: Person, bob: Person, anyone: httpx.AsyncClient
) -> None:
    await chained(world, ada, bob)
    assert len(steps(await get(anyone, "/u/bob/shared.atom"))) == 2
    await private(world, ada)
    answer = await get(anyone, "/u/bob/shared.atom")
    assert [link.name for link in steps(answer)] == ["bob"]
    assert b"From ada" not in answer.content


async def private(world: World, person: Person) -> None:
    await world.container.mappers.people.set_private(person.user.id, True, now=world.hands.now())


@pytest.mark.parametrize("format", FORMATS)
async def test_a_private_account_has_no_public_documents(
    world: World, ada: Person, bob: Person, anyone: httpx.AsyncClient, format: str
) -> None:
    await shared(world, ada)
    path = f"/u/ada/shared.{format}"
    assert (await get(anyone, path)).status_code == 200
    await private(world, ada)
    for client in (anyone, bob.http):
        hidden = await get(client, path)
        absent = await get(client, f"/u/nobody/shared.{format}")
        assert hidden.status_code == absent.status_code == 404
    own = await get(ada.http, path)
    assert own.status_code == 200
    assert own.headers["cache-control"] == "private, no-store"
    assert "hub" not in own.headers["link"]
    assert b"/hub" not in own.content
    people = world.container.services.people
    await people.follow(bob.actor, "@ada")
    assert (await get(bob.http, path)).status_code == 404
    await people.approve(ada.actor, "bob")
    followed = await get(bob.program, path)
    assert followed.status_code == 200
    assert followed.headers["cache-control"] == "private, no-store"
    assert (await get(anyone, path)).status_code == 404


async def keyed(person: Person) -> dict[str, str]:
    """Addresses of ada's stream for somebody's other readers."""
    answer = await person.http.get("/api/v1/people/ada/streams/shared")
    assert answer.status_code == 200, answer.text
    feeds: dict[str, str] = answer.json()["feeds"]
    return feeds


async def test_a_reader_that_cannot_sign_in_follows_a_private_account_by_a_key(
    world: World, ada: Person, bob: Person, anyone: httpx.AsyncClient
) -> None:
    await shared(world, ada, 120)
    public = {format: f"{BASE}/u/ada/shared.{format}" for format in FORMATS}
    assert public.items() <= (await keyed(bob)).items(), "public ones need none"
    people = world.container.services.people
    await people.follow(bob.actor, "@ada")
    await private(world, ada)
    addresses = await keyed(bob)
    for format in FORMATS:
        await followed_by_key(anyone, format, addresses[format])
        assert (await get(anyone, (await keyed(ada))[format])).status_code == 200
    await people.refuse(ada.actor, "bob")
    for format in FORMATS:
        assert (await get(anyone, addresses[format])).status_code == 404


async def followed_by_key(anyone: httpx.AsyncClient, format: str, address: str) -> None:
    assert "?key=" in address
    answer = await get(anyone, address)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    assert "hub" not in answer.headers["link"]
    feed = read(answer, format)
    assert feed.self_url == address, "a reader that believes the document keeps its key"
    assert len(feed.entries) == 70
    following = older(answer, format)
    assert following is not None
    assert len(read(await get(anyone, following), format).entries) == 50
    for wrong in (address[:-1], address + "0", address.replace("?key=2-", "?key=1-"), address.replace("key=", "key=0"),
                  f"{BASE}/u/ada/shared.{format}?key=%0d%0aX:y", f"{BASE}/u/ada/shared.{format}?key="):  # fmt: skip
        assert (await get(anyone, wrong)).status_code == 404, wrong


async def test_a_key_opens_one_stream_and_ends_with_the_password(
    world: World, ada: Person, bob: Person, anyone: httpx.AsyncClient
) -> None:
    await shared(world, ada, 1)
    sharing, people = world.container.services.sharing, world.container.services.people
    await sharing.add_stream(ada.actor, "Boats", name="boats")
    await people.follow(bob.actor, "@ada")
    await private(world, ada)
    address = (await keyed(bob))["atom"]
    assert (await get(anyone, address.replace("/shared.", "/boats."))).status_code == 404
    assert (await get(anyone, "/api/v1/entries?" + address.partition("?")[2])).status_code == 401
    page = await bob.http.get("/u/ada/shared")
    assert address in page.text.replace("&amp;", "&")
    assert "yours alone" in page.text
    await bob.http.post("/api/v1/me/password", json={"old": PASSWORD, "new": "another battery staple"})
    assert (await get(anyone, address)).status_code == 404
    assert (await get(anyone, (await keyed(bob))["atom"])).status_code == 200


async def test_whom_the_owner_blocked_gets_nothing_signed_in(world: World, ada: Person, bob: Person) -> None:
    await shared(world, ada)
    assert (await get(bob.http)).status_code == 200
    await world.container.mappers.people.block(ada.user.id, bob.user.id, now=1.0)
    assert (await get(bob.http)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/u/ada/none.atom", "/u/nobody/shared.rss", "/u/ada/shared.xml", "/u/@ada/none.json", "/u/a%00b/x.atom"]
)
async def test_what_is_not_there(world: World, ada: Person, anyone: httpx.AsyncClient, path: str) -> None:
    await shared(world, ada, 1)
    assert (await get(anyone, path)).status_code in (400, 404)


async def test_a_persons_address_means_the_default_stream(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    await shared(world, ada, 1)
    for format in FORMATS:
        answer = await get(anyone, f"/u/ada.{format}")
        assert (answer.status_code, answer.headers["location"]) == (301, f"/u/ada/shared.{format}")
    assert (await get(anyone, "/u/%2F%2Fevil.example.atom")).status_code == 404


async def test_addresses_are_those_of_the_settings(tmp_path: Path, store: str) -> None:
    async with open_world(tmp_path, create_app, store=store, base_url="https://read.example.org/") as world:
        ada = await world.person("ada", admin=True)
        await shared(world, ada, 1)
        async with world.client() as anyone:
            feed = read(await get(anyone), "atom")
        assert feed.self_url == "https://read.example.org/u/ada/shared.atom"
        assert feed.hub == "https://read.example.org/hub"


async def test_a_feed_that_was_given_to_one_reader_is_not_told(
    world: World, ada: Person, anyone: httpx.AsyncClient
) -> None:
    feed_id = await world.feed("secret", entries=1, readers=[ada])
    url = "https://pay.example/feed?auth=wJalrXUtnFEMI"
    token = await world.container.mappers.feeds.lease(feed_id, world.hands.now(), world.hands.now() + 9)
    assert token is not None
    await world.container.mappers.feeds.move(feed_id, token, url, now=world.hands.now())
    (entry_id,) = await world.entry_ids(ada, f"feed/{feed_id}")
    await world.container.services.sharing.share(ada.actor, entry_id)
    for format in FORMATS:
        answer = await get(anyone, f"/u/ada/shared.{format}")
        assert b"wJalr" not in answer.content
        chain = only(read(answer, format)).chain
        assert chain is not None and chain.source is not None
        assert (chain.source.title, chain.source.site_url) == ("Secret", "https://secret.example/")


async def trips(world: World, client: httpx.AsyncClient, path: str) -> int:
    """Round trips to the store that an answer takes."""

    async def answered() -> None:
        assert (await get(client, path)).status_code == 200

    _, trips = await once(world.container.mappers, answered)
    return trips


async def test_a_document_costs_the_same_round_trips_whatever_its_size(
    world: World, store: str, ada: Person, bob: Person, anyone: httpx.AsyncClient
) -> None:
    carol = await world.person("carol")
    ids = await shared(world, ada, 60)
    sharing = world.container.services.sharing
    again = [await sharing.share(bob.actor, share_id, note="On") for share_id in ids]
    await sharing.share(carol.actor, again[0].share.id)
    few, many = await trips(world, anyone, "/u/carol/shared.atom"), await trips(world, anyone, "/u/bob/shared.atom")
    first, again_most = (18, 8) if store else (15, 5)
    assert many == few <= first
    assert await trips(world, anyone, "/u/bob/shared.atom") <= again_most, "rendered once"
