"""demo: the program with a small site of its own. (Filled in by workers/demo.)"""

from __future__ import annotations

import click


@click.command()
def demo() -> None:
    """Soon."""
