"""The pages that every check of looks and access goes over."""

from __future__ import annotations

from tests.browser.reader import Reader


def signed_in(reader: Reader, feed: int, folder: int, entry: int, share: int, stream: int) -> list[str]:
    """Addresses of every page of somebody who reads and shares."""
    return [
        "/",
        f"/folder/{folder}",
        f"/feed/{feed}",
        f"/feed/{feed}?show=unread",
        "/starred",
        "/later",
        f"/entry/{entry}?in=all",
        f"/feed/{feed}/health",
        f"/feed/{feed}/edit",
        "/add",
        "/manage",
        "/keys",
        "/folders",
        "/settings/reading",
        "/settings/account",
        "/settings/tokens",
        "/settings/export",
        "/import",
        "/people",
        "/people/find?q=@nobody",
        "/people/followers",
        "/notifications",
        "/settings/sharing",
        "/settings/webhooks",
        f"/settings/stream/{stream}?feed={feed}&try=1",
        "/settings/departure",
        *public(share),
        "/no-such-page",
    ]


def public(share: int) -> list[str]:
    """Pages that need no account."""
    return ["/u/ada", "/u/ada/shared", f"/share/{share}", f"/chain/{share}"]


SIGNED_OUT = ["/signin", "/join/unknown"]
