"""Jobs for programs: submit one of the public kinds, read its state, wait for many. Each sees their own alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import orjson
import structlog

from reader.cache import Cache
from reader.errors import Conflict, Invalid, Limited, NotFound
from reader.gateways.submissions import SubmissionGateway
from reader.ingest.address import normalize
from reader.jobs import Discover, Payload, PullFeed, RunImport
from reader.models.operations import JobView, Owned
from reader.models.user import Actor
from reader.services.access import Access
from reader.services.imports import ImportService

log = structlog.get_logger(__name__)

RIGHT = "jobs"  # what a token needs for anything here
FOLLOWED_MOST = 1000
SUBMITTED_MOST, PER_SECONDS = 3000, 60  # submissions of one person
ADDRESS_MOST = 4096
WAIT_MOST = 60.0
Prepare = Callable[[Actor, Mapping[str, object]], Awaitable[Payload | RunImport]]


class JobService:
    def __init__(self, access: Access, submissions: SubmissionGateway, imports: ImportService, cache: Cache) -> None:
        self._access = access
        self._submissions = submissions
        self._cache = cache
        self._imports = imports
        self._kinds: dict[str, Prepare] = {"pull": self._pull, "discover": self._discover, "import": self._import}

    def may(self, actor: Actor) -> None:
        """Raises Forbidden for who may not submit or follow jobs."""
        self._access.right(actor, RIGHT)

    async def submit(self, actor: Actor, kind: str, args: Mapping[str, object]) -> JobView:
        """Submit a job: "pull" {"feed_id": 7} (a feed one subscribes to), "discover" {"address": "site.example"},
        "import" {"opml": the text of a file} or {"import_id": 5} (one that was uploaded; it is started).

        The same job that waits or runs already is joined, not doubled. Raises Invalid for a kind that is not public
        or arguments that will not do, NotFound for another's feed.
        """
        user_id = self._access.right(actor, RIGHT)
        prepare = self._kinds.get(kind)
        if prepare is None:
            message = f"There is no kind “{kind}”. There are: {', '.join(self._kinds)}."
            raise Invalid(message, {"kind": message})
        if await self._cache.increment(f"jobs:1:{user_id}", PER_SECONDS) > SUBMITTED_MOST:
            raise Limited(f"You submitted {SUBMITTED_MOST:,} jobs within a minute. Wait a little.", PER_SECONDS)
        payload = await prepare(actor, args)
        view = await self._submissions.submit(user_id, payload)
        log.info("job.submitted", user_id=user_id, kind=kind, job=view.key)
        return view

    async def get(self, actor: Actor, key: str) -> JobView:
        """Raises NotFound unless the actor submitted it."""
        (wish,) = await self._owned(actor, [key])
        return (await self._submissions.look([wish]))[0]

    async def own(self, actor: Actor, limit: int = 50) -> Sequence[JobView]:
        """The actor's newest submissions first."""
        return await self._submissions.page(self._access.right(actor, RIGHT), max(1, min(limit, 500)))

    async def wait(self, actor: Actor, keys: Sequence[str], seconds: float) -> Sequence[JobView]:
        """Long polling: all of ``keys`` as they are, once one has ended or after ``seconds`` (60 at most)."""
        wishes = await self._owned(actor, keys)
        return await self._submissions.wait(wishes, max(0.0, min(seconds, WAIT_MOST)))

    async def follow(self, actor: Actor, keys: Sequence[str]) -> AsyncIterator[JobView]:
        """Each of ``keys`` once, as it ends; over when all have. ``async for view in await follow(...)``.

        Close the iterator (aclose) when the client is gone: that forgets it.
        """
        return self._submissions.follow(await self._owned(actor, keys))

    async def cancel(self, actor: Actor, key: str) -> bool:
        """End an own job that waits or runs; False when it is over already. Others who wished for it lose it too."""
        (wish,) = await self._owned(actor, [key])
        if wish.name == RunImport.NAME:
            return await self._cancel_import(actor, orjson.loads(wish.args)["import_id"])
        done = await self._submissions.cancel(wish)
        log.info("job.cancelled", user_id=wish.user_id, job=key, done=done)
        return done

    async def _owned(self, actor: Actor, keys: Sequence[str]) -> list[Owned]:
        user_id = self._access.right(actor, RIGHT)
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            raise Invalid("Say which jobs.", {"keys": "missing"})
        if len(wanted) > FOLLOWED_MOST:
            raise Limited(f"At most {FOLLOWED_MOST} jobs can be followed at once.", retry_after=1)
        found = {wish.key: wish for wish in await self._submissions.owned(user_id, wanted)}
        if len(found) < len(wanted):
            raise NotFound("There is no such job.")
        return [found[key] for key in wanted]

    async def _pull(self, actor: Actor, args: Mapping[str, object]) -> Payload:
        feed_id = args.get("feed_id")
        if not isinstance(feed_id, int) or isinstance(feed_id, bool) or not 0 < feed_id < 1 << 53:
            raise Invalid("A pull needs the id of a feed.", {"feed_id": "has to be the id of a feed"})
        sub = await self._access.pulled(actor, feed_id)
        return PullFeed(sub.feed_id, user=True)

    async def _discover(self, actor: Actor, args: Mapping[str, object]) -> Payload:
        typed = args.get("address")
        if not isinstance(typed, str) or not typed.strip():
            raise Invalid("A discovery needs an address.", {"address": "has to be an address"})
        if len(typed) > ADDRESS_MOST:
            message = f"That address is longer than {ADDRESS_MOST} characters."
            raise Invalid(message, {"address": message})
        return Discover(normalize(typed), typed)

    async def _import(self, actor: Actor, args: Mapping[str, object]) -> RunImport:
        """Starts an import: of a file whose text comes along, or of one that was uploaded and waits as a preview."""
        opml, import_id = args.get("opml"), args.get("import_id")
        if isinstance(opml, str) and import_id is None:
            name = args.get("name")
            uploaded = await self._imports.upload(actor, name if isinstance(name, str) else "job.opml", opml.encode())
            import_id = uploaded.job.id
        if not isinstance(import_id, int) or isinstance(import_id, bool) or not 0 < import_id < 1 << 53:
            words = "An import needs the text of an OPML file (opml), or the id of one that was uploaded (import_id)."
            raise Invalid(words, {"opml": "has to be the text of an OPML file"})
        if (await self._imports.get(actor, import_id)).job.state == "preview":
            await self._imports.start(actor, import_id)
        return RunImport(import_id)

    async def _cancel_import(self, actor: Actor, import_id: int) -> bool:
        try:
            await self._imports.cancel(actor, import_id)
        except Conflict:
            return False
        return True
