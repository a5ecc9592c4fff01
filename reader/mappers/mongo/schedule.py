"""When feeds are pulled, and what came of it. Leases are in leases.py, what is due in due.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pymongo import ReplaceOne, UpdateOne
from pymongo.errors import DuplicateKeyError

from reader.mappers.errors import StoreError
from reader.mappers.feeds import NO_META, PullResult, PullState
from reader.mappers.mongo.changes import GONE
from reader.mappers.mongo.engine import ALL, Document, Engine, guarded
from reader.mappers.mongo.feed_documents import PULL, WHOLE, pauses, pull_of, schedule_of
from reader.mappers.mongo.feed_search import set_words
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.leases import LeaseMixin
from reader.mappers.mongo.patience import ATTEMPTS, pause
from reader.mappers.mongo.revisions import publish, waiting
from reader.mappers.mongo.together import Together
from reader.models.feed import Pull, Schedule

INDEXES = (Index("pull", (("feed_id", 1), ("at", 1))),)
PULLS_KEPT = 50
TRIM_EVERY = 8
SHOWN = ("title", "site_url", "state", "error", "format")  # what a FeedMark shows of what a pull may change
STATE = {"last_pull_at": 1, "next_pull_at": 1, "lease_until": 1, "state": 1, "error": 1}


def pull_key(feed_id: int, at: float) -> str:
    return f"{feed_id}:{float(at)!r}"


@guarded
class ScheduleMixin(LeaseMixin):
    """The part of FeedMapper that the updater and the pullers use."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._lines = Together(engine, self._log)
        self._ends = Together(engine, self._end)

    async def schedule(self, feed_id: int) -> Schedule | None:
        feed = await self._db.feed.find_one({"_id": feed_id}, WHOLE)
        if feed is None:
            return None
        return schedule_of(feed, (await pauses(self._engine, {feed["host"]})).get(feed["host"]))

    async def make_due(self, feed_id: int, now: float) -> None:
        # One that ended its process before is still watched, but has its chances again.
        sooner = {"next_pull_at": now, "lost": 2}
        woken = {"state": "failing", "pullable": True, **waiting()}
        done = await self._db.feed.update_one({"_id": feed_id, "state": "gone"}, {"$set": woken, "$min": sooner})
        if done.matched_count:
            await publish(self._engine)
        else:
            await self._db.feed.update_one({"_id": feed_id}, {"$min": sooner})

    async def set_aside(self, feed_id: int, until: float, reason: str) -> None:
        plan = {
            "next_pull_at": until, "state": "failing", "pullable": True, "error": reason, "reason": reason,
            "lease_until": 0.0, **waiting(),
        }  # fmt: skip
        await self._db.feed.update_one({"_id": feed_id}, {"$set": plan})
        await publish(self._engine)

    async def pause_host(self, host: str, until: float, reason: str, *, now: float) -> None:
        """The pause first: a pull that is about to begin sees it."""
        await self._db.host_pause.delete_many({"until": {"$lte": now}})
        try:
            shorter = {"_id": host, "until": {"$lt": until}}
            await self._db.host_pause.update_one(shorter, {"$set": {"until": until, "reason": reason}}, upsert=True)
        except DuplicateKeyError:
            pass  # one that ends later is there
        query = {"pullable": True, "host": host, "next_pull_at": {"$lt": until}}
        await self._db.feed.update_many(query, {"$set": {"next_pull_at": until, "reason": reason}})

    async def record_pull(self, feed_id: int, token: int, result: PullResult) -> bool:
        """The line of the log first, then all else in one write under the token, which takes the line back when it
        finds itself fenced. Two round trips if we leased it, which pulls that end together share; a change that lists
        show is published after."""
        held = {"_id": feed_id, "lease_token": token}
        fields = {"url": 1, **dict.fromkeys(SHOWN, 1)}
        before = self._begun.pop(feed_id, None)
        if before is not None and before["lease_token"] != token:
            before = None
        for attempt in range(ATTEMPTS):
            before = before or await self._db.feed.find_one(held, fields)
            if before is None:
                return False
            after = _recorded(result)
            shown: Document = {name: after.get(name, before[name]) for name in SHOWN}
            changed = any(shown[name] != before[name] for name in SHOWN)
            if changed:
                after |= waiting()
            if (shown["title"], shown["site_url"]) != (before["title"], before["site_url"]):
                await set_words(self._engine, feed_id, shown["title"], before["url"], shown["site_url"])
            await self._lines.ask(result.pull)
            # Somebody may have woken it meanwhile: whether there is a change to publish is for what stands there now.
            same = {**held, **{name: before[name] for name in SHOWN}}
            before = None
            if await self._ends.ask((same, after)):
                if changed:
                    await publish(self._engine)
                await self._trim(result.pull)
                return True
            await self._db.pull.delete_one({"_id": pull_key(feed_id, result.pull.at), "feed_id": feed_id})
            await pause(attempt)
        raise StoreError("A pull could not be recorded: others kept being quicker.")

    async def _log(self, pulls: list[Pull]) -> list[None]:
        await self._db.pull.bulk_write(
            [
                ReplaceOne(
                    {"_id": pull_key(pull.feed_id, pull.at), "feed_id": pull.feed_id},
                    {name: getattr(pull, name) for name in PULL},
                    upsert=True,
                )
                for pull in pulls
            ],
            ordered=False,
        )
        return [None] * len(pulls)

    async def _end(self, pulls: list[tuple[Document, Document]]) -> list[bool]:
        """Which of these writes (the feed as it has to stand there, the fields) were done."""
        done = await self._db.feed.bulk_write(
            [UpdateOne(same, {"$set": after}) for same, after in pulls], ordered=False
        )
        if done.matched_count in (0, len(pulls)):
            return [done.matched_count > 0] * len(pulls)
        query = {"_id": {"$in": [same["_id"] for same, _ in pulls]}}
        feeds = await self._db.feed.find(query, {"lease_token": 1, "last_pull_at": 1}, batch_size=ALL).to_list()
        ended = {(feed["_id"], feed["lease_token"], feed["last_pull_at"]) for feed in feeds}
        return [(same["_id"], same["lease_token"], after["last_pull_at"]) in ended for same, after in pulls]

    async def _trim(self, pull: Pull) -> None:
        if round(pull.at) % TRIM_EVERY == 0:  # now and then will do
            newest = self._db.pull.find({"feed_id": pull.feed_id}, {"at": 1}, batch_size=ALL).sort("at", -1)
            last = await newest.skip(PULLS_KEPT).limit(1).to_list()
            if last:
                await self._db.pull.delete_many({"feed_id": pull.feed_id, "at": {"$lte": last[0]["at"]}})

    async def pulls(self, feed_id: int, limit: int) -> list[Pull]:
        found = self._db.pull.find({"feed_id": feed_id}, batch_size=ALL).sort("at", -1).limit(limit)
        return [pull_of(row) for row in await found.to_list()] if limit else []

    async def pull_states(self, feed_ids: Sequence[int]) -> list[PullState]:
        """Two round trips: the feeds, and the last pull of each."""
        feeds = await self._db.feed.find({"_id": {"$in": list(feed_ids)}}, STATE, batch_size=ALL).to_list()
        pulled = [feed for feed in feeds if feed["last_pull_at"] is not None]
        query = {
            "_id": {"$in": [pull_key(feed["_id"], feed["last_pull_at"]) for feed in pulled]},
            "feed_id": {"$in": [feed["_id"] for feed in pulled]},
        }
        rows = await self._db.pull.find(query, batch_size=ALL).to_list() if pulled else []
        last = {row["feed_id"]: row for row in rows}
        return [_pull_state(feed, last.get(feed["_id"], {})) for feed in feeds]

    async def states(self) -> dict[str, int]:
        """From the index alone."""
        counted = await self._db.feed.aggregate(
            [{"$match": {"state": {"$gt": ""}}}, {"$group": {"_id": "$state", "count": {"$sum": 1}}}], batchSize=ALL
        )
        return {each["_id"]: each["count"] async for each in counted}

    async def stats(self, now: float) -> dict[str, int]:
        """Sums of the whole store as the database keeps them; what is counted is only what is due or does not work.

        "entries" counts what is stored: what a star alone keeps, too.
        """
        db = self._db
        due = {"pullable": True, "next_pull_at": {"$lte": now}, "lease_until": {"$lte": now}}
        found = await asyncio.gather(
            db.feed.estimated_document_count(),
            db.feed.count_documents(due),
            db.feed.count_documents({"state": "failing"}),
            db.feed.count_documents({"state": "gone"}),
            db.entry.estimated_document_count(),
            db.subscription.estimated_document_count(),
            db.user.estimated_document_count(),
            db.subscription.count_documents(GONE),
        )
        names = ("feeds", "due", "failing", "gone", "entries", "subscriptions", "users")
        out = dict(zip(names, found, strict=False))
        out["subscriptions"] -= found[-1]
        return out


def _recorded(result: PullResult) -> Document:
    """What a pull writes into its feed."""
    at, error = result.pull.at, result.error
    after: Document = {
        "state": result.state, "pullable": result.state != "gone", "next_pull_at": result.next_pull_at,
        "reason": result.reason, "errors": result.errors, "error": error, "etag": result.etag,
        "last_modified": result.last_modified, "body_digest": result.body_digest, "rhythm": result.rhythm,
        "hint_seconds": result.hint_seconds, "moved_to": result.moved_to, "moved_count": result.moved_count,
        "moved_since": result.moved_since, "last_pull_at": at, "lease_until": 0.0, "lost": 0,
    }  # fmt: skip
    if error is None:
        after["last_ok_at"] = at
    if result.identity is not None:
        identity = result.identity
        after |= {
            "criterion": identity.criterion, "criterion_note": identity.note, "renewals": identity.renewals,
        }  # fmt: skip
    if result.meta is not NO_META:
        meta = result.meta
        named = {
            "title": meta.title, "site_url": meta.site_url, "description": meta.description,
            "language": meta.language, "format": meta.format,
        }  # fmt: skip
        after |= {name: value for name, value in named.items() if value is not None}
    return after


def _pull_state(feed: Document, pull: Document) -> PullState:
    return PullState(
        feed["_id"], feed["last_pull_at"], feed["next_pull_at"], feed["lease_until"], feed["state"], feed["error"],
        pull.get("new", 0), pull.get("updated", 0), pull.get("status"),
    )  # fmt: skip
