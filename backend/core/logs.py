"""Structured logs, one JSON object a line, without personal data; request ids."""

from __future__ import annotations

import logging
import re
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request
from structlog.typing import EventDict

from backend.config import Settings
from backend.core.ids import new_id

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_PHONE = re.compile(r"\+?\d[\d ()-]{7,}\d")
_EMAIL = re.compile(r"[^\s@\"']+@[^\s@\"']+")


def redact(logger: Any, method: str, event: EventDict) -> EventDict:
    """Last line of defence: phone numbers and e-mail addresses never reach a log line."""
    for key, value in event.items():
        if isinstance(value, str) and key not in ("timestamp", "request_id", "id"):
            event[key] = _EMAIL.sub("[email]", _PHONE.sub("[phone]", value))
    return event


def configure(settings: Settings) -> Any:
    """Set up logging for the process and return the application's logger."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer()
        )
    )
    root = logging.getLogger()
    if not any(getattr(h, "of_lumbra", False) for h in root.handlers):
        handler.of_lumbra = True  # type: ignore[attr-defined]
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level.upper()),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger()


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else str(new_id())
    g.began = time.perf_counter()


def init_app(app: Flask, settings: Settings) -> None:
    """One line a request: the route's pattern, never its address, for addresses hold tokens."""
    log = configure(settings)
    app.extensions["log"] = log
    app.before_request(_begin)

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if request.endpoint != "health.healthz":
            log.info(
                "request",
                request_id=g.get("request_id"),
                method=request.method,
                route=str(request.url_rule) if request.url_rule else None,
                status=response.status_code,
                ms=round((time.perf_counter() - g.began) * 1000, 1) if "began" in g else None,
            )
        return response
