# ruff: noqa: E501  # markup as it is written
"""Text of titles and of search: real tags go, everything else stays."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.ingest.clean import summary_of
from reader.ingest.text import clean_text, squeeze

NO_TAGS = ["a < b", "x<y and y>z", "<3", "if (a<b) c", "Vec<T>", "map<string, int>", "1<2>0", "i <- 3", "a <> b", "std::vector<MyType>",
           "Optional<Foo> of <Bar>", ">_<", "<- back", "WTF<!?", "Dict[str, List<int]", "5 > 3", "x << 2", "C#'s IEnumerable<TSource>"]  # fmt: skip


@pytest.mark.parametrize("text", NO_TAGS)
def test_what_is_no_tag_stays(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<b>bold</b> and <i class=x>italic</i>", "bold and italic"),
        ("un<b>believ</b>able", "unbelievable"),
        ("a<br>b<BR/>c<hr>d", "a b c d"),
        ("<p>one</p><p>two</p><ul><li>x<li>y</ul>", "one two x y"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<h1>T</h1>x<div>y</div>z", "T x y z"),
        ("AT&amp;T &lt;b&gt; &quot;q&quot; &#39;a&#39;", "AT&T <b> \"q\" 'a'"),
        ("&amp;lt;b&amp;gt; &amp;amp;", "&lt;b&gt; &amp;"),
        ("&copy 2003 &notit; &amp x &lt y", "© 2003 ¬it; & x < y"),
        ("&#151; &#x92; &#128;", "— ’ €"),
        ("&#xD800; &#x110000; &#0; &#99999999999;", "\ufffd \ufffd \ufffd \ufffd"),
        ("a&nbsp;b\u2003c\n\t d", "a b c d"),
        ("x<script>alert(1)</script>y<style>p{}</style>z", "x y z"),
        ("x<ScRiPt\n src=y>alert(1)</sCrIpT >z", "x z"),
        ("x<script>alert(1)", "x"),
        ("x<!-- c -->y<!-->z", "xyz"),
        ("x<!-- never closed", "x"),
        ("<![CDATA[a & b]]>", "a & b"),
        ("<!DOCTYPE html><html><head><title>t</title></head><body>x</body></html>", "x"),
        ("<?xml version='1.0'?>x", "x"),
        ("The <title> element", "The element"),
        ('<a href="x" title="a > b">t</a>', "t"),
        ("<a href='it' title=\"it's\">t</a>", "t"),
        ('cut <a href="https://x.exam', "cut"),
        ("<o:p></o:p>x<my-note>y</my-note>", "xy"),
        ("E = <math><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math>", "E = mc2"),
        ("<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>\\x</annotation></semantics></math>", "x"),
        ("<svg><text>drawn</text></svg>x", "x"),
        ("a\u202eb\u2066c\x00d\x1be\u200bf\ufeff", "abcdef"),
        ("&#x202e;&#8294;x", "x"),
        ("\ud800x\udfff", "x"),
        ("👩\u200d💻 سلام\u200cها", "👩\u200d💻 سلام\u200cها"),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f a\U000e0062", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f a"),
        ("", ""),
    ],
)  # fmt: skip
def test_markup_goes(html: str, text: str) -> None:
    assert clean_text(html) == text


@given(st.text())
def test_squeezed_text_stays(text: str) -> None:
    once = squeeze(text)
    assert squeeze(once) == once
    once.encode("utf-8")


@given(st.text(alphabet="<>/!-abp &;#\"'x", max_size=60))
def test_any_markup_gives_one_line(html: str) -> None:
    text = clean_text(html)
    assert "\n" not in text and text == text.strip()


def test_summary_is_not_cut_inside_of_markup() -> None:
    html = "<p>Words</p>" + '<a href="https://gazette.example/' + "x" * 1600 + '">more</a>'
    assert summary_of(html) == "Words more"
    assert summary_of("a" * 1499 + "&amp;" + "b" * 20000).startswith("aaa")
    assert summary_of("<p>" + "<b></b>" * 300 + "late") == "late"


@pytest.mark.parametrize(
    "text",
    ["<script" * 300_000, "<script>" * 300_000, "<" * 3_000_000, "<!--" * 700_000, "<a" * 1_000_000, "<a " * 1_000_000, '<a "' * 700_000,
     "<a '\"" * 600_000, "&" * 3_000_000, " " * 3_000_000, "<title>" * 400_000, "<title>" * 200_000 + "</title>" * 200_000, "<![CDATA[" * 300_000,
     "<iframe ><" * 300_000, "<!a" * 900_000, "&#" * 1_500_000, "<style>" * 200_000 + "</script>" * 100_000, "<a x=\"" * 500_000, "<?a" * 900_000],
    ids=lambda text: text[:12].replace(" ", "_"),
)  # fmt: skip
def test_time_is_linear(text: str) -> None:
    start = time.process_time()
    clean_text(text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("text", ["<item " + 'a="1" ' * 200_000 + "/>", "<a " + "b=" * 500_000, "<a b='" * 150_000])
def test_tags_that_are_none_take_linear_time(text: str) -> None:
    start = time.process_time()
    clean_text(text)
    assert time.process_time() - start < 1
