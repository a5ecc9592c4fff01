"""text: the document is text of a title or of HTML → {"text"}."""

from __future__ import annotations

from workers.batch.task import Task


def one(task: Task) -> dict[str, object]:
    from reader.ingest.text import clean_text

    return {"text": clean_text(task.body().decode("utf-8", "replace"))}
