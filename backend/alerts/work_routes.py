"""HTTP of how a practice shares its work: the care team, and who is away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.alerts import absences, schemas
from backend.core.api import Blueprint
from backend.core.identity import STAFF, may_call
from backend.practices import absence

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
