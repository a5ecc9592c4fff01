"""One keep-alive connection on a bare socket, so that the client costs as little as possible."""

from __future__ import annotations

import socket
import time


class Connection:
    """Sends ready bytes and reads one answer with a Content-Length."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = f"{host}:{port}"

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
        """The request as bytes, to be sent many times."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def send(self, request: bytes) -> tuple[int, bytes]:
        """(status, body)."""
        self._socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        lowered = head.lower()
        start = lowered.index(b"content-length:") + 15
        length = int(lowered[start:].split(b"\r\n", 1)[0])
        parts, have = [body], len(body)
        while have < length:
            parts.append(self._receive())
            have += len(parts[-1])
        return int(head[9:12]), b"".join(parts)

    def _receive(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data

    def timed(self, request: bytes) -> float:
        """Milliseconds of one request; anything but a 200 is an error."""
        start = time.perf_counter()
        status, body = self.send(request)
        took = (time.perf_counter() - start) * 1000
        if status != 200:
            raise RuntimeError(f"{status}: {body[:300]!r}")
        return took

    def close(self) -> None:
        self._socket.close()
