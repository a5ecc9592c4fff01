"""Sockets that look before they leap: every address is checked between DNS and connect."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from reader.ingest.address import INSIDE, check
from reader.settings import Network

AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]
RESOLVER_THREADS = 16


class RefusedAddress(OSError):
    """A socket for an inner address was asked for."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, INSIDE)


def guarded_connector(allow: tuple[Network, ...], limit: int) -> aiohttp.TCPConnector:
    """Make a connector for ``limit`` connections that refuses inner addresses outside ``allow``.

    aiohttp asks the socket factory for each candidate with getaddrinfo's tuple, whose last part holds the very
    address that is connected to next: literals, each DNS answer and each redirect pass here, so neither odd
    spellings nor names that change their answer get around it.
    """

    def open_socket(info: AddrInfo) -> socket.socket:
        family, kind, proto, _, address = info
        host = str(address[0])
        scope = address[3] if len(address) > 3 else 0
        if scope or check(ip_address(host), allow) is not None:
            raise RefusedAddress
        return socket.socket(family, kind, proto)

    return aiohttp.TCPConnector(
        limit=limit,
        limit_per_host=0,  # HostSlots counts by site, not by host and port
        resolver=ThreadResolver(),
        ttl_dns_cache=60,
        keepalive_timeout=15,
        socket_factory=open_socket,
    )


def was_refused(error: BaseException) -> bool:
    """Whether a connection failed because of RefusedAddress (maybe folded into a text with other failures)."""
    return isinstance(error, RefusedAddress) or INSIDE in str(error)


class ThreadResolver(AbstractResolver):
    """getaddrinfo in threads of its own: the loop's default pool is small and shared with everything else."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All stream addresses of ``host``; OSError when there are none."""
        loop = asyncio.get_running_loop()
        flags = socket.AI_ADDRCONFIG
        try:
            found = await loop.run_in_executor(
                self._pool, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, flags)
            )
        except UnicodeError as error:  # a label that is empty or too long for DNS
            raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, address in found
            if not (len(address) > 3 and address[3])  # link-local with a scope
        ]

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class HostSlots:
    """At most ``limit`` holders per key at a time; a key costs memory only while somebody holds or waits."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def enter(self, key: str) -> None:
        """Wait for a place under ``key``, first come first served; leave() must follow."""
        held = self._held.get(key, 0)
        if held < self._limit:
            self._held[key] = held + 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave(key)  # the place was ours already
            raise

    def leave(self, key: str) -> None:
        """Give the place to the next who waits, else free it."""
        waiting = self._waiting.get(key)
        while waiting:
            place = waiting.popleft()
            if not waiting:
                del self._waiting[key]
            if not place.done():
                place.set_result(None)
                return
        held = self._held[key] - 1
        if held:
            self._held[key] = held
        else:
            del self._held[key]
