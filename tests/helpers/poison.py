"""A worker, and a ward, in which pulling a feed whose address names poison ends the process. Run as a program::

python -m tests.helpers.poison worker     (EVANTR_* as for evantr; "ward" is for its child)
"""

from __future__ import annotations

import asyncio
import os
import sys

from reader.gateways import pulls
from workers import ward

CODE = 66
COMMAND = (sys.executable, "-m", "tests.helpers.poison", "ward")


def infect() -> None:
    """From now on a pull of a poisonous feed ends this process, its lease in hand."""
    healthy = pulls.PullGateway._go

    async def go(self: pulls.PullGateway, trip: pulls._Trip) -> pulls.PullOutcome:
        if "/poison" in trip.feed.url:
            os._exit(CODE)
        return await healthy(self, trip)

    pulls.PullGateway._go = go  # type: ignore[method-assign]
    ward.COMMAND = COMMAND


def main() -> None:
    infect()
    if sys.argv[1] == "ward":
        asyncio.run(ward.live())
        return
    from reader.settings import Settings
    from workers.program import Program
    from workers.serve import work

    program = Program(Settings(), updater=False, polls=True, role="worker")
    asyncio.run(work(program, print, "worker"))


if __name__ == "__main__":
    main()
