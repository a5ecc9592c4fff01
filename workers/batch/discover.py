"""discover: the document is a web page → {"feeds": [{url, title, format}], "icons": [{url, sizes, type}]}.

Only what the page, its Link header or a rule for a platform says; nothing is fetched and no path is guessed.
"""

from __future__ import annotations

from workers.batch.task import Task


def one(task: Task) -> dict[str, object]:
    from reader.ingest.page import find

    page = find(task.body(), url=task.url, content_type=task.content_type, link=task.headers.get("link"))
    return {
        "feeds": [{"url": feed.url, "title": feed.title or None, "format": feed.format or None} for feed in page.feeds],
        "icons": [
            {"url": icon.url, "sizes": icon.sizes or None, "type": icon.type or None}
            for icon in page.icons
            if icon.type != "manifest" and not icon.url.startswith("data:")
        ],
    }
