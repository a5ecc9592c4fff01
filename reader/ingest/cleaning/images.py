"""Pictures of entries: which address is the picture, what is no picture at all."""

from __future__ import annotations

import re

from reader.ingest.cleaning.links import absolute
from reader.ingest.cleaning.srcset import map_srcset

# Where scripts that load pictures late keep the address, best first (WordPress plugins, Jetpack, lazysizes, lozad, a3,
# unveil, vanilla-lazyload, Drupal, Ghost, Squarespace, Weibo, Zhihu, Discuz, WeChat, Smush, Rocket, LiteSpeed, AMP …).
_LAZY = """
    data-src data-lazy-src data-original data-lazy data-orig-file data-actualsrc data-original-src
    data-hi-res-src data-cfsrc data-url data-image data-lazyload data-lazyload-src data-img-src data-echo
    data-ezsrc data-large-file data-medium-file data-full-url data-pagespeed-lazy-src data-delayed-url
    data-defer-src data-high-src data-litespeed-src data-pin-media data-ll-src data-wpfc-original-src
    data-backsrc data-real-src data-src-retina data-runner-src data-croporisrc data-file zoomfile file lazy-src
    lazysrc _src
"""
LAZY = tuple(_LAZY.split())
_LAZY_SETS = """
    data-srcset data-lazy-srcset data-original-set data-original-srcset data-lazysrcset data-ezsrcset
    data-litespeed-srcset data-wpfc-original-srcset data-ll-srcset lazy-srcset
"""
LAZY_SETS = tuple(_LAZY_SETS.split())
PLACEHOLDER = re.compile(
    r"^(?:data:|about:|blob:|javascript:|#|$)"
    r"|(?:^|[/_.-])(?:blank|spacer|placeholder|loading|loader|grey|gray|transparent|trans|1x1|1px|pixel|clear|empty|dummy|lazy|lazyload"
    r"|lazy[_-]placeholder|white|s|dot|t|p)(?:[._-]\w{1,12})?\.(?:gif|png|svg|jpe?g|webp)(?:$|[?#])"
    r"|/lazy-load/|/lazyload/|[?&]is-pending-load=",
    re.I,
)
# Pictures that only tell that an entry was read, and buttons for sharing that feeds carry at the end.
TRACKERS = re.compile(
    r"^https?://(?:[\w.-]*\.)?(?:pixel\.wp\.com|stats\.wp\.com|stats\.wordpress\.com|feeds\.wordpress\.com/1\.0/|"
    r"doubleclick\.net|google-analytics\.com|googletagmanager\.com|googleadservices\.com|feedsportal\.com|"
    r"quantserve\.com|scorecardresearch\.com|imrworldwide\.com|feedads\.|feeds\.feedburner\.com/~[rf]+/|"
    r"feedproxy\.google\.com/~[rf]+/|piwik\.|matomo\.|rss-tracker\.|facebook\.com/tr\b|counter\.theconversation\.com|"
    r"medium\.com/_/stat|blogger\.googleusercontent\.com/tracker/|blogger\.com/tracker/|pixel\.propublica\.org|"
    r"pixel\.facebook\.com|px\.ads\.linkedin\.com|bat\.bing\.com|ct\.pinterest\.com|t\.co/(?:i|1/i)/adsct|"
    r"analytics\.twitter\.com|mc\.yandex\.ru/watch|counter\.yadro\.ru|vk\.com/rtrg|c\.statcounter\.com|"
    r"statcounter\.com/c/|s\d*\.sitemeter\.com|histats\.com|amazon-adsystem\.com|assoc-amazon\.\w+/e/ir|"
    r"list-manage\.com/track/|mandrillapp\.com/track/|track\.hubspot\.com|"
    r"feedpress\.(?:me|it)/[^?]*\.gif|tracking\.feedpress\.it|goatcounter\.com/count|hits\.dwyl\.com|"
    r"vg\w\d+\.met\.vgwort\.de|met\.vgwort\.de|ssl-vg\d+\.met\.vgwort\.de|ioam\.de|ivwbox\.de|webtrekk\.net|"
    r"chartbeat\.(?:net|com)|adsrvr\.org|adnxs\.com|criteo\.(?:com|net)|taboola\.com/|outbrain\.com/|rss\.buysellads\.com)"
    r"|^https?://[^/?#]+/[^?#]*(?:piwik|matomo)\.php|^https?://[^/?#]+/wf/open\b|republication-tracker-tool",
    re.I,
)
_TINY = re.compile(r"(?:^|;)\s*(?:max-)?(width|height)\s*:\s*[01](?:px)?\s*(?:!important\s*)?(?=;|$)", re.I)
_WHOLE = re.compile(r"\s*(\d{1,6})(?:\.\d*)?\s*(?:px)?\s*", re.IGNORECASE)
_SIZED = re.compile(r"(?:^|;)\s*(width|height)\s*:", re.I)
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_EMOJI = re.compile(r"(?:^|\s)(?:wp-smiley|emoji|emojione|twemoji|smiley|emoticon)(?:$|\s)", re.I)


def picture(given: dict[str, str], base: str) -> tuple[str | None, str]:
    """The absolute URL (None: there is none) and the srcset of an ``img`` with the attributes ``given``."""
    written, candidates = given.get("src", ""), given.get("srcset", "")
    late = None
    if not written or PLACEHOLDER.search(written):
        late = next((url for name in LAZY if name in given and (url := _late(given[name], base))), None)
    url = late or absolute(written, base)
    if not candidates or candidates.lstrip().startswith("data:") or late:
        candidates = next((value for name in LAZY_SETS if (value := given.get(name, ""))), "" if late else candidates)
    srcset = resolved_set(candidates, base) if candidates else ""
    if srcset and (url is None or (late is None and PLACEHOLDER.search(written) and not given.get("srcset"))):
        url = srcset.split(",")[0].split()[0].replace("%2C", ",")
    return url, srcset


def _late(value: str, base: str) -> str | None:
    return None if value.startswith(("data:", "{")) else absolute(value, base)


def resolved_set(srcset: str, base: str) -> str:
    """The srcset with absolute URLs; candidates without one are left out."""
    return map_srcset(srcset, lambda url: absolute(url, base))


def pixels(written: str | None) -> int | None:
    """A width or height attribute in CSS pixels; None for none or a share."""
    match = _WHOLE.fullmatch(written) if written else None
    return int(match[1]) if match else None


def is_pixel(given: dict[str, str], url: str) -> bool:
    """Whether an image is there to be counted and not to be seen."""
    sizes = [size for name in ("width", "height") if (size := pixels(given.get(name))) is not None]
    if (sizes and max(sizes) <= 1) or TRACKERS.match(url):
        return True
    style = given.get("style", "")
    if style:
        small = {match[1].lower() for match in _TINY.finditer(style)}
        if small and small >= {match[1].lower() for match in _SIZED.finditer(style)}:
            return True
        if _HIDDEN.search(style) and not any(name in given for name in LAZY):
            return True
    return "hidden" in given and not any(name in given for name in LAZY)


def words_instead(given: dict[str, str]) -> str:
    """The text that stands for a picture of a letter or an emoji; "" for every other picture."""
    alt = given.get("alt", "").strip()
    return alt if alt and len(alt) <= 12 and _EMOJI.search(given.get("class", "")) else ""
