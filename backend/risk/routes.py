"""HTTP of risk: what is known of a patient's risk, and clearing a safety hold."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core import audit
from backend.core.api import Blueprint
from backend.core.identity import CARE_TEAM, actor, may_call
from backend.patients import service as patients
from backend.risk import reviews, schemas, service

blueprint = Blueprint("risk", __name__, url_prefix="/v1", description="Risk and safety")


@blueprint.route("/patients/<uuid:patient_id>/risk")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.RiskOut)
def risk(patient_id: UUID) -> Any:
    """A patient's risk group, factors, response index and trend, with the rules that said so."""
    patients.find(patient_id)
    audit.record("risk.read", practice_id=actor.practice_id, patient_id=patient_id)
    return {
        "patient_id": patient_id,
        "assessments": service.latest(patient_id),
        "trend": [point for point in service.course_of(patient_id) if point.value is not None],
        "hold": service.open_hold(patient_id),
        "decisions": reviews.decisions_of(patient_id),
    }


@blueprint.route("/patients/<uuid:patient_id>/safety-clearance", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.ClearanceIn)
@blueprint.response(200, schemas.HoldOut)
def clear(body: dict[str, Any], patient_id: UUID) -> Any:
    """Clear a safety hold with a reason; the programme goes on."""
    patients.find(patient_id)
    return service.clear_hold(patient_id, body["reason"])
