from __future__ import annotations

import asyncio

from reader.mappers import Mappers
from reader.models.job import Job
from reader.models.operations import DeadLetter
from reader.models.subscription import Undo
from tests.contract.mappers.make import add_user


async def put(mappers: Mappers, key: str = "k", now: float = 1.0, run_at: float = 1.0) -> tuple[Job, bool]:
    return await mappers.jobs.put(key, "discover", '{"a":1}', "discovery", now=now, run_at=run_at)


async def test_a_key_waits_once(mappers: Mappers) -> None:
    results = await asyncio.gather(*(put(mappers) for _ in range(5)))
    assert sum(made for _, made in results) == 1
    job = await mappers.jobs.get("k")
    assert job == Job("k", "discover", '{"a":1}', "discovery", "waiting", 0, 1.0, 0, 0.0, None, None, 1.0, None)
    assert await mappers.jobs.get("other") is None


async def test_one_of_many_starts_it(mappers: Mappers) -> None:
    await put(mappers, run_at=5.0)
    assert await mappers.jobs.start("k", 4.9, 20.0) is None
    started = await asyncio.gather(*(mappers.jobs.start("k", 5.0, 20.0) for _ in range(5)))
    (job,) = [each for each in started if each]
    assert (job.state, job.attempts, job.lease_until) == ("running", 1, 20.0)
    assert (await put(mappers))[1] is False


async def test_due_oldest_first_and_lost_ones_again(mappers: Mappers) -> None:
    await put(mappers, "later", now=3.0, run_at=50.0)
    await put(mappers, "b", now=2.0, run_at=2.0)
    await put(mappers, "a", now=1.0, run_at=1.0)
    assert [job.key for job in await mappers.jobs.due(10.0, 10)] == ["a", "b"]
    assert [job.key for job in await mappers.jobs.due(10.0, 1)] == ["a"]
    await mappers.jobs.start("a", 10.0, 20.0)
    assert [job.key for job in await mappers.jobs.due(19.0, 10)] == ["b"]
    assert [job.key for job in await mappers.jobs.due(20.0, 10)] == ["a", "b"]


async def test_a_zombie_is_fenced(mappers: Mappers) -> None:
    await put(mappers)
    first = await mappers.jobs.start("k", 1.0, 2.0)
    second = await mappers.jobs.start("k", 2.0, 9.0)
    assert first is not None
    assert second is not None
    assert second.lease_token > first.lease_token
    assert not await mappers.jobs.finish("k", first.lease_token, "{}", 3.0)
    assert not await mappers.jobs.fail("k", first.lease_token, "no", 3.0, None)
    assert not await mappers.jobs.give_back("k", first.lease_token)
    assert await mappers.jobs.finish("k", second.lease_token, '{"ok":1}', 4.0)
    done = await mappers.jobs.get("k")
    assert done is not None
    assert (done.state, done.result, done.finished_at) == ("done", '{"ok":1}', 4.0)
    again, made = await put(mappers, now=10.0, run_at=10.0)
    assert made
    assert (again.state, again.attempts, again.result, again.finished_at) == ("waiting", 0, None, None)
    assert again.lease_token >= second.lease_token


async def test_failing_for_now_and_for_good(mappers: Mappers) -> None:
    await put(mappers)
    job = await mappers.jobs.start("k", 1.0, 2.0)
    assert job is not None
    assert await mappers.jobs.fail("k", job.lease_token, "dns", 1.5, 30.0)
    assert await mappers.jobs.due(29.0, 5) == []
    job = await mappers.jobs.start("k", 30.0, 40.0)
    assert job is not None
    assert (job.attempts, job.error) == (2, "dns")
    assert await mappers.jobs.fail("k", job.lease_token, "gone", 31.0, None)
    failed = await mappers.jobs.get("k")
    assert failed is not None
    assert (failed.state, failed.error, failed.finished_at) == ("failed", "gone", 31.0)
    assert await mappers.jobs.start("k", 99.0, 100.0) is None
    assert (await put(mappers))[1]


async def test_giving_back_does_not_count(mappers: Mappers) -> None:
    await put(mappers)
    job = await mappers.jobs.start("k", 1.0, 2.0)
    assert job is not None
    assert await mappers.jobs.give_back("k", job.lease_token)
    (waiting,) = await mappers.jobs.due(1.0, 5)
    assert (waiting.state, waiting.attempts) == ("waiting", 0)


async def test_finished_jobs_are_removed(mappers: Mappers) -> None:
    for key in ("old", "new", "waiting"):
        await put(mappers, key)
    for key, at in (("old", 5.0), ("new", 15.0)):
        job = await mappers.jobs.start(key, 1.0, 2.0)
        assert job is not None
        await mappers.jobs.finish(key, job.lease_token, "{}", at)
    assert await mappers.jobs.remove_finished(10.0) == 1
    assert await mappers.jobs.get("old") is None
    assert await mappers.jobs.get("new") is not None
    assert await mappers.jobs.get("waiting") is not None


async def test_a_lease_has_one_holder_and_a_rising_token(mappers: Mappers) -> None:
    assert await mappers.leases.get("updater") is None
    first = await mappers.leases.take("updater", "a", 1.0, 10.0)
    assert first is not None
    assert await mappers.leases.take("updater", "b", 9.0, 20.0) is None
    extended = await mappers.leases.take("updater", "a", 9.0, 20.0)
    assert extended is not None
    assert (extended.token, extended.until) == (first.token, 20.0)
    second = await mappers.leases.take("updater", "b", 20.0, 30.0)
    assert second is not None
    assert second.token > first.token
    assert await mappers.leases.get("updater") == second
    again = await mappers.leases.take("updater", "b", 31.0, 40.0)
    assert again is not None
    assert again.token > second.token


async def test_dropping_a_lease(mappers: Mappers) -> None:
    first = await mappers.leases.take("updater", "a", 1.0, 10.0)
    assert first is not None
    await mappers.leases.drop("updater", first.token + 1)
    assert await mappers.leases.take("updater", "b", 2.0, 10.0) is None
    await mappers.leases.drop("updater", first.token)
    assert await mappers.leases.get("updater") is None
    second = await mappers.leases.take("updater", "b", 2.0, 10.0)
    assert second is not None
    assert second.token > first.token


async def test_undo_is_taken_once_by_its_owner_in_time(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    undo = Undo("t", ann.id, "mark", "3 marked as read", "{}", 1.0, 10.0)
    await mappers.undo.add(undo)
    assert await mappers.undo.take(bob.id, "t", 2.0) is None
    assert await mappers.undo.take(ann.id, "t", 10.0) is None
    taken = await asyncio.gather(*(mappers.undo.take(ann.id, "t", 9.0) for _ in range(4)))
    assert [each for each in taken if each] == [undo]


async def test_latest_undo_and_trim(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    for number in range(3):
        await mappers.undo.add(Undo(f"t{number}", ann.id, "mark", "", "{}", float(number), 10.0 + number))
    await mappers.undo.add(Undo("other", ann.id, "move", "", "{}", 9.0, 99.0))
    latest = await mappers.undo.latest(ann.id, "mark", 5.0)
    assert latest is not None
    assert latest.token == "t2"
    assert await mappers.undo.latest(ann.id, "mark", 12.0) is None
    assert await mappers.undo.trim(11.5) == 2
    assert await mappers.undo.take(ann.id, "t2", 5.0) is not None


async def test_beats_extend_what_is_held(mappers: Mappers) -> None:
    for key in ("a", "b", "c"):
        await put(mappers, key)
    held = {key: await mappers.jobs.start(key, 1.0, 10.0, "me") for key in ("a", "b", "c")}
    tokens = [(key, job.lease_token) for key, job in held.items() if job]
    await mappers.jobs.cancel("c", 2.0)
    assert await mappers.jobs.beat([*tokens[:1], ("b", 99), *tokens[2:]], 50.0) == ["b", "c"]
    assert [job.key for job in await mappers.jobs.due(40.0, 9)] == ["b"]
    await mappers.jobs.beat(tokens[:1], 20.0)  # a late one does not shorten it
    assert [job.key for job in await mappers.jobs.due(40.0, 9)] == ["b"]


async def test_what_a_dead_holder_ran_waits_again(mappers: Mappers) -> None:
    for key in ("a", "b", "c"):
        await put(mappers, key)
    await mappers.jobs.start("a", 1.0, 100.0, "dead")
    await mappers.jobs.start("b", 1.0, 100.0, "alive")
    assert sorted(await mappers.jobs.holders()) == ["alive", "dead"]
    assert await mappers.jobs.free("dead") == 1
    assert await mappers.jobs.holders() == ["alive"]
    assert [job.key for job in await mappers.jobs.due(2.0, 9)] == ["a", "c"]
    again = await mappers.jobs.start("a", 2.0, 100.0, "heir")
    assert again is not None
    assert (again.attempts, again.lost, again.lease_holder) == (2, 1, "heir")


async def test_what_a_watched_holder_ran_is_above_suspicion(mappers: Mappers) -> None:
    await put(mappers)
    job = await mappers.jobs.start("k", 1.0, 100.0, "me")
    assert job is not None
    assert not await mappers.jobs.hold("k", job.lease_token + 1, "other")
    assert await mappers.jobs.hold("k", job.lease_token, "me/ward")
    assert await mappers.jobs.free("me") == 0
    assert await mappers.jobs.free("me/ward", counts=False) == 1
    again = await mappers.jobs.start("k", 2.0, 100.0)
    assert again is not None
    assert (again.lost, again.attempts) == (0, 1)


async def test_a_lease_that_ran_out_counts_as_lost(mappers: Mappers) -> None:
    await put(mappers)
    await mappers.jobs.start("k", 1.0, 10.0)
    second = await mappers.jobs.start("k", 10.0, 20.0)
    assert second is not None
    assert second.lost == 1
    assert await mappers.jobs.give_back("k", second.lease_token, lost=True)
    third = await mappers.jobs.start("k", 11.0, 20.0)
    assert third is not None
    assert (third.lost, third.attempts) == (2, 3)
    assert not await mappers.jobs.trust("k", second.lease_token)
    assert await mappers.jobs.trust("k", third.lease_token)
    trusted = await mappers.jobs.get("k")
    assert trusted is not None
    assert (trusted.lost, trusted.attempts) == (0, 1)


async def test_errors_of_attempts_are_its_story(mappers: Mappers) -> None:
    await put(mappers)
    for error in ("one", "zwei"):
        job = await mappers.jobs.start("k", 1.0, 2.0)
        assert job is not None
        await mappers.jobs.fail("k", job.lease_token, error, 1.0, 1.0)
    (waiting,) = await mappers.jobs.due(1.0, 5)
    assert waiting.story == '["one","zwei"]'


async def test_cancelling(mappers: Mappers) -> None:
    for key in ("waits", "runs", "done"):
        await put(mappers, key)
    runs, done = await mappers.jobs.start("runs", 1.0, 9.0), await mappers.jobs.start("done", 1.0, 9.0)
    assert runs is not None
    assert done is not None
    await mappers.jobs.finish("done", done.lease_token, "{}", 2.0)
    assert [await mappers.jobs.cancel(key, 3.0) for key in ("waits", "runs", "done", "none")] == [
        True,
        True,
        False,
        False,
    ]
    assert not await mappers.jobs.finish("runs", runs.lease_token, "{}", 4.0)
    cancelled = await mappers.jobs.get("runs")
    assert cancelled is not None
    assert (cancelled.state, cancelled.finished_at) == ("cancelled", 3.0)
    assert [job.key for job in await mappers.jobs.due(99.0, 9)] == []
    assert (await put(mappers, "waits", now=5.0))[1]


async def test_many_by_key_and_open_ones_by_queue(mappers: Mappers) -> None:
    for number, key in enumerate(("a", "b", "c")):
        await put(mappers, key, now=float(number + 1), run_at=1.0 if key != "c" else 50.0)
    await mappers.jobs.start("a", 1.0, 9.0)
    assert sorted(job.key for job in await mappers.jobs.many(["a", "c", "none"])) == ["a", "c"]
    assert await mappers.jobs.open_counts(10.0) == {"discovery": (1, 1, 2.0)}


async def test_finished_jobs_are_removed_by_name(mappers: Mappers) -> None:
    await put(mappers)
    job = await mappers.jobs.start("k", 1.0, 2.0)
    assert job is not None
    await mappers.jobs.finish("k", job.lease_token, "{}", 5.0)
    assert await mappers.jobs.remove_finished(9.0, ["icon"]) == 0
    assert await mappers.jobs.remove_finished(9.0, ["icon", "discover"]) == 1


async def test_what_is_done_is_no_dead_letter(mappers: Mappers) -> None:
    await mappers.operations.bury(DeadLetter("k", "discover", "{}", "discovery", "no", (), 1, 1.0))
    await put(mappers)
    job = await mappers.jobs.start("k", 1.0, 2.0)
    assert job is not None
    assert not await mappers.jobs.finish("k", job.lease_token + 1, "{}", 2.0)
    assert await mappers.operations.dead_letter("k") is not None
    assert await mappers.jobs.finish("k", job.lease_token, "{}", 2.0)
    assert await mappers.operations.dead_letter("k") is None
