"""The addresses of the feed and of an alert."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for

from backend.alerts import event_feed
from backend.alerts.routes import streamed
from backend.alerts.states import ACKNOWLEDGE
from backend.console import alert_pages, forms
from backend.console.session import signed_in
from backend.console.site import blueprint, undo
from backend.core.identity import CARE_TEAM
from backend.core.problems import Problem

STREAMED = 100
_ACTIONS = ", ".join(f'"{name}"' for name in forms.ALERT_FORMS)


@blueprint.get("/")
@signed_in(*CARE_TEAM)
def alert_feed() -> str:
    """The practice's open alerts."""
    return alert_pages.alert_feed(
        request.args.get("cursor"), request.args.get("owner"), paused="pause" in request.args
    )


@blueprint.get("/alerts/stream")
@signed_in(*CARE_TEAM)
def alert_stream() -> Response:
    """The events of ``GET /v1/alerts/stream``, for a page that shows the feed."""
    return streamed(request.args.get("after", event_feed.LATEST), STREAMED)


@blueprint.get("/alerts/<uuid:alert_id>")
@signed_in(*CARE_TEAM)
def alert(alert_id: UUID) -> str:
    """One alert, and what can be done about it."""
    return alert_pages.alert(alert_id, done=request.args.get("done"))


@blueprint.post(f"/alerts/<uuid:alert_id>/<any({_ACTIONS}):action>")
@signed_in(*CARE_TEAM)
def act(alert_id: UUID, action: str) -> Any:
    """Act on an alert; a refusal is told on the alert's own page."""
    filled = forms.alert_action(action, request.form)
    if filled.errors:
        return alert_pages.alert(alert_id, action=action, filled=filled), 422
    try:
        alert_pages.act(alert_id, action, filled.values)
    except Problem as problem:
        undo(problem)
        page = alert_pages.alert(
            alert_id,
            action=action,
            filled=filled,
            sentence=problem.detail,
            taken_by=problem.members.get("acknowledged_by") if action == ACKNOWLEDGE else None,
        )
        return page, problem.status
    return redirect(url_for("console.alert", alert_id=alert_id, done=action), 303)
