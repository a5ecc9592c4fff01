"""What holds for the migrations of every database, so that versions of Evantr can follow each other without a pause.

Migrations are numbered and only ever added. One that older processes can live with (new tables, collections, columns
with defaults, indexes: it *expands*) has a plain name. One that takes something away which they use *contracts*: its
name ends in "_contract". It comes a version after the one that stopped using it; and that one names it in TO_COME, so
that the two can run beside each other.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from reader.mappers.errors import StoreError

CONTRACT = "_contract"
TO_COME: tuple[str, ...] = ()
"""Contracting migrations of the next version that this one can already live with."""

log = logging.getLogger(__name__)


def check_newer(done: Collection[str], known: Collection[str]) -> None:
    """Raises StoreError if the store has been through a contracting migration that this version does not know: it would
    read or write what is no more. Tells in the log of others that it does not know; it works on beside newer ones."""
    newer = sorted(set(done) - set(known))
    if not newer:
        return
    if any(name.endswith(CONTRACT) for name in set(newer) - set(TO_COME)):
        raise StoreError(
            f"The database was brought up to date by a newer Evantr ({newer[-1]}), which this one cannot work with."
            " Start the newer version; to go back, restore a backup that the older one made."
        )
    log.warning("the database is of a newer version; this one works with it: %s", ", ".join(newer))
