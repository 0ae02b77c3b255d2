"""Configures structlog for the command line: to stderr, as text or as JSON lines. Nobody else configures logging."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

import structlog


def configure(*, form: str, level: str, color: bool, stream: TextIO | None = None) -> Callable[..., None]:
    """
    Configure logging, and return the function that logs.

    Args:

        form: `console` or `json`.
        level: `debug`, `info`, `warning` or `error`.
        color: Whether the stream shows colours.
        stream: Where to; stderr by default.

    Returns:

        A function called with level, event name and details.
    """
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=color, pad_event_to=18, sort_keys=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logger = structlog.get_logger()

    def log(at: str, event: str, **said: object) -> None:
        getattr(logger, at)(event, **said)

    return log
