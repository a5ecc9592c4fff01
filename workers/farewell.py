"""How a web server stops listening: whoever was let in is answered, whoever comes later is refused.

uvicorn closes its socket with those still in it whom it has not accepted yet, and connections whose request has not
come yet: to them that looks like a failure, while a proxy that is refused asks another process.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import uvicorn

SETTLE_SECONDS = 0.05  # until the loop has let go of the socket
FRESH_SECONDS = 0.5  # for a request to come over a connection that was just made


async def stop_listening(server: uvicorn.Server, sock: socket.socket) -> None:
    """Afterwards nobody can connect, and all who did have sent their request or had time to."""
    with sock.dup() as spare:
        spare.setblocking(False)
        for each in server.servers:
            each.close()
        await asyncio.sleep(SETTLE_SECONDS)
        came = _accepted(spare)  # nothing may come between the last of them and the end of the socket
    loop = asyncio.get_running_loop()
    for connection in came:
        await loop.connect_accepted_socket(lambda: _protocol(server), connection)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FRESH_SECONDS):
            while any(_is_fresh(each) for each in server.server_state.connections):  # noqa: ASYNC110 -- no event tells
                await asyncio.sleep(0.01)


def _accepted(sock: socket.socket) -> list[socket.socket]:
    came = []
    with contextlib.suppress(BlockingIOError):
        while True:
            connection, _ = sock.accept()
            connection.setblocking(False)
            came.append(connection)
    return came


def _protocol(server: uvicorn.Server) -> asyncio.Protocol:
    make = cast(Any, server.config.http_protocol_class)
    made: asyncio.Protocol = make(
        config=server.config, server_state=server.server_state, app_state=server.lifespan.state
    )
    return made


def _is_fresh(connection: Any) -> bool:
    """Whether no request has come yet. One that became a WebSocket has no cycle."""
    return getattr(connection, "cycle", connection) is None
