"""Who a process is, so that others on this machine can see whether it lives, and what it uses."""

from __future__ import annotations

import functools
import os
import socket
from pathlib import Path


@functools.lru_cache(8)
def _name_of(pid: int) -> str:
    return f"{_machine()}/{pid}/{_started(pid)}"


WARD = "/ward"
"""Ends the name of a holder that runs what may have ended its process before: its death is judged by who watches it."""
_suffix = ""


def holder_name() -> str:
    """This process: machine, process number, its start."""
    return _name_of(os.getpid()) + _suffix


def holder_of_ward(pid: int) -> str:
    """The name under which the ward with that process number holds leases."""
    return f"{_machine()}/{pid}/{_started(pid)}{WARD}"


def become_ward() -> None:
    """From now on this process holds leases as a ward."""
    global _suffix
    _suffix = WARD


def is_dead(holder: str) -> bool:
    """Whether ``holder`` (a holder_name) was a process of this machine that is no more. In doubt: no."""
    parts = holder.removesuffix(WARD).split("/")
    if len(parts) != 3 or parts[0] != _machine() or not parts[1].isdecimal() or not parts[2]:
        return False
    return _started(int(parts[1])) != parts[2]


def host_and_pid(holder: str) -> tuple[str, int]:
    """What a person needs to know of a holder_name; ("?", 0) for anything else."""
    machine, _, rest = holder.partition("/")
    pid = rest.partition("/")[0]
    return (machine.partition(":")[0], int(pid)) if pid.isdecimal() else ("?", 0)


def memory_of(pid: int) -> int:
    """Resident bytes of a process; 0 when there is none, or no way to tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


@functools.lru_cache(1)
def _machine() -> str:
    """This boot and, because process numbers mean nothing outside it, this process namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()}:{boot[:13]}:{Path('/proc/self/ns/pid').readlink().name}"
    except OSError:
        return socket.gethostname()


def _started(pid: int) -> str:
    """Start of a process in clock ticks since boot; "" when there is none, or no way to tell."""
    try:
        # The name of the program, in parentheses, may hold anything; the fields behind it may not.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in ("Z", "X") else fields[19]  # a zombie runs nothing any more
    except (OSError, IndexError):
        return ""
