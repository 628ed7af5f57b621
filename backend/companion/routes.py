"""The patient's pages: behind the links in the texts, on any phone, with or without scripts."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for

from backend.checkins import occasions
from backend.companion import (
    checkin_pages,
    diary_pages,
    goal_pages,
    graded_pages,
    plan_pages,
    reach_pages,
    session,
    sign_in_pages,
    speech,
)
from backend.companion.base import Page, blueprint
from backend.companion.present import can_answer, day_words
from backend.companion.session import for_patients, takes_answers
from backend.companion.speech import gettext
from backend.companion.today import KINDS, today
from backend.core import audit
from backend.core.identity import actor
from backend.core.problems import Problem
from backend.core.schema import LANGUAGES
from backend.messaging import mail
from backend.messaging import service as messaging
from backend.patients import addresses
from backend.patients import consent as consents
from backend.patients import service as patients
from backend.patients.models import ACTIVE, INVITED
from backend.practices import service as practices
from backend.programme import service as programme
from backend.programme.service import ActivityView
from backend.programme.words import number

__all__ = [
    "blueprint",
    "checkin_pages",
    "diary_pages",
    "goal_pages",
    "graded_pages",
    "plan_pages",
    "reach_pages",
    "sign_in_pages",
]


@blueprint.get("/my/")
@for_patients
def home() -> Page:
    """What is next."""
    day = today()
    audit.record("today.read", practice_id=actor.practice_id, patient_id=actor.id)
    activities = _activities()
    goal = programme.goals_of(actor.id).goal if activities else None
    enrolment = session.enrolment()
    return render_template(
        "companion/home.html",
        enrolment=enrolment,
        works=addresses.works(enrolment.patient),
        email_works=addresses.email_works(enrolment.patient),
        practice=practices.get_practice(actor.practice_id),
        day=day,
        to_do={kind: [task for task in day.to_do if task.kind == kind] for kind in KINDS},
        activities=activities,
        changes=programme.changes_of(actor.id) if activities else [],
        day_words=day_words,
        goal=goal,
        goal_is_due=goal is not None and goal_pages.is_due(goal),
        number=number,
    )


@blueprint.get("/my/next")
@for_patients
def go_on() -> Page:
    """Straight to the next thing to do: questions first, then the module being worked on."""
    if session.enrolment().status != ACTIVE:
        return redirect(url_for("companion.home"), 303)
    for check_in in occasions.mine():
        if can_answer(check_in):
            return redirect(url_for("companion.check_in", check_in_id=check_in.id), 303)
    for view in _activities():
        if view.activity.status == ACTIVE and not view.locked:
            return redirect(url_for("companion.module", activity_id=view.activity.id), 303)
    return redirect(url_for("companion.home"), 303)


@blueprint.get("/my/consent")
@for_patients
def consent() -> Page:
    """The text to read before joining."""
    return _consent_page()


@blueprint.post("/my/consent")
@takes_answers
def give_consent() -> Page:
    """Agree and join."""
    enrolment = session.enrolment()
    if request.form.get("agree") != "yes":
        return _consent_page(gettext("Please tick the box if you want to take part.")), 422
    try:
        consents.give(enrolment, request.form.get("version", "")[:20], how="web")
    except Problem as problem:
        if problem.code != "consent-text-changed":
            raise
        words = gettext("The text has changed since you opened it. Please read it again.")
        return _consent_page(words), 409
    return redirect(url_for("companion.go_on"), 303)


def _consent_page(fault: str | None = None) -> str:
    enrolment = session.enrolment()
    return render_template(
        "companion/consent.html",
        text=consents.current_text(enrolment.patient.language),
        enrolment=enrolment,
        agreed_on=enrolment.consented_at and day_words(enrolment.consented_at),
        asks=enrolment.status == INVITED,
        fault=fault,
    )


@blueprint.get("/my/settings")
@for_patients
def settings() -> Page:
    """Language, texts, consent, and leaving."""
    return _settings_page()


@blueprint.post("/my/settings")
@for_patients
def withdraw() -> Page:
    """Leave the programme; nothing more is sent."""
    if request.form.get("leave") != "yes":
        return _settings_page(gettext("Please tick the box if you are sure.")), 422
    consents.withdraw(session.enrolment(), how="web")
    return redirect(url_for("companion.home"), 303)


@blueprint.post("/my/settings/language")
@for_patients
def change_language() -> Page:
    """Speak another language from now on, in texts too."""
    wanted = request.form.get("language", "")
    if wanted in LANGUAGES:
        patients.change_language(session.enrolment(), wanted)
    return redirect(url_for("companion.settings"), 303)


def _settings_page(fault: str | None = None) -> str:
    enrolment = session.enrolment()
    return render_template(
        "companion/settings.html",
        enrolment=enrolment,
        stopped=messaging.is_opted_out(enrolment.patient.phone_index),
        works=addresses.works(enrolment.patient),
        email_works=addresses.email_works(enrolment.patient),
        mail_offered=mail.is_offered(),
        practice=practices.get_practice(actor.practice_id),
        languages=speech.OWN_NAMES,
        fault=fault,
    )


def _activities() -> list[ActivityView]:
    try:
        plan = programme.plan_of(actor.id, speech.language())
    except Problem as problem:
        if problem.status != 404:
            raise
        return []
    audit.record("care-plan.read", practice_id=actor.practice_id, patient_id=actor.id)
    return plan.activities
