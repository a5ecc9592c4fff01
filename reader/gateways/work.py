"""Jobs that are rows: taking one, ending it, handing it back; and leases by name.

The row is the truth. Whoever takes a job gets a fence token; one who lost it can no longer write the result.
"""

from __future__ import annotations

from dataclasses import asdict

import orjson
import structlog

from reader.clock import Clock
from reader.events import JobFinished, PubSub, job_topic
from reader.jobs import Discover, FetchIcon, Payload, key_of
from reader.mappers import Mappers
from reader.models.job import Job, Lease

log = structlog.get_logger(__name__)

ROW_JOBS: dict[str, type[Discover] | type[FetchIcon]] = {Discover.NAME: Discover, FetchIcon.NAME: FetchIcon}


def is_row(payload: Payload) -> bool:
    """Whether jobs of this kind are rows (a pull is due by its feed's schedule instead)."""
    return payload.NAME in ROW_JOBS


class WorkGateway:
    def __init__(self, mappers: Mappers, bus: PubSub, clock: Clock) -> None:
        self._jobs = mappers.jobs
        self._leases = mappers.leases
        self._bus = bus
        self._clock = clock

    async def submit(self, payload: Payload, *, delay: float = 0.0) -> tuple[Job, bool]:
        """Write the row of a job; True if this call made it wait. Enqueue it afterwards."""
        args = orjson.dumps(asdict(payload)).decode()
        now = self._clock.now()
        key, queue = key_of(payload), payload.queue
        return await self._jobs.put(key, payload.NAME, args, queue, now=now, run_at=now + delay)

    async def get(self, key: str) -> Job | None:
        return await self._jobs.get(key)

    async def due(self, limit: int) -> list[Payload]:
        """What waits in the rows, or was left behind by a process that died; oldest first."""
        rows = await self._jobs.due(self._clock.now(), limit)
        return [payload for row in rows if (payload := _payload_of(row)) is not None]

    async def take(self, payload: Payload, seconds: float) -> Job | None:
        """The job, ours for ``seconds``; None when it is done or somebody else has it."""
        now = self._clock.now()
        return await self._jobs.start(key_of(payload), now, now + seconds)

    async def finish(self, job: Job, result: str) -> bool:
        """Store the result and tell who waits. False when the lease was lost meanwhile."""
        if not await self._jobs.finish(job.key, job.lease_token, result, self._clock.now()):
            return False
        await self._bus.publish(job_topic(job.key), JobFinished(job.key))
        return True

    async def fail(self, job: Job, error: str, retry_after: float | None) -> bool:
        """Let it wait ``retry_after`` seconds for its next attempt; None: it has failed for good."""
        now = self._clock.now()
        retry_at = None if retry_after is None else now + retry_after
        if not await self._jobs.fail(job.key, job.lease_token, error, now, retry_at):
            return False
        if retry_at is None:
            await self._bus.publish(job_topic(job.key), JobFinished(job.key))
        return True

    async def give_back(self, job: Job) -> None:
        """This process is shutting down; another may take the job at once."""
        await self._jobs.give_back(job.key, job.lease_token)

    async def lead(self, name: str, holder: str, seconds: float) -> Lease | None:
        """Take or extend the lease ``name``; None while another holder has it."""
        now = self._clock.now()
        return await self._leases.take(name, holder, now, now + seconds)

    async def leader(self, name: str) -> Lease | None:
        return await self._leases.get(name)

    async def resign(self, lease: Lease) -> None:
        """Give a lease up (or away from a holder that is known to be dead)."""
        await self._leases.drop(lease.name, lease.token)


def _payload_of(row: Job) -> Payload | None:
    kind = ROW_JOBS.get(row.name)
    if kind is None:
        log.warning("a job row of an unknown name is left alone", name=row.name, job=row.key)
        return None
    try:
        return kind(**orjson.loads(row.args))
    except (TypeError, ValueError) as error:
        log.warning("a job row cannot be read", job=row.key, error=str(error))
        return None
