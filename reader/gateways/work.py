"""Jobs that are rows: taking one, ending it, handing it back; and leases by name.

The row is the truth. Whoever takes a job gets a fence token; one who lost it can no longer write the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import orjson
import structlog

from reader.clock import Clock
from reader.events import JobFinished, PubSub, job_topic
from reader.jobs import Payload, key_of, kind_of
from reader.mappers import Mappers
from reader.models.job import Job, Lease
from reader.process import WARD, holder_name, is_dead

log = structlog.get_logger(__name__)


SUSPECT = 2
"""Once may be chance: dozens of jobs run when somebody pulls the plug."""


class Suspect(Exception):
    """The last runs of this job ended with their process: it may have ended them. ``lost``: how many in a row."""

    def __init__(self, lost: int) -> None:
        super().__init__(f"{lost} runs of this job ended with their process")
        self.lost = lost


def is_row(payload: Payload) -> bool:
    """Whether jobs of this kind are rows (a pull is due by its feed's schedule instead)."""
    return payload.ROW


class WorkGateway:
    def __init__(self, mappers: Mappers, bus: PubSub, clock: Clock) -> None:
        self._jobs = mappers.jobs
        self._leases = mappers.leases
        self._feeds = mappers.feeds
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
        return [payload for row in rows if (payload := payload_of(row.name, row.args)) is not None]

    async def take(self, payload: Payload, seconds: float) -> Job | None:
        """The job, ours for ``seconds``; None when it is done or somebody else has it."""
        now = self._clock.now()
        row = await self._jobs.start(key_of(payload), now, now + seconds, holder_name())
        if row is not None and row.lost >= SUSPECT and payload.WATCHED:
            await self._jobs.hold(row.key, row.lease_token, holder_name() + WARD)
        return row

    async def beat(self, jobs: Sequence[Job], seconds: float) -> list[str]:
        """Keep running jobs ours for ``seconds`` more; the keys of those that are not (lost, cancelled)."""
        held = [(job.key, job.lease_token) for job in jobs]
        return await self._jobs.beat(held, self._clock.now() + seconds)

    async def free_dead(self) -> int:
        """End the leases of processes of this machine that are dead: nobody need wait for their end.

        What they ran falls under suspicion, unless it was watched: then only who watched knows whether it did it.
        """
        now = self._clock.now()
        freed = 0
        for holder in {*await self._jobs.holders(), *await self._feeds.holders(now)}:
            if is_dead(holder):
                counts = not holder.endswith(WARD)
                freed += await self._jobs.free(holder, counts=counts)
                freed += await self._feeds.free(holder, now, counts=counts)
        if freed:
            log.warning("what dead processes ran is taken over", jobs=freed)
        return freed

    async def free_ward(self, holder: str, *, counts: bool) -> None:
        """The ward of that name died while we live. It ``counts`` where one job alone ran in it."""
        await self._feeds.free(holder, self._clock.now(), counts=counts)

    async def cancel(self, key: str) -> bool:
        """A waiting or running job is over; who runs it is fenced and learns it by its next beat."""
        if not await self._jobs.cancel(key, self._clock.now()):
            return False
        await self._bus.publish(job_topic(key), JobFinished(key))
        return True

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

    async def lose(self, job: Job) -> None:
        """The process that ran it for us died: it waits again, under suspicion."""
        await self._jobs.give_back(job.key, job.lease_token, lost=True)

    async def trust(self, job: Job) -> None:
        """It has run long enough to be above suspicion."""
        await self._jobs.trust(job.key, job.lease_token)

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


def payload_of(name: str, args: str) -> Payload | None:
    """A job from its row; None for one that this version does not know, or cannot read."""
    kind = kind_of(name)
    if kind is None:
        log.warning("a job of an unknown name is left alone", name=name)
        return None
    try:
        return kind(**orjson.loads(args))
    except (TypeError, ValueError) as error:
        log.warning("a job cannot be read", name=name, args=args, error=str(error))
        return None
