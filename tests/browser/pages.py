"""The pages that every check of looks and access goes over."""

from __future__ import annotations

from tests.browser.reader import Reader


def signed_in(reader: Reader, feed: int, folder: int, entry: int) -> list[str]:
    """Addresses of every page of somebody who reads."""
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
        "/no-such-page",
    ]


SIGNED_OUT = ["/signin", "/join/unknown"]
