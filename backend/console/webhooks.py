"""Where a practice has its feed sent: endpoints, their secrets, and what was sent to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from werkzeug.datastructures import MultiDict

from backend.alerts.events import TYPES
from backend.console import forms
from backend.console.forms import Filled
from backend.console.navigation import MANAGERS
from backend.console.session import signed_in
from backend.console.site import blueprint, carry_out, done, undo
from backend.core.identity import LEAD, actor
from backend.core.problems import Problem
from backend.hooks import service as hooks
from backend.hooks.models import (
    ACTIVE,
    BY_HAND,
    DELIVERED,
    DISABLED,
    FAILED,
    FAILING,
    FEED,
    GONE,
    PENDING,
    REPLAY,
    TEST,
)
from backend.hooks.schemas import EndpointIn
from backend.hooks.service import NewSecret

LOGGED = 25
OFF_BECAUSE = {
    BY_HAND: "Switched off by hand.",
    FAILING: "Switched off: it failed for too long.",
    GONE: "Switched off: it answered that it is gone.",
}
STATUSES = {PENDING: "Waiting", DELIVERED: "Delivered", FAILED: "Failed"}
CAUSES = {FEED: "from the feed", REPLAY: "sent again", TEST: "a test"}
ERRORS = {
    "timeout": "no answer in time",
    "no-connection": "no connection",
    "no-tls": "no safe connection",
    "no-target": "no such address, or one where nothing may be sent",
}
NOTICES = {
    "changed": "The endpoint is changed.",
    "off": "The endpoint is switched off. Nothing is sent to it; nothing is lost either.",
    "on": "The endpoint is switched on, and goes on where it stopped.",
    "test": "A test is on its way. Open this page again to see how it went.",
    "replayed": "The event is on its way once more.",
    "deleted": "The endpoint and its log are deleted.",
}


@blueprint.get("/settings/webhooks")
@signed_in(*MANAGERS)
def webhooks() -> str:
    """The practice's endpoints, and for the lead the form to add one."""
    return _list(Filled())


@blueprint.post("/settings/webhooks")
@signed_in(LEAD)
def add_webhook() -> Any:
    """Add an endpoint; the answer shows its secret, this once."""
    filled = _endpoint(request.form)
    if filled.errors:
        return _list(filled), 422
    try:
        made = hooks.create(**filled.values)
    except Problem as problem:
        undo(problem)
        return _list(Filled(filled.sent, errors=problem.errors), problem.detail), problem.status
    return _secret(made, is_new=True)


@blueprint.get("/settings/webhooks/<uuid:endpoint_id>")
@signed_in(*MANAGERS)
def webhook(endpoint_id: UUID) -> str:
    """One endpoint, what can be done with it, and its log."""
    return _one(endpoint_id)


@blueprint.post("/settings/webhooks/<uuid:endpoint_id>")
@signed_in(LEAD)
def change_webhook(endpoint_id: UUID) -> Any:
    """Change address, description and event types."""
    filled = _endpoint(request.form)
    return carry_out(
        filled,
        lambda: hooks.change(endpoint_id, **filled.values),
        lambda again, sentence: _one(endpoint_id, "change", again, sentence),
        lambda _: url_for("console.webhook", endpoint_id=endpoint_id, done="changed"),
    )


@blueprint.post("/settings/webhooks/<uuid:endpoint_id>/state")
@signed_in(LEAD)
def switch_webhook(endpoint_id: UUID) -> Any:
    """Switch an endpoint on or off."""
    switch = "on" if request.form.get("switch") == "on" else "off"
    return carry_out(
        Filled(),
        lambda: hooks.change(endpoint_id, status=ACTIVE if switch == "on" else DISABLED),
        lambda again, sentence: _one(endpoint_id, "state", again, sentence),
        lambda _: url_for("console.webhook", endpoint_id=endpoint_id, done=switch),
    )


@blueprint.post("/settings/webhooks/<uuid:endpoint_id>/secret")
@signed_in(LEAD)
def rotate_webhook(endpoint_id: UUID) -> Any:
    """Give an endpoint a new secret; the answer shows it, this once."""
    filled = forms.confirmed(Filled(), request.form)
    if filled.errors:
        return _one(endpoint_id, "secret", filled), 422
    return _secret(hooks.rotate(endpoint_id), is_new=False)


@blueprint.post("/settings/webhooks/<uuid:endpoint_id>/test")
@signed_in(LEAD)
def test_webhook(endpoint_id: UUID) -> Any:
    """Send an endpoint an event that means nothing."""
    return carry_out(
        Filled(),
        lambda: hooks.send_test(endpoint_id),
        lambda again, sentence: _one(endpoint_id, "test", again, sentence),
        lambda _: url_for("console.webhook", endpoint_id=endpoint_id, done="test"),
    )


@blueprint.post("/settings/webhooks/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/replay")
@signed_in(LEAD)
def replay_delivery(endpoint_id: UUID, delivery_id: UUID) -> Any:
    """Send one event once more."""
    return carry_out(
        Filled(),
        lambda: hooks.replay(endpoint_id, delivery_id),
        lambda again, sentence: _one(endpoint_id, "replay", again, sentence),
        lambda _: url_for("console.webhook", endpoint_id=endpoint_id, done="replayed"),
    )


@blueprint.post("/settings/webhooks/<uuid:endpoint_id>/deletion")
@signed_in(LEAD)
def delete_webhook(endpoint_id: UUID) -> Any:
    """Delete an endpoint with its log."""
    return carry_out(
        forms.confirmed(Filled(), request.form),
        lambda: hooks.remove(endpoint_id),
        lambda again, sentence: _one(endpoint_id, "deletion", again, sentence),
        lambda _: url_for("console.webhooks", done="deleted"),
    )


def _list(filled: Filled, sentence: str | None = None) -> str:
    return render_template(
        "console/webhooks.html",
        found=hooks.endpoints(),
        may_change=actor.role == LEAD,
        types=sorted(TYPES.values()),
        off_because=OFF_BECAUSE,
        filled=filled,
        sentence=sentence,
        notice=done(NOTICES),
    )


def _one(
    endpoint_id: UUID,
    form: str | None = None,
    filled: Filled | None = None,
    sentence: str | None = None,
) -> str:
    """One endpoint; ``form`` with ``filled`` is the form that was just refused."""
    endpoint = hooks.get(endpoint_id)
    refused = filled or Filled()
    shown = {
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": endpoint.event_types,
    }
    return render_template(
        "console/webhook.html",
        endpoint=endpoint,
        page=hooks.deliveries(endpoint_id, LOGGED, request.args.get("cursor")),
        is_first="cursor" not in request.args,
        may_change=actor.role == LEAD,
        types=sorted(TYPES.values()),
        off_because=OFF_BECAUSE,
        statuses=STATUSES,
        causes=CAUSES,
        errors=ERRORS,
        form=form,
        change=refused if form == "change" else Filled(shown),
        refused=refused,
        nothing=Filled(),
        sentence=sentence,
        notice=done(NOTICES),
    )


def _secret(made: NewSecret, is_new: bool) -> str:
    # No redirect: the secret is in no address and no store, and a page shown anew has none.
    return render_template(
        "console/webhook_secret.html", endpoint=made.endpoint, secret=made.secret, is_new=is_new
    )


def _endpoint(form: MultiDict[str, str]) -> Filled:
    types = form.getlist("event_types")
    filled = forms.read(EndpointIn, form, {"event_types": types})
    return Filled({**filled.sent, "event_types": types}, filled.values, filled.errors)
