"""Which addresses may be fetched, and one spelling for each URL.

Two gates: ``check_url`` looks at what is written, ``check`` at the IP address a socket is about to connect to.
The second one is the real gate (it sees what DNS answered, after every redirect); the first gives an early and
clear answer for literals.
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from reader.errors import Invalid, Upstream
from reader.settings import Network

IPAddress = IPv4Address | IPv6Address
URL_LIMIT = 4096
INSIDE = "That address is inside this network. Evantr only fetches from the public web."

# IANA special-purpose registries (RFC 6890 and successors), most telling reason first.
_REASONS: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "it means this host itself"),
        ("10.0.0.0/8", "it is private"),
        ("100.64.0.0/10", "it belongs to a carrier's inner network"),
        ("127.0.0.0/8", "it is this machine"),
        (
            "168.63.129.16/32",
            "it belongs to a cloud's inner network",
        ),  # Azure's wire server, an otherwise public number
        ("169.254.0.0/16", "it is link-local"),
        ("172.16.0.0/12", "it is private"),
        ("192.0.0.0/24", "it is reserved"),
        ("192.0.2.0/24", "it is for documentation"),
        ("192.88.99.0/24", "it is a 6to4 relay"),
        ("192.168.0.0/16", "it is private"),
        ("198.18.0.0/15", "it is for benchmarks"),
        ("198.51.100.0/24", "it is for documentation"),
        ("203.0.113.0/24", "it is for documentation"),
        ("224.0.0.0/4", "it is multicast"),
        ("240.0.0.0/4", "it is reserved"),
        ("::/128", "it means this host itself"),
        ("::1/128", "it is this machine"),
        ("::ffff:0:0/96", "it hides an IPv4 address"),
        ("::/96", "it hides an IPv4 address"),
        ("::ffff:0:0:0/96", "it hides an IPv4 address"),
        ("64:ff9b::/96", "it hides an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "it hides an IPv4 address behind NAT64"),
        ("100::/64", "it is discarded"),
        ("2001::/32", "it hides an IPv4 address behind Teredo"),
        ("2001::/23", "it is reserved"),
        ("2001:db8::/32", "it is for documentation"),
        ("2002::/16", "it hides an IPv4 address behind 6to4"),
        ("3fff::/20", "it is for documentation"),
        ("fc00::/7", "it is private"),
        ("fe80::/10", "it is link-local"),
        ("fec0::/10", "it is private"),
        ("ff00::/8", "it is multicast"),
    )
)
_V4 = tuple((net, reason) for net, reason in _REASONS if isinstance(net, IPv4Network))
_V6 = tuple((net, reason) for net, reason in _REASONS if isinstance(net, IPv6Network))
_GLOBAL_V6 = IPv6Network("2000::/3")
_LOOPBACK = IPv4Address("127.0.0.1")
# RFC 6761, 6.3, and what /etc/hosts commonly adds: never a name of the public web.
_LOCAL_NAMES = ("localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback")

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):(.*)", re.DOTALL)
_WRAPPERS = ("feed", "feeds", "rss", "pcast", "itpc", "podcast")
_HANDLE = re.compile(r"@([\w.-]+)@([\w-]+(?:\.[\w-]+)+)")
_HOST = re.compile(r"[\w.-]+", re.ASCII)
_BAD = re.compile(r"[\x00-\x20\x7f\\<>\"`^{}|\u200b-\u200f\u2028-\u202e\ufeff]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def check(ip: IPAddress, allow: tuple[Network, ...]) -> str | None:
    """Say in words why ``ip`` may not be connected to; None when it may. ``allow`` overrides everything."""
    if any(ip in network for network in allow if network.version == ip.version):
        return None
    if isinstance(ip, IPv4Address):
        return next((reason for network, reason in _V4 if ip in network), None)
    if ip.scope_id:
        return "it is link-local"
    reason = next((reason for network, reason in _V6 if ip in network), None)
    if reason is None and ip not in _GLOBAL_V6:
        return "it is reserved"
    return reason or _isatap(ip)


def _isatap(ip: IPv6Address) -> str | None:
    """An interface id of ISATAP (RFC 5214, 6.1) under any prefix hides the IPv4 address that a tunnel leads to."""
    number = int(ip)
    marked = (number >> 32) & 0xFFFFFFFF in (0x00005EFE, 0x02005EFE)
    return "it hides an IPv4 address behind ISATAP" if marked else None


def literal(host: str) -> IPAddress | None:
    """Read ``host`` as an IP address in any spelling that a resolver or browser accepts, else None.

    Besides the usual forms: fewer than four parts, octal and hex parts, percent-encoding, full-width or circled
    digits and dots, a trailing dot, brackets. A host that looks numeric but is none raises Upstream("dns").
    """
    plain = unicodedata.normalize("NFKC", unquote(host)).replace("。", ".").strip().strip("[]").rstrip(".").lower()
    if ":" in plain:
        try:
            return ip_address(plain)
        except ValueError:
            raise Upstream("refused", f"There is no such address: {shorten(host)}.") from None
    parts = plain.split(".")
    if not _numeric(parts[-1]):
        return None
    try:
        return _from_parts([_number(part) for part in parts])
    except ValueError:
        raise Upstream("dns", f"There is no such host: {shorten(host)}.") from None


def check_url(url: str, allow: tuple[Network, ...]) -> None:
    """Raise Upstream("refused") unless ``url`` is http(s), names a host, and that host is no inner literal."""
    parts = _split(url)
    if parts.scheme not in _DEFAULT_PORTS:
        scheme = f", not {shorten(parts.scheme)}" if parts.scheme else ""
        raise Upstream("refused", f"Evantr fetches addresses of the web only (http and https){scheme}.")
    if not parts.hostname:
        raise Upstream("refused", "The address names no host.")
    ip = literal(parts.hostname)
    if ip is None and "[" in parts.netloc.rpartition("@")[2]:
        raise Upstream("refused", f"There is no such address: {shorten(parts.hostname)}.")
    if ip is None and _is_local(parts.hostname):
        ip = _LOOPBACK
    if ip is not None and check(ip, allow):
        raise Upstream("refused", INSIDE)


def _is_local(host: str) -> bool:
    plain = unicodedata.normalize("NFKC", unquote(host)).replace("。", ".").rstrip(".").lower()
    return plain in _LOCAL_NAMES or plain.endswith(".localhost")


def normalize(typed: str) -> str:
    """Make an absolute http(s) URL of what a person typed; without a scheme it gets https.

    Takes ``feed:`` addresses, ``<…>`` and quotes around, and ``@name@host`` handles. Raises Invalid.
    """
    text = typed.strip().strip("<>\"'“”„‘’\u200b\ufeff").strip()
    for _ in range(3):
        scheme, rest = split_scheme(text)
        if scheme not in _WRAPPERS:
            break
        text = rest if split_scheme(rest)[0] in _DEFAULT_PORTS else rest.lstrip("/")
    if not text:
        raise Invalid("Type the address of a site, such as gazette.example.", {"url": "empty"})
    if len(text) > URL_LIMIT:
        raise Invalid("That address is too long.", {"url": "too long"})
    scheme, rest = split_scheme(text)
    if scheme and scheme not in _DEFAULT_PORTS:
        raise Invalid(f"Evantr reads addresses of the web (http and https), not {scheme}:.", {"url": "scheme"})
    if not scheme:
        handle = _HANDLE.fullmatch(text)
        text = f"https://{handle[2]}/@{handle[1]}" if handle else "https://" + text.lstrip("/")
    try:
        url = canonical(text)
    except Invalid:
        raise _no_address(typed) from None
    if not scheme and not _plausible(urlsplit(url).hostname or ""):
        raise _no_address(typed)
    return url


def split_scheme(text: str) -> tuple[str, str]:
    """Split ``scheme:rest``; the scheme is "" when there is none (``host:8080`` and ``host:8080/x`` have none)."""
    match = _SCHEME.fullmatch(text)
    if not match:
        return "", text
    scheme, rest = match[1].lower(), match[2]
    if not rest.startswith("//") and ("." in scheme or re.match(r"\d{1,5}(?:[/?#]|$)", rest)):
        return "", text
    return scheme, rest


def canonical(url: str) -> str:
    """Give the one spelling of an absolute http(s) URL: lower-case scheme and host, IDNA, no default port, no
    fragment, "/" for an empty path, everything outside ASCII percent-encoded. Raises Invalid when it is no URL.
    """
    try:
        parts = _split(url.strip())
        port = parts.port
    except (Upstream, ValueError):
        raise Invalid(f"That is not an address: {shorten(url)}.", {"url": "not an address"}) from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise Invalid(f"That is not an address of the web: {shorten(url)}.", {"url": "not an address"})
    host = _ascii_host(parts.hostname)
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    if "@" in parts.netloc:
        host = f"{quote(parts.netloc.rpartition('@')[0], safe=_SAFE)}@{host}"
    return urlunsplit((parts.scheme, host, quote(parts.path or "/", safe=_SAFE), quote(parts.query, safe=_SAFE), ""))


_SAFE = "%/:=&?~#+!$,;'@()*[]-._"


def is_web(url: str | None) -> bool:
    """Whether ``url`` is an absolute http(s) URL of bearable length."""
    return bool(url) and len(url or "") <= URL_LIMIT and bool(re.match(r"https?://[^/\s]", url or "", re.IGNORECASE))


def site_key(url: str) -> str:
    """Name the site that answers for ``url``, for limits: the last two labels of the host (three under co.uk and
    its like), or the IP address. No public suffix list: a wrong guess only makes a limit stricter."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    labels = host.split(".")
    if ":" in host or len(labels) <= 2 or _numeric(labels[-1]):
        return host
    take = 3 if len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    return ".".join(labels[-take:])


def shorten(text: str, limit: int = 80) -> str:
    """Cut what came from outside so that it fits a sentence, without control characters."""
    plain = "".join(char if char.isprintable() else "\ufffd" for char in text[: limit + 1])
    return plain if len(plain) <= limit else plain[:limit] + "…"


def _split(url: str) -> SplitResult:
    if len(url) > URL_LIMIT:
        raise Upstream("refused", "That address is too long.")
    try:
        parts = urlsplit(url)
        _ = parts.port  # a bad port shows only when it is asked for
    except ValueError:
        raise Upstream("refused", f"That is not an address: {shorten(url)}.") from None
    if _BAD.search(parts.netloc):
        raise Upstream("refused", f"That is not an address: {shorten(url)}.")
    return parts


def _ascii_host(host: str) -> str:
    if ":" in host:
        return f"[{host}]"
    host = unicodedata.normalize("NFKC", unquote(host)).replace("。", ".").rstrip(".").lower()
    if not host.isascii():
        host = _idna(host)
    if not _HOST.fullmatch(host):
        raise _no_host(host)
    return host


def _idna(host: str) -> str:
    """A name outside ASCII as DNS has it: IDNA 2008 mapped by UTS 46; what that forbids (emoji) by IDNA 2003."""
    import idna  # its tables take memory, and few names need them

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        pass
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise _no_host(host) from None


def _no_host(host: str) -> Invalid:
    return Invalid(f"That is not the name of a host: {shorten(host)}.", {"url": "host"})


def _plausible(host: str) -> bool:
    return "." in host or ":" in host or host == "localhost"


def _no_address(typed: str) -> Invalid:
    words = f"“{shorten(typed.strip(), 60)}” is not an address. Type one such as gazette.example."
    return Invalid(words, {"url": "not an address"})


def _numeric(part: str) -> bool:
    return bool(re.fullmatch(r"0x[0-9a-f]*|\d+", part, re.ASCII))


def _number(part: str) -> int:
    if not _numeric(part):
        raise ValueError(part)
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if len(part) > 1 and part.startswith("0") else int(part)


def _from_parts(numbers: list[int]) -> IPv4Address:
    """Read one to four numbers as inet_aton(3) does: the last one fills all bytes that are left."""
    *head, last = numbers
    if len(head) > 3 or any(number > 255 for number in head) or last >= 256 ** (4 - len(head)):
        raise ValueError(numbers)
    value = last
    for position, number in enumerate(head):
        value += number << (24 - 8 * position)
    return IPv4Address(value)
