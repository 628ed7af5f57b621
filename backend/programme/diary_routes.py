"""HTTP of what is practised day by day: the sleep window that a provider enables."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.api import Blueprint
from backend.core.identity import CARE_TEAM, may_call
from backend.patients import service as patients
from backend.programme import graded_schemas, service

blueprint = Blueprint("diaries", __name__, url_prefix="/v1", description="Practice day by day")


@blueprint.route(
    "/patients/<uuid:patient_id>/activities/<uuid:activity_id>/sleep-restriction",
    methods=["POST"],
)
@may_call(*CARE_TEAM)
@blueprint.arguments(graded_schemas.RestrictionIn)
@blueprint.alt_response(409, schema=graded_schemas.SleepOut)
@blueprint.response(200, graded_schemas.SleepOut)
def sleep_restriction(body: dict[str, Any], patient_id: UUID, activity_id: UUID) -> Any:
    """Enable a set time in bed for a patient, or withdraw it."""
    patients.find(patient_id)
    enabled = body.pop("enabled")
    answers = {name.replace("_", "-"): answer for name, answer in body.items()}
    return service.restrict_sleep(patient_id, activity_id, enabled, answers).slept
