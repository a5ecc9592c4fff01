"""What can go wrong with a fetch, in words for the person who waits for it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp

from reader.errors import Upstream
from reader.ingest.address import INSIDE, shorten
from reader.ingest.connect import was_refused
from reader.ingest.headers import duration, retry_after

_STATUS_WORDS = {
    400: "The server does not understand the request (400).",
    401: "The server wants a name and a password (401). Add them on the feed's page.",
    402: "The server wants to be paid for this (402).",
    403: "The server does not let Evantr read this (403).",
    404: "There is nothing at that address (404). It may have moved.",
    405: "The server does not let Evantr read this (405).",
    406: "The server has this in no form that Evantr reads (406).",
    408: "The server took too long (408). Evantr tries again later.",
    410: "The site has taken this down for good (410).",
    429: "Evantr asked too often (429). It waits before it asks again.",
    451: "The server may not show this for legal reasons (451).",
    500: "The server has a fault (500). Evantr tries again later.",
    502: "The server behind the site does not answer (502). Evantr tries again later.",
    503: "The site is overloaded or under repair (503). Evantr tries again later.",
    504: "The server behind the site takes too long (504). Evantr tries again later.",
}

# What OpenSSL found (x509_vfy.h).
_CERTIFICATES = {
    9: "it is not valid yet. A clock may be wrong",
    10: "it has expired",
    18: "nobody but the server itself vouches for it",
    19: "nobody but the server itself vouches for it",
    20: "who vouches for it is not known",
    21: "who vouches for it is not known",
    23: "it has been revoked",
    62: "it belongs to another host",
    64: "it belongs to another host",
}


def status_error(status: int, headers: Mapping[str, str], now: float) -> Upstream:
    """The error for an HTTP status that brought no document."""
    wait = retry_after(headers, now)
    if headers.get("cf-mitigated", "").lower() == "challenge":
        words = f"The site lets only browsers in: it sets a test that a program cannot pass ({status})."
    elif status in (429, 503) and wait:
        words = f"The server asked for a pause of {duration(wait)} ({status})."
    else:
        words = _STATUS_WORDS.get(status) or _general(status)
    return Upstream("status", words, status=status, retry_after=wait)


def _general(status: int) -> str:
    if 520 <= status <= 530:
        return f"The server behind the site does not answer ({status}). Evantr tries again later."
    if status >= 500:
        return f"The server has a fault ({status}). Evantr tries again later."
    if status >= 400:
        return f"The server refuses the request ({status})."
    return f"The server's answer holds no document ({status})."


def connection_error(error: Exception, url: str) -> Upstream:
    """Translate what aiohttp, ssl or the system raised while talking to ``url``."""
    host = shorten(urlsplit(url).hostname or url)
    if was_refused(error):
        return Upstream("refused", INSIDE)
    if isinstance(error, TimeoutError):
        return Upstream("timeout", f"{host} took too long to answer.")
    if isinstance(error, aiohttp.ClientConnectorDNSError | UnicodeError):
        return _dns(error, host)
    tls = _tls(error, host)
    if tls is not None:
        return tls
    if isinstance(error, aiohttp.InvalidURL):
        return Upstream("refused", f"That is not an address: {shorten(url)}.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Upstream("connect", f"{host} does not accept a connection: {_reason(error.os_error)}.")
    if isinstance(error, aiohttp.ClientResponseError):
        return _bad_http(error, host)
    if isinstance(error, aiohttp.ClientPayloadError):
        return Upstream("connect", f"The connection to {host} broke before the answer was complete.")
    return Upstream("connect", f"{host} hung up without an answer.")


def _dns(error: Exception, host: str) -> Upstream:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorDNSError) else error
    if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN:
        return Upstream("dns", f"The name {host} cannot be looked up just now. Evantr tries again later.")
    return Upstream("dns", f"There is no such host: {host}. The name may have expired.")


def _tls(error: Exception, host: str) -> Upstream | None:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        why = _CERTIFICATES.get(getattr(cause, "verify_code", 0))
        why = why or str(getattr(cause, "verify_message", "") or "it cannot be verified").rstrip(".")
        return Upstream("tls", f"The certificate of {host} is not valid: {shorten(why, 120)}.")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return Upstream("tls", f"No secure connection to {host} comes about.")
    return None


def _bad_http(error: aiohttp.ClientResponseError, host: str) -> Upstream:
    message = error.message.lower()
    if "more than" in message or "too many" in message or "too long" in message:
        return Upstream("too_large", f"The headers that {host} sends are too large.")
    return Upstream("connect", f"What {host} sends is not HTTP.")


def _reason(error: OSError) -> str:
    words = (error.strerror or "no route").lower()
    if "refused" in words or "connect call failed" in words:
        return "nothing listens there"
    return "the network does not reach it" if "unreachable" in words or "no route" in words else shorten(words, 60)
