"""HTTP of how a practice shares its work: the care team, and who is away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.alerts import absences, schemas, timers
from backend.core.api import Blueprint
from backend.core.identity import ADMINISTRATOR, LEAD, STAFF, actor, may_call
from backend.practices import absence
from backend.practices import service as practices
from backend.practices.models import Practice
from backend.practices.schemas import ServiceHours

blueprint = Blueprint("work", __name__, url_prefix="/v1", description="How work is shared")


@blueprint.route("/colleagues")
@may_call(*STAFF)
@blueprint.response(200, schemas.Colleagues)
def colleagues() -> Any:
    """The practice's care team, to whom alerts can be given, and who of them is away."""
    return {"items": absence.colleagues()}


@blueprint.route("/providers/<uuid:provider_id>/absence", methods=["PUT"])
@may_call(*STAFF)
@blueprint.arguments(schemas.AbsenceIn)
@blueprint.response(200, schemas.ColleagueOut)
def go_away(body: dict[str, Any], provider_id: UUID) -> Any:
    """Say when a provider is away and who covers; a clinician says so of themselves.

    Alerts they own go to the cover, or to the pool, as the absence begins; new ones as they come.
    """
    return absences.go_away(provider_id, **body)


@blueprint.route("/providers/<uuid:provider_id>/absence", methods=["DELETE"])
@may_call(*STAFF)
@blueprint.response(204)
def come_back(provider_id: UUID) -> None:
    """They are back, or do not go. What was handed over stays where it is."""
    absence.end_absence(provider_id)


@blueprint.route("/practice/service-hours")
@may_call(*STAFF)
@blueprint.response(200, ServiceHours)
def service_hours() -> Any:
    """When the practice is open, and its holidays."""
    return _hours(practices.get_practice(actor.practice_id))


@blueprint.route("/practice/service-hours", methods=["PUT"])
@may_call(LEAD, ADMINISTRATOR)
@blueprint.arguments(ServiceHours)
@blueprint.response(200, ServiceHours)
def set_service_hours(body: dict[str, Any]) -> Any:
    """Set them anew. The times of open alerts are computed again, and the feed says so."""
    practice = practices.set_service_hours(
        body["service_hours"], body["holidays"], body.get("time_zone")
    )
    timers.recompute(practice)
    return _hours(practice)


def _hours(practice: Practice) -> dict[str, Any]:
    return {
        "service_hours": practice.service_hours,
        "holidays": practices.holidays_of(practice),
        "time_zone": practice.time_zone,
    }
