"""Rate limits per client address (Flask-Limiter).

Counters live in each web process. The limits that must hold across processes (wrong codes, failed
sign-ins, texts a phone may be sent) are rows in the database, where they belong.
"""

from __future__ import annotations

from flask import Flask, current_app
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
    """Attach the limiter."""
    app.config["RATELIMIT_STRATEGY"] = "fixed-window"
    limiter.init_app(app)
