from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.errors import Invalid, Upstream
from reader.ingest.address import canonical, check, check_url, literal, normalize, site_key

INNER = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
    "2002:7f00:1::", "2002:808:808::1", "3fff::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1",
    "ff02::1", "4000::1", "1::1", "e000::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1"]


@pytest.mark.parametrize("address", INNER)
def test_inner_addresses_are_refused_with_a_reason(address: str) -> None:
    reason = check(ip_address(address), ())
    assert reason and reason.startswith("it ")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    assert check(ip_address(address), ()) is None


def test_an_allowed_network_overrides() -> None:
    allow = (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))
    assert check(ip_address("127.0.0.2"), allow) is None
    assert check(ip_address("fd00::2"), allow) is None
    assert check(ip_address("10.0.0.1"), allow)
    assert check(ip_address("::ffff:127.0.0.1"), allow), "another spelling is another address"


LOOPBACK_SPELLINGS = [
    "http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/",
    "http://0177.0.0.1/", "http://017700000001/", "http://0177.0x0.0.1/", "http://127.0.0.1./", "http://127.000.000.001/",
    "http://%31%32%37.0.0.1/", "http://①②⑦.⓪.⓪.①/", "http://１２７.0.0.1/", "http://127。0。0。1/", "http://[::1]/",
    "http://[::ffff:127.0.0.1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:7f00:1]/", "http://0/", "http://0x0/",
    "http://user@127.0.0.1/", "http://user:word@127.0.0.1:80/", "http://127.0.0.1:8080/x", "HTTP://127.0.0.1",
    "http://[fe80::1%25eth0]/", "http://[64:ff9b::7f00:1]/", "http://3232235777/", "http://0xA9FEA9FE/",
    "http://169.254.43518/", "http://00000177.1/",
]  # fmt: skip
NO_WEB = [
    "ftp://example.org/", "file:///etc/passwd", "gopher://127.0.0.1:11211/", "javascript:alert(1)", "data:text/html,x",
    "dict://x", "http://", "http:///x", "https://:80/", "example.org", "", "http://[::1", "http://x:99999/",
    "http://a b/", "http://good.example\\@127.0.0.1/", "http://x\x00y/", "http://" + "a" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("url", LOOPBACK_SPELLINGS + NO_WEB)
def test_urls_that_may_not_be_fetched(url: str) -> None:
    with pytest.raises(Upstream) as caught:
        check_url(url, ())
    assert caught.value.kind == "refused"


@pytest.mark.parametrize(
    "url", ["http://256.256.256.256/", "http://1.2.3.4.5/", "http://0x1ffffffff/", "http://1.2.3.08/"]
)
def test_a_numeric_host_that_is_no_address_is_unknown(url: str) -> None:
    with pytest.raises(Upstream) as caught:
        check_url(url, ())
    assert caught.value.kind == "dns"


@pytest.mark.parametrize(
    "url", ["https://example.org/", "http://8.8.8.8/", "http://[2606:4700::1111]/", "http://münchen.example/"]
)
def test_urls_of_the_web_pass(url: str) -> None:
    check_url(url, ())


def test_an_allowed_literal_passes_in_any_spelling() -> None:
    check_url("http://0x7f.1:8000/feed", (ip_network("127.0.0.0/8"),))


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{}", "0x{:x}", "0{:o}"]))
def test_every_spelling_means_the_same_address(number: int, form: str) -> None:
    assert literal(form.format(number)) == ip_address(number)


@given(st.text(max_size=60))
def test_check_url_raises_nothing_else(text: str) -> None:
    for url in (text, "http://" + text, "http://[" + text):
        try:
            check_url(url, ())
        except Upstream as error:
            assert error.kind in ("refused", "dns")


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("gazette.example", "https://gazette.example/"),
        ("  gazette.example/blog \n", "https://gazette.example/blog"),
        ("http://Gazette.Example:80/a#b", "http://gazette.example/a"),
        ("https://gazette.example:443", "https://gazette.example/"),
        ("feed://gazette.example/rss", "https://gazette.example/rss"),
        ("feed:https://gazette.example/rss", "https://gazette.example/rss"),
        ("feed:http://gazette.example/rss", "http://gazette.example/rss"),
        ("feed:gazette.example/rss", "https://gazette.example/rss"),
        ("itpc://gazette.example/pod", "https://gazette.example/pod"),
        ("<https://gazette.example/>", "https://gazette.example/"),
        ("“gazette.example”", "https://gazette.example/"),
        ("//gazette.example/x", "https://gazette.example/x"),
        ("gazette.example:8080/x?y=ü", "https://gazette.example:8080/x?y=%C3%BC"),
        ("localhost:8900/feed", "https://localhost:8900/feed"),
        ("127.0.0.1:8900", "https://127.0.0.1:8900/"),
        ("[::1]:8900", "https://[::1]:8900/"),
        ("@ada@social.example", "https://social.example/@ada"),
        ("Bücher.example", "https://xn--bcher-kva.example/"),
        ("http://nas/feed", "http://nas/feed"),
    ],
)
def test_what_a_person_types(typed: str, url: str) -> None:
    assert normalize(typed) == url


@pytest.mark.parametrize(
    "typed", ["", "   ", "hello world", "gazette", "ftp://x.example", "javascript:alert(1)", "mailto:a@b.example", "http://",
              "https://a b.example", "x" * 5000, "http://[::1", "http://x.example:port/", "..", "<>"]
)  # fmt: skip
def test_what_is_no_address_gets_a_sentence(typed: str) -> None:
    with pytest.raises(Invalid) as caught:
        normalize(typed)
    assert str(caught.value).endswith(".") and caught.value.fields


@given(st.text(max_size=80))
def test_normalize_gives_canonical_urls_or_invalid(text: str) -> None:
    try:
        url = normalize(text)
    except Invalid:
        return
    assert url.startswith(("http://", "https://")) and canonical(url) == url


def test_canonical() -> None:
    assert canonical("HTTP://EXAMPLE.org:80") == "http://example.org/"
    assert canonical("https://example.org./a b?q=1 2#f") == "https://example.org/a%20b?q=1%202"
    assert canonical("https://user:pw@example.org/") == "https://user:pw@example.org/"
    assert canonical("https://example.org/%7Eada/?a=b%26c") == "https://example.org/%7Eada/?a=b%26c"
    for bad in ("ftp://x/", "/relative", "http://", "http://[bad/", "https://x y/"):
        with pytest.raises(Invalid):
            canonical(bad)


def test_site_key() -> None:
    assert site_key("https://a.blog.example.org/x") == "example.org"
    assert site_key("https://news.bbc.co.uk/") == "bbc.co.uk"
    assert site_key("http://127.0.0.7:80/") == "127.0.0.7"
    assert site_key("http://[2606::1]/") == "2606::1"
