"""Where a request comes from: which client, and from a page of our own or of another site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from reader.settings import Network

Headers = Mapping[bytes, bytes]
DEFAULT_PORTS = (":80", ":443")


def believed(address: str, proxies: Sequence[Network]) -> bool:
    """True if the peer is one of our own proxies."""
    try:
        peer = ip_address(address.split("%")[0])
    except ValueError:
        return False
    return any(peer.version == network.version and peer in network for network in proxies)


def client_behind(peer: str, forwarded: Iterable[str], proxies: Sequence[Network]) -> str:
    """The nearest address that is not one of our proxies. ``forwarded`` holds the X-Forwarded-For lines in order.

    Read from the right: whatever stands left of the first address we do not know was written by the client itself.
    """
    hops = [hop.strip().strip('"') for line in forwarded for hop in line.split(",") if hop.strip()]
    client = peer
    while hops and believed(client, proxies):
        hop = hops.pop()
        try:
            client = str(ip_address(hop.strip("[]")))
        except ValueError:
            break  # not an address: whoever wrote it is not to be believed further
    return client


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address.split("%")[0]).is_loopback
    except ValueError:
        return False


def place(netloc: str) -> str:
    """host:port in lower case, without a port that goes without saying."""
    netloc = netloc.rpartition("@")[2].lower()
    for port in DEFAULT_PORTS:
        if netloc.endswith(port):
            return netloc.removesuffix(port)
    return netloc


def foreign(headers: Headers, own: frozenset[str], *, strict: bool) -> bool:
    """True if an unsafe request was not sent by a page of our own.

    Browsers send Origin with every unsafe request; older ones and some proxies leave it out, then Sec-Fetch-Site and
    Referer are looked at. With none of them it is no browser of today: refused only when ``strict``, that is, when a
    cookie or a form comes along.
    """
    origin = headers.get(b"origin")
    if origin is not None:
        return not _ours(origin, own)
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in (b"same-origin", b"none")
    referer = headers.get(b"referer")
    if referer is not None:
        return not _ours(referer, own)
    return strict


def _ours(address: bytes, own: frozenset[str]) -> bool:
    try:
        parts = urlsplit(address.decode("latin-1"))
        return parts.scheme in ("http", "https") and place(parts.netloc) in own
    except ValueError:
        return False
