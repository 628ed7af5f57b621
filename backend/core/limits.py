"""Rate limits per client address (Flask-Limiter).

Counters live in each web process. The limits that must hold across processes (wrong codes, failed
sign-ins, texts a phone may be sent) are rows in the database, where they belong.
"""

from __future__ import annotations

import math
import time

from flask import Flask, Response, current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from backend.config import Settings

limiter = Limiter(key_func=get_remote_address, storage_uri="memory://", headers_enabled=False)


def sign_in_limit() -> str:
    """The limit on sign-in routes, from the settings."""
    limit: str = current_app.extensions["settings"].sign_in_rate_limit
    return limit


def public_limit() -> str:
    """The limit on other routes that need no sign-in, from the settings."""
    limit: str = current_app.extensions["settings"].rate_limit
    return limit


def init_app(app: Flask, settings: Settings) -> None:
    """Attach the limiter; a refusal says how many seconds to wait."""
    app.config["RATELIMIT_STRATEGY"] = "fixed-window"
    limiter.init_app(app)

    @app.after_request
    def say_when(response: Response) -> Response:
        limit = limiter.current_limit
        if response.status_code == 429 and limit is not None and limit.breached:
            wait = max(1, math.ceil(limit.reset_at - time.time()))
            response.headers.setdefault("Retry-After", str(wait))
        return response
