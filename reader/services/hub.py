"""Our WebSub hub: what strangers may ask of it. Only public streams of this instance are its topics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from reader.cache import Cache
from reader.errors import Invalid, Limited, NotFound, Upstream
from reader.gateways.hub import Content, HubGateway, lease_of
from reader.ingest.address import canonical, check_url
from reader.ingest.publish import FORMATS, Format
from reader.models.user import ANONYMOUS, Actor
from reader.models.websub import HubMode, HubWish
from reader.services.access import Access
from reader.services.publishing import Published, PublishingService
from reader.settings import Settings

MODES: tuple[HubMode, ...] = ("subscribe", "unsubscribe")
SECRET_BYTES = 200  # a secret is shorter (5.1)
ADDRESS_MOST = 2000
ASKED_A_MINUTE = 60
NEWEST = 10  # shares in a delivery, if no more changed since the one before (7: a part of the topic will do)
SLACK_SECONDS = 60.0  # between rendering what was sent, and noting that it was
GONE = "There is no such public stream."
_TOPIC = re.compile(rf"/u/([^/?#]+)/([^/?#]+)\.({'|'.join(FORMATS)})")


class Topic(NamedTuple):
    base: str
    owner: str
    stream: str
    format: Format


class HubService:
    def __init__(
        self, access: Access, hub: HubGateway, publishing: PublishingService, cache: Cache, settings: Settings
    ) -> None:
        self._access = access
        self._hub = hub
        self._publishing = publishing
        self._cache = cache
        self._allow = settings.fetch_allow

    async def ask(self, actor: Actor, form: Mapping[str, str], *, base: str, client: str) -> None:
        """A subscription request (5.1), as the fields of its form; what else they hold is passed over. It counts once
        the callback confirms it. ``base`` is the address of this instance, ``client`` where the request comes from.

        Raises Invalid for what it lacks, NotFound for a topic that is none of ours, Limited over a limit.
        """
        self._access.anyone(actor)
        if await self._cache.increment(f"hub:1:{client}", 60) > ASKED_A_MINUTE:
            raise Limited("That is a lot of requests for one minute. Try again later.", 60)
        mode = next((mode for mode in MODES if mode == form.get("hub.mode")), None)
        if mode is None:
            raise _wrong("hub.mode", f"It is one of {', '.join(MODES)}.")
        callback = self._callback(form.get("hub.callback", ""))
        secret = _secret(form.get("hub.secret") or None)
        lease = _lease(form.get("hub.lease_seconds") or None)
        topic = topic_of(form.get("hub.topic", ""))
        if topic is None or topic.base != base:
            raise NotFound(GONE)
        published = await self._content(topic)
        if published is None:
            if mode == "subscribe":
                raise NotFound(GONE)
            return  # there is nothing that could be left
        await self._hub.request(
            HubWish(mode, published.stream.feed_id, topic.format, form["hub.topic"], callback, secret, lease_of(lease))
        )

    def _callback(self, written: str) -> str:
        """An address that we may send to: of the web, and not inside our own network."""
        if not written or len(written) > ADDRESS_MOST or "#" in written:
            raise _wrong("hub.callback", f"It is an address of at most {ADDRESS_MOST} characters, without fragment.")
        try:
            canonical(written)
            check_url(written, self._allow)
        except (Invalid, Upstream) as error:
            raise _wrong("hub.callback", str(error)) from None
        return written

    async def verify(self, actor: Actor, request_id: int) -> str:
        """Asks the callback whether it meant a request; what came of it."""
        self._access.admin(actor)
        wish = await self._hub.wish(request_id)
        if wish is None:
            return "There is no such request any more."
        topic = topic_of(wish.topic)
        if topic is None or await self._content(topic) is None:
            await self._hub.refuse(wish, GONE)
            return "denied"
        return await self._hub.verify(wish)

    async def deliver(self, actor: Actor, subscription_id: int) -> None:
        """Sends a subscription what is new. What anybody may see goes out, and nothing else."""
        self._access.admin(actor)
        delivery = await self._hub.take(subscription_id)
        if delivery is None:
            return
        to = delivery.subscription
        topic = topic_of(to.topic)
        published = await self._content(topic, NEWEST) if topic is not None else None
        since = max(to.sent_at, to.created_at) - SLACK_SECONDS
        if topic is not None and published is not None and published.rendered.left_out_at > since:
            published = await self._content(topic)
        if published is None or published.hub is None:
            await self._hub.deliver(delivery, None)
        else:
            await self._hub.deliver(delivery, Content(published.rendered.body, published.type, published.hub))

    async def _content(self, topic: Topic, newest: int | None = None) -> Published | None:
        try:
            return await self._publishing.document(
                ANONYMOUS, topic.owner, topic.stream, topic.format, topic.base, newest=newest
            )
        except NotFound:
            return None


def topic_of(address: str) -> Topic | None:
    """What the address of a stream's document names; None for any other."""
    scheme, mark, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    match = _TOPIC.search(slash + path)
    if not mark or match is None or match.end() != len(slash + path) or len(address) > ADDRESS_MOST:
        return None
    base = f"{scheme}://{host}{(slash + path)[: match.start()]}"
    return Topic(base, unquote(match[1]), unquote(match[2]), match[3])  # type: ignore[arg-type]  # one of FORMATS


def _secret(written: str | None) -> str | None:
    if written is not None and len(written.encode("utf-8", "replace")) >= SECRET_BYTES:
        raise _wrong("hub.secret", f"It has less than {SECRET_BYTES} bytes.")
    return written


def _lease(written: str | None) -> int | None:
    if written is None:
        return None
    if not written.isascii() or not written.isdecimal() or len(written) > 12:
        raise _wrong("hub.lease_seconds", "It is a number of seconds.")
    return int(written)


def _wrong(field: str, words: str) -> Invalid:
    return Invalid(f"{field}: {words}", {field: words})
