"""Sharing as pages show it: rows, the card over an entry, the button, the tree of a chain, one share by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
import pytest_asyncio

from reader.models.people import Person as Somebody
from reader.models.share import Source
from reader.models.sharing_views import ChainNode, Tree
from tests.helpers.app import World
from tests.integration.web.page import Page, open_page, send
from tests.integration.web.test_pages import CANARY, keeps_rules
from tests.integration.web.village import NOTE, Village, settle
from web.dates import Times
from web.tree import DEEPEST, TreeView, summary


@pytest_asyncio.fixture
async def village(world: World) -> Village:
    return await settle(world)


PAGES = (
    *("/", "/entry/{first}?in=all", "/share/{first}", "/chain/{second}", "/people", "/notifications", "/shared"),
    *("/u/ada", "/u/ada/shared", "/u/bob", "/people/followers?of=ada", "/settings/sharing", "/sharing/{first}"),
)
OPEN_PAGES = ("/share/{first}", "/chain/{second}", "/u/ada", "/u/ada/shared")


def of(village: Village, path: str) -> str:
    return path.format(first=village.first, second=village.second)


@pytest.mark.parametrize("path", PAGES)
async def test_pages_keep_the_rules_whatever_is_in_them(world: World, path: str) -> None:
    village = await settle(world, note=CANARY, about=CANARY, name="<b>'")
    services = world.container.services
    comment = await services.talk.comment(village.bob.actor, village.first, CANARY)
    await services.talk.comment(village.ada.actor, village.first, CANARY, comment.comment.id)
    await services.sharing.add_stream(village.ada.actor, CANARY, name="links", description=CANARY)
    await village.private(village.dan)
    await village.follow(village.bob, "dan")
    reader = village.bob if "entry" in path or "sharing/" in path else village.ada
    page = await open_page(reader.http, of(village, path))
    if page.status == 303:
        page = await open_page(reader.http, page.answer.headers["location"])
    assert page.status == 200, page.text[:300]
    if not path.startswith("/sharing/"):
        keeps_rules(page)
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("path", OPEN_PAGES)
async def test_public_pages_need_no_account(world: World, path: str) -> None:
    village = await settle(world, note=CANARY, about=CANARY)
    async with world.client() as anyone:
        page = await open_page(anyone, of(village, path))
        assert page.status == 200
        keeps_rules(page)
        assert page.all("//a[starts-with(@href, '/signin?next=')]")
        assert not page.all("//form"), "nothing to press without an account"


@pytest.mark.parametrize("path", OPEN_PAGES)
async def test_pages_of_private_people_are_for_who_they_approve(world: World, village: Village, path: str) -> None:
    await village.private(village.ada)
    await village.private(village.bob)
    async with world.client() as anyone:
        assert (await open_page(anyone, of(village, path))).status == 404
    stranger = await open_page(village.dan.http, of(village, path))
    if path == "/u/ada":
        assert "is private" in stranger.text and "Ask to follow" in stranger.text and NOTE not in stranger.text
    else:
        assert stranger.status == 404
    if "chain" not in path:
        assert (await open_page(village.bob.http, of(village, path))).status == 200  # he followed before
    owner = village.bob if "chain" in path else village.ada
    assert "noindex" in (await open_page(owner.http, of(village, path))).text


async def test_a_row_says_who_passed_it_on(village: Village) -> None:
    page = await open_page(village.bob.http, "/")
    row = page.one(f"//li[@id='e{village.first}']")
    said = row.xpath("./p[@class='said']")[0]
    assert " ".join(said.text_content().split()) == f"ADada “{NOTE}”"
    assert row.xpath(".//span[@class='src']")[0].text_content() == "Gazette", "where it was first"
    assert "shared" in row.get("class").split() and "Shared by you" in row.text_content()


async def test_met_once_names_one_and_counts_the_rest(village: Village) -> None:
    await village.follow(village.carol, "ada")
    page = await open_page(village.carol.http, "/")
    rows = page.all("//li[contains(@class,'row')][p[@class='said']]")
    assert len(rows) == 1
    assert rows[0].get("data-feed") == str(village.feed)
    assert "and 1 more" in rows[0].text_content()


async def test_the_entry_has_a_card_and_the_way_it_came(village: Village) -> None:
    page = await open_page(village.bob.http, f"/entry/{village.first}?in=all")
    assert page.one("//div[@class='passed']//a[@href='/u/ada']").text_content() == "ada"
    assert page.words("//div[@class='passed']/blockquote") == NOTE
    assert page.all(f"//div[@class='passed']//a[@href='/chain/{village.first}']")
    assert page.words("//p[@class='from']/a") == "Gazette", "where it was first"
    third = await open_page(village.carol.http, f"/entry/{village.second}?in=all")
    names = [a.text_content() for a in third.all("//p[@class='crumb']/a")]
    assert names[:2] == ["ada", "bob"]
    assert third.words("//p[@class='crumb']").startswith("from ada via bob · 2 shares")


async def test_sharing_by_form_has_undo_and_turns_the_button(village: Village) -> None:
    page = await open_page(village.carol.http, f"/entry/{village.entry}?in=all")
    shared = await send(village.carol.http, page, "//form[@class='sharing']")
    assert "Shared in" in shared.words("//div[@class='toast']")
    assert shared.words("//details[contains(@class,'sharing')]/summary") == "Shared"
    mine = await open_page(village.carol.http, "/u/carol/shared")
    assert len(mine.all("//li[@class='pass']")) == 1
    undone = await send(village.carol.http, shared, "//div[@class='toast']//form")
    assert undone.all("//form[@class='sharing']")
    assert not (await open_page(village.carol.http, "/u/carol/shared")).all("//li[@class='pass']")


async def test_the_card_of_a_share_keeps_a_note_and_takes_back(village: Village) -> None:
    path = f"/entry/{village.first}?in=all"
    page = await open_page(village.bob.http, path)
    noted = await send(village.bob.http, page, "//form[@data-note]", act="note", note="For the harbour")
    assert noted.one("//form[@data-note]//textarea").text == "For the harbour"
    page = await open_page(village.carol.http, "/")
    assert "For the harbour" in page.text
    back = await send(village.bob.http, noted, "//form[@data-note]", act="unshare")
    assert back.all("//form[@class='sharing']") and "Taken back" in back.words("//div[@class='toast']")
    assert not (await open_page(village.carol.http, f"/feed/{await bobs_feed(village)}")).titles


async def bobs_feed(village: Village) -> int:
    streams = await village.world.container.services.sharing.streams(village.bob.actor)
    return streams[0].feed_id


async def test_a_share_moves_to_another_stream(village: Village) -> None:
    links = await village.world.container.services.sharing.add_stream(village.bob.actor, "Links")
    page = await open_page(village.bob.http, f"/entry/{village.first}?in=all")
    moved = await send(village.bob.http, page, "//form[@data-note]", act="note", note="Kept", stream=str(links.id))
    assert moved.one("//form[@data-note]//option[@selected]").text == "Links"
    assert moved.one("//form[@data-note]//textarea").text == "Kept"
    assert (await open_page(village.dan.http, "/u/bob/links")).all("//li[@class='pass']")
    assert not (await open_page(village.dan.http, "/u/bob/shared")).all("//li[@class='pass']")


async def test_rows_share_by_their_plate(village: Village) -> None:
    page = await open_page(village.carol.http, "/")
    answer = await village.carol.http.post("/do/entry", data={"share": str(village.entry), "back": "/"})
    assert answer.status_code == 303
    assert page.all(f"//button[@name='share' and @value='{village.entry}']")
    again = await open_page(village.carol.http, "/")
    assert again.all(f"//li[@id='e{village.entry}']//span[@class='mine']")


async def test_quiet_mode_says_nothing_of_people(village: Village) -> None:
    await village.world.container.services.talk.like(village.bob.actor, village.first, True)
    await village.follow(village.dan, "bob")
    await village.quiet(village.bob)
    for path in ("/", f"/entry/{village.first}?in=all", "/keys", "/folders", "/search?q=entry"):
        page = await open_page(village.bob.http, path)
        assert page.status == 200
        for sign in ("said", "passed", "sharing", "social", "badge", "mine"):
            assert not page.all(f"//*[contains(concat(' ', @class, ' '), ' {sign} ')]"), (path, sign)
        assert not page.all("//a[@href='/people' or @href='/notifications']"), path
        assert "people." not in "".join(page.all("//link[@rel='stylesheet']/@href"))
        assert NOTE not in page.text and 'data-act="share"' not in page.text
    assert (await open_page(village.bob.http, "/u/ada")).status == 200, "people's own pages stay"


# ---- talk


async def test_comments_answers_hearts_and_deleting(village: Village) -> None:
    path = f"/entry/{village.first}?in=all"
    http = village.bob.http
    page = await send(http, await open_page(http, path), "//section[@id='social']/form[@class='say']", text="Worth it")
    assert page.words("//ol[@class='talk']/li/p[@class='words']") == "Worth it"
    answered = await send(
        village.ada.http,
        await open_page(village.ada.http, f"/share/{village.first}"),
        "//div[@class='tools']//form[@class='say']",
        text="So it is",
    )
    assert answered.words("//ol[@class='talk']/li/ol/li/p[@class='words']") == "So it is"
    page = await send(http, page, "//form[contains(@action,'/like')]", button="on")
    heart = page.one("//form[contains(@action,'/like')]/button")
    assert heart.get("aria-pressed") == "true" and "1" in heart.text_content()
    page = await send(http, page, "//ol[@class='talk']/li/div/form[contains(@action,'/delete')]")
    assert "Worth it" not in page.text and "a deleted comment" in page.text and "So it is" in page.text


async def test_who_may_not_comment_reads_why(village: Village) -> None:
    await village.world.container.services.people.edit_profile(village.ada.actor, talk="followers")
    page = await open_page(village.dan.http, f"/share/{village.first}")
    assert "Only people who follow ada can comment." in page.text
    assert not page.all("//form[@class='say']")
    answer = await village.dan.http.post(f"/do/share/{village.first}/comment", data={"text": "Hello", "back": "/"})
    assert answer.status_code == 403


# ---- chains


async def test_the_chain_is_a_tree_with_the_way_to_the_reader(village: Village) -> None:
    page = await open_page(village.carol.http, f"/chain/{village.second}")
    names = [a.text_content() for a in page.all("//ol[@class='tree']//p[@class='by']/*[1]")]
    assert names == ["ada", "bob", "You"]
    assert page.all(f"//ol[@class='tree']/li/ol/li[@class='path']/div[@id='s{village.second}']")
    assert NOTE in page.words("//ol[@class='tree']/li/div/blockquote")
    assert "2 people have shared it, in at most 1 step" in page.text
    onward = await send(village.carol.http, page, "//form[@class='youact']")
    assert [a.text_content() for a in onward.all("//ol[@class='tree']//p[@class='by']/*[1]")] == ["ada", "bob", "You"]
    assert "3 people have shared it" in onward.text and not onward.all("//form[@class='youact']")


async def test_what_was_taken_back_is_a_knot(village: Village) -> None:
    services = village.world.container.services
    await services.sharing.unshare(village.ada.actor, village.first)
    page = await open_page(village.carol.http, f"/chain/{village.second}")
    assert "Share taken back" in page.words("//ol[@class='tree']/li/div")
    assert NOTE not in page.text and "ada" not in page.words("//ol[@class='tree']")
    assert (await open_page(village.carol.http, f"/share/{village.first}")).status == 404
    entry = await open_page(village.carol.http, f"/entry/{village.second}?in=all")
    assert entry.words("//p[@class='crumb']").startswith("from a share taken back via bob")


def somebody(number: int) -> Somebody:
    return Somebody(number, f"person{number}", "", False, "all", 0.0)


def a_chain(length: int, width: int = 0) -> Tree:
    """One passed on from another, then ``width`` from the first."""
    nodes = [
        ChainNode(n, n - 1 or None, n - 1, somebody(n), None, "", 1e9 + n * 60, length - n, on_way=n == 1)
        for n in range(1, length + 1)
    ]
    nodes += [ChainNode(n, 1, 1, somebody(n), None, "", 1e9 + 9e4, 0) for n in range(length + 1, length + width + 1)]
    return Tree(1, None, Source("Gazette", None, None), (), tuple(nodes), len(nodes))


def test_long_chains_do_not_nest_without_end() -> None:
    drawn = TreeView(a_chain(600), Times(1e9, "UTC")).draw()
    page = Page.of(str(drawn))
    deepest = max(len(list(node.iterancestors("ol"))) for node in page.all("//div[contains(@class,'node')]"))
    assert deepest <= DEEPEST + 2
    assert [n.get("id") for n in page.all("//div[contains(@class,'node')]")] == [f"s{n}" for n in range(1, 601)]
    assert "in answer to person599" in page.text


def test_large_trees_have_closed_branches() -> None:
    page = Page.of(str(TreeView(a_chain(3, 300), Times(1e9, "UTC")).draw()))
    assert page.all("//details[not(@open)]//div[@id='s3']")
    assert not page.all("//details//div[@id='s2']"), "the way is open"
    assert not Page.of(str(TreeView(a_chain(3, 20), Times(1e9, "UTC")).draw())).all("//details")


def test_words_over_a_tree() -> None:
    times = Times(1e9, "UTC")
    assert summary(a_chain(1), times).startswith("One person has shared it, ")
    assert summary(a_chain(5), times).startswith("5 people have shared it, in at most 4 steps, from ")
    tree = a_chain(3)
    at_once = replace(tree, nodes=tuple(replace(node, at=1e9) for node in tree.nodes))
    assert summary(at_once, times) == f"3 people have shared it, in at most 2 steps, {times.moment(1e9)}."


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/do/share/{first}/note", {"note": "Mine now"}),
        ("/do/share/{first}/note", {"act": "unshare"}),
        ("/do/comment/{comment}/delete", {}),
        ("/do/stream/{stream}", {"act": "save", "title": "Mine now"}),
        ("/do/stream/{stream}", {"act": "remove"}),
        ("/do/stream/{stream}/source", {"act": "detach", "feed": "1"}),
    ],
)
async def test_nobody_acts_on_what_is_another_s(village: Village, path: str, fields: dict[str, str]) -> None:
    services = village.world.container.services
    said = await services.talk.comment(village.bob.actor, village.first, "Worth it")
    stream = (await services.sharing.streams(village.ada.actor))[0]
    address = path.format(first=village.first, comment=said.comment.id, stream=stream.id)
    assert (await village.dan.http.post(address, data={"back": "/", **fields})).status_code == 404
    page = await open_page(village.dan.http, f"/share/{village.first}")
    assert NOTE in page.text and "Worth it" in page.text and "Mine now" not in page.text


@pytest.mark.parametrize("path", ["/do/share/{first}/like", "/do/share/{first}/comment", "/share/{first}", "/do/share"])
async def test_what_one_may_not_see_is_absent_for_acts_too(village: Village, path: str) -> None:
    await village.private(village.ada)
    fields = {"back": "/", "on": "1", "text": "Hello", "entry": str(village.first)}
    address = path.format(first=village.first)
    http = village.dan.http
    answer = await (http.post(address, data=fields) if "/do/" in path else http.get(address))
    assert answer.status_code == 404
