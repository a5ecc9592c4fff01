# ruff: noqa: E501  # markup as publishers write it
"""A corpus of feeds like those of the web, made anew the same way each time.

1,000 feeds of 20 entries and about 50 kB: 66 % RSS 2.0, 29 % Atom, 5 % RDF; 83 % UTF-8, 9 % windows-1251, 8 %
ISO-8859-1. The HTML of an entry has a median of 1.8 kB and a mean of 2.3 kB. 19 feeds are not well-formed, each in its
own way (benchmarks/damage.py), none in a way that takes an entry away.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import exp, log

from benchmarks.damage import WAYS
from benchmarks.words import BY_CHARSET, LANGUAGES

FEEDS, ENTRIES = 1000, 20
MEDIAN_HTML, SPREAD = 1580, 0.74  # of a log-normal distribution: its mean is median × exp(spread² / 2) = 2.3 kB
NEWEST = datetime(2026, 6, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Document:
    """One feed. ``html`` holds the HTML of its entries as their author wrote it; ``damage`` names what is ill-formed."""

    url: str
    content_type: str
    body: bytes
    format: str
    encoding: str
    html: tuple[str, ...]
    damage: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    number: int
    url: str
    title: str
    author: str
    when: float
    html: str
    tags: tuple[str, ...]


def documents(count: int = FEEDS, entries: int = ENTRIES, seed: int = 1) -> Iterator[Document]:
    """The corpus, feed by feed: the shares of formats, charsets and damage hold for any ``count`` from 100."""
    ill = dict(zip(random.Random(seed).sample(range(count), min(19, count)), WAYS, strict=False))
    for number in range(count):
        yield _document(number, entries, random.Random(seed * 1_000_003 + number), ill.get(number))


def _document(number: int, entries: int, rng: random.Random, damage: str | None) -> Document:
    # Strides that share no factor with 100: format and charset spread evenly, and not in step.
    kind = "rss" if (share := number * 37 % 100) < 66 else "atom" if share < 95 else "rdf"
    spot = number * 61 % 100
    charset = "utf-8" if spot < 83 or damage else "windows-1251" if spot < 92 else "iso-8859-1"
    words = LANGUAGES[rng.choice(BY_CHARSET[charset])]
    host = f"https://site{number}.example"
    posts = [_post(number, n, rng, words, host) for n in range(entries)]
    xml = {"rss": _rss, "atom": _atom, "rdf": _rdf}[kind](host, posts, rng, words, charset)
    body = xml.encode(charset, "xmlcharrefreplace")
    if damage:
        body = WAYS[damage](body, kind)
    types = {"rss": "application/rss+xml", "atom": "application/atom+xml", "rdf": "application/rdf+xml"}
    label = f"; charset={charset}" if rng.random() < 0.6 else ""
    return Document(
        f"{host}/feed.xml", types[kind] + label, body, kind, charset, tuple(post.html for post in posts), damage
    )


def _post(feed: int, number: int, rng: random.Random, words: list[str], host: str) -> Post:
    size = max(200, min(12_000, exp(rng.gauss(log(MEDIAN_HTML), SPREAD))))
    pieces: list[str] = []
    length = 0
    while length < size:
        piece = _block(rng, words, host)
        pieces.append(piece)
        length += len(piece.encode()) + 1
    url = f"{host}/2026/{number + 1:02}/{rng.choice(LANGUAGES['en'])}-{feed}-{number}/"
    tags = tuple(rng.sample(words, rng.randint(0, 4)))
    when = NEWEST - number * 86_400 * rng.uniform(0.5, 3) - rng.randint(0, 80_000)
    return Post(number, url, _sentence(rng, words, 3, 9)[:-1], _name(rng), when, "\n".join(pieces), tags)


def _sentence(rng: random.Random, words: list[str], least: int = 6, most: int = 16) -> str:
    return " ".join(rng.choices(words, k=rng.randint(least, most))).capitalize() + "."


def _name(rng: random.Random) -> str:
    return f"{rng.choice(['Ada', 'Grace', 'Élodie', 'Jörg', 'Ana', 'Tim'])} {rng.choice(['Brisk', 'Müller', 'Ortega'])}"


def _block(rng: random.Random, words: list[str], host: str) -> str:
    return rng.choices(_BLOCKS, _WEIGHTS)[0](rng, words, host)


def _paragraph(rng: random.Random, words: list[str], host: str) -> str:
    parts = []
    for _ in range(rng.randint(1, 5)):
        text = _sentence(rng, words)
        chance = rng.random()
        if chance < 0.25:
            text = f'<a href="{rng.choice([host, ""])}/{rng.randint(1, 999)}?utm_source=rss&amp;id=7">{text[:-1]}</a>.'
        elif chance < 0.35:
            text = f"<em>{text}</em>"
        elif chance < 0.45:
            text = f"<strong>{text[:12]}</strong>{text[12:]}"
        elif chance < 0.55:
            text += " “Quoted” &amp; more&nbsp;… &lt;tag&gt; &#8217;s &mdash; 3&nbsp;°C"
        parts.append(text)
    return f"<p>{' '.join(parts)}</p>"


def _image(rng: random.Random, words: list[str], host: str) -> str:
    name = f"{host}/wp-content/uploads/{rng.randint(1, 9999)}"
    style = rng.random()
    if style < 0.5:
        sizes = ", ".join(f"{name}-{w}x{w * 2 // 3}.jpg {w}w" for w in (300, 768, 1024))
        return (
            f'<figure class="wp-block-image size-large"><img loading="lazy" decoding="async" width="1024" height="683"'
            f' src="{name}-1024x683.jpg" alt="{escape(_sentence(rng, words, 2, 5))}" class="wp-image-{rng.randint(1, 99)}"'
            f' srcset="{sizes}" sizes="(max-width: 1024px) 100vw, 1024px" /><figcaption>{_sentence(rng, words, 3, 8)}'
            "</figcaption></figure>"
        )
    if style < 0.75:
        return f'<p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="/img/{rng.randint(1, 99)}.png" alt=""></p>'
    return (
        f'<div class="separator" style="clear: both;"><a href="{name}.jpg"><img border="0" src="{name}.jpg"></a></div>'
    )


def _list(rng: random.Random, words: list[str], host: str) -> str:
    items = "".join(f"<li>{_sentence(rng, words, 3, 9)}</li>" for _ in range(rng.randint(2, 6)))
    return f"<ul>\n{items}\n</ul>" if rng.random() < 0.7 else f'<ol start="2">{items}</ol>'


def _code(rng: random.Random, words: list[str], host: str) -> str:
    lines = "\n".join(f"    if x &lt; {rng.randint(1, 99)} &amp;&amp; y:  # {rng.choice(words)}" for _ in range(4))
    return f'<pre class="wp-block-code"><code class="language-python">def f(x):\n{lines}</code></pre>'


def _table(rng: random.Random, words: list[str], host: str) -> str:
    rows = "".join(f"<tr><td>{rng.choice(words)}</td><td>{rng.random():.3f}</td></tr>" for _ in range(4))
    return f"<table><thead><tr><th>{rng.choice(words)}</th><th>%</th></tr></thead><tbody>{rows}</tbody></table>"


def _quote(rng: random.Random, words: list[str], host: str) -> str:
    return f'<blockquote cite="{host}/q"><p>{_sentence(rng, words)}</p></blockquote>\n<h2>{_sentence(rng, words, 2, 5)}</h2>'


def _frame(rng: random.Random, words: list[str], host: str) -> str:
    return (
        f'<p><iframe width="560" height="315" src="https://www.youtube.com/embed/abcde{rng.randint(100000, 999999)}"'
        ' frameborder="0" allowfullscreen></iframe></p><img src="https://pixel.wp.com/b.gif?x=1" width="1" height="1" />'
    )


_BLOCKS = (_paragraph, _image, _list, _code, _table, _quote, _frame)
_WEIGHTS = (70, 9, 6, 3, 2, 8, 2)


def _rfc822(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")


def _rfc3339(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _escaped(html: str) -> str:
    return escape(html, quote=False)


def _cdata(html: str) -> str:
    return f"<![CDATA[{html}]]>"


def _rss(host: str, posts: list[Post], rng: random.Random, words: list[str], charset: str) -> str:
    both, written = rng.random() < 0.4, rng.choice([_cdata, _cdata, _escaped])
    items = []
    for post in posts:
        text = f"<description>{written(post.html if not both else _sentence(rng, words, 10, 40))}</description>"
        if both:
            text += f"\n\t\t<content:encoded>{written(post.html)}</content:encoded>"
        tags = "".join(f"<category>{_cdata(tag)}</category>\n\t\t" for tag in post.tags)
        items.append(
            f"\t<item>\n\t\t<title>{escape(post.title)}</title>\n\t\t<link>{post.url}</link>\n"
            f"\t\t<comments>{post.url}#respond</comments>\n\t\t<pubDate>{_rfc822(post.when)}</pubDate>\n"
            f"\t\t<dc:creator>{_cdata(post.author)}</dc:creator>\n\t\t{tags}"
            f'<guid isPermaLink="false">{host}/?p={post.number + 1000}</guid>\n\t\t{text}\n\t\t'
            f"<wfw:commentRss>{post.url}feed/</wfw:commentRss>\n\t\t<slash:comments>{post.number}</slash:comments>\n\t</item>\n"
        )
    return (
        f'<?xml version="1.0" encoding="{charset}"?>\n<rss version="2.0"\n'
        '\txmlns:content="http://purl.org/rss/1.0/modules/content/"\n\txmlns:wfw="http://wellformedweb.org/CommentAPI/"\n'
        '\txmlns:dc="http://purl.org/dc/elements/1.1/"\n\txmlns:atom="http://www.w3.org/2005/Atom"\n'
        '\txmlns:sy="http://purl.org/rss/1.0/modules/syndication/"\n'
        '\txmlns:slash="http://purl.org/rss/1.0/modules/slash/">\n<channel>\n'
        f"\t<title>{_sentence(rng, words, 2, 4)}</title>\n"
        f'\t<atom:link href="{host}/feed.xml" rel="self" type="application/rss+xml" />\n\t<link>{host}</link>\n'
        f"\t<description>{_sentence(rng, words)}</description>\n\t<lastBuildDate>{_rfc822(posts[0].when)}</lastBuildDate>\n"
        "\t<language>en-US</language>\n\t<sy:updatePeriod>hourly</sy:updatePeriod>\n"
        f"\t<sy:updateFrequency>1</sy:updateFrequency>\n{''.join(items)}</channel>\n</rss>\n"
    )


def _atom(host: str, posts: list[Post], rng: random.Random, words: list[str], charset: str) -> str:
    entries = []
    for post in posts:
        tags = "".join(f'<category term="{escape(tag)}"/>' for tag in post.tags)
        entries.append(
            f'<entry><title type="html">{escape(escape(post.title), quote=False)}</title>\n'
            f'<link href="{post.url}" rel="alternate" type="text/html" title="{escape(post.title)}"/>\n'
            f"<id>tag:{host[8:]},2026:{post.number}</id><published>{_rfc3339(post.when)}</published>\n"
            f"<updated>{_rfc3339(post.when + 60)}</updated><author><name>{escape(post.author)}</name></author>{tags}\n"
            f'<summary type="html">{escape(_sentence(rng, words, 10, 30))}</summary>\n'
            f'<content type="html" xml:base="{post.url}">{escape(post.html, quote=False)}</content></entry>\n'
        )
    return (
        f'<?xml version="1.0" encoding="{charset}"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
        f'<generator uri="https://generator.example/" version="4.2">Generator</generator>\n'
        f'<link href="{host}/feed.xml" rel="self" type="application/atom+xml"/><link href="{host}/" rel="alternate"/>\n'
        f"<updated>{_rfc3339(posts[0].when)}</updated><id>{host}/feed.xml</id>\n"
        f'<title type="html">{_sentence(rng, words, 2, 4)}</title><subtitle>{_sentence(rng, words)}</subtitle>\n'
        f"{''.join(entries)}</feed>\n"
    )


def _rdf(host: str, posts: list[Post], rng: random.Random, words: list[str], charset: str) -> str:
    items = "".join(
        f'<item rdf:about="{post.url}">\n<title>{escape(post.title)}</title>\n<link>{post.url}</link>\n'
        f"<description>{escape(_sentence(rng, words, 10, 30))}</description>\n"
        f"<content:encoded>{_cdata(post.html)}</content:encoded>\n<dc:date>{_rfc3339(post.when)}</dc:date>\n"
        f"<dc:creator>{escape(post.author)}</dc:creator>\n"
        f"{''.join(f'<dc:subject>{escape(tag)}</dc:subject>' for tag in post.tags)}</item>\n"
        for post in posts
    )
    listed = "".join(f'<rdf:li rdf:resource="{post.url}"/>\n' for post in posts)
    return (
        f'<?xml version="1.0" encoding="{charset}"?>\n<rdf:RDF xmlns="http://purl.org/rss/1.0/"\n'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"\n'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xml:lang="en">\n'
        f'<channel rdf:about="{host}/feed.xml"><title>{_sentence(rng, words, 2, 4)}</title><link>{host}/</link>\n'
        f"<description>{_sentence(rng, words)}</description>\n<items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n"
        f"{items}</rdf:RDF>\n"
    )
