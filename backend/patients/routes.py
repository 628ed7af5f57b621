"""HTTP of patients: enrolment by the practice, sign-in and consent by the patient."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core import audit, sessions
from backend.core.api import Blueprint, ProblemSchema
from backend.core.identity import CARE_TEAM, PATIENT, STAFF, actor, anyone, may_call
from backend.core.limits import limiter, sign_in_limit
from backend.core.schema import WEEKDAYS
from backend.messaging.models import EMAIL, SMS
from backend.patients import addresses, consent, contraindications, schemas, service, sign_in
from backend.patients.models import Enrolment
from backend.practices.schemas import Tokens

blueprint = Blueprint("patients", __name__, url_prefix="/v1", description="Patients and consent")


@blueprint.route("/patients", methods=["POST"])
@may_call(*STAFF)
@blueprint.arguments(schemas.PatientIn)
@blueprint.alt_response(409, schema=schemas.PatientOut)
@blueprint.response(201, schemas.PatientOut)
def enrol(body: dict[str, Any]) -> Any:
    """Enrol a patient; they are texted an invitation."""
    body["checkin_weekday"] = WEEKDAYS.index(body["checkin_weekday"])
    return service.enrol(**body)


@blueprint.route("/patients")
@may_call(*STAFF)
@blueprint.arguments(schemas.PageQuery, location="query")
@blueprint.response(200, schemas.PatientPage)
def patients(query: dict[str, Any]) -> Any:
    """The practice's patients."""
    return service.list_enrolments(**query)


@blueprint.route("/patients/<uuid:patient_id>")
@may_call(*STAFF)
@blueprint.response(200, schemas.PatientOut)
def patient(patient_id: UUID) -> Any:
    """One patient."""
    enrolment = service.find(patient_id)
    audit.record("patient.read", practice_id=enrolment.practice_id, patient_id=patient_id)
    return enrolment


@blueprint.route("/patients/<uuid:patient_id>", methods=["PATCH"])
@may_call(*STAFF)
@blueprint.arguments(schemas.PatientChange)
@blueprint.alt_response(409, schema=schemas.PatientOut)
@blueprint.alt_response(429, schema=ProblemSchema)
@blueprint.response(200, schemas.PatientOut)
def change_patient(body: dict[str, Any], patient_id: UUID) -> Any:
    """Note what a patient has asked for: how reminders come, another day, hour, number or e-mail.

    A code goes to another number or e-mail address and waits for its confirmation, unless the
    number was verified in person.
    """
    enrolment = service.find(patient_id)
    _change(enrolment, body, how="asked the practice")
    return enrolment


@blueprint.route("/patients/<uuid:patient_id>/phone", methods=["POST"])
@may_call(*STAFF)
@limiter.limit(sign_in_limit)
@blueprint.arguments(schemas.AddressCode)
@blueprint.alt_response(409, schema=schemas.PatientOut)
@blueprint.response(200, schemas.PatientOut)
def confirm_patient_phone(body: dict[str, Any], patient_id: UUID) -> Any:
    """Confirm a patient's new number with the code that the patient reads out."""
    enrolment = service.find(patient_id)
    addresses.confirm(enrolment, SMS, body["code"])
    return enrolment


@blueprint.route("/patients/<uuid:patient_id>/email", methods=["POST"])
@may_call(*STAFF)
@limiter.limit(sign_in_limit)
@blueprint.arguments(schemas.AddressCode)
@blueprint.alt_response(409, schema=schemas.PatientOut)
@blueprint.response(200, schemas.PatientOut)
def confirm_patient_email(body: dict[str, Any], patient_id: UUID) -> Any:
    """Confirm a patient's e-mail address with the code that the patient reads out."""
    enrolment = service.find(patient_id)
    addresses.confirm(enrolment, EMAIL, body["code"])
    return enrolment


def _change(enrolment: Enrolment, body: dict[str, Any], how: str) -> None:
    service.change_rhythm(enrolment, body.get("checkin_weekday"), body.get("checkin_hour"))
    if "reminders_by" in body:
        consent.choose_reminders(enrolment, body["reminders_by"], how)
    if "phone_verified" in body:
        addresses.change_in_person(enrolment, body["phone"])
    elif "phone" in body:
        addresses.ask_to_change(enrolment, SMS, body["phone"])
    if body.get("email") is not None:
        addresses.ask_to_change(enrolment, EMAIL, body["email"])
    elif "email" in body:
        addresses.forget_email(enrolment)


@blueprint.route("/patients/<uuid:patient_id>/invitation", methods=["POST"])
@may_call(*STAFF)
@blueprint.alt_response(409, schema=schemas.Accepted)
@blueprint.response(202, schemas.Accepted)
def invite(patient_id: UUID) -> Any:
    """Text the invitation once more; the earlier link is void."""
    service.invite(service.find(patient_id))
    return {"detail": "The invitation is on its way."}


@blueprint.route("/patients/<uuid:patient_id>/contraindications")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.ContraindicationsOut)
def contraindications_of(patient_id: UUID) -> Any:
    """What was answered before modules begin that are not for everybody."""
    enrolment = service.find(patient_id)
    audit.record("patient.read", practice_id=enrolment.practice_id, patient_id=patient_id)
    return {"items": contraindications.answered(patient_id)}


@blueprint.route("/patients/<uuid:patient_id>/contraindications", methods=["PUT"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.ContraindicationsIn)
@blueprint.response(200, schemas.ContraindicationsOut)
def answer_contraindications(body: dict[str, Any], patient_id: UUID) -> Any:
    """Answer some of these questions, or answer them anew; earlier answers are kept."""
    service.find(patient_id)
    contraindications.answer(patient_id, **body)
    return {"items": contraindications.answered(patient_id)}


@blueprint.route("/sign-in/patient/code", methods=["POST"])
@anyone
@limiter.limit(sign_in_limit)
@blueprint.arguments(schemas.WhoAmI)
@blueprint.response(202, schemas.Accepted)
def send_code(body: dict[str, Any]) -> Any:
    """Ask for a one-time code by text."""
    sign_in.send_code(**body)
    return {"detail": "If we know this number, a code is on its way."}


@blueprint.route("/sign-in/patient", methods=["POST"])
@anyone
@limiter.limit(sign_in_limit)
@blueprint.arguments(schemas.PatientSignIn)
@blueprint.alt_response(401, schema=Tokens)
@blueprint.response(200, Tokens)
def patient_sign_in(body: dict[str, Any]) -> sessions.Tokens:
    """Exchange a one-time code for a device session."""
    return sign_in.sign_in(**body)


@blueprint.route("/me")
@may_call(PATIENT)
@blueprint.response(200, schemas.Me)
def me() -> Any:
    """The signed-in patient."""
    audit.record("patient.read", practice_id=actor.practice_id, patient_id=actor.id)
    return service.find(actor.id)


@blueprint.route("/me", methods=["PATCH"])
@may_call(PATIENT)
@blueprint.arguments(schemas.MeIn)
@blueprint.response(200, schemas.Me)
def change_me(body: dict[str, Any]) -> Any:
    """Choose the language, how reminders come, and when the check-in comes.

    Another phone number or e-mail address is sent a code, and is used once that is confirmed;
    without an address (null), it is forgotten.
    """
    enrolment = service.find(actor.id)
    if "language" in body:
        service.change_language(enrolment, body["language"])
    _change(enrolment, body, how="app")
    return enrolment


@blueprint.route("/me/phone", methods=["POST"])
@may_call(PATIENT)
@limiter.limit(sign_in_limit)
@blueprint.arguments(schemas.AddressCode)
@blueprint.alt_response(409, schema=schemas.Me)
@blueprint.response(200, schemas.Me)
def confirm_phone(body: dict[str, Any]) -> Any:
    """Confirm a new number with the code that was texted to it."""
    enrolment = service.find(actor.id)
    addresses.confirm(enrolment, SMS, body["code"])
    return enrolment


@blueprint.route("/me/email", methods=["POST"])
@may_call(PATIENT)
@limiter.limit(sign_in_limit)
@blueprint.arguments(schemas.AddressCode)
@blueprint.alt_response(409, schema=schemas.Me)
@blueprint.response(200, schemas.Me)
def confirm_email(body: dict[str, Any]) -> Any:
    """Confirm an e-mail address with the code that was sent to it."""
    enrolment = service.find(actor.id)
    addresses.confirm(enrolment, EMAIL, body["code"])
    return enrolment


@blueprint.route("/me/consent")
@may_call(PATIENT)
@blueprint.response(200, schemas.ConsentTextOut)
def consent_text() -> Any:
    """The text to read before joining."""
    return consent.current_text(service.find(actor.id).patient.language)


@blueprint.route("/me/consent", methods=["POST"])
@may_call(PATIENT)
@blueprint.arguments(schemas.ConsentIn)
@blueprint.alt_response(409, schema=schemas.Me)
@blueprint.response(200, schemas.Me)
def give_consent(body: dict[str, Any]) -> Any:
    """Agree and join."""
    enrolment = service.find(actor.id)
    consent.give(enrolment, body["version"], how="app")
    return enrolment


@blueprint.route("/me/consent/withdrawal", methods=["POST"])
@may_call(PATIENT)
@blueprint.response(200, schemas.Me)
def withdraw_consent() -> Any:
    """Leave the programme; nothing more is sent."""
    enrolment = service.find(actor.id)
    consent.withdraw(enrolment, how="app")
    return enrolment


@blueprint.route("/me/consent/sms-answers")
@may_call(PATIENT)
@blueprint.response(200, schemas.ConsentTextOut)
def answers_text() -> Any:
    """The text to read before answering check-ins by text message."""
    return consent.answers_text(service.find(actor.id).patient.language)


@blueprint.route("/me/consent/sms-answers", methods=["POST"])
@may_call(PATIENT)
@blueprint.arguments(schemas.ConsentIn)
@blueprint.alt_response(409, schema=schemas.Me)
@blueprint.response(200, schemas.Me)
def allow_answers(body: dict[str, Any]) -> Any:
    """Agree to answer check-ins by text message."""
    enrolment = service.find(actor.id)
    consent.allow_answers(enrolment, body["version"], how="app")
    return enrolment


@blueprint.route("/me/consent/sms-answers/withdrawal", methods=["POST"])
@may_call(PATIENT)
@blueprint.response(200, schemas.Me)
def end_answers() -> Any:
    """Answer by text message no more."""
    enrolment = service.find(actor.id)
    consent.end_answers(enrolment, how="app")
    return enrolment
