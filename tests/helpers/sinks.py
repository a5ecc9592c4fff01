"""Judges of everything that leaves the program: pages, JSON, OPML, pictures, headers."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import html5lib
import httpx
from lxml import etree

from tests.unit.ingest.oracle import check

HTML = "{http://www.w3.org/1999/xhtml}"
OWN_SCRIPT = re.compile(r"/static/[\w./-]+\.js")
ADDRESSES = {
    "href",
    "src",
    "action",
    "formaction",
    "poster",
    "cite",
    "data",
    "srcset",
    "data-src",
    "background",
    "ping",
    "xlink:href",
}
# Paths of our own, the web, mail, magnets.
GOOD = re.compile(r"(?:https?://[^\s/?#\\]|/(?![/\\])|\?|#|mailto:[^\s]|magnet:\?)", re.IGNORECASE)
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
URL_KEYS = re.compile(r"(?:^|_)(?:url|href|link|src|icon)s?$")
ACTIVE = {"iframe", "object", "embed", "applet", "base", "frame", "frameset", "template", "noscript", "style"}


PASSED: set[bytes] = set()
"""Digests of pages and texts that were found good: to parse them as a browser does takes most of the time."""


def judge(answer: httpx.Response, where: str) -> None:
    """Raise AssertionError if ``answer`` holds anything active of a stranger's, or lacks a header against it."""
    kind = answer.headers.get("content-type", "").split(";")[0]
    assert answer.headers.get("x-content-type-options") == "nosniff", where
    for name, value in answer.headers.items():
        assert "\n" not in value and "\r" not in value, (where, name)
    assert "hit()" not in answer.headers.get("location", ""), where
    if kind == "text/html":
        judge_policy(answer, where)
        judge_page(answer.text, where)
    elif kind in ("application/json", "application/problem+json"):
        judge_json(answer.json(), where)
    elif kind.endswith(("xml", "opml")):
        judge_xml(answer.content, where)
    elif kind == "image/svg+xml":
        assert "sandbox" in answer.headers["content-security-policy"], where


def judge_policy(answer: httpx.Response, where: str) -> None:
    policy = {part.split()[0]: part.split()[1:] for part in answer.headers["content-security-policy"].split(";")}
    assert policy["default-src"] == ["'none'"], where
    assert policy["script-src"] == ["'self'"], where
    assert policy["base-uri"] == ["'none'"] and policy["frame-ancestors"] == ["'none'"], where
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"], where


def judge_page(html: str, where: str) -> None:
    """Parse as a browser does, and look at every element."""
    digest = hashlib.sha256(html.encode()).digest()
    if digest in PASSED:
        return
    parsed: Any = html5lib.parse(html, treebuilder="etree")
    for node in parsed.iter():
        if not isinstance(node.tag, str):
            assert "hit()" not in (node.text or ""), f"{where}: a comment"
            continue
        tag = node.tag.removeprefix(HTML)
        assert tag not in ACTIVE, f"{where}: <{tag}>"
        if tag == "script":
            kind = node.get("type")
            assert kind == "application/json" or OWN_SCRIPT.fullmatch(node.get("src", "")), f"{where}: {node.attrib}"
            assert kind == "application/json" or not (node.text or "").strip(), f"{where}: inline script"
        for name, value in node.attrib.items():
            judge_attribute(tag, str(name), value, where)
    PASSED.add(digest)


def judge_attribute(tag: str, name: str, value: str, where: str) -> None:
    lower = name.lower()
    assert not lower.startswith("on"), f"{where}: <{tag} {name}>"
    assert lower not in ("style", "srcdoc"), f"{where}: <{tag} {name}={value[:60]!r}>"
    if name != "value":  # what somebody typed comes back as it was
        assert not CONTROLS.search(value), f"{where}: <{tag} {name}> {value!r}"
    if lower in ADDRESSES and value.strip():
        first = value.split(",")[0] if lower == "srcset" else value
        assert GOOD.match(first.strip()), f"{where}: <{tag} {name}={value[:80]!r}>"
    if lower == "content" and tag == "meta":
        assert "javascript" not in value.lower(), where


def judge_json(value: Any, where: str, key: str = "") -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            judge_json(inner, f"{where}.{name}", name)
    elif isinstance(value, list):
        for inner in value:
            judge_json(inner, where, key)
    elif isinstance(value, str):
        assert not CONTROLS.search(value), f"{where}: {value!r}"
        value.encode("utf-8")
        if URL_KEYS.search(key) and value:
            assert GOOD.match(value), f"{where}: {value!r}"
        if key == "content" and "<" in value:
            judge_content(re.sub(r'(src|poster)="/img/', r'\1="https://img/', re.sub(r'srcset="[^"]*"', "", value)))


def judge_content(html: str) -> None:
    digest = hashlib.sha256(b"content" + html.encode()).digest()
    if digest not in PASSED:
        check(html)
        PASSED.add(digest)


def judge_xml(body: bytes, where: str) -> None:
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    for node in root.iter():
        assert isinstance(node.tag, str), where
        for name, value in node.attrib.items():
            assert not CONTROLS.search(str(value)), where
            if "url" in str(name).rpartition("}")[2].lower() or name == "href":
                assert GOOD.match(str(value)), f"{where}: {name!r}={value!r}"
