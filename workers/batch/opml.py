"""opml: a list of feeds → {"outlines": [{xml_url, title, html_url, folders}], "skipped": [{line, reason}]}."""

from __future__ import annotations

from workers.batch.task import Task


def one(task: Task) -> dict[str, object]:
    from reader.ingest.opml import parse_opml

    opml = parse_opml(task.body(), task.content_type)
    return {
        "outlines": [
            {"xml_url": each.xml_url, "title": each.title, "html_url": each.html_url, "folders": list(each.folders)}
            for each in opml.outlines
        ],
        "skipped": [{"line": each.line, "reason": each.reason} for each in opml.skipped],
    }
