"""What HTML of an entry may hold. The rewriting before the sanitiser and the sanitiser itself read these tables."""

from __future__ import annotations

ID_PREFIX = "e-"


def words(text: str) -> frozenset[str]:
    """The words of ``text`` as a set."""
    return frozenset(text.split())


TAGS = words(
    """
    a abbr address article aside audio b bdi bdo blockquote br caption cite code col colgroup data dd del
    details dfn div dl dt em figcaption figure footer h3 h4 h5 h6 header hr i img ins kbd li mark ol p picture
    pre q rb rp rt rtc ruby s samp section small source span strong sub summary sup table tbody td tfoot th
    thead time tr track u ul var video wbr
    """
)
VOID = words(
    """
    area base br col embed hr img input link meta param source track wbr
    """
)

# MathML Core's presentation elements and the older ones that browsers still draw or pass over without harm.
MATH_TOKENS = frozenset(["mi", "mn", "mo", "ms", "mtext"])
MATH_TAGS = MATH_TOKENS | words(
    """
    math mrow mspace mfrac msqrt mroot mstyle merror mpadded mphantom menclose mfenced msub msup msubsup munder
    mover munderover mmultiscripts mprescripts none mtable mtr mlabeledtr mtd
    """
)
MATH_ATTRIBUTES = words(
    """
    display displaystyle scriptlevel mathvariant mathsize stretchy fence separator form lspace rspace largeop
    movablelimits symmetric minsize maxsize accent accentunder linethickness columnalign rowalign columnspan
    rowspan columnlines rowlines columnspacing rowspacing frame width height depth voffset notation open close
    separators bevelled numalign denomalign align alttext dir
    """
)

ALIGNED = words(
    """
    p div h3 h4 h5 h6 td th tr thead tbody tfoot table caption col colgroup figure figcaption blockquote li dd
    dt section article header footer aside address pre
    """
)
ALIGNMENTS = frozenset({"left", "right", "center", "justify"})
DIRECTIONS = frozenset({"ltr", "rtl", "auto"})

GENERIC = frozenset({"title", "lang", "dir", "id"})
ATTRIBUTES: dict[str, frozenset[str]] = {
    "a": frozenset({"href", "hreflang", "rel"}),
    "audio": frozenset({"src", "controls", "preload", "loop"}),
    "blockquote": frozenset({"cite"}),
    "code": frozenset({"class"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "data": frozenset({"value"}),
    "del": frozenset({"cite", "datetime"}),
    "details": frozenset({"open"}),
    "figure": frozenset({"class", "data-src", "data-provider"}),
    "img": frozenset({"src", "srcset", "sizes", "alt", "width", "height", "loading", "decoding"}),
    "ins": frozenset({"cite", "datetime"}),
    "li": frozenset({"value"}),
    "ol": frozenset({"start", "reversed", "type"}),
    "pre": frozenset({"class"}),
    "q": frozenset({"cite"}),
    "source": frozenset({"src", "srcset", "sizes", "type", "media", "width", "height"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan", "scope", "abbr"}),
    "time": frozenset({"datetime"}),
    "track": frozenset({"src", "kind", "srclang", "label", "default"}),
    "ul": frozenset({"type"}),
    "video": frozenset({"src", "poster", "width", "height", "controls", "preload", "loop", "muted"}),
}
ADDED = {
    "img": {"loading": "lazy", "decoding": "async"},
    "audio": {"controls": "", "preload": "none"},
    "video": {"controls": "", "preload": "none"},
}
"""Written on every such element, whatever it said."""
REL = "noopener noreferrer"

RENAMED: dict[str, tuple[str, str]] = {  # obsolete elements, or ours: (element, attributes)
    "acronym": ("abbr", ""),
    "amp-audio": ("audio", ""),
    "amp-video": ("video", ""),
    "center": ("div", ' align="center"'),
    "dir": ("ul", ""),
    "font": ("span", ""),
    "hgroup": ("div", ""),
    "main": ("div", ""),
    "menu": ("ul", ""),
    "nav": ("div", ""),
    "search": ("div", ""),
    "strike": ("s", ""),
    "tt": ("code", ""),
}

GONE = words(
    """
    script style template svg noembed noframes title head link meta base applet param input select textarea
    option optgroup datalist map area frame frameset bgsound keygen portal fencedframe amp-analytics amp-pixel
    amp-ad amp-auto-ads amp-state amp-sidebar amp-story-auto-ads
    """
)
"""Holds no text for a reader: goes with its content."""

STRUCTURAL = GONE | words(
    """
    math noscript iframe object embed xmp listing plaintext image amp-img amp-anim amp-iframe amp-youtube
    amp-vimeo amp-dailymotion amp-soundcloud amp-twitter amp-instagram amp-facebook amp-reddit amp-tiktok
    lite-youtube lite-vimeo html body
    """
)
"""Needs the tree: what a look at single tags cannot settle."""
