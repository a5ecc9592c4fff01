"""One connection to NATS that never gives up and never gets in the way.

While the broker is away nothing is queued and nobody waits: what is published then is lost, a request fails at once.
nats-py reconnects by itself; where it gives up (a server that refuses us, say) a new client takes its place, with the
same subscriptions.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from reader.tasks import end

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 2
RECONNECT_SECONDS = 0.5
PING_SECONDS = 3  # a server that answers none of two is gone
ANSWER_SECONDS = 2.0
PENDING_BYTES = 4_000_000  # not yet taken by the server; what is more is lost
Message = Msg
Heard = Callable[[Message], Awaitable[None]]


class Unreachable(Exception):
    """The broker is away, or does not answer."""


class NobodyListens(Exception):
    """The broker is there, but nobody who could answer."""


class Connection:
    """``name`` is shown by the broker's own monitoring. ``start`` returns at once; ``close`` ends it."""

    def __init__(self, servers: str, name: str, *, echo: bool = True) -> None:
        self._servers = [server.strip() for server in servers.split(",") if server.strip()]
        self._name = name
        self._echo = echo
        self._client: Client | None = None
        self.inbox = f"_INBOX.{secrets.token_hex(11)}"
        """Where nobody else listens: the beginning of subjects for answers."""
        self._heard: dict[str, Heard] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._listeners: list[Callable[[bool], None]] = []
        self._silent = False
        self._probing = False
        self._told = False
        self._last_error = ""
        self._is_up = asyncio.Event()
        self._closed = asyncio.Event()
        self._ended = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- its life

    def start(self) -> None:
        self._keep(self._live())
        self._keep(self._say_if_away())

    async def ready(self, seconds: float = CONNECT_SECONDS) -> bool:
        """Waits until it is up, but no longer than that; whether it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_up.wait()
        return self.up

    async def close(self) -> None:
        self._closed.set()
        self._ended.set()
        await end(self._tasks)
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    @property
    def up(self) -> bool:
        """Connected, and it answered when it was asked last."""
        return self._client is not None and self._client.is_connected and not self._silent

    def on_change(self, tell: Callable[[bool], None]) -> None:
        """``tell(up)`` is called whenever that changes."""
        self._listeners.append(tell)

    def _tell(self) -> None:
        if self._told != self.up:
            self._told = self.up
            (self._is_up.set if self.up else self._is_up.clear)()
            if self.up:
                log.info("NATS is there", name=self._name)
            else:
                self._say_away()
            for tell in self._listeners:
                tell(self.up)

    def _say_away(self) -> None:
        log.warning("NATS is away", name=self._name, servers=self._shown(), error=self._last_error)

    async def _say_if_away(self) -> None:
        """nats-py tries for ever without a word: who starts Evantr beside a wrong address has to hear of it."""
        if not await self.ready() and not self._closed.is_set():
            self._say_away()

    def _keep(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self) -> None:
        """A client after the other, each as long as it lives."""
        while not self._closed.is_set():
            self._ended.clear()
            try:
                self._client = await self._connect()
            except Exception as error:
                log.warning("NATS takes no connection", servers=self._shown(), error=str(error))
                await asyncio.sleep(RECONNECT_SECONDS * (1 + random.random()))  # noqa: S311 -- spreads processes only
                continue
            for subject in list(self._heard):
                await self._subscribe(subject)
            self._tell()
            await self._ended.wait()

    async def _connect(self) -> Client:
        client = Client()
        try:
            await client.connect(
                self._servers,
                name=self._name,
                no_echo=not self._echo,
                allow_reconnect=True,
                max_reconnect_attempts=-1,
                reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]
                connect_timeout=CONNECT_SECONDS,
                ping_interval=PING_SECONDS,
                max_outstanding_pings=2,
                pending_size=PENDING_BYTES * 2,
                error_cb=self._on_error,
                disconnected_cb=self._on_change,
                reconnected_cb=self._on_change,
                closed_cb=self._on_closed,
            )
        except BaseException:
            await client.close()
            raise
        return client

    def _shown(self) -> list[str]:
        """Servers without what is secret about them."""
        return [f"{urlsplit(server).hostname}:{urlsplit(server).port}" for server in self._servers]

    async def _on_error(self, error: Exception) -> None:
        self._last_error = str(error) or type(error).__name__
        log.debug("NATS", name=self._name, error=repr(error))

    async def _on_change(self) -> None:
        self._silent = False
        self._tell()

    async def _on_closed(self) -> None:
        self._tell()
        self._subscriptions.clear()
        self._ended.set()

    # ---- talking

    async def publish(self, subject: str, data: bytes, reply: str = "", headers: dict[str, str] | None = None) -> bool:
        """Hands a message on; False where it is lost, since the broker is away or takes nothing."""
        client = self._client
        if client is None or not client.is_connected or client.pending_data_size > PENDING_BYTES:
            return False
        try:
            await client.publish(subject, data, reply, headers)
        except NatsError:
            return False
        return True

    async def request(
        self, subject: str, data: bytes, headers: dict[str, str] | None = None, seconds: float = ANSWER_SECONDS
    ) -> Msg:
        """The answer. Raises Unreachable when there is none in time, NobodyListens where nobody could give one."""
        client = self._client
        if client is None or not self.up:
            raise Unreachable("NATS is away")
        try:
            return await client.request(subject, data, seconds, headers=headers)
        except NoRespondersError:
            raise NobodyListens(subject) from None
        except (NatsError, TimeoutError, OSError) as error:
            self._doubt(client)
            raise Unreachable(f"NATS did not answer: {error!r}") from error

    async def ask_all(self, subject: str, data: bytes, seconds: float) -> Msg | None:
        """The first answer of those who listen there and have one; None when nobody does within ``seconds``."""
        client = self._client
        if client is None or not self.up:
            return None
        try:
            return await client.request(subject, data, seconds)
        except (NatsError, OSError):
            return None

    def _doubt(self, client: Client) -> None:
        """A question was left unanswered. We may have been too busy ourselves to hear the answer, so ask once more;
        then nobody waits for it again until it answers."""
        if not self._probing:
            self._probing = True
            self._keep(self._probe(client))

    async def _probe(self, client: Client) -> None:
        try:
            while client is self._client and client.is_connected:
                try:
                    await client.flush(CONNECT_SECONDS)
                except (NatsError, OSError):
                    self._silent = True
                    self._tell()
                    await asyncio.sleep(RECONNECT_SECONDS)
                else:
                    self._silent = False
                    break
        finally:
            self._probing = False
            self._tell()

    async def settle(self, seconds: float = 1.0) -> None:
        """Returns once the broker has taken in what was sent before; after ``seconds`` at most."""
        client = self._client
        if client is None or not self.up:
            return
        try:
            async with asyncio.timeout(seconds):
                while client.pending_data_size:  # noqa: ASYNC110 -- its ping would overtake what it has not written yet
                    await asyncio.sleep(0.0005)
                await client.flush(CONNECT_SECONDS)
        except (NatsError, TimeoutError, OSError):
            self._doubt(client)

    # ---- listening

    async def listen(self, subject: str, heard: Heard) -> None:
        """``heard`` is called with each message; the subscription outlives reconnections."""
        self._heard[subject] = heard
        await self._subscribe(subject)

    async def _subscribe(self, subject: str) -> None:
        client = self._client
        if client is None or client.is_closed or subject in self._subscriptions:
            return
        self._subscriptions[subject] = await client.subscribe(subject, cb=self._heard[subject])

    async def leave(self, subject: str) -> None:
        self._heard.pop(subject, None)
        subscription = self._subscriptions.pop(subject, None)
        if subscription is not None and self._client is not None and not self._client.is_closed:
            await subscription.unsubscribe()
