"""Where feeds lie by the software that made a page, whatever its host. Asked only where the page names no feed itself,
except for people of the Fediverse, whose address tells enough."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from reader.ingest.links import absolute, host_of
from reader.ingest.platform_facts import PageFacts, RuledFeed

_PERSON = re.compile(r"/(?:web/)?@([\w.-]+)(?:@([\w.-]+\.[a-z]{2,}))?(?:/(?:with_replies|media|\d+))?/?")
_NO_FEDIVERSE = re.compile(
    r"(?:^|\.)(?:youtube|tiktok|threads|instagram|twitter|x|facebook|telegram|t|flipboard|unsplash|linktr|ko-fi"
    r"|rumble|odysee|bitchute|patreon|cash|producthunt|hashnode|observablehq|are|glitch|deno|jsr|farcaster|warpcast)"
    r"\.(?:com|net|me|ee|app|land|ph|dev|org|xyz|na|io|co|tv)$"
)
_WORDPRESS_FILES = re.compile(r"""["'(](https?:\\?/\\?/[^"'<>()\s]{3,200}?)\\?/wp-(?:content|includes)\\?/""")


def by_software(url: str, page: PageFacts) -> list[RuledFeed]:
    """Feeds of the page at ``url``, best first."""
    found = _person(url, page)
    if found or page.named or not page.text:
        return found
    for rule in (_wordpress, _blogs, _forums, _fediverse, _forges):
        found = rule(url, page)
        if found:
            return found
    return []


def _person(url: str, page: PageFacts) -> list[RuledFeed]:
    """Mastodon, Pleroma, Misskey and their kin: /@name on any host."""
    parts = urlsplit(url)
    match = _PERSON.fullmatch(parts.path)
    if match is None or _NO_FEDIVERSE.search(parts.hostname or ""):
        return []
    home = f"{parts.scheme}://{parts.netloc}" if match[2] is None else f"https://{match[2]}"
    if page.has("Misskey", "misskey", "Sharkey", "Firefish"):
        return [RuledFeed(f"{home}/@{match[1]}.atom", "atom")]
    if page.has("Pleroma", "Akkoma"):
        return [RuledFeed(f"{home}/users/{match[1]}/feed.atom", "atom")]
    if page.has("GoToSocial"):
        return [RuledFeed(f"{home}/@{match[1]}/feed.rss", "rss")]
    return [RuledFeed(f"{home}/@{match[1]}.rss", "rss")]


def _wordpress(url: str, page: PageFacts) -> list[RuledFeed]:
    """The place of the REST API or of the files tells where the blog is, in a folder of its own too."""
    for values in page.links:
        if "https://api.w.org/" in values.get("rel", "").split():
            api = absolute(page.base, values.get("href")) or ""
            if api.rstrip("/").endswith("/wp-json"):
                return [RuledFeed(api.rstrip("/").removesuffix("wp-json") + "feed/", "rss")]
            if "rest_route=" in api:
                return [RuledFeed(urljoin(api.partition("?")[0], "?feed=rss2"), "rss")]
    if not page.generator.startswith("WordPress"):
        return []
    match = _WORDPRESS_FILES.search(page.text, 0, 500_000)
    root = match[1].replace("\\/", "/") if match else ""
    if host_of(root) != host_of(url):
        root = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    return [RuledFeed(f"{root}/feed/", "rss")]


def _blogs(url: str, page: PageFacts) -> list[RuledFeed]:
    root = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    if page.generator.lower() == "blogger":
        return [RuledFeed(f"{root}/feeds/posts/default", "atom")]
    if page.generator.startswith("Ghost "):
        return [RuledFeed(f"{root}/rss/", "rss")]
    if page.generator.startswith("Wix.com"):
        return [RuledFeed(f"{root}/blog-feed.xml", "rss")]
    if page.has("com.medium.reader"):
        return [RuledFeed(f"{root}/feed", "rss")]
    if page.has("https://substackcdn.com/bundle", "substackcdn.com/icons/substack"):
        return [RuledFeed(f"{root}/feed", "rss")]
    if page.generator.startswith("WriteFreely"):
        return [RuledFeed(f"{root}/feed/", "rss")]
    shop = re.match(r"/(?:[a-z]{2}(?:-[a-z]{2})?/)?(?:blogs|collections)/[\w-]+", urlsplit(url).path, re.I)
    if shop and page.has("cdn.shopify.com", "/cdn/shop/"):
        return [RuledFeed(f"{root}{shop[0]}.atom", "atom")]
    return []


def _forums(url: str, page: PageFacts) -> list[RuledFeed]:
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    if page.generator.startswith("Discourse"):
        part = re.match(r"(.*?)/(?:c/[\w/-]+?|t/[\w-]+/\d+|tag/[\w-]+)(?=/?(?:\d+)?/?$)(?:/\d+)?", parts.path)
        folder = re.match(r"(/[\w-]+)?(?=/(?:c|t|tag|latest|u|top)\b)", parts.path)
        whole = RuledFeed(f"{root}{(folder[1] or '') if folder else ''}/latest.rss", "rss")
        return [whole, RuledFeed(f"{root}{part[0]}.rss", "rss")] if part else [whole]
    if page.generator.startswith("MediaWiki"):
        script = page.first((r'"wgScript":"([^"]{1,100})"',)) or "/index.php"
        return [RuledFeed(f"{root}{script}?title=Special:RecentChanges&feed=atom", "atom")]
    return []


def _fediverse(url: str, page: PageFacts) -> list[RuledFeed]:
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    tag = re.match(r"/tags/([^/]+)", parts.path)
    if tag and page.has("mastodon", "Mastodon"):
        return [RuledFeed(f"{root}/tags/{tag[1]}.rss", "rss")]
    person = re.match(r"/users/([\w.-]+)", parts.path)
    if person and page.has("Pleroma", "Akkoma"):
        return [RuledFeed(f"{root}/users/{person[1]}/feed.atom", "atom")]
    place = re.match(r"/([cu])/([\w.-]+)", parts.path)
    if place and page.has("lemmy", "Lemmy"):
        return [RuledFeed(f"{root}/feeds/{place[1]}/{place[2]}.xml?sort=New", "rss")]
    return []


def _forges(url: str, page: PageFacts) -> list[RuledFeed]:
    steps = [part for part in urlsplit(url).path.split("/") if part]
    root = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    if page.has('content="GitLab"') and len(steps) > 1:
        return gitlab(root, steps)
    if page.has(
        "Powered by Gitea", "Powered by Forgejo", 'content="forgejo', 'content="gitea', "go,git,self-hosted,gitea"
    ):
        return gitea(root, steps)
    return []


def gitlab(root: str, steps: list[str]) -> list[RuledFeed]:
    """Feeds of a project of a GitLab at ``root``; of a person or group where there is one step."""
    if steps[0] in ("explore", "dashboard", "users", "search", "help", "admin", "-"):
        return []
    if len(steps) == 1:
        return [RuledFeed(f"{root}/{steps[0]}.atom", "atom")]
    at = steps.index("-") if "-" in steps else len(steps)
    project, rest = f"{root}/{'/'.join(steps[:at])}", steps[at + 1 :]
    found = [RuledFeed(f"{project}/-/{name}", "atom") for name in ("releases.atom", "tags?format=atom")]
    found.append(RuledFeed(f"{project}.atom", "atom"))
    if len(rest) > 1 and rest[0] in ("commits", "tree"):
        found.insert(0, RuledFeed(f"{project}/-/commits/{'/'.join(rest[1:])}?format=atom", "atom"))
    return sorted(found, key=lambda one: not (rest and f"/-/{rest[0]}" in one.url))


def gitea(root: str, steps: list[str]) -> list[RuledFeed]:
    """Feeds of a Gitea or Forgejo at ``root``: of a repository, of a person where there is one step."""
    if not steps or steps[0] in ("explore", "user", "admin", "api", "assets"):
        return []
    if len(steps) == 1:
        return [RuledFeed(f"{root}/{steps[0]}.atom", "atom")]
    repository = f"{root}/{steps[0]}/{steps[1]}"
    found = [RuledFeed(f"{repository}/releases.atom", "atom"), RuledFeed(f"{repository}.atom", "atom")]
    if len(steps) > 4 and steps[2] in ("src", "commits") and steps[3] == "branch":
        found.insert(0, RuledFeed(f"{repository}/atom/branch/{steps[4]}", "atom"))
    if len(steps) > 2 and steps[2] == "tags":
        found.insert(0, RuledFeed(f"{repository}/tags.atom", "atom"))
    return found
