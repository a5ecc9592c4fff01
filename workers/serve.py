"""Processes that run until a signal: the web server with or without workers, and workers alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import structlog

from reader.container import Container
from reader.settings import Settings
from workers.farewell import stop_listening
from workers.program import Program

if TYPE_CHECKING:
    import uvicorn

AppFactory = Callable[[Container], Any]  # → an ASGI application

log = structlog.get_logger(__name__)

WEB_GRACE_SECONDS = 3
WEB_SOCKET_BYTES = 100_000  # the largest message that a client may send: a thousand keys


class CannotStart(Exception):
    """A sentence that says what is in the way, and what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises CannotStart in words."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: what a vanished client never took is thrown away (RFC 5482)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 60_000)
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except (OSError, OverflowError) as error:
        sock.close()
        raise CannotStart(_why_not(host, port, error)) from None
    sock.setblocking(False)
    return sock


def _why_not(host: str, port: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == 98:
        return f"Port {port} on {host} is taken by another program. Choose another: --port {port + 1}"
    if number == 13:
        return f"Port {port} needs the rights of the system administrator. Choose one above 1023: --port 8000"
    return f"Evantr cannot listen on {host} port {port}: {error}."


def address_of(sock: socket.socket) -> str:
    """http://… of a listening socket, as a person types it into a browser on this machine."""
    host, port = sock.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 -- compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(program: Program, sock: socket.socket, create_app: AppFactory, say: Callable[[str], None]) -> None:
    """Web server and the parts of ``program`` in this process, until SIGTERM or Ctrl-C; drains within 10 s."""
    container = await program.open()
    try:
        app = create_app(container)
        server = _server(app)
        with signals(_reload(program)) as stop:
            serving = asyncio.create_task(server.serve(sockets=[sock]))
            await _started(server, serving)
            program.start()
            say(f"Evantr is at {address_of(sock)}")
            await _first(stop.wait(), serving)
            say("Evantr ends what it is doing; press Ctrl-C again to end at once.")
            if not serving.done():
                await stop_listening(server, sock)
            app.state.streams.close()  # live channels end now; their clients come back to the next process
            server.should_exit = True
            await asyncio.gather(serving, program.stop())
    finally:
        await program.close()


async def work(program: Program, say: Callable[[str], None], name: str) -> None:
    """The parts of ``program`` without a web server, until a signal."""
    await program.open()
    try:
        with signals(_reload(program)) as stop:
            program.start()
            say(f"The {name} runs.")
            await stop.wait()
            say(f"The {name} ends what it is doing.")
    finally:
        await program.close()


def _reload(program: Program) -> Callable[[], None]:
    """What SIGHUP does: the settings file of queues is read again."""
    tasks: set[asyncio.Task[None]] = set()

    def reload() -> None:
        log.info("SIGHUP: the settings file is read again")
        task = asyncio.get_running_loop().create_task(program.container.gateways.operations.reload())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return reload


@contextlib.contextmanager
def signals(on_hangup: Callable[[], None] | None = None) -> Iterator[asyncio.Event]:
    """An event that the first SIGTERM or Ctrl-C sets. The second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    if on_hangup is not None:
        loop.add_signal_handler(signal.SIGHUP, on_hangup)
    try:
        yield stop
    finally:
        if on_hangup is not None:
            loop.remove_signal_handler(signal.SIGHUP)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def check_data(settings: Settings) -> None:
    """Raises CannotStart unless the data folder can be written."""
    probe = settings.data / f".write-{os.getpid()}"
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"Evantr cannot write to its data folder {settings.data.absolute()}: {error.strerror}. "
            "Choose another with --data or EVANTR_DATA."
        ) from None


def run(main: Any) -> None:
    """Run a coroutine on uvloop where there is one."""
    try:
        import uvloop

        factory: Callable[[], asyncio.AbstractEventLoop] | None = uvloop.new_event_loop
    except ImportError:
        factory = None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


def _server(app: Any) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Signals are ours: the workers have to hear them too."""
            yield

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the application believes only the proxies of the settings
        timeout_graceful_shutdown=WEB_GRACE_SECONDS,
        ws_max_size=WEB_SOCKET_BYTES,
        ws_per_message_deflate=False,  # messages are small, and packing each costs memory for every connection
    )
    return Server(config)


async def _started(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    while not server.started:
        if serving.done():
            await serving
            raise CannotStart("The web server ended as it started; the log says why.")
        await asyncio.sleep(0.005)


async def _first(wait: Any, serving: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(wait)
    await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
