"""Structured logs: one event per line, named `noun.verb`, with the ids bound at the boundary. No secret ever reaches them."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

SECRET_WORDS = ("authorization", "token", "secret", "password", "cookie", "api_key", "signature")


def redact_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of any field whose name speaks of a secret; a net under the rule not to log them at all."""
    for name in event:
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = "[redacted]"
    return event


def configure_logging(level: str, style: Literal["json", "pretty"]) -> None:
    """Set up structlog and the standard library's root logger, once per process."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact_secrets,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True
    )


def logger() -> structlog.typing.FilteringBoundLogger:
    """The process's logger; ask for it where you log, so that tests can capture it."""
    return structlog.get_logger()  # type: ignore[no-any-return]  # structlog types it as Any
