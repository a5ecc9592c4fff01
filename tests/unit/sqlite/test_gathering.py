"""The writer's queue: patient writes gather, an urgent one takes them all along, none is lost."""

from __future__ import annotations

import asyncio
import random
import threading
import time

from reader.mappers.sqlite import SqliteMappers
from reader.mappers.sqlite.gathering import Gathering


def test_an_urgent_one_does_not_wait_for_the_patient() -> None:
    queue: Gathering[int] = Gathering(patience=60)
    queue.put(1, patient=True)
    queue.put(2, patient=False)
    start = time.monotonic()
    assert queue.take() == [1, 2]
    assert time.monotonic() - start < 30


def test_patient_ones_come_together() -> None:
    queue: Gathering[int] = Gathering()
    queue.put(1, patient=True)
    threading.Timer(0.003, queue.put, args=(2,), kwargs={"patient": True}).start()
    assert queue.take() == [1, 2]


def test_nothing_is_lost_or_reordered_whoever_puts() -> None:
    queue: Gathering[tuple[int, int]] = Gathering()
    rng = random.Random(7)
    hurry = [[rng.random() < 0.1 for _ in range(2000)] for _ in range(4)]

    def feed(who: int) -> None:
        for number, urgent in enumerate(hurry[who]):
            queue.put((who, number), patient=not urgent)

    threads = [threading.Thread(target=feed, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()

    def end() -> None:
        for thread in threads:
            thread.join()
        queue.close()

    threading.Thread(target=end).start()
    taken: list[tuple[int, int]] = []
    while (some := queue.take()) is not None:
        taken += some
    for who in range(4):
        assert [number for owner, number in taken if owner == who] == list(range(2000))


async def test_patient_writes_share_a_commit(store: SqliteMappers) -> None:
    commits: list[str] = []
    store.engine.trace(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    sql = "INSERT INTO icon (digest, type, body) VALUES (?, 't', 'b')"

    async def write(number: int) -> None:
        await asyncio.sleep(number * 0.0001)
        await store.engine.write_patiently(lambda con: con.execute(sql, (str(number),)))

    await asyncio.gather(*(write(number) for number in range(50)))
    count = await store.engine.read(lambda con: con.execute("SELECT count(*) FROM icon").fetchone()[0])
    assert count == 50
    assert len(commits) <= 10
