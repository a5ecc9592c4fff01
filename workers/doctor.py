"""The feed doctor: what Evantr sees at an address, step by step, in plain words."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from reader.errors import Upstream
from reader.ingest import ttl
from reader.ingest.address import normalize
from reader.ingest.discover import Discovery, discover
from reader.ingest.fetch import Fetched, Fetcher, FetchFailed, Hop, hint_seconds
from reader.ingest.headers import duration
from reader.ingest.reasons import in_words
from reader.ingest.work import Digest, digest_feed
from reader.jobs import Cpu

Say = Callable[[str], None]

HEADERS = (
    "content-type", "content-encoding", "etag", "last-modified", "cache-control", "expires", "retry-after", "age",
    "server", "location",
)  # fmt: skip
TITLES_SHOWN = 3


async def examine(typed: str, fetcher: Fetcher, cpu: Cpu, say: Say) -> bool:
    """Say what happens when ``typed`` is discovered and its first feed pulled. True: all is well.

    Raises Invalid for what is no address.
    """
    say(f"Address    {normalize(typed)}")
    found = await discover(typed, fetcher, cpu.run)
    _tell_discovery(found, say)
    if not found.feeds:
        say(f"\nVerdict    {found.problem or 'No feed was found.'}")
        return False
    return await _examine_feed(found.feeds[0].url, fetcher, cpu, say)


def _tell_discovery(found: Discovery, say: Say) -> None:
    say("\nDiscovery")
    for step in found.steps:
        mark = "ok" if step.ok else "no"
        status = str(step.status) if step.status is not None else "---"
        say(f"  {mark}  {status}  {step.ms:>5} ms  {step.what}: {step.url}\n                     {step.said}")
        _tell_headers(step.headers, say, "                       ")
    for feed in found.feeds:
        twins = f" (also as {', '.join(feed.also)})" if feed.also else ""
        say(f"  feed: {feed.title}  {feed.format or ''}{twins}\n        {feed.url}")


async def _examine_feed(url: str, fetcher: Fetcher, cpu: Cpu, say: Say) -> bool:
    say(f"\nPull       {url}")
    try:
        fetched = await fetcher.get(url)
    except Upstream as error:
        _tell_failure(error, say)
        return False
    _tell_answer(fetched, say)
    try:
        start = time.monotonic()
        document = await cpu.run(
            digest_feed, fetched.body, url, fetched.final_url, fetched.content_type, {}, time.time()
        )
    except Upstream as error:
        say(f"Verdict    The answer cannot be read as a feed. {error}")
        return False
    _tell_document(document, time.monotonic() - start, say)
    await _tell_conditional(url, fetched, fetcher, say)
    _tell_rhythm(document, fetched, say)
    say("\nVerdict    The feed works.")
    return True


def _tell_answer(fetched: Fetched, say: Say) -> None:
    _tell_redirects(fetched.redirects, say)
    say(
        f"  {fetched.status} after {fetched.elapsed * 1000:.0f} ms, {fetched.wire_bytes:,} bytes sent, "
        f"{len(fetched.body):,} unpacked"
    )
    _tell_headers(fetched.headers, say)
    if fetched.moved_to:
        say(f"  The feed has moved for good to {fetched.moved_to}: Evantr follows, and stores the new address in time.")


def _tell_failure(error: Upstream, say: Say) -> None:
    if isinstance(error, FetchFailed):
        _tell_redirects(error.redirects, say)
        say(f"  failed after {error.elapsed * 1000:.0f} ms at {error.url}")
        _tell_headers(error.headers, say)
    if error.retry_after:
        say(f"  The server asks for a pause of {duration(error.retry_after)}.")
    say(f"Verdict    {error}")


def _tell_redirects(redirects: list[Hop], say: Say) -> None:
    for hop in redirects:
        say(f"  {hop.status} ({'moved for good' if hop.permanent else 'elsewhere for now'})  {hop.url}")


def _tell_headers(headers: dict[str, str], say: Say, indent: str = "    ") -> None:
    for name in HEADERS:
        if name in headers:
            say(f"{indent}{name}: {headers[name]}")


def _tell_document(document: Digest, seconds: float, say: Say) -> None:
    say(f"\nDocument   {document.title or '(no title)'}")
    say(f"  {document.format}, {document.encoding}, {len(document.entries)} entries, read in {seconds * 1000:.0f} ms")
    if document.repaired:
        say("  It is not well-formed. Evantr read what can be read; the publisher should know.")
    undated = sum(entry.published_at is None for entry in document.entries)
    if undated:
        say(f"  {undated} entries have no date; they count from their arrival.")
    for entry in list(reversed(document.entries))[:TITLES_SHOWN]:
        when = datetime.fromtimestamp(entry.published_at, UTC).isoformat(" ", "minutes") if entry.published_at else "-"
        say(f"    {when}  {entry.title}")


async def _tell_conditional(url: str, fetched: Fetched, fetcher: Fetcher, say: Say) -> None:
    say("\nAgain, if changed")
    etag, modified = fetched.headers.get("etag"), fetched.headers.get("last-modified")
    if not etag and not modified:
        say("  The server sends neither ETag nor Last-Modified, so every check costs the whole document.")
        return
    try:
        again = await fetcher.get(url, etag=etag, last_modified=modified)
    except Upstream as error:
        say(f"  {error}")
        return
    if again.status == 304:
        say(f"  304 after {again.elapsed * 1000:.0f} ms: an unchanged feed costs next to nothing.")
    elif again.body == fetched.body:
        say("  The same document once more: the server does not honour its own validators.")
    else:
        say("  Another document: the feed changes with every request.")


def _tell_rhythm(document: Digest, fetched: Fetched, say: Say) -> None:
    now = time.time()
    rhythm = ttl.observe(ttl.Rhythm(), document.times, now)
    hints = [hint for hint in (hint_seconds(fetched.headers, now), document.hint_seconds) if hint]
    plan = ttl.next_pull(rhythm=rhythm, now=now, hint_seconds=max(hints, default=None))
    say("\nRhythm")
    if plan.at is not None:
        say(f"  Next check in {duration(plan.at - now)}. {in_words(plan.reason)}")
