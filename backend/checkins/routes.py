"""HTTP of check-ins: what is open, what is asked, and the main road."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from backend.checkins import occasions, schemas, service
from backend.core import audit
from backend.core.api import Blueprint
from backend.core.identity import PATIENT, actor, may_call
from backend.instruments.questionnaires import as_fhir
from backend.instruments.responses import MEDIA_TYPE as FHIR
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
@blueprint.doc(responses={200: {"content": {FHIR: {"schema": {"type": "object"}}}}})
def check_in(check_in_id: UUID) -> Any:
    """A check-in and its questions.

    Whoever accepts application/fhir+json before application/json gets the bare FHIR Questionnaire.
    """
    found = occasions.get(check_in_id)
    asked = occasions.my_questions(found)
    if request.accept_mimetypes.best_match(("application/json", FHIR)) == FHIR:
        return Response(current_app.json.dumps(as_fhir(asked)), content_type=FHIR)
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
@blueprint.body({"application/json": schemas.AnswersIn, FHIR: schemas.QuestionnaireResponseIn})
@blueprint.arguments(schemas.IdempotencyKey, location="headers")
@blueprint.alt_response(409, schema=schemas.OutcomeOut)
@blueprint.response(201, schemas.OutcomeOut)
def respond(body: dict[str, Any], headers: dict[str, str], check_in_id: UUID) -> Any:
    """Answer a check-in. Danger is dealt with before anything else, on this very response.

    Answers come by linkId, or as a FHIR R4 QuestionnaireResponse (application/fhir+json).
    """
    submission = Submission(idempotency_key=headers["idempotency_key"], **body)
    return service.submit(check_in_id, submission)
