# ruff: noqa: E501  # payloads as they were reported
"""What other cleaners and readers let through, each under the number of its advisory."""

from __future__ import annotations

import time

import pytest

from reader.ingest.clean import clean
from reader.ingest.text import clean_text
from tests.unit.ingest.oracle import check

BASE = "https://gazette.example/2003/post.html"
CASES = {
    "FreshRSS CVE-2025-32015, tt-rss GHSA-mr5j-8f39-q8hh (srcdoc)": [
        "<iframe srcdoc='<script>parent.hit()</script>'></iframe>",
        "<iframe srcdoc='&lt;script src=/f/&gt;' src='https://www.youtube.com/embed/abcdefghijk'></iframe>",
    ],
    "FreshRSS CVE-2025-31136, miniflux CVE-2025-31483 (SVG)": [
        "<svg xmlns='http://www.w3.org/2000/svg' onload='hit()'><script>hit()</script></svg>",
        "<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImhpdCgpIi8+'>",
    ],
    "CommaFeed GHSA-44pq-9929-f8mq (javascript: link)": ["<a href='javascript:hit()'>x</a>", "<a href=' &#x01;javascript:hit()'>x</a>"],
    "FreshRSS GHSA-378w-3fqw-3555": ["<a href='https://x.example/\" onmouseover=\"hit()'>x</a>", "<img alt='\" onerror=\"hit()' src=x>"],
    "FreshRSS #9272 (non-http media)": ["<audio src='ftp://x.example/a.mp3'></audio>", "<video poster='file:///etc/passwd' src='smb://x/y'></video>"],
    "feedparser CVE-2009-5065 (nested CDATA)": ["<![CDATA[<![CDATA[<script>hit()</script>]]>]]>", "<![CDATA[<img src=x onerror=hit()>]]>"],
    "feedparser CVE-2011-1157 (comment)": ["<!--[if IE]><script>hit()</script><![endif]-->", "<!--><script>hit()</script>-->", "<!---!><img src=x onerror=hit()>--!>x-->"],
    "feedparser CVE-2011-1158 (odd schemes)": ["<a href='jscript:hit()'>x</a>", "<a href='JAVASCRIPT:hit()'>x</a>", "<a href='feed:javascript:hit()'>x</a>"],
    "bleach CVE-2018-7753 (scheme with references)": ["<a href='javas&#x09;cript:hit()'>x</a>", "<a href='javascript&#58hit()'>x</a>", "<a href='java&Tab;script&colon;hit()'>x</a>"],
    "bleach CVE-2020-6802 (noscript)": ['<noscript><style></noscript><img src=x onerror=hit()>"></style>', "<noscript><p title='</noscript><img src=x onerror=hit()>'>"],
    "bleach CVE-2020-6816 (raw text in svg and math)": ["<svg><style><img src=x onerror=hit()></style></svg>", "<math><noscript><a title='</noscript><img src=x onerror=hit()>'>", "<svg><noembed><img title='</noembed><img src=x onerror=hit()>'>"],
    "bleach CVE-2021-23980 (comment in svg and math)": ["<svg><p><style><!--</style><img src=x onerror=hit()>--></style>", "<math></p><style><!--</style><img src/onerror=hit()>", "<svg></br><title><!--</title><img src=x onerror=hit()>-->"],
    "loofah CVE-2022-23515 (data: image of svg)": ["<a href='data:image/svg+xml,<svg onload=hit()>'>x</a>", "<img src='data:image/svg+xml,<svg onload=hit()>'>"],
    "loofah GHSA-5qhf-9phg-95m2, GHSA-8whx-365g-h9vv": ["<math><mtext><style><img src=x onerror=hit()></style></mtext></math>", "<select><noscript><img src=x onerror=hit()></noscript></select>", "<math><style><img src=x onerror=hit()></style></math>"],
    "rails CVE-2024-53985 to 53989 (mutation)": [
        "<math><mtext><table><mglyph><style><img src=x onerror=hit()></style></mglyph></table></mtext></math>",
        "<svg><style>&lt;/style&gt;<img src=x onerror=hit()></style></svg>",
        "<noscript><mglyph><style><img src=x onerror=hit()></style></noscript>",
        "<math><mi><malignmark><style><!--</style><img src=x onerror=hit()>-->",
    ],
    "DOMPurify and others (nested forms, namespaces)": [
        "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=hit() src>'>",
        "<svg></p><style><a id='</style><img src=1 onerror=hit()>'>",
        "<math><annotation-xml encoding='text/html'><style><img src=x onerror=hit()></style></annotation-xml></math>",
        "<math><mtext><mglyph><svg><mtext><style><a title='</style><img src onerror=hit()>'></style>",
        "<svg><foreignObject><p><style><a id='</style><img src=x onerror=hit()>'></style>",
        "<table><caption><svg><desc><table><caption></caption></table><style><a id='</style><img src=x onerror=hit()>'>",
        "<xmp><svg><b><style><b title='</style><img src=x onerror=hit()>'>",
    ],
    "DOM clobbering": ["<form id=body name=cookie><input id=attributes name=parentNode></form>", "<a id=location href=//x.example></a><img name=getElementById src=x>"],
}  # fmt: skip


@pytest.mark.parametrize("advisory", CASES, ids=lambda text: text.replace(" ", "_"))
def test_advisory(advisory: str) -> None:
    for payload in CASES[advisory]:
        for html in (
            payload,
            f"<p>a {payload} b</p>",
            f"<table><tr><td>{payload}",
            f"<div><blockquote>{payload}</div>",
        ):
            out = clean(html, base=BASE)
            check(out)
            assert clean(out, base=BASE) == out
        clean_text(payload)


@pytest.mark.parametrize(
    ("advisory", "html"),
    [
        ("loofah CVE-2022-23516 (recursion)", "<div>" * 20_000),
        ("loofah CVE-2022-23516 (recursion of sections)", "<![CDATA[" * 20_000 + "<script>" * 1000),
        ("loofah CVE-2022-23514 (ReDoS)", "<svg><a fill='" + "url(" * 50_000 + "'>"),
        ("bleach CVE-2020-6817 (ReDoS in style)", "<p style='" + "a:b;" * 100_000 + "text-align" * 20_000 + "'>x</p>"),
        ("threats 14: 10 MB title", "<h1>" + "x" * 10_000_000),
        ("threats 14: 1 MB URL", "<a href='https://x.example/" + "a" * 1_000_000 + "'>x</a>"),
    ],
    ids=lambda text: text[:24].replace(" ", "_"),
)
def test_advisory_of_cost(advisory: str, html: str) -> None:
    start = time.process_time()
    clean(html, base=BASE)
    clean_text(html, limit=300)
    assert time.process_time() - start < 1, advisory
