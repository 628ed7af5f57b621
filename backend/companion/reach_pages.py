"""How we reach somebody: their number and e-mail address, reminders, and answering by text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from marshmallow import ValidationError

from backend.companion import forms, session, speech
from backend.companion.base import Page, blueprint
from backend.companion.session import for_patients, takes_answers
from backend.companion.speech import gettext
from backend.core.database import session as database
from backend.core.identity import PATIENT, Actor, anyone, become
from backend.core.limits import limiter, sign_in_limit
from backend.core.problems import Problem
from backend.core.schema import Email
from backend.messaging import mail
from backend.messaging.mail import stopping
from backend.messaging.models import EMAIL, SMS
from backend.patients import addresses
from backend.patients import consent as consents
from backend.patients import service as patients
from backend.patients.models import ACTIVE, INVITED, NO_REMINDERS, REMINDERS_BY


@blueprint.post("/my/settings/reminders")
@for_patients
def change_reminders() -> Page:
    """Get reminders by text, by e-mail, or none."""
    wanted = request.form.get("reminders", "")
    if wanted in REMINDERS_BY:
        consents.choose_reminders(session.enrolment(), wanted, how="web")
    return redirect(url_for("companion.settings"), 303)


@blueprint.get("/my/settings/number")
@for_patients
def number_page() -> Page:
    """Another number, or the same once more, to be shown by a code."""
    return _address_page(SMS)


@blueprint.post("/my/settings/number")
@for_patients
@limiter.limit(sign_in_limit)
def ask_for_number() -> Page:
    """Text a code to the number."""
    typed = request.form.get("address", "")
    number = forms.phone(typed, session.region())
    if number is None:
        fault = gettext("Write your mobile number, like +44 7700 900123.")
        return _address_page(SMS, fault, typed), 422
    return _ask(SMS, number)


@blueprint.post("/my/settings/number/code")
@for_patients
@limiter.limit(sign_in_limit)
def confirm_number() -> Page:
    """The code that came to the number."""
    return _confirm(SMS)


@blueprint.get("/my/settings/email")
@for_patients
def email_page() -> Page:
    """An e-mail address, to be shown by a code."""
    return _address_page(EMAIL)


@blueprint.post("/my/settings/email")
@for_patients
@limiter.limit(sign_in_limit)
def ask_for_email() -> Page:
    """Send a code to the address."""
    typed = request.form.get("address", "").strip()
    try:
        address = Email().deserialize(typed)
    except ValidationError:
        fault = gettext("Write your e-mail address, like name@example.org.")
        return _address_page(EMAIL, fault, typed), 422
    return _ask(EMAIL, address)


@blueprint.post("/my/settings/email/code")
@for_patients
@limiter.limit(sign_in_limit)
def confirm_email() -> Page:
    """The code that came to the address. Whoever has just given one wants their reminders there."""
    first = session.enrolment().patient.email is None
    answer = _confirm(EMAIL)
    enrolment = session.enrolment()
    if first and enrolment.patient.email is not None and enrolment.status in (INVITED, ACTIVE):
        consents.choose_reminders(enrolment, EMAIL, how="web")
    return answer


@blueprint.post("/my/settings/email/forget")
@for_patients
def forget_email() -> Page:
    """Keep no e-mail address."""
    addresses.forget_email(session.enrolment())
    return redirect(url_for("companion.settings"), 303)


def _ask(channel: str, address: str) -> Page:
    try:
        addresses.ask_to_change(session.enrolment(), channel, address)
    except Problem as problem:
        if problem.code != "too-many-codes":
            raise
        fault = gettext("Please wait an hour before you ask for another code.")
        return _address_page(channel, fault, address), 429
    return _code_page(channel, address)


def _confirm(channel: str) -> Page:
    address = request.form.get("address", "")[:254]
    code = forms.code(request.form.get("code", ""))
    if code is None:
        return _code_page(channel, address, gettext("The code has six digits.")), 422
    try:
        addresses.confirm(session.enrolment(), channel, code)
    except Problem as problem:
        if problem.code != "code-refused":
            raise
        fault = gettext("This code is not right or is out of date. Ask for a new one.")
        return _code_page(channel, address, fault), 409
    return redirect(url_for("companion.settings"), 303)


def _address_page(channel: str, fault: str | None = None, typed: str = "") -> str:
    return render_template(
        "companion/address.html",
        channel=channel,
        patient=session.enrolment().patient,
        offered=channel == SMS or mail.is_offered(),
        fault=fault,
        typed=typed,
    )


def _code_page(channel: str, address: str, fault: str | None = None) -> str:
    return render_template(
        "companion/address_code.html", channel=channel, address=address, fault=fault
    )


@blueprint.get("/my/settings/answers")
@for_patients
def answers_page() -> Page:
    """What answering by text means, to agree to it or to end it."""
    return _answers_page()


@blueprint.post("/my/settings/answers")
@takes_answers
def allow_answers() -> Page:
    """Agree to answer by text."""
    if request.form.get("agree") != "yes":
        return _answers_page(gettext("Please tick the box if you agree.")), 422
    try:
        consents.allow_answers(session.enrolment(), request.form.get("version", "")[:20], how="web")
    except Problem as problem:
        if problem.code != "consent-text-changed":
            raise
        words = gettext("The text has changed since you opened it. Please read it again.")
        return _answers_page(words), 409
    return redirect(url_for("companion.answers_page"), 303)


@blueprint.post("/my/settings/answers/end")
@for_patients
def end_answers() -> Page:
    """Answer by text no more."""
    consents.end_answers(session.enrolment(), how="web")
    return redirect(url_for("companion.answers_page"), 303)


def _answers_page(fault: str | None = None) -> str:
    enrolment = session.enrolment()
    return render_template(
        "companion/answers.html",
        text=consents.answers_text(enrolment.patient.language),
        enrolment=enrolment,
        can_agree=enrolment.status == ACTIVE and enrolment.reminders_by == SMS,
        fault=fault,
    )


@blueprint.get("/u/<token>")
@anyone
def stop_page(token: str) -> Page:
    """The link at the end of an e-mail: one button ends such e-mails."""
    return _stop_page(token)


@blueprint.post("/u/<token>")
@anyone
def stop_mails(token: str) -> Page:
    """End reminders by e-mail, by the page's button or by a mail program (RFC 8058)."""
    return _stop_page(token, stop=True)


def _stop_page(token: str, stop: bool = False) -> Page:
    letter = stopping.find(token)
    if letter is None or letter.patient_id is None:
        return render_template("companion/stop.html", state="unknown"), 404
    speech.speak(letter.language)
    with _in_the_name_of(letter.patient_id, letter.practice_id):
        enrolment = patients.newest_of(letter.patient_id)
        comes = (
            enrolment is not None
            and enrolment.status in (INVITED, ACTIVE)
            and enrolment.reminders_by == EMAIL
        )
        if enrolment is not None and comes and stop:
            consents.choose_reminders(enrolment, NO_REMINDERS, how="link in an e-mail")
            comes = False
    return render_template("companion/stop.html", state="asks" if comes else "stopped", token=token)


@contextmanager
def _in_the_name_of(patient_id: UUID, practice_id: UUID) -> Iterator[None]:
    """Whoever has the e-mail may end such e-mails for its recipient; nobody is signed in."""
    become(Actor(patient_id, practice_id, PATIENT, UUID(int=0)))
    try:
        yield
        database.flush()
    finally:
        g.pop("actor", None)
