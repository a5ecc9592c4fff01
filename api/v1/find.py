"""From an address to feeds, and feeds that Evantr knows by words."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services, host_of
from api.routing import new_router
from reader.models.reading import Finding, FoundFeed

router = new_router("find")


class Found(BaseModel):
    """A feed that works."""

    url: str = Field(examples=["https://gazette.example/feed.xml"])
    title: str = Field(examples=["The Gazette"])
    description: str | None
    site_url: str | None
    format: str | None = Field(examples=["atom 1.0"])
    also: list[str] = Field(description="Formats of twins with the same content.", examples=[["rss 2.0"]])
    newest_at: float | None
    per_week: float | None = Field(examples=[3.5])
    titles: list[str] = Field(description="Of its newest entries.")
    icon_url: str | None
    feed_id: int | None = Field(description="Set when Evantr knows it.", examples=[7])
    subscribed: bool
    generated: bool = Field(description="True: made by Evantr from a page that publishes no feed.")


class TriedStep(BaseModel):
    """One step of the search, in words."""

    what: str = Field(examples=["Link in the page's head"])
    url: str
    status: int | None = Field(examples=[404])
    ok: bool
    milliseconds: int
    note: str


class FindingOut(BaseModel):
    wait: bool = Field(description="True: still looking. Ask again with the same address.")
    address: str = Field(examples=["https://gazette.example/"])
    feeds: list[Found]
    tried: list[TriedStep]
    problem: str | None = Field(description="Why nothing was found, in words.")
    more: bool = Field(description="True: other pages of the site are being read; ask again in a while.")


class DiscoverIn(Body):
    url: str = Field(max_length=10_000, description="An address as a person types it.", examples=["gazette.example"])
    wait: float | None = Field(None, ge=0, le=60, description="Seconds to wait at most; the server has its own limit.")


class FeedList(BaseModel):
    feeds: list[Found]


def found(feed: FoundFeed) -> dict[str, Any]:
    return {
        "url": feed.url,
        "title": feed.title,
        "description": feed.description,
        "site_url": feed.site_url,
        "format": feed.format,
        "also": feed.also,
        "newest_at": feed.newest_at,
        "per_week": feed.per_week,
        "titles": feed.titles,
        "icon_url": feed.icon_url,
        "feed_id": feed.feed_id,
        "subscribed": feed.subscribed,
        "generated": feed.generated,
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    tried = [
        {
            "what": t.what,
            "url": t.url,
            "status": t.status,
            "ok": t.ok,
            "milliseconds": t.milliseconds,
            "note": t.note,
        }
        for t in finding.tried
    ]
    return {
        "wait": finding.wait,
        "address": finding.address,
        "feeds": [found(feed) for feed in finding.feeds],
        "tried": tried,
        "problem": finding.problem,
        "more": finding.more,
    }


@router.post("/discover", response_model=FindingOut, summary="Find the feeds of an address")
async def discover(request: Request, actor: Me, container: Services, body: DiscoverIn) -> Response:
    """Known feeds and answers of the last 2 hours come at once. Else a job looks; after `wait` seconds at most the
    answer is `{"wait": true}`, and asking again finds what the job found. `{"more": true}` is an answer for now: the
    page names no feed, and other pages of its site are being read, which can take a minute."""
    finding = await container.services.feeds.find(actor, body.url, wait=body.wait, host=host_of(request))
    return json_response(finding_json(finding))


@router.get("/feeds", response_model=FeedList, summary="Search the feeds that Evantr knows")
async def search(
    actor: Me,
    container: Services,
    q: Annotated[str, Query(max_length=1000, description="Words of title or address.", examples=["gazette"])] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    feeds = await container.services.feeds.search(actor, q, limit)
    return json_response({"feeds": [found(feed) for feed in feeds]})
