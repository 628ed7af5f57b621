"""HTTP of check-ins: what is open, what is asked, and the main road."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.checkins import occasions, schemas, service
from backend.core import audit
from backend.core.api import Blueprint
from backend.core.identity import PATIENT, actor, may_call
from backend.instruments import service as instruments
from backend.instruments.questionnaires import as_fhir
from backend.instruments.service import Submission

blueprint = Blueprint("checkins", __name__, url_prefix="/v1", description="Check-ins")


@blueprint.route("/me/checkins")
@may_call(PATIENT)
@blueprint.response(200, schemas.CheckIns)
def my_check_ins() -> Any:
    """The signed-in patient's check-ins, newest first."""
    audit.record("check-in.list", practice_id=actor.practice_id, patient_id=actor.id)
    return {"items": occasions.mine()}


@blueprint.route("/checkins/<uuid:check_in_id>")
@may_call(PATIENT)
@blueprint.response(200, schemas.CheckInToAnswer)
def check_in(check_in_id: UUID) -> Any:
    """A check-in and its questions."""
    found = occasions.get(check_in_id)
    asked = instruments.questionnaire(found.battery, found.occasion)
    return {
        "id": found.id,
        "kind": found.kind,
        "occasion": found.occasion,
        "status": found.status,
        "opens_at": found.opens_at,
        "closes_at": found.closes_at,
        "completed_at": found.completed_at,
        "questionnaire": as_fhir(asked),
    }


@blueprint.route("/checkins/<uuid:check_in_id>/response", methods=["POST"])
@may_call(PATIENT)
@blueprint.arguments(schemas.AnswersIn)
@blueprint.arguments(schemas.IdempotencyKey, location="headers")
@blueprint.alt_response(409, schema=schemas.OutcomeOut)
@blueprint.response(201, schemas.OutcomeOut)
def respond(body: dict[str, Any], headers: dict[str, str], check_in_id: UUID) -> Any:
    """Answer a check-in. Danger is dealt with before anything else, on this very response."""
    submission = Submission(idempotency_key=headers["idempotency_key"], **body)
    return service.submit(check_in_id, submission)
