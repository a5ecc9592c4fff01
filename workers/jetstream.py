"""What we ask of JetStream, in its own words: streams, consumers, and messages of jobs.

One stream per class of queues, a work queue: a message is gone when it is acknowledged. Its subject ends in the job's
key and takes one message at a time, so the server itself refuses a job that waits or runs already. One pull consumer
per queue. Requests are JSON on the subjects of the API (docs.nats.io, "JetStream wire API").
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from reader.jobs import USER_QUEUES
from reader.pubsub.connection import Connection, Message, NobodyListens, Unreachable

NS = 1_000_000_000
KEPT_SECONDS = 86_400  # nothing in a stream is older: by then its row has brought the job again
PULLS_MOST = 2048  # processes that wait at one consumer
EXISTS, MANY, NO_MESSAGE = 10058, 10077, 10037  # error codes of the server (server/jetstream_errors)
CLASSES = ("user", "system")


class Missing(Exception):
    """The stream or the consumer is not there (any more)."""


class Broken(Exception):
    """A stream is there, but takes no consumer: a server may be left so by a deletion that was under way."""

    def __init__(self, stream: str, why: str) -> None:
        super().__init__(f"{stream}: {why}")
        self.stream = stream


@dataclass(frozen=True, slots=True)
class Look:
    """A consumer as it was a moment ago."""

    waiting: int  # messages that nobody was given yet
    given: int  # handed out: running, or waiting for their time
    next_seq: int  # where waiting ones begin


@dataclass(frozen=True, slots=True)
class Found:
    """A message of a stream."""

    queue: str
    seq: int
    data: bytes


class JetStream:
    def __init__(self, connection: Connection, cluster: str, ack_seconds: float) -> None:
        self._connection = connection
        self._cluster = cluster
        self._ack_seconds = ack_seconds

    def stream(self, queue: str) -> str:
        return f"{self._cluster}-{class_of(queue)}"

    def subject(self, queue: str, key: str) -> str:
        return f"{self._cluster}.jobs.{class_of(queue)}.{queue}.{key}"

    async def _ask(self, subject: str, body: object = None) -> dict[str, Any]:
        data = orjson.dumps(body) if body is not None else b""
        try:
            answer = await self._connection.request(f"$JS.API.{subject}", data)
        except NobodyListens:
            raise Unreachable("this NATS has no JetStream") from None
        found: dict[str, Any] = orjson.loads(answer.data)
        return found

    # ---- streams and consumers

    async def ensure(self, queues: tuple[str, ...]) -> None:
        """Streams and consumers are there afterwards. A stream that an operator set up otherwise stays as it is.

        Raises Broken, Missing, Unreachable.
        """
        for name in CLASSES:
            stream = f"{self._cluster}-{name}"
            answer = await self._ask(f"STREAM.CREATE.{stream}", self._stream_config(stream, name))
            _raise(answer, but=EXISTS)
        for queue in queues:
            body = {"stream_name": self.stream(queue), "config": self._consumer_config(queue)}
            answer = await self._ask(f"CONSUMER.DURABLE.CREATE.{self.stream(queue)}.{queue}", body)
            if answer.get("error", {}).get("code") == 500:
                raise Broken(self.stream(queue), answer["error"].get("description", ""))
            _raise(answer)

    async def drop(self, stream: str) -> None:
        """Away with a stream and all that is in it."""
        await self._ask(f"STREAM.DELETE.{stream}")

    def _stream_config(self, stream: str, name: str) -> dict[str, Any]:
        return {
            "name": stream,
            "subjects": [f"{self._cluster}.jobs.{name}.>"],
            "retention": "workqueue",
            "storage": "file",
            "max_msgs_per_subject": 1,
            "discard": "new",
            "discard_new_per_subject": True,
            "max_age": KEPT_SECONDS * NS,
            "num_replicas": 1,
        }

    def _consumer_config(self, queue: str) -> dict[str, Any]:
        return {
            "durable_name": queue,
            "filter_subject": self.subject(queue, "*"),
            "deliver_policy": "all",
            "ack_policy": "explicit",
            "ack_wait": int(self._ack_seconds * NS),
            "max_deliver": -1,
            "max_ack_pending": -1,
            "max_waiting": PULLS_MOST,
        }

    async def look(self, queue: str) -> Look:
        """Raises Missing."""
        found = await self._ask(f"CONSUMER.INFO.{self.stream(queue)}.{queue}")
        _raise(found)
        return Look(found["num_pending"], found["num_ack_pending"], found["delivered"]["stream_seq"] + 1)

    async def waiting_since(self, queue: str, seq: int) -> float | None:
        """When the oldest message from ``seq`` on was put (UTC); None without one."""
        body = {"seq": seq, "next_by_subj": self.subject(queue, "*")}
        found = await self._ask(f"STREAM.MSG.GET.{self.stream(queue)}", body)
        if "error" in found:
            return None
        moment: str = found["message"]["time"]
        return datetime.fromisoformat(moment[:19] + "+00:00").timestamp()  # RFC 3339 with up to nine decimals

    # ---- messages

    async def publish(self, queue: str, key: str, data: bytes, headers: dict[str, str] | None = None) -> bool:
        """True once it is stored; False when a message of that key is there already. Raises Missing, Unreachable."""
        try:
            answer = await self._connection.request(self.subject(queue, key), data, headers)
        except NobodyListens:
            raise Missing(self.stream(queue)) from None
        found = orjson.loads(answer.data)
        _raise(found, but=MANY)
        return "error" not in found

    async def find(self, name: str, key: str) -> Found | None:
        """A key's message in the stream of that class, whatever its queue."""
        body = {"last_by_subj": f"{self._cluster}.jobs.{name}.*.{key}"}
        found = await self._ask(f"STREAM.MSG.GET.{self._cluster}-{name}", body)
        _raise(found, but=NO_MESSAGE)
        if "error" in found:
            return None
        message = found["message"]
        return Found(message["subject"].split(".")[-2], message["seq"], b64decode(message.get("data", "")))

    async def delete(self, found: Found) -> bool:
        """Take a message out, whether it waits or was given to somebody; False when it is gone already."""
        answer = await self._ask(f"STREAM.MSG.DELETE.{self.stream(found.queue)}", {"seq": found.seq})
        return bool(answer.get("success"))

    async def pull(self, queue: str, inbox: str, batch: int, seconds: float | None) -> bool:
        """Ask for up to ``batch`` messages to ``inbox``: what comes within ``seconds``, or (None) is there now."""
        wish: dict[str, Any] = {"batch": batch}
        wish |= {"no_wait": True} if seconds is None else {"expires": int(seconds * NS)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.stream(queue)}.{queue}"
        return await self._connection.publish(subject, orjson.dumps(wish), inbox)


def class_of(queue: str) -> str:
    return "user" if queue in USER_QUEUES else "system"


def status_of(message: Message) -> str | None:
    """The code of a message that carries no job ("408": the pull is over); None for one that does."""
    return message.headers.get("Status") if message.headers and not message.data else None


def unanswered(message: Message) -> int:
    """How many messages of a pull that is over did not come."""
    return int((message.headers or {}).get("Nats-Pending-Messages", 0))


def deliveries_of(message: Message) -> int:
    """How often it was delivered, this time included. $JS.ACK.stream.consumer.COUNT.…"""
    return int(message.reply.split(".")[4])


def _raise(answer: dict[str, Any], but: int = 0) -> None:
    error = answer.get("error")
    if error is None or error.get("err_code") == but:
        return
    if error.get("code") == 404:
        raise Missing(error.get("description", ""))
    raise Unreachable(f"JetStream: {error.get('description')}")
