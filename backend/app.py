"""Builds the app: configuration, database, routes, error handlers, commands."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import cli, metrics
from backend.alerts import ownership
from backend.alerts import routes as alerts
from backend.alerts import work_routes as work
from backend.break_glass import routes as break_glass
from backend.checkins import inbound, plan_texts, reminders
from backend.checkins import routes as checkins
from backend.companion import api as companion_api
from backend.companion import routes as companion
from backend.companion import speech
from backend.config import Settings
from backend.console import routes as console
from backend.core import api, crypto, database, docs, health, limits, logs, problems
from backend.core.clock import Clock, SystemClock
from backend.core.database import session
from backend.evaluation import routes as evaluation
from backend.hooks import routes as hooks
from backend.messaging import line, permission, received, sms
from backend.messaging import routes as messaging
from backend.patients import note_routes as notes
from backend.patients import routes as patients
from backend.patients import service as patient_service
from backend.practices import routes as practices
from backend.programme import diary_routes as diaries
from backend.programme import routes as programme
from backend.quality import routes as quality
from backend.quality import service as quality_service
from backend.risk import routes as risk
from backend.sync import routes as sync

API_BLUEPRINTS = (
    health.blueprint,
    practices.blueprint,
    patients.blueprint,
    notes.blueprint,
    checkins.blueprint,
    programme.blueprint,
    diaries.blueprint,
    risk.blueprint,
    companion_api.blueprint,
    sync.blueprint,
    alerts.blueprint,
    work.blueprint,
    break_glass.blueprint,
    hooks.blueprint,
    quality.blueprint,
    evaluation.blueprint,
    messaging.blueprint,
    messaging.budgets,
)
PAGES = (
    console.blueprint,
    companion.blueprint,
    programme.pages,
    messaging.pages,
    metrics.blueprint,
    docs.blueprint,
)


class Lumbra(Flask):
    """Flask, with one commit at the end of a use case."""

    def dispatch_request(self) -> Any:
        """Run the view; commit when it returns, and nothing of it when it raises."""
        answer = super().dispatch_request()
        session.commit()
        return answer


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Flask:
    """The application. Settings come from the environment and the clock is the machine's,
    unless given."""
    settings = settings or Settings()
    app = Lumbra("backend", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.extensions["settings"] = settings
    app.extensions["clock"] = clock or SystemClock()
    app.extensions["keyring"] = crypto.Keyring(settings.root_secret())
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SECRET_KEY=app.extensions["keyring"].derive("cookies"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    logs.init_app(app, settings)
    problems.init_app(app)
    database.init_app(app, settings)
    limits.init_app(app, settings)
    sms.init_app(app, settings)
    health.watch(app, "texts", line.trouble)
    permission.register(app, "check-in", reminders.why_not)
    permission.register(app, plan_texts.PURPOSE, plan_texts.why_not)
    permission.register(app, "invitation", patient_service.why_not_invited)
    received.register(app, inbound.receive)
    ownership.register(app, quality_service.leader)
    speech.init_app(app)
    registry = api.init_app(app)
    for blueprint in API_BLUEPRINTS:
        registry.register_blueprint(blueprint)
    for page in PAGES:
        app.register_blueprint(page)
    cli.init_app(app)
    return app
