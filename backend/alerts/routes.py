"""HTTP of alerts: the feed and what providers do with an alert."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from backend.alerts import feed, schemas, service, states
from backend.core.api import Blueprint
from backend.core.identity import CARE_TEAM, actor, may_call

blueprint = Blueprint("alerts", __name__, url_prefix="/v1/alerts", description="The alert feed")


@blueprint.route("")
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.FeedQuery, location="query")
@blueprint.response(200, schemas.FeedOut)
@blueprint.alt_response(304, description="Nothing has changed.", success=True)
def alerts(query: dict[str, Any]) -> Any:
    """The practice's feed: the highest tier and the nearest respond-by first.

    Send the ETag back as If-None-Match to hear 304 while nothing has changed.
    """
    seen = feed.version()
    etag = f"{actor.practice_id}-{seen}"
    if request.if_none_match.contains(etag):
        unchanged = Response(status=304)
        unchanged.set_etag(etag)
        return unchanged
    page = feed.page(**query, seen=seen)
    return page, {"ETag": f'"{etag}"'}


@blueprint.route("/<uuid:alert_id>")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.AlertDetail)
def alert(alert_id: UUID) -> Any:
    """One alert with its evidence, its history and the patient's trend."""
    return feed.get(alert_id)


@blueprint.route("/<uuid:alert_id>/acknowledge", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.NoteIn)
@blueprint.alt_response(409, schema=schemas.AlertDetail)
@blueprint.response(200, schemas.AlertDetail)
def acknowledge(body: dict[str, Any], alert_id: UUID) -> Any:
    """Take it up; the first to do so has it."""
    return _after(alert_id, states.ACKNOWLEDGE, **body)


@blueprint.route("/<uuid:alert_id>/start", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.NoteIn)
@blueprint.alt_response(409, schema=schemas.AlertDetail)
@blueprint.response(200, schemas.AlertDetail)
def start(body: dict[str, Any], alert_id: UUID) -> Any:
    """Work on it has begun."""
    return _after(alert_id, states.START, **body)


@blueprint.route("/<uuid:alert_id>/contacts", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.ContactIn)
@blueprint.alt_response(409, schema=schemas.AlertDetail)
@blueprint.response(200, schemas.AlertDetail)
def contact(body: dict[str, Any], alert_id: UUID) -> Any:
    """Record an attempt to reach the patient."""
    return _after(alert_id, states.CONTACT, **body)


@blueprint.route("/<uuid:alert_id>/resolve", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.ResolutionIn)
@blueprint.alt_response(409, schema=schemas.AlertDetail)
@blueprint.response(200, schemas.AlertDetail)
def resolve(body: dict[str, Any], alert_id: UUID) -> Any:
    """Close it with what was done."""
    return _after(alert_id, states.RESOLVE, **body)


@blueprint.route("/<uuid:alert_id>/dismiss", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.ReasonIn)
@blueprint.alt_response(409, schema=schemas.AlertDetail)
@blueprint.response(200, schemas.AlertDetail)
def dismiss(body: dict[str, Any], alert_id: UUID) -> Any:
    """Close it as not called for; tier 1 needs a recorded contact first."""
    return _after(alert_id, states.DISMISS, **body)


@blueprint.route("/<uuid:alert_id>/reopen", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.ReasonIn)
@blueprint.alt_response(409, schema=schemas.AlertDetail)
@blueprint.response(200, schemas.AlertDetail)
def reopen(body: dict[str, Any], alert_id: UUID) -> Any:
    """Take a closed alert up again, within 14 days."""
    return _after(alert_id, states.REOPEN, **body)


def _after(alert_id: UUID, action: str, **detail: Any) -> feed.AlertView:
    service.act(alert_id, action, **detail)
    return feed.get(alert_id)
