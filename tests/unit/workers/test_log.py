"""Log lines: ids in each, one shape for all loggers, no secrets. Each case runs in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import logging, structlog
from structlog.contextvars import bound_contextvars
from reader import log
from reader.mappers.errors import StoreAway
log.configure("{level}", "{format}")
with bound_contextvars(job_id="abc123"):
    structlog.get_logger("ours").info("pulled", url="https://ada:hunter2@site.example/feed", password="hunter2")
    logging.getLogger("theirs").warning("slow %s", "disk")
    structlog.get_logger("ours").debug("detail")
    try:
        1 / 0
    except ZeroDivisionError:
        structlog.get_logger("ours").exception("broken")
    try:
        raise StoreAway() from ConnectionError("refused")
    except StoreAway:
        structlog.get_logger("ours").exception("a round failed")
"""


def lines(level: str, format: str) -> list[str]:
    code = SCRIPT.replace("{level}", level).replace("{format}", format)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == ""
    return run.stderr.splitlines()


def test_json_lines() -> None:
    ours, theirs, broken, away = map(json.loads, lines("info", "json"))
    assert ours["event"] == "pulled" and ours["level"] == "info" and ours["job_id"] == "abc123"
    assert ours["url"] == "https://…@site.example/feed" and ours["password"] == "…"
    assert theirs["event"] == "slow disk" and theirs["job_id"] == "abc123"
    assert "ZeroDivisionError" in broken["exception"]
    assert "exception" not in away and away["error"].startswith("The database") and "refused" in away["error"]
    assert all(line["timestamp"].endswith("Z") for line in (ours, theirs, broken, away))


def test_text_lines() -> None:
    text = "\n".join(lines("debug", "text"))
    assert "hunter2" not in text
    assert "job_id=abc123" in text and "slow disk" in text and "detail" in text and "Traceback" in text


def test_the_level_holds() -> None:
    assert len([line for line in lines("warning", "json") if "pulled" in line]) == 0
