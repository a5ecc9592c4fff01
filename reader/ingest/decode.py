"""Content-Encoding undone step by step, so that a compressed bomb stops at the limit."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Protocol

from reader.errors import Upstream

STEP = 65_536
MAX_CODINGS = 3
ACCEPT_ENCODING = "gzip, deflate, br, zstd"


class Decoder(Protocol):
    """Bytes of the wire in, decoded bytes out. Every output stays within the limit given at the start."""

    def feed(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


def too_large(limit: int) -> Upstream:
    """The error for a body over ``limit`` bytes."""
    size = f"{limit // 1_000_000} MB" if limit >= 1_000_000 else f"{limit // 1000} kB"
    return Upstream("too_large", f"The answer is larger than {size}. Evantr stops reading there.")


class Body:
    """Collects a response body: undoes its codings while it arrives, and stops at ``limit`` decoded bytes."""

    def __init__(self, content_encoding: str, limit: int) -> None:
        self.limit = limit
        self.wire_bytes = 0
        self._chunks: list[bytes] = []
        self._size = 0
        names = [name.strip().lower() for name in content_encoding.split(",")]
        codings = [name for name in names if name and name != "identity"]
        if len(codings) > MAX_CODINGS:
            raise Upstream("encoding", "The answer is compressed over and over. Evantr does not unpack it.")
        self._decoders = [_decoder(name, limit) for name in reversed(codings)]

    def feed(self, data: bytes) -> None:
        """Take bytes as they came. Raises Upstream("too_large" or "encoding")."""
        self.wire_bytes += len(data)
        if self.wire_bytes > self.limit:
            raise too_large(self.limit)
        for decoder in self._decoders:
            data = _guarded(decoder.feed, data)
        self._keep(data)

    def finish(self) -> bytes:
        """The whole decoded body; a body that is gzip though no header says so is unpacked too."""
        for position, decoder in enumerate(self._decoders):
            data = _guarded(lambda _, end=decoder.finish: end(), b"")  # type: ignore[misc]  # bound to this turn
            for later in self._decoders[position + 1 :]:
                data = _guarded(later.feed, data)
            self._keep(data)
        body = b"".join(self._chunks)
        if body.startswith(b"\x1f\x8b\x08"):
            unpacked = _Deflate(self.limit)
            body = _guarded(unpacked.feed, body) + unpacked.finish()
        return body

    def _keep(self, data: bytes) -> None:
        if data:
            self._chunks.append(data)
            self._size += len(data)
            if self._size > self.limit:
                raise too_large(self.limit)


def _guarded(call: Callable[[bytes], bytes], data: bytes) -> bytes:
    """Run one decoder; whatever its library raises becomes Upstream("encoding")."""
    try:
        return call(data)
    except Upstream:
        raise
    except Exception as error:  # zlib, brotli and zstandard each have their own error, without a common base
        raise Upstream("encoding", "The answer is compressed in a way that does not unpack.") from error


def _decoder(name: str, limit: int) -> Decoder:
    if name in ("gzip", "x-gzip", "deflate"):
        return _Deflate(limit)
    if name == "br":
        return _Brotli(limit)
    if name == "zstd":
        return _Zstd(limit)
    raise Upstream("encoding", f"The answer is compressed with {name[:20]!r}, which Evantr does not know.")


class _Deflate:
    """gzip (many members too), zlib, raw deflate, and plain bytes under a wrong label."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._head = b""
        self._inner: zlib._Decompress | None = None
        self._plain = False
        self._gzip = False

    def feed(self, data: bytes) -> bytes:
        if self._plain:
            return data
        if self._inner is None:
            self._head += data
            if len(self._head) < 2:
                return b""
            data, self._head = self._head, b""
            if not self._start(data):
                return data
        return self._run(data)

    def finish(self) -> bytes:
        head, self._head = self._head, b""
        return head  # shorter than two bytes: no compressed stream is

    def _start(self, data: bytes) -> bool:
        self._gzip = data.startswith(b"\x1f\x8b")
        zlib_header = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
        if self._gzip or zlib_header:
            self._inner = zlib.decompressobj(wbits=47)
            return True
        if data.lstrip()[:1] in (b"<", b"{", b"\xef", b"\xfe", b"\xff"):
            self._plain = True
            return False
        self._inner = zlib.decompressobj(wbits=-15)
        return True

    def _run(self, data: bytes) -> bytes:
        out = []
        while data and self._inner is not None:
            piece = self._inner.decompress(data, STEP)
            self._size += len(piece)
            if self._size > self._limit:
                raise too_large(self._limit)
            out.append(piece)
            data = self._inner.unconsumed_tail
            if self._inner.eof:
                data = self._next_member()
            elif not piece and not data:
                break
        return b"".join(out)

    def _next_member(self) -> bytes:
        rest = self._inner.unused_data if self._inner is not None else b""
        if not (self._gzip and rest.startswith(b"\x1f\x8b")):
            return b""  # padding after the stream
        self._inner = zlib.decompressobj(wbits=47)
        return rest


class _Brotli:
    def __init__(self, limit: int) -> None:
        import brotli

        self._inner = brotli.Decompressor()
        self._limit = limit
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        out = []
        while data or not self._inner.can_accept_more_data():
            piece = self._inner.process(data, output_buffer_limit=STEP)
            data = b""
            self._size += len(piece)
            if self._size > self._limit:
                raise too_large(self._limit)
            out.append(piece)
            if self._inner.is_finished():
                break
        return b"".join(out)

    def finish(self) -> bytes:
        return b""


class _Zstd:
    """Unpacked at the end: only the pulling reader of the library can stop in the middle of an input block."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._wire = bytearray()

    def feed(self, data: bytes) -> bytes:
        self._wire += data
        if len(self._wire) > self._limit:
            raise too_large(self._limit)
        return b""

    def finish(self) -> bytes:
        import zstandard

        # RFC 9659: a window above 8 MB is not for the web.
        decompressor = zstandard.ZstdDecompressor(max_window_size=8 << 20)
        out, size = [], 0
        with decompressor.stream_reader(io.BytesIO(self._wire), read_across_frames=True) as reader:
            while piece := reader.read(STEP):
                out.append(piece)
                size += len(piece)
                if size > self._limit:
                    raise too_large(self._limit)
        return b"".join(out)
