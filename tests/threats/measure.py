"""Memory of a piece of work, taken in a process of its own."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAD = """
import asyncio, resource, sys
from reader import log
log.configure("error")
def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
_start = 0.0
def before():
    "What was loaded up to here does not count."
    global _start
    _start = _peak()
"""
TAIL = "\nprint('grown', _peak() - _start)\n"


async def growth_of(code: str, *, seconds: float = 120.0) -> float:
    """Megabytes by which the peak of resident memory grew from before() in ``code`` to its end."""
    program = HEAD + textwrap.dedent(code) + TAIL
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, errors = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, errors.decode()[-3000:]
    return float(out.decode().rpartition("grown ")[2])
