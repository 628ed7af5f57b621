"""The console's pages: sign-in, the patients; what else there is hangs itself on."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import flask
from flask import Response, make_response, redirect, request, url_for
from werkzeug.exceptions import HTTPException

from backend.console import (
    alert_routes,
    consultations,
    evaluation,
    first_sign_in,
    forms,
    pages,
    people,
    practice,
    reach_routes,
    record_routes,
    session,
    settings,
    training,
    webhooks,
)
from backend.console.forms import Filled
from backend.console.session import signed_in
from backend.console.site import blueprint as blueprint
from backend.console.site import carry_out, undo
from backend.core import audit, problems
from backend.core.identity import ADMINISTRATOR, CARE_TEAM, LEAD, PROVIDER_ROLES, STAFF, anyone
from backend.core.limits import limiter, sign_in_limit
from backend.core.problems import Problem, not_found
from backend.patients import contraindications
from backend.patients import service as patients
from backend.practices import service as practices
from backend.programme import service as programme
from backend.risk import service as risk

blueprint.before_request(session.check_csrf)
blueprint.context_processor(pages.helpers)

# Each of these hangs pages of its own on the blueprint.
ROOMS = (
    alert_routes,
    consultations,
    evaluation,
    first_sign_in,
    people,
    practice,
    reach_routes,
    record_routes,
    settings,
    training,
    webhooks,
)
STATIC = Path(__file__).parent / "static"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "frame-ancestors 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@blueprint.get("/sign-in")
@anyone
def sign_in_page() -> str:
    """The sign-in form."""
    return pages.sign_in(Filled(), because=request.args.get("because"))


@blueprint.post("/sign-in")
@anyone
@limiter.limit(sign_in_limit)
def sign_in() -> Any:
    """Sign in with e-mail, password and authenticator code."""
    filled = forms.sign_in(request.form)
    if filled.errors:
        return pages.sign_in(filled), 422
    try:
        practices.sign_in(**{**filled.values, "device": session.DEVICE})
    except Problem as problem:
        return pages.sign_in(filled, problem.detail), problem.status, dict(problem.headers)
    session.begin()
    return redirect(session.home(), 303)


@blueprint.post("/sign-out")
@signed_in(*PROVIDER_ROLES)
def sign_out() -> Any:
    """End the present session."""
    session.end()
    return redirect(url_for("console.sign_in_page", because=session.LEFT), 303)


@blueprint.get("/patients")
@signed_in(*STAFF)
def patient_list() -> str:
    """The practice's patients, and the form to enrol one."""
    return pages.patient_list(request.args.get("cursor"))


@blueprint.post("/patients")
@signed_in(*STAFF)
def enrol() -> Any:
    """Enrol a patient; they are texted an invitation."""
    filled = forms.enrolment(request.form)
    if filled.errors:
        return pages.patient_list(None, filled), 422
    try:
        enrolment = patients.enrol(**filled.values)
    except Problem as problem:
        undo(problem)
        page = pages.patient_list(
            None,
            Filled(filled.sent, errors=problem.errors),
            problem.detail,
            problem.members.get("patient_id"),
        )
        return page, problem.status
    audit.record(
        "patient.agreed-to-invitation",
        practice_id=enrolment.practice_id,
        patient_id=enrolment.patient_id,
    )
    return redirect(
        url_for("console.patient", patient_id=enrolment.patient_id, done="enrolled"), 303
    )


@blueprint.post("/patients/<uuid:patient_id>/invitation")
@signed_in(*STAFF)
def invite_again(patient_id: UUID) -> Any:
    """Text the invitation once more; the earlier link becomes void."""
    enrolment = patients.find(patient_id)
    return carry_out(
        Filled(),
        lambda: patients.invite(enrolment),
        lambda filled, sentence: pages.patient(patient_id, filled=filled, sentence=sentence),
        lambda _: url_for("console.patient", patient_id=patient_id, done="invited"),
    )


@blueprint.get("/patients/<uuid:patient_id>")
@signed_in(*STAFF)
def patient(patient_id: UUID) -> str:
    """One patient."""
    return pages.patient(patient_id, done=request.args.get("done"))


@blueprint.post("/patients/<uuid:patient_id>/safety-clearance")
@signed_in(*CARE_TEAM)
def clear_hold(patient_id: UUID) -> Any:
    """Clear a safety hold with a reason; the programme goes on."""
    patients.find(patient_id)
    filled = forms.clearance(request.form)
    if filled.errors:
        return pages.patient(patient_id, filled=filled), 422
    try:
        risk.clear_hold(patient_id, filled.values["reason"])
    except Problem as problem:
        undo(problem)
        return pages.patient(patient_id, filled=filled, sentence=problem.detail), problem.status
    return redirect(url_for("console.patient", patient_id=patient_id, done="cleared"), 303)


@blueprint.post("/patients/<uuid:patient_id>/contraindications")
@signed_in(*CARE_TEAM)
def answer_contraindications(patient_id: UUID) -> Any:
    """Answer what modules wait for."""
    patients.find(patient_id)
    filled = forms.contraindications(request.form, contraindications.answers_of(patient_id))
    if filled.errors:
        return pages.patient(patient_id, filled=filled), 422
    try:
        contraindications.answer(patient_id, **filled.values)
    except Problem as problem:
        undo(problem)
        refused = Filled(filled.sent, errors=problem.errors)
        return pages.patient(patient_id, filled=refused, sentence=problem.detail), problem.status
    return redirect(url_for("console.patient", patient_id=patient_id, done="answered"), 303)


@blueprint.get("/practice/texts")
@signed_in(LEAD, ADMINISTRATOR)
def practice_texts() -> str:
    """How the practice's texts fared."""
    days = request.args.get("days", type=int)
    return pages.practice_texts(days if days in pages.PERIODS else pages.PERIODS[1])


@blueprint.post("/patients/<uuid:patient_id>/activities/<uuid:activity_id>/sleep-restriction")
@signed_in(*CARE_TEAM)
def restrict_sleep(patient_id: UUID, activity_id: UUID) -> Any:
    """Enable a set time in bed for a patient, or withdraw it."""
    patients.find(patient_id)
    filled = forms.restriction(request.form)
    if filled.errors:
        return pages.patient(patient_id, filled=filled), 422
    values = dict(filled.values)
    enabled = values.pop("enabled")
    answers = {name.replace("_", "-"): answer for name, answer in values.items()}
    try:
        programme.restrict_sleep(patient_id, activity_id, enabled, answers)
    except Problem as problem:
        undo(problem)
        refused = Filled(filled.sent, errors=problem.errors)
        return pages.patient(patient_id, filled=refused, sentence=problem.detail), problem.status
    return redirect(url_for("console.patient", patient_id=patient_id, done="sleep"), 303)


@blueprint.get("/static/<path:name>")
@anyone
def asset(name: str) -> Response:
    """The stylesheet."""
    return flask.send_from_directory(STATIC, name)


@blueprint.route("/<path:anything>", methods=["GET", "POST"])
@anyone
def nowhere(anything: str) -> Any:
    """An address under the console that does not exist: said as a page."""
    raise not_found("page")


@blueprint.errorhandler(Problem)
def _refusal(problem: Problem) -> Response:
    page = pages.error(problem.status, problem.detail, problem.errors)
    return make_response(page, problem.status, dict(problem.headers))


@blueprint.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    sentence = str(error.description)
    if error.code == 429:
        # The library's own sentence is the limit's notation.
        sentence = "Too many tries from this address. Wait a minute, then try again."
    response = make_response(pages.error(error.code, sentence), error.code)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


@blueprint.after_request
def _finish(response: Response) -> Response:
    if response.mimetype == problems.MEDIA_TYPE:
        # Faults are logged and worded by the application's handlers; here they become a page.
        document = response.get_json()
        response.set_data(pages.error(response.status_code, document["detail"]))
        response.mimetype = "text/html"
    response.headers.update(HEADERS)
    if request.endpoint != "console.asset":
        response.headers["Cache-Control"] = "no-store"
    return response
