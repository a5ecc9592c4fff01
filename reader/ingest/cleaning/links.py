"""Addresses inside entries: made absolute, and freed from what only tells others who followed them."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from reader.ingest.cleaning.allowed import words

MAX_URL = 4096
_ABSOLUTE = re.compile(r"https?://[^\s/?#\\]", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_WHITE = re.compile(r"[\t\n\r]")
# What the URL Standard strips at both ends, and the spaces that editors leave.
_EDGE = "".join(map(chr, range(0x21))) + "\xa0\u200b\u2003\ufeff"


def absolute(value: str | None, base: str) -> str | None:
    """An http(s) URL resolved against ``base`` as a browser does it; None for other schemes and for nonsense."""
    url = (value or "").strip(_EDGE)
    if not url or len(url) > MAX_URL:
        return None
    if "\n" in url or "\t" in url or "\r" in url:
        url = _WHITE.sub("", url)
    if not _ABSOLUTE.match(url):
        if _SCHEME.match(url):
            return None
        joined = _joined(base, url)
        if joined is None:
            return None
        url = joined
    if " " in url:
        url = url.replace(" ", "%20")
    if "\\" in url:
        end = min((at for at in (url.find("?"), url.find("#")) if at >= 0), default=len(url))
        url = url[:end].replace("\\", "/") + url[end:]
    return url if len(url) <= MAX_URL else None


_ROOTED = re.compile(r"/(?![/\\.])[^\\]*+")


def _joined(base: str, url: str) -> str | None:
    if _ROOTED.fullmatch(url) and "/." not in url:
        root = root_of(base)
        return root + url if root else None
    try:
        url = urljoin(base, url.replace("\\", "/") if url.startswith(("\\", "/")) else url)
    except ValueError:
        return None
    return url if _ABSOLUTE.match(url) else None


@lru_cache(maxsize=64)
def root_of(base: str) -> str:
    """Scheme and host of ``base``; "" if it has none."""
    try:
        parts = urlsplit(base)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


def link(value: str, base: str) -> str | None:
    """As absolute, for what a reader may follow: redirectors that show their target and tracking parameters go."""
    url = absolute(value, base)
    if url is not None and ("?" in url or "#" in url):
        url = without_tracking(direct(url))
    return url


# Parameters that carry nothing but where a reader came from, which mail or advertisement, and who they are.
_TRACKING = words(
    """
    fbclid gclid gclsrc dclid gbraid wbraid gad_source gad_campaignid yclid ysclid _openstat msclkid twclid
    ttclid li_fat_id igshid igsh mc_cid mc_eid mc_tc mkt_tok _hsenc _hsmi hsctatracking __hssc __hstc __hsfp __s
    __twitter_impression ck_subscriber_id _ke _kx trk_contact trk_msg trk_module trk_sid wickedid wickedsource
    irclickid irgwc rb_clickid epik ml_subscriber ml_subscriber_hash oly_enc_id oly_anon_id vero_id vero_conv
    nr_email_referer ref_src ref_url spm xtor wt_mc wt_zmc wt.mc_id mkwid pcrid ef_id s_kwcid s_cid dm_i dicbo
    guccounter guce_referrer guce_referrer_sig _bta_tid _bta_c ns_source ns_mchannel ns_campaign ns_linkname
    ns_fee soc_src soc_trk sr_share tblci tduid vgo_ee zanpid _branch_match_id _branch_referrer fb_action_ids
    fb_action_types fb_source fb_ref action_object_map action_type_map action_ref_map ga_source ga_medium
    ga_term ga_content ga_campaign ga_place _ga _gl gs_l cx_click cx_recscore sms_source sms_click rdt_cid scid
    sccid tw_source tw_campaign tw_term tw_content tw_adid os_ehash adj_adgroup adj_creative elqtrackid elqtrack
    elqcampaignid elqaid elqat email_token mibextid
    """
)
_TRACKING_PREFIXES = ("utm_", "mtm_", "matomo_", "pk_", "piwik_", "hsa_", "stm_", "at_custom", "asc_", "vero_", "sfmc_")
_TRACKING |= words(
    """
    at_medium at_campaign at_campaign_type at_link_id at_link_type at_link_origin at_ptr_name at_bbc_team
    at_format at_variant at_creation at_network at_platform
    """
)
_SIGNED = words("sig hmac policy key-pair-id hash hdnts hdnea mac token")
_SITES = {  # parameters that track on these sites only
    "youtube.com": frozenset({"si", "feature", "pp"}),
    "youtu.be": frozenset({"si", "feature"}),
    "open.spotify.com": frozenset({"si"}),
    "twitter.com": frozenset({"s", "t"}),
    "x.com": frozenset({"s", "t"}),
}
_FRAGMENT = re.compile(r"(?:utm_|mtm_|pk_|xtor=|at_medium=|mc_cid=|echobox=|fbclid=|gclid=|rss_?id=)", re.I)


_KEPT, _GONE, _SIGNING, _DEPENDS = range(4)


@lru_cache(maxsize=2000)
def _kind(name: str) -> int:
    """What a parameter of that name is."""
    name = name.lower().removeprefix("amp;")  # of addresses that were escaped twice
    if name in _SIGNED or name.endswith("signature") or name.startswith(("x-amz-", "x-goog-")):
        return _SIGNING
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return _GONE
    return _DEPENDS if any(name in names for names in _SITES.values()) else _KEPT


def _tracks_there(name: str, page: str) -> bool:
    site = _OWN.match(page)
    return site is not None and name.lower() in _SITES[site[1].lower()]


_OWN = re.compile(
    r"https?://(?:www\.|m\.)?(youtube\.com|youtu\.be|open\.spotify\.com|twitter\.com|x\.com)/", re.IGNORECASE
)


def without_tracking(url: str) -> str:
    """``url`` (absolute http or https) without tracking parameters. All else stays letter by letter, in its order; a
    URL that carries a signature over its parameters is not touched."""
    head, mark, fragment = url.partition("#")
    if mark and _FRAGMENT.match(fragment):
        mark = fragment = ""
    page, question, query = head.partition("?")
    if not query:
        return head + mark + fragment
    given = query.split("&")
    kept = []
    for part in given:
        name = part.partition("=")[0]
        kind = _kind(name) if len(name) < 60 else _KEPT
        if kind == _SIGNING:
            return head + mark + fragment
        if kind == _KEPT or (kind == _DEPENDS and not _tracks_there(name, page)):
            kept.append(part)
    if "source=rss-" in query:  # Medium
        kept = [part for part in kept if not part.startswith("source=rss-")]
    if len(kept) != len(given):
        head = page + (question + "&".join(kept) if any(kept) else "")
    return head + mark + fragment


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return ""


# Redirectors whose address shows where it leads: host, path, the parameter with the target.
_REDIRECTORS = {
    ("l.facebook.com", "/l.php"): "u",
    ("lm.facebook.com", "/l.php"): "u",
    ("l.instagram.com", "/"): "u",
    ("youtube.com", "/redirect"): "q",
    ("out.reddit.com", ""): "url",
    ("t.umblr.com", "/redirect"): "z",
    ("vk.com", "/away.php"): "to",
    ("duckduckgo.com", "/l/"): "uddg",
    ("steamcommunity.com", "/linkfilter/"): "url",
    ("slack-redir.net", "/link"): "url",
    ("exit.sc", "/"): "url",
    ("disq.us", "/url"): "url",
    ("news.url.google.com", "/news/url"): "url",
}
_GOOGLE = re.compile(r"google\.(?:com?\.)?[a-z]{2,3}")


def direct(url: str) -> str:
    """Where a known redirector's ``url`` leads to, if it says so itself; any other URL as it is."""
    for _ in range(MAX_URL):
        target = _target(url)
        if target is None:
            return url
        url = target
    return url


def _target(url: str) -> str | None:
    if "http" not in url[8:]:
        return None
    host = _host(url)
    parts = urlsplit(url) if host else None
    if parts is None:
        return None
    if _GOOGLE.fullmatch(host) and parts.path == "/url":
        names: tuple[str, ...] = ("q", "url")
    else:
        name = _REDIRECTORS.get((host, parts.path)) or _REDIRECTORS.get((host, ""))
        names = (name,) if name else ()
    values = parse_qs(parts.query) if names else {}
    written = next((values[name][0] for name in names if name in values), "")
    return absolute(written, "") if _ABSOLUTE.match(written) else None


_ID_OUT = re.compile(r"[\s\"'<>&`]+")


def anchor_id(written: str) -> str:
    """An id without its prefix as we write it; "" for one that cannot be used. Twice gives the same as once."""
    cleaned = _ID_OUT.sub("_", written.strip()[:200]).strip("_")
    while cleaned.startswith("e-"):
        cleaned = cleaned[2:]
    return cleaned


def anchor_of(fragment: str) -> str:
    """The id that a link to ``#fragment`` means."""
    return anchor_id(unquote(fragment) if "%" in fragment else fragment)
