"""Read sets as bytes."""

from __future__ import annotations

from pyroaring import BitMap


def pack(read: BitMap) -> bytes:
    """Serialized as small as it gets."""
    read.run_optimize()
    read.shrink_to_fit()
    packed: bytes = read.serialize()
    return packed


def unpack(packed: bytes) -> BitMap:
    return BitMap.deserialize(packed)


def span(above: int, to: int) -> BitMap:
    """The seqs above ``above`` up to ``to``."""
    return BitMap(range(above + 1, to + 1)) if to > above else BitMap()
