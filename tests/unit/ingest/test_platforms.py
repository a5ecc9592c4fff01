# ruff: noqa: E501  # addresses as they are
"""Feeds that follow from the address of a page, or from the software that made it."""

from __future__ import annotations

import pytest

from reader.ingest.page import find
from reader.ingest.platforms import guesses, platform_feeds

UC = "UCabcdefghijklmnopqrstuv"
TUBE = "https://www.youtube.com/feeds/videos.xml?"
BY_ADDRESS = [
    (f"https://www.youtube.com/channel/{UC}", [f"{TUBE}channel_id={UC}"]),
    (f"https://m.youtube.com/channel/{UC}/videos", [f"{TUBE}channel_id={UC}"]),
    ("https://www.youtube.com/user/ada", [f"{TUBE}user=ada"]),
    ("https://www.youtube.com/playlist?list=PL123", [f"{TUBE}playlist_id=PL123"]),
    ("https://www.youtube.com/watch?v=x&list=RDx", []),
    ("https://www.youtube.com/feed/subscriptions", []),
    ("https://www.youtube.com/", []),
    ("https://github.com/ada/engine", ["https://github.com/ada/engine/releases.atom", "https://github.com/ada/engine/commits.atom", "https://github.com/ada/engine/tags.atom"]),
    ("https://github.com/ada/engine/commits/main", ["https://github.com/ada/engine/commits/main.atom", "https://github.com/ada/engine/releases.atom"]),
    ("https://github.com/ada/engine/tree/dev/src", ["https://github.com/ada/engine/commits/dev/src.atom", "https://github.com/ada/engine/releases.atom"]),
    ("https://github.com/ada/engine/wiki", ["https://github.com/ada/engine/wiki.atom"]),
    ("https://github.com/ada/engine/tags", ["https://github.com/ada/engine/tags.atom"]),
    ("https://github.com/ada", ["https://github.com/ada.atom"]),
    ("https://github.com/orgs/python/repositories", ["https://github.com/python.atom"]),
    ("https://github.com/", []),
    ("https://github.com/pricing", []),
    ("https://gist.github.com/ada", ["https://gist.github.com/ada.atom"]),
    ("https://docs.github.com/en/rest", []),
    ("https://gitlab.com/group/sub/project", ["https://gitlab.com/group/sub/project/-/releases.atom", "https://gitlab.com/group/sub/project/-/tags?format=atom", "https://gitlab.com/group/sub/project.atom"]),
    ("https://gitlab.com/a/b/-/tags", ["https://gitlab.com/a/b/-/tags?format=atom"]),
    ("https://gitlab.com/a/b/-/commits/main", ["https://gitlab.com/a/b/-/commits/main?format=atom"]),
    ("https://gitlab.gnome.org/GNOME/gtk", ["https://gitlab.gnome.org/GNOME/gtk/-/releases.atom"]),
    ("https://codeberg.org/ada/engine", ["https://codeberg.org/ada/engine/releases.atom", "https://codeberg.org/ada/engine.atom"]),
    ("https://codeberg.org/ada", ["https://codeberg.org/ada.atom"]),
    ("https://www.reddit.com/r/tea/", ["https://www.reddit.com/r/tea/.rss"]),
    ("https://old.reddit.com/r/tea/top/?t=week", ["https://www.reddit.com/r/tea/top/.rss?t=week"]),
    ("https://reddit.com/u/ada", ["https://www.reddit.com/user/ada/.rss"]),
    ("https://www.reddit.com/user/ada/m/drinks", ["https://www.reddit.com/user/ada/m/drinks/.rss"]),
    ("https://www.reddit.com/r/tea/comments/abc/title/", ["https://www.reddit.com/r/tea/.rss", "https://www.reddit.com/r/tea/comments/abc/title/.rss"]),
    ("https://www.reddit.com/search/?q=green+tea", ["https://www.reddit.com/search.rss?q=green+tea&sort=new"]),
    ("https://www.reddit.com/r/tea/search?q=pot", ["https://www.reddit.com/r/tea/search.rss?q=pot&restrict_sr=on&sort=new"]),
    ("https://www.reddit.com/", ["https://www.reddit.com/.rss"]),
    ("https://mastodon.social/@ada", ["https://mastodon.social/@ada.rss"]),
    ("https://social.example/@ada/112233", ["https://social.example/@ada.rss"]),
    ("https://social.example/web/@ada", ["https://social.example/@ada.rss"]),
    ("https://social.example/@ada@other.example", ["https://other.example/@ada.rss"]),
    ("https://www.tiktok.com/@ada", []),
    ("https://www.threads.net/@ada", []),
    ("https://t.me/@ada", []),
    ("https://bsky.app/profile/ada.example", ["https://bsky.app/profile/ada.example/rss"]),
    ("https://bsky.app/profile/did:plc:abc/post/3k", ["https://bsky.app/profile/did:plc:abc/rss"]),
    ("https://medium.com/@ada", ["https://medium.com/feed/@ada"]),
    ("https://medium.com/@ada/a-story-123", ["https://medium.com/feed/@ada"]),
    ("https://medium.com/the-tea-blog/tagged/green", ["https://medium.com/feed/the-tea-blog/tagged/green", "https://medium.com/feed/the-tea-blog"]),
    ("https://medium.com/tag/tea", ["https://medium.com/feed/tag/tea"]),
    ("https://ada.medium.com/", ["https://ada.medium.com/feed"]),
    ("https://medium.com/", []),
    ("https://ada.substack.com/p/letter", ["https://ada.substack.com/feed"]),
    ("https://open.substack.com/pub/ada/p/letter", ["https://ada.substack.com/feed"]),
    ("https://ada.wordpress.com/2026/", ["https://ada.wordpress.com/feed/"]),
    ("https://ada.tumblr.com/post/1", ["https://ada.tumblr.com/rss"]),
    ("https://ada.tumblr.com/tagged/tea", ["https://ada.tumblr.com/tagged/tea/rss", "https://ada.tumblr.com/rss"]),
    ("https://www.tumblr.com/ada", ["https://ada.tumblr.com/rss"]),
    ("https://www.tumblr.com/dashboard", []),
    ("https://ada.blogspot.com/2003/", ["https://ada.blogspot.com/feeds/posts/default"]),
    ("https://ada.blogspot.de/search/label/tea", ["https://ada.blogspot.de/feeds/posts/default", "https://ada.blogspot.de/feeds/posts/default/-/tea"]),
    ("https://ada.ghost.io/", ["https://ada.ghost.io/rss/"]),
    ("https://www.flickr.com/photos/12345678@N00/", ["https://www.flickr.com/services/feeds/photos_public.gne?id=12345678%40N00&lang=en-us&format=atom"]),
    ("https://vimeo.com/ada", ["https://vimeo.com/ada/videos/rss"]),
    ("https://vimeo.com/channels/staffpicks", ["https://vimeo.com/channels/staffpicks/videos/rss"]),
    ("https://vimeo.com/123456", []),
    ("https://stackoverflow.com/questions/tagged/python", ["https://stackoverflow.com/feeds/tag/python"]),
    ("https://tex.stackexchange.com/", ["https://tex.stackexchange.com/feeds"]),
    ("https://stackoverflow.com/questions/11227809/why", ["https://stackoverflow.com/feeds/question/11227809"]),
    ("https://superuser.com/users/5/ada", ["https://superuser.com/feeds/user/5"]),
    ("https://news.ycombinator.com/", ["https://news.ycombinator.com/rss"]),
    ("https://news.ycombinator.com/show", ["https://news.ycombinator.com/showrss", "https://news.ycombinator.com/rss"]),
    ("https://dev.to/ada", ["https://dev.to/feed/ada"]),
    ("https://dev.to/t/python", ["https://dev.to/feed/tag/python"]),
    ("https://dev.to/", ["https://dev.to/feed"]),
    ("https://lobste.rs/", ["https://lobste.rs/rss"]),
    ("https://lobste.rs/t/python", ["https://lobste.rs/t/python.rss", "https://lobste.rs/rss"]),
    ("https://arxiv.org/list/cs.AI/recent", ["https://rss.arxiv.org/atom/cs.AI"]),
    ("https://www.deviantart.com/ada/gallery", ["https://backend.deviantart.com/rss.xml?type=deviation&q=by%3Aada+sort%3Atime+meta%3Aall"]),
    ("https://ada.itch.io/boat/devlog/1", ["https://ada.itch.io/boat/devlog.rss"]),
    ("https://itch.io/games/newest", ["https://itch.io/games/newest.xml"]),
    ("https://store.steampowered.com/app/440/Team_Fortress_2/", ["https://store.steampowered.com/feeds/news/app/440/"]),
    ("https://steamcommunity.com/groups/tea", ["https://steamcommunity.com/groups/tea/rss/"]),
    ("https://rubygems.org/gems/rails", ["https://rubygems.org/gems/rails/versions.atom"]),
    ("https://www.dailymotion.com/ada", ["https://www.dailymotion.com/rss/user/ada"]),
    ("https://www.dailymotion.com/playlist/x5", ["https://www.dailymotion.com/rss/playlist/x5"]),
    ("https://odysee.com/@ada:4", ["https://odysee.com/$/rss/@ada:4"]),
    ("https://sourceforge.net/projects/vim/files/", ["https://sourceforge.net/projects/vim/rss?path=/"]),
    ("https://git.sr.ht/~ada/engine", ["https://git.sr.ht/~ada/engine/refs/rss.xml"]),
    ("https://letterboxd.com/ada/", ["https://letterboxd.com/ada/rss/"]),
    ("https://news.google.com/search?q=tea&hl=en", ["https://news.google.com/rss/search?q=tea&hl=en"]),
    ("https://qiita.com/ada", ["https://qiita.com/ada/feed.atom"]),
    ("https://ada.livejournal.com/", ["https://ada.livejournal.com/data/atom"]),
    ("https://ada.wordpress.com/category/tea/", ["https://ada.wordpress.com/category/tea/feed/", "https://ada.wordpress.com/feed/"]),
    ("https://lobste.rs/~ada", ["https://lobste.rs/~ada/stories.rss"]),
    ("https://lobste.rs/top/1d", ["https://lobste.rs/top/1d/rss"]),
    ("https://www.deviantart.com/ada/favourites", ["https://backend.deviantart.com/rss.xml?type=deviation&q=favby%3Aada"]),
    ("https://www.deviantart.com/ada/gallery/123/x", ["https://backend.deviantart.com/rss.xml?type=deviation&q=gallery%3Aada%2F123"]),
    ("https://www.behance.net/ada", ["https://www.behance.net/feeds/user?username=ada"]),
    ("https://www.kickstarter.com/projects/ada/boat?ref=x", ["https://www.kickstarter.com/projects/ada/boat/posts.atom"]),
    ("https://gist.github.com/ada/starred", ["https://gist.github.com/ada/starred.atom"]),
    ("https://github.com/copilot", []),
    ("https://gitlab.com/explore/projects", []),
    ("https://www.dailymotion.com/signin", []),
    ("https://gazette.example/", []),
    ("https://notgithub.com/a/b", []),
    ("https://github.com.evil.example/a/b", []),
    ("https://[::1", []),
]  # fmt: skip


@pytest.mark.parametrize(("url", "expected"), BY_ADDRESS, ids=[url for url, _ in BY_ADDRESS])
def test_by_address(url: str, expected: list[str]) -> None:
    assert [one.url for one in platform_feeds(url)][: len(expected) or None] == expected


def ruled(html: str, url: str) -> list[str]:
    return [one.url for one in find(html.encode(), url=url).feeds]


CHANNEL = f"{TUBE}channel_id={UC}"
BY_PAGE = {
    "handle by canonical": ("https://www.youtube.com/@ada", f'<link rel="canonical" href="https://www.youtube.com/channel/{UC}">', [CHANNEL]),
    "handle by data": ("https://www.youtube.com/@ada", f'<script>var d={{"metadata":{{"externalId":"{UC}"}}}}</script>', [CHANNEL]),
    "custom name": ("https://www.youtube.com/c/ada", f'<meta itemprop="identifier" content="{UC}">', [CHANNEL]),
    "video": ("https://www.youtube.com/watch?v=abc", f'<meta itemprop="channelId" content="{UC}">', [CHANNEL]),
    "short link": ("https://youtu.be/abc", f'<meta itemprop="channelId" content="{UC}">', [CHANNEL]),
    "video in a playlist": ("https://www.youtube.com/watch?v=abc&list=PL9", f'<meta itemprop="channelId" content="{UC}">', [f"{TUBE}playlist_id=PL9", CHANNEL]),
    "link of the page first": ("https://www.youtube.com/@ada", f'<link rel="alternate" type="application/rss+xml" title="RSS" href="{CHANNEL}"><script>"externalId":"UCzzzzzzzzzzzzzzzzzzzzzz"</script>', [CHANNEL, f"{TUBE}channel_id=UCzzzzzzzzzzzzzzzzzzzzzz"]),
    "apple podcasts": ("https://podcasts.apple.com/us/podcast/tea/id123", '<script>{"feedUrl":"https:\\/\\/feeds.example\\/tea.xml?a=1\\u0026b=2"}</script>', ["https://feeds.example/tea.xml?a=1&b=2"]),
    "apple podcasts without": ("https://podcasts.apple.com/us/podcast/tea/id123", "<p>x", []),
    "soundcloud": ("https://soundcloud.com/ada", '<meta property="al:ios:url" content="soundcloud://users:4711">', ["https://feeds.soundcloud.com/users/soundcloud:users:4711/sounds.rss"]),
    "wordpress by its api": ("https://gazette.example/blog/about/", '<link rel="https://api.w.org/" href="https://gazette.example/blog/wp-json/">', ["https://gazette.example/blog/feed/"]),
    "wordpress without pretty addresses": ("https://gazette.example/?p=1", '<link rel="https://api.w.org/" href="https://gazette.example/index.php?rest_route=/">', ["https://gazette.example/index.php?feed=rss2"]),
    "wordpress by its generator": ("https://gazette.example/", '<meta name="generator" content="WordPress 6.6"><script src="https://gazette.example/wp-includes/js/x.js"></script>', ["https://gazette.example/feed/"]),
    "wordpress in a folder": ("https://gazette.example/news/x", '<meta name="generator" content="WordPress 6.6"><img src="https://gazette.example/news/wp-content/a.png">', ["https://gazette.example/news/feed/"]),
    "wordpress that names its feed": ("https://gazette.example/", '<meta name="generator" content="WordPress 6.6"><link rel=alternate type=application/rss+xml href=/own>', ["https://gazette.example/own"]),
    "blogger on a domain of its own": ("https://gazette.example/", '<meta content="blogger" name="generator">', ["https://gazette.example/feeds/posts/default"]),
    "ghost": ("https://gazette.example/", '<meta name="generator" content="Ghost 5.8">', ["https://gazette.example/rss/"]),
    "medium on a domain of its own": ("https://gazette.example/", '<meta property="al:android:package" content="com.medium.reader">', ["https://gazette.example/feed"]),
    "substack on a domain of its own": ("https://www.gazette.example/", '<script src="https://substackcdn.com/bundle/x.js"></script>', ["https://www.gazette.example/feed"]),
    "discourse": ("https://talk.gazette.example/c/tea/5", '<meta name="generator" content="Discourse 3.2">', ["https://talk.gazette.example/latest.rss", "https://talk.gazette.example/c/tea/5.rss"]),
    "gitlab of one's own": ("https://code.gazette.example/a/b", '<meta content="GitLab" property="og:site_name">', ["https://code.gazette.example/a/b/-/releases.atom"]),
    "forgejo of one's own": ("https://code.gazette.example/a/b", '<meta name="keywords" content="go,git,self-hosted,gitea">', ["https://code.gazette.example/a/b/releases.atom"]),
    "misskey": ("https://mi.gazette.example/@ada", '<meta name="application-name" content="Misskey">', ["https://mi.gazette.example/@ada.atom"]),
    "pleroma": ("https://pl.gazette.example/users/ada", "<noscript>Pleroma</noscript>", ["https://pl.gazette.example/users/ada/feed.atom"]),
    "lemmy": ("https://le.gazette.example/c/tea", "<script>lemmy</script>", ["https://le.gazette.example/feeds/c/tea.xml?sort=New"]),
    "shop": ("https://shop.gazette.example/blogs/news/tea", '<link href="https://cdn.shopify.com/x.css">', ["https://shop.gazette.example/blogs/news.atom"]),
    "wix": ("https://gazette.example/", '<meta name="generator" content="Wix.com Website Builder">', ["https://gazette.example/blog-feed.xml"]),
    "mediawiki": ("https://wiki.gazette.example/Tea", '<meta name="generator" content="MediaWiki 1.42">', ["https://wiki.gazette.example/index.php?title=Special:RecentChanges&feed=atom"]),
    "hugo alone guesses nothing": ("https://gazette.example/", '<meta name="generator" content="Hugo 0.1">', []),
}  # fmt: skip


@pytest.mark.parametrize(("url", "html", "expected"), BY_PAGE.values(), ids=BY_PAGE.keys())
def test_by_page(url: str, html: str, expected: list[str]) -> None:
    assert ruled(html, url)[: len(expected) or None] == expected


def test_rules_stand_between_links_and_anchors() -> None:
    html = '<a href="/feed">RSS</a><link rel=alternate type=text/xml href=/g><link rel=alternate type=application/rss+xml title=Comments href=/c/comments><link rel=alternate type=application/atom+xml title=x href=/t>'
    assert ruled(html, "https://github.com/ada/engine") == [
        "https://github.com/t", "https://github.com/ada/engine/releases.atom", "https://github.com/ada/engine/commits.atom",
        "https://github.com/ada/engine/tags.atom", "https://github.com/c/comments", "https://github.com/g", "https://github.com/feed",
    ]  # fmt: skip


def test_guesses_know_the_software() -> None:
    assert guesses("https://x.example/", "Hugo 0.128.0")[0] == "https://x.example/index.xml"
    assert guesses("https://x.example/", "Jekyll v4")[0] == "https://x.example/feed.xml"
    below = guesses("https://x.example/blog/")
    assert below[0] == "https://x.example/blog/feed" and "https://x.example/atom.xml" in below
    assert len(below) == len(set(below)) <= 16
