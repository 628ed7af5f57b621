"""Is the process up; is it of use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, current_app
from marshmallow import fields
from sqlalchemy.exc import SQLAlchemyError

from backend.core import heartbeat, migrations
from backend.core.api import Blueprint
from backend.core.database import session
from backend.core.identity import anyone
from backend.core.problems import Problem
from backend.core.schema import Schema

blueprint = Blueprint("health", __name__, description="For load balancers and operators")


class Health(Schema):
    """All is well."""

    status = fields.String(required=True)
    troubles = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "what an operator must act on though requests are answered"},
    )


def watch(app: Flask, name: str, look: Callable[[], str | None]) -> None:
    """Let ``/readyz`` tell what ``look`` finds wrong, under ``name``."""
    app.extensions.setdefault("watches", {})[name] = look


@blueprint.route("/healthz")
@anyone
@blueprint.response(200, Health)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@blueprint.route("/readyz")
@anyone
@blueprint.alt_response(503, schema=Health)
@blueprint.response(200, Health)
def readyz() -> dict[str, Any]:
    """Database reachable, migrations current, a worker seen lately; and what else is wrong."""
    settings = current_app.extensions["settings"]
    try:
        current = migrations.is_current(session.connection())
        worker = current and heartbeat.worker_seen_within(
            timedelta(seconds=max(60, 4 * settings.tick_seconds))
        )
    except SQLAlchemyError:
        raise Problem(503, "not-ready", "The database does not answer.") from None
    if not current:
        raise Problem(503, "not-ready", "The database needs `flask db upgrade`.")
    if not worker:
        raise Problem(503, "not-ready", "No worker has been seen lately; start `flask worker`.")
    watches: dict[str, Callable[[], str | None]] = current_app.extensions["watches"]
    troubles = {name: words for name, look in watches.items() if (words := look())}
    return {"status": "ready", **({"troubles": troubles} if troubles else {})}
