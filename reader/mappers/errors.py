"""What every implementation raises when its database fails."""

from __future__ import annotations


class StoreError(Exception):
    """The database refused an operation or does not answer (disk full, lock, network); its own error is the cause."""
