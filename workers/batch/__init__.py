"""Batch commands (``evantr ingest WHAT``): one JSON object per line in, one per line out, in the same order.

Each line is done in a process of a small pool under a time and a memory limit, as a pull's document is, so that no
document can stop the others. docs/batch.md describes them for users.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from reader.errors import EvantrError, Invalid, Upstream
from workers.batch.task import Task

SECONDS = 10.0
SECONDS_FOR = {"replay": 600.0}  # hundreds of documents in one line
MEMORY_BYTES = 1_500_000_000
LIFE_TASKS = 5000
AHEAD = 16  # lines under way per process
KINDS = ("parse", "discover", "clean", "text", "opml", "address", "date", "replay")
"""Each is a module of this package with ``one(task) -> dict``; it raises EvantrError for a document that fails."""

Line = bytes | str
Answer = dict[str, Any]


def work(what: str, lines: Iterable[Line], processes: int | None = None) -> Iterator[bytes]:
    """Answers for ``lines`` as JSON without line ends, one each, in order. Blank lines are left out.

    An answer comes as soon as it and those before it are there, not only when the next line has come: who talks to the
    command line by line waits for each.
    """
    from concurrent.futures import Future

    from pebble import ProcessPool

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([])
    pool = ProcessPool(
        processes or min(4, os.cpu_count() or 1), max_tasks=LIFE_TASKS, initializer=_prepare, context=context
    )
    under_way: deque[tuple[Line, Future[bytes]]] = deque()
    room = threading.Semaphore(AHEAD * (processes or 2))
    news: queue.SimpleQueue[Line | Exception | None] = queue.SimpleQueue()  # b"": one is done; None: no more lines
    threading.Thread(target=_read, args=(lines, room, news), daemon=True).start()
    reading = True
    try:
        while reading or under_way:
            line = news.get()
            if isinstance(line, Exception):
                raise line
            if line:
                future = pool.schedule(perform, (what, line), timeout=SECONDS_FOR.get(what, SECONDS))
                under_way.append((line, future))
                future.add_done_callback(lambda _: news.put(b""))
            reading = reading and line is not None
            while under_way and under_way[0][1].done():
                room.release()
                yield _gather(what, *under_way.popleft())
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _read(lines: Iterable[Line], room: threading.Semaphore, news: queue.SimpleQueue[Line | Exception | None]) -> None:
    """Lines into ``news`` as far as there is ``room``; at the end None, or what went wrong."""
    try:
        for line in lines:
            if line.strip():
                room.acquire()
                news.put(line)
        news.put(None)
    except Exception as error:
        news.put(error)


def perform(what: str, line: Line) -> bytes:
    """The answer to one line; whatever is wrong with it becomes {"id", "error": {"kind", "message"}}."""
    identity: Any = None
    try:
        values = _object(line)
        identity = values.get("id")
        _check_text(line)
        module = importlib.import_module(f"workers.batch.{what}")
        one: Callable[[Task], Answer] = module.one
        return _dumped({"id": identity} | one(Task(values)))
    except (MemoryError, RecursionError):
        return failure(identity, "too_large", "The document takes too much memory to read.")
    except EvantrError as error:
        return failure(identity, error.kind if isinstance(error, Upstream) else "invalid", str(error))
    except Exception as error:
        return failure(identity, "internal", f"{type(error).__name__}: {error}")


def failure(identity: Any, kind: str, message: str) -> bytes:
    """The answer for a line that fails."""
    message = message.encode("utf-8", "replace").decode()[:1000]
    return _dumped({"id": identity, "error": {"kind": kind, "message": message}})


def _object(line: Line) -> dict[str, Any]:
    """The object of a line. What orjson refuses or rounds (a lone surrogate, a mark of byte order, whole numbers beyond
    64 bits) Python's own module reads, so that an id comes back as it was."""
    try:
        values = orjson.loads(line)
        if isinstance(values, dict) and isinstance(values.get("id"), float | list | dict):
            values = json.loads(line)
    except ValueError as error:
        text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
        try:
            values = json.loads(text.removeprefix("\ufeff"), parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Invalid(f"The line is not JSON: {error}.") from None
    if not isinstance(values, dict):
        raise Invalid("The line is not a JSON object.")
    return values


def _no_number(name: str) -> float:
    raise ValueError(name)


def _check_text(line: Line) -> None:
    """Raises Invalid for a line that is not UTF-8. Its id is known by then."""
    try:
        if isinstance(line, bytes):
            line.decode()
    except UnicodeDecodeError as error:
        raise Invalid(f"The line is not UTF-8: {error.reason} at byte {error.start}.") from None


def _dumped(answer: Answer) -> bytes:
    try:
        return orjson.dumps(answer)
    except TypeError:  # an id that only Python's own module can write
        return json.dumps(answer, separators=(",", ":")).encode()


def _gather(what: str, line: Line, future: Any) -> bytes:
    from pebble import ProcessExpired

    try:
        answer: bytes = future.result()
        return answer
    except TimeoutError:
        return failure(_id_of(line), "timeout", f"It takes longer than {SECONDS_FOR.get(what, SECONDS):g} seconds.")
    except ProcessExpired:
        return failure(_id_of(line), "too_large", "The process that read it died.")


def _id_of(line: Line) -> Any:
    try:
        return _object(line).get("id")
    except Invalid:
        return None


def _prepare() -> None:
    import resource

    from reader import log

    log.configure("error")  # what is told about a document stands in its answer
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
