"""Structured logs: one shape for our lines and those of libraries, the request's or job's id in each, no secrets."""

from __future__ import annotations

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from reader.errors import Away

SECRET_KEYS = frozenset({"password", "secret", "token_secret", "cookie", "authorization", "api_key", "session"})
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_PLAIN = re.compile(r"[\w./:@+-]+", re.ASCII)
_QUIET = {"uvicorn.access": logging.WARNING, "uvicorn.error": logging.WARNING, "asyncio": logging.WARNING}


def configure(level: str = "info", format: Literal["text", "json"] = "text") -> None:
    """Set up logging for this process; lines go to standard error. Ids come from structlog.contextvars.

    Our own lines go straight to the stream (one is written for each request); those of libraries come through the
    standard library's handlers and are rendered alike.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_trace_of_the_store,
        without_secrets,
        structlog.processors.format_exc_info,
    ]
    renderer = _renderer(format)
    structlog.configure(
        processors=[*shared, structlog.stdlib.PositionalArgumentsFormatter(), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _catch_libraries(least, shared, renderer)


def _catch_libraries(least: int, shared: list[Processor], renderer: Processor) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(least)
    for name, quiet in _QUIET.items():
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(quiet, least))


def without_trace_of_the_store(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """While the store is away everything fails, again and again, and where is no news: one line each says why."""
    raised = event.get("exc_info")
    error = sys.exc_info()[1] if raised is True else raised
    if isinstance(error, Away):
        del event["exc_info"]
        event.setdefault("error", f"{error} {error.__cause__ or ''}".strip())
    return event


def without_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Blank values whose name says that they are secret, and user:password@ in addresses."""
    for key, value in event.items():
        if key in SECRET_KEYS:
            event[key] = "…"
        elif isinstance(value, str) and "@" in value:
            event[key] = _USERINFO.sub("…@", value)
    return event


def _renderer(format: Literal["text", "json"]) -> Processor:
    return structlog.processors.JSONRenderer(ensure_ascii=False) if format == "json" else as_text


def as_text(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """One line: time, level, what happened, then key=value. A traceback follows on lines of its own."""
    when, level = event.pop("timestamp", ""), event.pop("level", method)
    what, trace = event.pop("event", ""), event.pop("exception", None)
    line = f"{when} [{level}] {_shown(what, plain=True)}"
    for key in sorted(event):
        line += f" {key}={_shown(event[key])}"
    return f"{line}\n{trace}" if trace else line


def _shown(value: object, *, plain: bool = False) -> str:
    """A value that cannot break the line or forge another key: quoted where it holds more than plain characters."""
    text = str(value)
    return text if _PLAIN.fullmatch(text) or (plain and text.isprintable()) else ascii(text)
