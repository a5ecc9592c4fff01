"""A process apart for jobs that may have ended their process: its death costs nobody else anything, and proves who.

A suspect runs here beside other suspects first, then alone. The parent writes one JSON line per job to standard input
and reads one per result from standard output; when the parent dies, input ends, and so does the ward.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import structlog

from reader.errors import EvantrError
from reader.gateways.pulls import PullOutcome
from reader.jobs import Payload
from reader.process import become_ward, holder_of_ward
from reader.settings import Settings

log = structlog.get_logger(__name__)

COMMAND: tuple[str, ...] = (sys.executable, "-m", "workers.ward")
IDLE_SECONDS = 20.0
AT_ONCE = 32
LATE_SECONDS = 10.0  # after its time limit a job must have answered, or the ward hangs
LINE_BYTES = 64 * 1024 * 1024


class WardDied(Exception):
    """The process ended while this job ran in it; ``holder`` is the name that its leases bear."""

    def __init__(self, code: int | None, holder: str, crowd: int) -> None:
        self.holder = holder
        self.alone = crowd <= 1
        """Nothing else ran in it: it was this job."""
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        super().__init__(f"it ended its process ({how})")


class WardFailed(Exception):
    """The job raised an exception; the text says which."""


class Ward:
    """The parent's side: at most one process, started when it is needed, ended when it is not."""

    def __init__(self, settings: Settings, command: Sequence[str] | None = None) -> None:
        self._settings = settings
        self._command = tuple(command or COMMAND)
        self._process: asyncio.subprocess.Process | None = None
        self._holder = ""
        self._reading: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._starting = asyncio.Lock()
        self._gate = asyncio.Condition()
        self._inside = 0
        self._alone = False
        self._idle: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def run(self, payload: Payload, *, alone: bool, seconds: float) -> str | PullOutcome | None:
        """What jobs.run would return. Raises WardDied, WardFailed, or TimeoutError after ``seconds``."""
        async with self._place(alone):
            answer = await self._ask(payload, seconds)
        if answer.get("late"):
            raise TimeoutError
        if "error" in answer:
            raise WardFailed(answer["error"])
        result = answer["result"]
        return PullOutcome(**result) if isinstance(result, dict) else result

    async def close(self) -> None:
        """End the process now; what runs in it is lost, and known to be."""
        if self._idle is not None:
            self._idle.cancel()
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
        if self._reading is not None:
            await self._reading

    @asynccontextmanager
    async def _place(self, alone: bool) -> AsyncIterator[None]:
        async with self._gate:
            await self._gate.wait_for(lambda: not self._alone and self._inside < (1 if alone else AT_ONCE))
            self._inside += 1
            self._alone = alone
        try:
            yield
        finally:
            async with self._gate:
                self._inside -= 1
                self._alone = False
                self._gate.notify_all()
            if not self._inside:
                self._rest()

    def _rest(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_if_idle)

    def _end_if_idle(self) -> None:
        if not self._inside and self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def _ask(self, payload: Payload, seconds: float) -> dict[str, Any]:
        process = await self._started()
        self._number += 1
        number = self._number
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        line = json.dumps({"n": number, "name": payload.NAME, "args": asdict(payload), "seconds": seconds})
        try:
            if process is not self._process or process.stdin is None:
                raise WardDied(process.returncode, self._holder, len(self._answers))
            process.stdin.write(line.encode() + b"\n")
            return await asyncio.wait_for(answer, seconds + LATE_SECONDS)
        except TimeoutError:
            process.kill()  # it hangs as a whole: even its timer did not run
            raise
        except asyncio.CancelledError:
            process.kill()
            raise
        finally:
            self._answers.pop(number, None)

    async def _started(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is not None:
                return self._process
            pipe = asyncio.subprocess.PIPE
            process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, limit=LINE_BYTES)
            assert process.stdin is not None
            process.stdin.write(self._settings.model_dump_json().encode() + b"\n")
            self._process = process
            self._holder = holder_of_ward(process.pid)
            self._reading = asyncio.create_task(self._read(process), name="ward")
            return process

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            answer = json.loads(line)
            waiting = self._answers.get(answer["n"])
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)
        holder = self._holder
        code = await process.wait()
        if process is self._process:
            self._process = None
        crowd = [waiting for waiting in self._answers.values() if not waiting.done()]
        for waiting in crowd:
            waiting.set_exception(WardDied(code, holder, len(crowd)))


# ---- the process itself


async def live(run: Any = None) -> None:
    """Until standard input ends. ``run(container, payload)`` does a job (workers.jobs.run without it)."""
    from reader import log as logs
    from reader.container import build
    from workers import jobs
    from workers.cpu import CpuPool
    from workers.jobs import pull
    from workers.local import RowsOnly

    reader = asyncio.StreamReader(limit=LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    settings = Settings(_env_file=None, **json.loads(await reader.readline()))
    logs.configure(settings.log_level, settings.log_format)
    pull.careful = False
    become_ward()
    cpu = CpuPool(1)
    container = await build(settings, queue=RowsOnly(), cpu=cpu)
    await container.fetcher.start()
    running: set[asyncio.Task[None]] = set()
    while line := await reader.readline():
        task = asyncio.create_task(_serve(container, json.loads(line), run or jobs.run))
        running.add(task)
        task.add_done_callback(running.discard)
    os._exit(0)  # the parent is gone, or wants no more: nothing here is worth a moment


async def _serve(container: Any, asked: dict[str, Any], run: Any) -> None:
    from reader.gateways.work import payload_of

    answer: dict[str, Any] = {"n": asked["n"]}
    try:
        payload = payload_of(asked["name"], json.dumps(asked["args"]))
        async with asyncio.timeout(asked["seconds"]):
            result = await run(container, payload)
        answer["result"] = asdict(result) if isinstance(result, PullOutcome) else result
    except TimeoutError:
        answer["late"] = True
    except EvantrError as error:
        answer["error"] = str(error)
    except Exception as error:
        log.exception("a job failed")
        answer["error"] = f"{type(error).__name__}: {error}"
    _say(answer)


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(live())
