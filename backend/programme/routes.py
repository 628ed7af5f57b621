"""HTTP of the programme: the plan, a module's text, its quiz and practice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint as Pages
from flask import Response, abort, current_app, send_file

from backend.core import audit
from backend.core.api import Blueprint
from backend.core.identity import CARE_TEAM, PATIENT, actor, anyone, may_call
from backend.patients import service as patients
from backend.programme import module_files, schemas, service

blueprint = Blueprint("programme", __name__, url_prefix="/v1", description="Plans and modules")
pages = Pages("figures", __name__)
A_YEAR = 365 * 24 * 3600


@pages.get("/figures/<module_id>/<version>/<name>")
@anyone
def figure(module_id: str, version: str, name: str) -> Response:
    """A picture of a module's text. A version never changes, so it may be kept for good."""
    file = module_files.figure(current_app.extensions["settings"].content, module_id, version, name)
    if file is None:
        abort(404)
    answer = send_file(file, mimetype="image/svg+xml", max_age=A_YEAR)
    answer.headers["Cache-Control"] += ", immutable"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return answer


@blueprint.route("/me/plan")
@may_call(PATIENT)
@blueprint.alt_response(404, schema=schemas.PlanOut)
@blueprint.response(200, schemas.PlanOut)
def my_plan() -> Any:
    """The signed-in patient's plan."""
    audit.record("care-plan.read", practice_id=actor.practice_id, patient_id=actor.id)
    return service.plan_of(actor.id, patients.find(actor.id).patient.language)


@blueprint.route("/patients/<uuid:patient_id>/plan")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.PlanForProviders)
def plan(patient_id: UUID) -> Any:
    """A patient's plan, with the support it asks of the practice."""
    patients.find(patient_id)
    audit.record("care-plan.read", practice_id=actor.practice_id, patient_id=patient_id)
    return service.plan_of(patient_id)


@blueprint.route("/me/activities/<uuid:activity_id>")
@may_call(PATIENT)
@blueprint.alt_response(409, schema=schemas.ModuleTextOut)
@blueprint.response(200, schemas.ModuleTextOut)
def module_text(activity_id: UUID) -> Any:
    """The text, quiz and practice of an activity's present grade; the reading is recorded."""
    return service.open_activity(activity_id)


@blueprint.route("/me/activities/<uuid:activity_id>/quiz", methods=["POST"])
@may_call(PATIENT)
@blueprint.arguments(schemas.QuizIn)
@blueprint.alt_response(409, schema=schemas.QuizOut)
@blueprint.response(200, schemas.QuizOut)
def quiz(body: dict[str, Any], activity_id: UUID) -> Any:
    """Answer the quiz; it may be tried again."""
    return service.answer_quiz(activity_id, body["answers"])


@blueprint.route("/me/activities/<uuid:activity_id>/practice", methods=["POST"])
@may_call(PATIENT)
@blueprint.arguments(schemas.PracticeIn)
@blueprint.alt_response(409, schema=schemas.PracticeIn)
@blueprint.response(204)
def practice(body: dict[str, Any], activity_id: UUID) -> None:
    """Note one day's practice; the same day again replaces it."""
    service.log_practice(patients.find(actor.id), activity_id, **body)
