"""Folders inside folders, as pages and the API show them."""

from __future__ import annotations

from tests.helpers.app import Person, World
from tests.integration.web.page import open_page, send

LABELS = "//ul[contains(@class,'folders')]//li[contains(@class,'folder')]"


async def grown(world: World, ada: Person) -> tuple[list[int], list[int]]:
    """Folders one inside the other, five deep, with a feed of 3 entries in each."""
    folders: list[int] = []
    feeds: list[int] = []
    for depth in range(5):
        body = {"title": f"Level {depth}", "parent_id": folders[-1] if folders else None}
        made = await ada.http.post("/api/v1/folders", json=body)
        assert made.status_code == 201, made.text
        folders.append(made.json()["id"])
        feeds.append(await world.feed(f"feed{depth}", readers=[ada], folder_id=folders[-1]))
    return folders, feeds


async def test_lists_and_counts_hold_what_is_inside(world: World, ada: Person) -> None:
    folders, feeds = await grown(world, ada)
    side = (await ada.http.get("/api/v1/sidebar")).json()
    assert [f["id"] for f in side["folders"]] == folders
    assert [f["unread"] for f in side["folders"]] == [15, 12, 9, 6, 3]
    assert [f["parent_id"] for f in side["folders"]] == [None, *folders[:-1]]
    counters = (await ada.http.get("/api/v1/counters")).json()
    assert counters["folders"][str(folders[2])] == 9
    page = (await ada.http.get(f"/api/v1/entries?scope=folder/{folders[3]}")).json()
    assert {e["feed_id"] for e in page["entries"]} == set(feeds[3:])
    assert page["unread"] == 6
    marked = await ada.http.post("/api/v1/mark-all", json={"scope": f"folder/{folders[3]}", "as_of": page["as_of"]})
    assert marked.json()["changed"] == 6
    side = (await ada.http.get("/api/v1/sidebar")).json()
    assert [f["unread"] for f in side["folders"]] == [9, 6, 3, 0, 0]


async def test_three_levels_of_indent(world: World, ada: Person) -> None:
    folders, _ = await grown(world, ada)
    page = await open_page(ada.http, f"/folder/{folders[4]}")
    assert [li.get("class") for li in page.all(LABELS)] == ["folder", "folder in1", *["folder in2"] * 3]
    await ada.http.patch(f"/api/v1/folders/{folders[1]}", json={"open": False})
    page = await open_page(ada.http, "/")
    closed = page.all(LABELS)[-1]
    assert closed.get("data-folder") == str(folders[1]) and len(closed.get("data-feeds").split()) == 4
    piece = await open_page(ada.http, f"/sidebar?folder={folders[1]}")
    assert piece.all(f"//li[@data-folder='{folders[2]}']")


async def test_put_into_another_by_form_and_taken_back(world: World, ada: Person) -> None:
    one, two = [(await world.container.services.folders.add(ada.actor, name)).id for name in ("One", "Two")]
    page = await open_page(ada.http, f"/folder/{two}/edit")
    nest = f"//form[@action='/do/folder/{two}/nest']"
    page = await send(ada.http, page, nest, parent=str(one))
    assert page.one(f"//li[@data-folder='{one}']//li[@data-folder='{two}']") is not None
    page = await open_page(ada.http, f"/folder/{one}/edit")
    assert not page.all(f"//form[@action='/do/folder/{one}/nest']")  # nothing it could go into
    refused = await ada.http.patch(f"/api/v1/folders/{one}", json={"parent_id": two})
    assert refused.status_code == 409 and "itself" in refused.json()["detail"]
    moved = await ada.http.patch(f"/api/v1/folders/{two}", json={"parent_id": None})
    await ada.http.post("/api/v1/undo", json={"token": moved.json()["undo"]})
    folders = (await ada.http.get("/api/v1/folders")).json()["folders"]
    assert [f["parent_id"] for f in folders] == [None, one]


async def test_a_folder_made_inside_another_and_the_outer_removed(world: World, ada: Person) -> None:
    one = (await world.container.services.folders.add(ada.actor, "One")).id
    page = await open_page(ada.http, "/manage")
    page = await send(ada.http, page, "//form[@action='/do/folder/add']", title="Inner", parent=str(one))
    inner = page.one(f"//li[@data-folder='{one}']//li[@data-folder]").get("data-folder")
    gone = await ada.http.delete(f"/api/v1/folders/{one}")
    assert [f["id"] for f in (await ada.http.get("/api/v1/folders")).json()["folders"]] == [int(inner)]
    await ada.http.post("/api/v1/undo", json={"token": gone.json()["undo"]})
    folders = (await ada.http.get("/api/v1/folders")).json()["folders"]
    assert [(f["id"], f["parent_id"]) for f in folders] == [(one, None), (int(inner), one)]


async def test_a_folder_of_an_absent_one(world: World, ada: Person, bob: Person) -> None:
    theirs = (await world.container.services.folders.add(bob.actor, "Theirs")).id
    for parent in (theirs, 999):
        answer = await ada.http.post("/api/v1/folders", json={"title": "x", "parent_id": parent})
        assert answer.status_code == 404
