"""clean: the document is a fragment of HTML → {"html"}: what an entry would hold; images are not proxied yet."""

from __future__ import annotations

from workers.batch.document import decoded
from workers.batch.task import Task


def one(task: Task) -> dict[str, object]:
    from reader.ingest.clean import clean

    return {"html": clean(decoded(task), base=task.url)}
