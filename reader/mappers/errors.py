"""What every implementation raises when its database fails."""

from __future__ import annotations

from reader.errors import Away

AWAY = "The database does not answer. What is stored is safe; try again in a moment."


class StoreError(Exception):
    """The database refused an operation or does not answer (disk full, lock, network); its own error is the cause."""


class StoreAway(StoreError, Away):
    """It does not answer now, or somebody holds it for too long."""

    def __init__(self) -> None:
        super().__init__(AWAY)
