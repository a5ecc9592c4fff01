"""A server that stops answers whom it let in, whether accepted or not, and refuses the rest."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
import uvicorn

from workers.farewell import stop_listening
from workers.serve import bind

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await asyncio.sleep(0.05)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def test_who_was_let_in_is_answered_and_nobody_after() -> None:
    sock = bind("127.0.0.1", 0)
    address = sock.getsockname()
    server = uvicorn.Server(uvicorn.Config(hello, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    # The loop stands still meanwhile: these wait to be accepted, as under load.
    waiting = [socket.create_connection(address) for _ in range(5)]
    waiting[0].sendall(REQUEST)
    stopping = asyncio.create_task(stop_listening(server, sock))
    await asyncio.sleep(0.2)
    for each in waiting[1:]:
        each.sendall(REQUEST)
    await stopping
    server.should_exit = True
    answers = await asyncio.gather(*(asyncio.to_thread(_read, each) for each in waiting))
    assert all(answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"hello") for answer in answers)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    await serving


def _read(connection: socket.socket) -> bytes:
    with connection:
        connection.settimeout(10)
        found = b""
        while part := connection.recv(1000):
            found += part
        return found
