"""HTTP of alerts: the feed and what providers do with an alert."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from backend.alerts import event_feed, feed, ownership, schemas, service, states
from backend.alerts.event_formats import (
    ATOM_TYPE,
    RETRY_MILLISECONDS,
    SSE_TYPE,
    Stretch,
    archive_stretch,
    atom,
    newest_stretch,
    server_sent,
)
from backend.core.api import Blueprint
from backend.core.clock import now
from backend.core.identity import CARE_TEAM, actor, may_call
from backend.core.problems import not_found

blueprint = Blueprint("alerts", __name__, url_prefix="/v1/alerts", description="The alert feed")
# How the stream tells the server that keeps the connection open where it stands.
PLACE, MORE, FEED = "X-Feed-Place", "X-Feed-More", "X-Feed"
LAST_EVENT = {
    "in": "header",
    "name": "Last-Event-ID",
    "schema": {"type": "string"},
    "description": "the place of the last event that came; a browser sends it by itself",
}
# Each block of the stream; ``data`` is an event as ``GET /v1/alerts/events`` has it.
ONE_EVENT = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
}
_EVENT = schemas.FeedEventOut()


@blueprint.route("")
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.FeedQuery, location="query")
@blueprint.response(200, schemas.FeedOut)
@blueprint.alt_response(304, description="Nothing has changed.", success=True)
def alerts(query: dict[str, Any]) -> Any:
    """The practice's feed: the highest tier and the nearest respond-by first.

    Send the ETag back as If-None-Match to hear 304 while nothing has changed.
    """
    seen = feed.version() if request.if_none_match else None
    if seen is not None and request.if_none_match.contains(_etag(seen)):
        unchanged = Response(status=304)
        unchanged.set_etag(_etag(seen))
        return unchanged
    page = feed.page(**query, seen=seen)
    return page, {"ETag": f'"{_etag(page.version)}"'}


@blueprint.route("/events")
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.EventsQuery, location="query")
@blueprint.response(200, schemas.EventsOut)
def events(query: dict[str, Any]) -> Any:
    """Every change of the practice's alerts in order, from a place on; none is ever skipped."""
    return event_feed.after(query["after"], query["limit"])


@blueprint.route("/events.atom")
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.AtomQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type=ATOM_TYPE, description="Atom feed")
@blueprint.alt_response(304, description="Nothing has changed.", success=True)
@blueprint.alt_response(404, description="There is no such archive.")
def events_atom(query: dict[str, Any]) -> Any:
    """The newest changes of the practice's alerts as an Atom feed (RFC 4287).

    Older ones are in archives that never change (RFC 5005): follow ``prev-archive``.
    """
    number, version = query["archive"], feed.version()
    stretch = newest_stretch(version) if number is None else archive_stretch(number, version)
    if stretch is None:
        raise not_found("archive")
    etag = f"{actor.practice_id}-{version if number is None else f'archive-{number}'}"
    if request.if_none_match.contains(etag):
        unchanged = Response(status=304)
        unchanged.set_etag(etag)
        return unchanged
    public = current_app.extensions["settings"].public_url
    document = atom(
        str(actor.practice_id),
        _atom_links(public + request.path, number, stretch),
        f"{public}/console/alerts/",
        _EVENT.dump(event_feed.told_between(stretch.above, stretch.up_to), many=True),
        now(),
        is_archive=number is not None,
    )
    answer = Response(document, content_type=ATOM_TYPE)
    answer.set_etag(etag)
    return answer


def _atom_links(address: str, number: int | None, stretch: Stretch) -> dict[str, str]:
    numbers = {"self": number, "prev-archive": stretch.before, "next-archive": stretch.behind}
    links = {
        relation: f"{address}?archive={each}"
        for relation, each in numbers.items()
        if each is not None
    }
    return {"self": address, **links} if number is None else {"current": address, **links}


@blueprint.route("/stream")
@may_call(*CARE_TEAM)
@blueprint.doc(parameters=[LAST_EVENT])
@blueprint.arguments(schemas.EventsQuery, location="query")
@blueprint.response(200, ONE_EVENT, content_type=SSE_TYPE, description="Events")
def stream(query: dict[str, Any]) -> Response:
    """The same as server-sent events.

    Where the server can keep the connection, it stays open and each change comes as it happens;
    elsewhere it ends, and the reader comes back by itself.
    """
    return streamed(query["after"], query["limit"])


def streamed(after: str, limit: int) -> Response:
    """The answer of a stream for the actor; a browser that comes back tells its own place."""
    page = event_feed.after(request.headers.get("Last-Event-ID") or after, limit)
    body = f"retry: {RETRY_MILLISECONDS}\n\n" + server_sent(_EVENT.dump(page.items, many=True))
    answer = Response(body, content_type=SSE_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.headers[PLACE] = page.place
    answer.headers[MORE] = "yes" if page.more else "no"
    answer.headers[FEED] = str(actor.practice_id)
    return answer


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


@blueprint.route("/<uuid:alert_id>/take", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.NoteIn)
@blueprint.alt_response(409, schema=schemas.AlertDetail)
@blueprint.response(200, schemas.AlertDetail)
def take(body: dict[str, Any], alert_id: UUID) -> Any:
    """Make it yours. What waits is acknowledged with it; from a colleague's hands, say why."""
    ownership.take(alert_id, **body)
    return feed.get(alert_id)


@blueprint.route("/<uuid:alert_id>/assign", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.AssignmentIn)
@blueprint.alt_response(409, schema=schemas.AlertDetail)
@blueprint.response(200, schemas.AlertDetail)
def assign(body: dict[str, Any], alert_id: UUID) -> Any:
    """Give it to a member of the care team; it waits until they take it up."""
    ownership.assign(alert_id, body["provider_id"], body["note"])
    return feed.get(alert_id)


@blueprint.route("/<uuid:alert_id>/hand-over", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.HandOverIn)
@blueprint.alt_response(409, schema=schemas.AlertDetail)
@blueprint.response(200, schemas.AlertDetail)
def hand_over(body: dict[str, Any], alert_id: UUID) -> Any:
    """Hand it over to a colleague with a note; it waits until they take it up."""
    ownership.hand_over(alert_id, body["provider_id"], body["note"])
    return feed.get(alert_id)


@blueprint.route("/<uuid:alert_id>/release", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.NoteIn)
@blueprint.alt_response(409, schema=schemas.AlertDetail)
@blueprint.response(200, schemas.AlertDetail)
def release(body: dict[str, Any], alert_id: UUID) -> Any:
    """Give it back to the practice's pool; it waits until somebody takes it up."""
    ownership.release(alert_id, body["note"])
    return feed.get(alert_id)


def _etag(version: int) -> str:
    return f"{actor.practice_id}-{version}"


def _after(alert_id: UUID, action: str, **detail: Any) -> feed.AlertView:
    service.act(alert_id, action, **detail)
    return feed.get(alert_id)
