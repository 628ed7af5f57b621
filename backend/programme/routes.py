"""HTTP of the programme: the plan, a module's text, its quiz and practice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint as Pages
from flask import Response, abort, current_app, send_file

from backend.core import audit
from backend.core.api import Blueprint
from backend.core.clock import now
from backend.core.identity import CARE_TEAM, PATIENT, actor, anyone, may_call
from backend.core.problems import not_found
from backend.patients import service as patients
from backend.programme import dose_schemas, goals, graded_schemas, module_files, schemas, service

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
@blueprint.alt_response(404, schema=schemas.MyPlanOut)
@blueprint.response(200, schemas.MyPlanOut)
def my_plan() -> Any:
    """The signed-in patient's plan, and what has changed in it."""
    audit.record("care-plan.read", practice_id=actor.practice_id, patient_id=actor.id)
    plan = service.plan_of(actor.id, patients.find(actor.id).patient.language)
    return {
        "plan": plan.plan,
        "activities": plan.activities,
        "changes": service.changes_of(actor.id),
    }


@blueprint.route("/patients/<uuid:patient_id>/plan")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.PlanForProviders)
def plan(patient_id: UUID) -> Any:
    """A patient's plan, the support it asks of the practice, and where it stands."""
    patients.find(patient_id)
    audit.record("care-plan.read", practice_id=actor.practice_id, patient_id=patient_id)
    return service.plan_for_providers(patient_id)


@blueprint.route("/patients/<uuid:patient_id>/dose")
@may_call(*CARE_TEAM)
@blueprint.response(200, dose_schemas.PatientDoseOut)
def dose(patient_id: UUID) -> Any:
    """How much of a patient's plan was delivered, received and practised."""
    patients.find(patient_id)
    audit.record("dose.read", practice_id=actor.practice_id, patient_id=patient_id)
    found = service.dose_of_patient(patient_id)
    if found is None:
        raise not_found("care plan yet")
    return found


@blueprint.route("/patients/<uuid:patient_id>/plan/changes", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.PlanChangeIn)
@blueprint.alt_response(409, schema=schemas.PlanForProviders)
@blueprint.response(200, schemas.PlanForProviders)
def change_plan(body: dict[str, Any], patient_id: UUID) -> Any:
    """Add a module to a plan, or leave out or move one that has not begun, with a reason."""
    patients.find(patient_id)
    return service.change_plan(patient_id, **body)


@blueprint.route("/me/activities/<uuid:activity_id>")
@may_call(PATIENT)
@blueprint.alt_response(409, schema=schemas.ModuleTextOut)
@blueprint.response(200, schemas.ModuleTextOut)
def module_text(activity_id: UUID) -> Any:
    """An activity's present grade, and today's quota or movement; the reading is recorded."""
    return service.open_activity(activity_id)


@blueprint.route("/me/activities/<uuid:activity_id>/position", methods=["PUT"])
@may_call(PATIENT)
@blueprint.arguments(schemas.PositionIn)
@blueprint.alt_response(409, schema=schemas.PositionIn)
@blueprint.response(204)
def position(body: dict[str, Any], activity_id: UUID) -> None:
    """Keep the step to go on with; it comes back with the text and in today."""
    service.keep_position(activity_id, body["grade"], body["step"], now())


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


@blueprint.route("/me/activities/<uuid:activity_id>/aim", methods=["PUT"])
@may_call(PATIENT)
@blueprint.arguments(graded_schemas.AimIn)
@blueprint.alt_response(409, schema=graded_schemas.QuotaOut)
@blueprint.response(200, graded_schemas.QuotaOut)
def aim(body: dict[str, Any], activity_id: UUID) -> Any:
    """Choose what to work on in small steps, and how much of it."""
    return service.choose_aim(activity_id, **body).quota


@blueprint.route("/me/activities/<uuid:activity_id>/flare", methods=["POST"])
@may_call(PATIENT)
@blueprint.arguments(graded_schemas.FlareIn)
@blueprint.alt_response(409, schema=graded_schemas.QuotaOut)
@blueprint.response(200, graded_schemas.QuotaOut)
def flare(body: dict[str, Any], activity_id: UUID) -> Any:
    """Tell of a flare-up: the quota is about half for some days."""
    return service.declare_flare(activity_id, **body).quota


@blueprint.route("/me/activities/<uuid:activity_id>/ladder", methods=["PUT"])
@may_call(PATIENT)
@blueprint.arguments(graded_schemas.LadderIn)
@blueprint.alt_response(409, schema=graded_schemas.LadderOut)
@blueprint.response(200, graded_schemas.LadderOut)
def ladder(body: dict[str, Any], activity_id: UUID) -> Any:
    """Rate movements, for the first time or again."""
    return service.rate_ladder(activity_id, body["items"]).rungs


@blueprint.route(
    "/patients/<uuid:patient_id>/activities/<uuid:activity_id>/approvals", methods=["POST"]
)
@may_call(*CARE_TEAM)
@blueprint.arguments(graded_schemas.ApprovalIn)
@blueprint.alt_response(409, schema=graded_schemas.LadderOut)
@blueprint.response(200, graded_schemas.LadderOut)
def approval(body: dict[str, Any], patient_id: UUID, activity_id: UUID) -> Any:
    """Agree that a patient may try a movement that was rated very high."""
    patients.find(patient_id)
    return service.approve(patient_id, activity_id, body["item"]).rungs


@blueprint.route("/me/goal")
@may_call(PATIENT)
@blueprint.response(200, graded_schemas.GoalsOut)
def my_goal() -> Any:
    """The signed-in patient's goal, and those before it."""
    audit.record("goal.read", practice_id=actor.practice_id, patient_id=actor.id)
    return service.goals_of(actor.id)


@blueprint.route("/me/goal", methods=["PUT"])
@may_call(PATIENT)
@blueprint.arguments(graded_schemas.GoalIn)
@blueprint.response(200, graded_schemas.GoalsOut)
def put_goal(body: dict[str, Any]) -> Any:
    """Set a goal; the one before stays in the history."""
    return service.set_goal(patients.find(actor.id), goals.Goal(**body))


@blueprint.route("/me/goal/attainment", methods=["POST"])
@may_call(PATIENT)
@blueprint.arguments(graded_schemas.AttainmentIn)
@blueprint.alt_response(409, schema=graded_schemas.GoalsOut)
@blueprint.response(200, graded_schemas.GoalsOut)
def attainment(body: dict[str, Any]) -> Any:
    """Tell how much of the goal was reached, on its day or later."""
    return service.tell_attainment(patients.find(actor.id), body["reached"])
