"""Structured logs: one shape for our lines and those of libraries, the request's or job's id in each, no secrets."""

from __future__ import annotations

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SECRET_KEYS = frozenset({"password", "secret", "token_secret", "cookie", "authorization", "api_key", "session"})
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_QUIET = {"uvicorn.access": logging.WARNING, "uvicorn.error": logging.WARNING, "asyncio": logging.WARNING}


def configure(level: str = "info", format: Literal["text", "json"] = "text") -> None:
    """Set up logging for this process; lines go to standard error. Ids come from structlog.contextvars."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderer(format)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _QUIET.items():
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(least, root.level))


def without_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Blank values whose name says that they are secret, and user:password@ in addresses."""
    for key, value in event.items():
        if key in SECRET_KEYS:
            event[key] = "…"
        elif isinstance(value, str) and "@" in value:
            event[key] = _USERINFO.sub("…@", value)
    return event


def _renderer(format: Literal["text", "json"]) -> list[Processor]:
    if format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    return [
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    ]
