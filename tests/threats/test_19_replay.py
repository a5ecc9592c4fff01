"""Check 19: many versions of one feed, in order and shuffled: stored are the distinct ids, what is read stays so."""

from __future__ import annotations

import random

import pytest

from tests.threats.versions import Item, document, item, replay

SEED = 19


def history(versions: int, window: int, seed: int) -> list[list[Item]]:
    """A feed that gets an entry now and then, corrects some, drops and brings back others."""
    rng = random.Random(seed)
    texts: dict[int, int] = {}
    out: list[list[Item]] = []
    top = window
    for _ in range(versions):
        top += rng.choice((0, 0, 1, 1, 2, 7))
        if rng.random() < 0.3:
            texts[rng.randrange(max(0, top - window), top)] = rng.randrange(10)
        shown = [n for n in range(top, top - window, -1) if rng.random() > 0.05]
        # Some stories are told again later: the same link and title under another id and date.
        out.append(
            [
                item(n, text=f"<p>Told {texts.get(n, 0)} of {n}</p>")
                if n % 9
                else item(n, link="https://gazette.example/weekly", title="The week", text=f"<p>Week {n}</p>")
                for n in shown
            ]
        )
    return out


@pytest.mark.parametrize("shuffled", [False, True])
def test_400_versions(shuffled: bool) -> None:
    versions = history(400, 30, SEED)
    if shuffled:
        random.Random(SEED).shuffle(versions)
    read = {at: [one.guid or "" for one in versions[at] if hash(one.guid) % 2] for at in range(0, 400, 20)}
    done = replay([document(version) for version in versions], read)
    ids = {one.guid for version in versions for one in version}
    assert len(done.entries) == len(ids), f"seed {SEED}"
    assert {entry["uid"] for entry in done.entries} == ids
    marked = {uid for uids in read.values() for uid in uids}
    assert {entry["uid"] for entry in done.entries if entry["read"]} == marked
    for version, fetch in zip(versions, done.fetches, strict=True):
        assert fetch["new"] + fetch["updated"] + fetch["same"] == len(version)
