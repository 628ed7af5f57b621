"""HTTP of training, competence, consultations and who leads whose care."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from backend.core.api import Blueprint
from backend.core.clock import now
from backend.core.identity import ADMINISTRATOR, CARE_TEAM, LEAD, STAFF, actor, may_call
from backend.core.problems import invalid
from backend.programme import service as programme
from backend.programme.dose_schemas import PracticeDoseOut
from backend.quality import schemas, service

blueprint = Blueprint("quality", __name__, url_prefix="/v1", description="Training and fidelity")
USUAL_PERIOD = timedelta(days=90)


@blueprint.route("/training/topics")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.TopicsOut)
def topics() -> Any:
    """What providers learn, and how far the signed-in one has come."""
    return {"items": service.my_topics()}


@blueprint.route("/training/topics/<topic_id>")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.TopicText)
def topic(topic_id: str) -> Any:
    """One topic with its text, quiz and cases."""
    return service.topic(topic_id)


@blueprint.route("/training/topics/<topic_id>/quiz", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.TrainingQuizIn)
@blueprint.response(200, schemas.TrainingQuizOut)
def quiz(body: dict[str, Any], topic_id: str) -> Any:
    """Answer a topic's quiz; it may be tried again, and the best try counts."""
    return service.answer_quiz(topic_id, body["answers"])


@blueprint.route("/training/competence")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.CompetenceOut)
def my_competence() -> Any:
    """The signed-in provider's own competence."""
    return service.portrait(actor.id)


@blueprint.route("/providers/<uuid:provider_id>/competence")
@may_call(LEAD)
@blueprint.response(200, schemas.CompetenceOut)
def competence(provider_id: UUID) -> Any:
    """A provider's competence."""
    return service.portrait(provider_id)


@blueprint.route("/providers/<uuid:provider_id>/competence", methods=["POST"])
@may_call(LEAD)
@blueprint.arguments(schemas.CompetenceIn)
@blueprint.alt_response(409, schema=schemas.CompetenceOut)
@blueprint.response(200, schemas.CompetenceOut)
def decide(body: dict[str, Any], provider_id: UUID) -> Any:
    """Find a provider competent for a tier; refused while something is lacking."""
    return service.decide(provider_id, **body)


@blueprint.route("/providers/<uuid:provider_id>/training", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.TrainingIn)
@blueprint.alt_response(409, schema=schemas.CompetenceOut)
@blueprint.response(204)
def training(body: dict[str, Any], provider_id: UUID) -> None:
    """Record what a provider attended or showed; who records a rating is its rater."""
    service.record_training(provider_id, **body)


@blueprint.route("/providers/<uuid:provider_id>/mentor", methods=["PUT"])
@may_call(LEAD)
@blueprint.arguments(schemas.MentorIn)
@blueprint.response(200, schemas.CompetenceOut)
def mentor(body: dict[str, Any], provider_id: UUID) -> Any:
    """Say who mentors a provider."""
    return service.set_mentor(provider_id, body["mentor_id"])


@blueprint.route("/consultations/checklist")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.ChecklistOut)
def checklist() -> Any:
    """What a consultation is held against."""
    found, _, _ = service.checklist()
    return found


@blueprint.route("/patients/<uuid:patient_id>/consultations")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.ConsultationsOut)
def consultations(patient_id: UUID) -> Any:
    """A patient's consultations, newest first."""
    return {"items": service.of_patient(patient_id)}


@blueprint.route("/patients/<uuid:patient_id>/consultations", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.ConsultationIn)
@blueprint.response(201, schemas.ConsultationOut)
def consult(body: dict[str, Any], patient_id: UUID) -> Any:
    """Record that the signed-in provider saw a patient."""
    return service.record(patient_id, body["held_at"])


@blueprint.route("/consultations/<uuid:consultation_id>")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.ConsultationOut)
def consultation(consultation_id: UUID) -> Any:
    """One consultation."""
    return service.get(consultation_id)


@blueprint.route("/consultations/<uuid:consultation_id>/ratings", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.ConsultationRatingIn)
@blueprint.alt_response(409, schema=schemas.ConsultationOut)
@blueprint.response(201, schemas.ConsultationOut)
def rate(body: dict[str, Any], consultation_id: UUID) -> Any:
    """Rate a consultation by the checklist, once; who held it rates themselves."""
    return service.rate(consultation_id, **body)


@blueprint.route("/practice/fidelity")
@may_call(LEAD)
@blueprint.arguments(schemas.PeriodQuery, location="query")
@blueprint.response(200, schemas.FidelityOut)
def fidelity(query: dict[str, Any]) -> Any:
    """How far the practice follows the programme, by observers, and what to observe next."""
    return service.practice_fidelity(*_period(**query))


@blueprint.route("/practice/texts")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.arguments(schemas.PeriodQuery, location="query")
@blueprint.response(200, schemas.TextsOut)
def texts(query: dict[str, Any]) -> Any:
    """How the practice's texts fared: sent, delivered, failed, answered, stopped, paid for."""
    return service.texts(*_period(**query))


@blueprint.route("/practice/alert-budget")
@may_call(*STAFF)
@blueprint.arguments(schemas.AlertBudgetQuery, location="query")
@blueprint.response(200, schemas.AlertBudgetOut)
def alert_budget(query: dict[str, Any]) -> Any:
    """Alerts week by week for each 100 answered check-ins, and the rules that raise most."""
    return service.budget(**query)


@blueprint.route("/practice/dose")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.arguments(schemas.PeriodQuery, location="query")
@blueprint.response(200, PracticeDoseOut)
def dose(query: dict[str, Any]) -> Any:
    """How much of the plans made in a period was delivered, received and practised by now."""
    return programme.dose_of_practice(*_period(**query))


@blueprint.route("/patients/<uuid:patient_id>/lead")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.CareLeadOut)
def lead(patient_id: UUID) -> Any:
    """Who leads a patient's care."""
    found = service.lead_of(patient_id)
    return found or {"provider_id": None, "since": None, "emergency_reason": None}


@blueprint.route("/patients/<uuid:patient_id>/lead", methods=["PUT"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.CareLeadIn)
@blueprint.alt_response(409, schema=schemas.CareLeadOut)
@blueprint.response(200, schemas.CareLeadOut)
def assign(body: dict[str, Any], patient_id: UUID) -> Any:
    """Give the lead to a provider; of high risk, to somebody found competent for it."""
    return service.assign(patient_id, **body)


def _period(since: date | None, until: date | None) -> tuple[datetime, datetime]:
    day = until or (now() + timedelta(days=1)).date()
    end = datetime.combine(day, time(0), UTC)
    begin = end - USUAL_PERIOD if since is None else datetime.combine(since, time(0), UTC)
    if begin >= end:
        raise invalid({"from": "Choose a day before the end of the period."})
    return begin, end
