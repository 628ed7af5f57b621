"""HTTP of the process evaluation, and of what practices tell for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.api import Blueprint
from backend.core.identity import ADMINISTRATOR, CARE_TEAM, LEAD, STAFF, may_call
from backend.evaluation import schemas, service
from backend.evaluation.download import CSV, as_file

blueprint = Blueprint("evaluation", __name__, url_prefix="/v1", description="Process evaluation")


@blueprint.route("/practice/evaluation")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.arguments(schemas.EvaluationQuery, location="query")
@blueprint.response(200, schemas.EvaluationOut)
def evaluation(query: dict[str, Any]) -> Any:
    """How the programme is carried out: twenty indicators with n and N, by period."""
    return service.of_practice(**query)


@blueprint.route("/practice/evaluation.csv")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.arguments(schemas.EvaluationQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type=CSV, description="One figure a line")
def evaluation_csv(query: dict[str, Any]) -> Any:
    """The same as a tidy table, one figure a line."""
    return as_file(service.of_practice(**query))


@blueprint.route("/practice/consulters")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.response(200, schemas.ConsultersList)
def consulters() -> Any:
    """How many people consulted with low back pain, by month."""
    return {"items": service.consulters()}


@blueprint.route("/practice/consulters", methods=["POST"])
@may_call(LEAD, ADMINISTRATOR)
@blueprint.arguments(schemas.ConsultersIn)
@blueprint.response(201, schemas.ConsultersOut)
def tell_consulters(body: dict[str, Any]) -> Any:
    """Tell how many consulted in a month that is over; told again, the newest counts."""
    return service.tell_consulters(**body)


@blueprint.route("/practice/refusals", methods=["POST"])
@may_call(*STAFF)
@blueprint.arguments(schemas.RefusalIn)
@blueprint.response(204)
def refuse(body: dict[str, Any]) -> None:
    """Tell that somebody eligible was asked and said no; nothing names them."""
    service.tell_refusal(**body)


@blueprint.route("/practice/context-notes")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.response(200, schemas.ContextList)
def context() -> Any:
    """What went on in the practice, newest first."""
    return {"items": service.context()}


@blueprint.route("/practice/context-notes", methods=["POST"])
@may_call(*STAFF)
@blueprint.arguments(schemas.ContextIn)
@blueprint.response(201, schemas.ContextOut)
def tell_context(body: dict[str, Any]) -> Any:
    """Tell what goes on in the practice."""
    return service.tell_context(**body)


@blueprint.route("/practice/adverse-events")
@may_call(LEAD)
@blueprint.response(200, schemas.AdverseEventList)
def practice_adverse_events() -> Any:
    """Harm that came to the practice's patients, newest first."""
    return {"items": service.adverse_events_of_practice()}


@blueprint.route("/patients/<uuid:patient_id>/adverse-events")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.AdverseEventList)
def adverse_events(patient_id: UUID) -> Any:
    """Harm that came to a patient, newest first."""
    return {"items": service.adverse_events(patient_id)}


@blueprint.route("/patients/<uuid:patient_id>/adverse-events", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.AdverseEventIn)
@blueprint.alt_response(409, schema=schemas.AdverseEventOut)
@blueprint.response(201, schemas.AdverseEventOut)
def tell_adverse_event(body: dict[str, Any], patient_id: UUID) -> Any:
    """Record harm that came to a patient; of a serious event the care team is told at once."""
    return service.tell_adverse_event(patient_id, **body)


@blueprint.route("/patients/<uuid:patient_id>/referrals")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.ReferralList)
def referrals(patient_id: UUID) -> Any:
    """A patient's referrals and what came of them, newest first."""
    return {"items": service.referrals(patient_id)}


@blueprint.route("/patients/<uuid:patient_id>/referrals", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.ReferralIn)
@blueprint.response(201, schemas.ReferralOut)
def refer(body: dict[str, Any], patient_id: UUID) -> Any:
    """Record that a patient was referred."""
    return service.refer(patient_id, **body)


@blueprint.route("/referrals/<uuid:referral_id>/steps", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.ReferralStepIn)
@blueprint.response(201, schemas.ReferralOut)
def follow_referral(body: dict[str, Any], referral_id: UUID) -> Any:
    """Record what came of a referral."""
    return service.follow_referral(referral_id, **body)
