"""Every operation of the API, read from its own document, with requests that would succeed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from reader.models.operations import DeadLetter
from tests.contract.mappers.society import add_share
from tests.helpers.app import PASSWORD, Person, World


@dataclass(frozen=True)
class Operation:
    method: str
    path: str  # template
    public: bool
    tagged: bool
    body: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Ids:
    """What somebody has: the values of path parameters and of ids in bodies."""

    feed_id: int
    folder_id: int
    entry_id: int
    token_id: int
    as_of: int = 10**9
    undo: str = ""
    job: str = "0" * 32
    dead: str = "0" * 32
    import_id: int = 999_999
    name: str = "nobody"
    share_id: int = 999_999
    comment_id: int = 999_999
    webhook_id: int = 999_999
    stream_id: int = 999_999

    def path(self, operation: Operation) -> str:
        path = operation.path.replace("{feed_id}", str(self.feed_id))
        kind = operation.path.split("/")[3]
        value = {"folders": self.folder_id, "entries": self.entry_id, "tokens": self.token_id}.get(kind, 0)
        if kind == "webhooks":
            value = self.webhook_id
        if kind == "imports":
            value = self.import_id
        key = self.dead if "/dead/" in path else self.job
        name = self.name if kind in ("people", "requests") or "/accounts/" in operation.path else "max_running"
        path = path.replace("{queue}", "pull-sys").replace("{name}", name).replace("{key}", key)
        path = path.replace("{number}", "1")
        value = {"shares": self.share_id, "comments": self.comment_id, "streams": self.stream_id}.get(kind, value)
        path = path.replace("{stream}", "shared")
        return path.replace("{id}", str(value)).replace("{code}", "unknown")

    def query(self, operation: Operation) -> dict[str, str]:
        """What the operation needs in its query."""
        if operation.path in ("/api/v1/jobs/wait", "/api/v1/jobs/events") and operation.method == "GET":
            return {"keys": self.job}
        return QUERIES.get(operation.path, {})


BODIES: dict[str, Any] = {
    "POST /api/v1/webhooks": {"url": "https://hooks.example.org/1"},
    "PATCH /api/v1/me": {"theme": "dark"},
    "POST /api/v1/me/password": {"old": PASSWORD, "new": "another battery"},
    "POST /api/v1/me/leave": {"password": "not the password"},
    "POST /api/v1/tokens": {"name": "newsboat"},
    "POST /api/v1/session": {"name": "ada", "password": PASSWORD},
    "POST /api/v1/accounts": {"name": "carol", "password": PASSWORD},
    "POST /api/v1/discover": {"url": "gazette.example/feed.xml"},
    "POST /api/v1/imports": "a file",
    "POST /api/v1/folders": {"title": "Another"},
    "PATCH /api/v1/profile": {"about": "On harbours"},
    "POST /api/v1/notifications/seen": {"up_to": 1},
    "POST /api/v1/streams": {"title": "Books"},
    "PATCH /api/v1/streams/{id}": {"title": "Good books"},
    "PATCH /api/v1/shares/{id}": {"note": "Worth it"},
    "POST /api/v1/undo": {"token": "read.1"},
    "PATCH /api/v1/admin/settings/{queue}/{name}": {"value": 32},
}


def body_for(operation: Operation, ids: Ids) -> Any:
    """A body that the operation takes, naming ``ids``; None where it takes none."""
    named: dict[str, Any] = {
        "POST /api/v1/subscriptions": {"feed_id": ids.feed_id, "folder_id": ids.folder_id},
        "PATCH /api/v1/subscriptions/{feed_id}": {"folder_id": ids.folder_id},
        "PATCH /api/v1/folders/{id}": {"title": "Renamed"},
        "POST /api/v1/entries/mark": {"ids": [ids.entry_id]},
        "POST /api/v1/jobs": {"kind": "pull", "args": {"feed_id": ids.feed_id}},
        "POST /api/v1/follow": {"target": f"@{ids.name}"},
        "POST /api/v1/shares": {"entry_id": ids.entry_id},
        "PUT /api/v1/streams/{id}/sources": {"feed_ids": [ids.feed_id], "rule": {"words": ["harbour"]}},
        "POST /api/v1/preview": {"feed_id": ids.feed_id},
        "POST /api/v1/shares/{id}/comments": {"text": "Good to know"},
        "POST /api/v1/imports/{id}/choose": {"items": [1]},
        "POST /api/v1/imports/{id}/items/{number}/accept": {},
        "POST /api/v1/jobs/wait": {"keys": [ids.job], "seconds": 0},
        "POST /api/v1/jobs/events": {"keys": [ids.job]},
        "POST /api/v1/mark-all": {"scope": f"feed/{ids.feed_id}", "as_of": ids.as_of},
    }
    return named.get(str(operation), BODIES.get(str(operation)))


def operations(document: dict[str, Any]) -> list[Operation]:
    out = []
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            public = about.get("security") == []
            out.append(Operation(method.upper(), path, public, "304" in about["responses"], "requestBody" in about))
    return out


QUERIES = {
    "/api/v1/entries/fresh": {"since": "0"},
    "/api/v1/search": {"q": "text"},
    "/api/v1/cards": {"ids": "1,2"},
}
"""What a route cannot do without."""


async def call(client: httpx.AsyncClient, operation: Operation, ids: Ids, **options: Any) -> httpx.Response:
    query = ids.query(operation)
    if str(operation) == "POST /api/v1/imports":
        headers = {"Content-Type": "text/x-opml", **options.pop("headers", {})}
        return await client.post(ids.path(operation), content=OPML, headers=headers, **options)
    body = body_for(operation, ids)
    return await client.request(
        operation.method, ids.path(operation), params=query, **({"json": body} if body is not None else {}), **options
    )


OPML = b"""<opml><body><outline text="Old" xmlUrl="https://old.example/rss"/></body></opml>"""


@dataclass
class Household:
    """Somebody with one of everything."""

    person: Person
    ids: Ids
    feeds: list[int] = field(default_factory=list)


async def settle(world: World, person: Person, name: str) -> Household:
    folder = (await person.http.post("/api/v1/folders", json={"title": name})).json()["id"]
    feed_id = await world.feed(name, entries=3, readers=[person], folder_id=folder)
    entry_id = (await world.entry_ids(person, f"feed/{feed_id}"))[0]
    token = (await person.http.post("/api/v1/tokens", json={"name": name})).json()["id"]
    job = (await person.http.post("/api/v1/jobs", json={"kind": "pull", "args": {"feed_id": feed_id}})).json()["key"]
    await world.publish(feed_id, 0)  # the job is done
    letter = DeadLetter(f"{feed_id:032x}", "discover", "{}", "discovery", "Too slow.", ("It began.",), 2, 1.0)
    await world.container.gateways.operations.bury(letter)
    sent = await person.http.post("/api/v1/imports", content=OPML, headers={"Content-Type": "text/x-opml"})
    share = await add_share(world.container.mappers, person.user.id, name)
    share_id = share.id
    said = await person.http.post(f"/api/v1/shares/{share_id}/comments", json={"text": "Good to know"})
    hook = await person.http.post("/api/v1/webhooks", json={"url": "https://hooks.example.org/1"})
    ids = Ids(
        feed_id, folder, entry_id, token, job=job, dead=letter.key, import_id=sent.json()["id"], name=person.user.name,
        share_id=share_id, comment_id=said.json()["id"], webhook_id=hook.json()["id"],
        stream_id=share.stream_id or 0,
    )  # fmt: skip
    return Household(person, ids)
