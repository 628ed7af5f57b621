"""Answering a check-in, and what a person is told on the spot."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import redirect, render_template, request, url_for

from backend.checkins import continuations, occasions
from backend.checkins import service as checkins
from backend.checkins.models import COMPLETED, CheckIn
from backend.companion import forms, session
from backend.companion.base import Page, blueprint, say
from backend.companion.present import asked_in, can_answer, time_words, worded_for
from backend.companion.session import for_patients, takes_answers
from backend.companion.speech import gettext
from backend.core.clock import now
from backend.core.database import session as db
from backend.core.problems import Problem
from backend.instruments.definitions import LONGEST_TEXT
from backend.instruments.questionnaires import Questionnaire
from backend.instruments.service import Submission
from backend.patients.models import ACTIVE


@blueprint.get("/my/checkins/<uuid:check_in_id>")
@for_patients
def check_in(check_in_id: UUID) -> Page:
    """The questions of a check-in, or why there are none now."""
    found = occasions.get(check_in_id)
    if session.enrolment().status != ACTIVE:
        return redirect(url_for("companion.home"), 303)
    if not can_answer(found):
        return say(*_why_not(found), 200)
    continuations.refuse_while_held(found)
    return _questions_page(found, asked_in(found), {}, {})


@blueprint.post("/my/checkins/<uuid:check_in_id>")
@takes_answers
def answer(check_in_id: UUID) -> Page:
    """Answer a check-in. Danger is dealt with before anything else, on this very page."""
    session.enrolment()
    found = occasions.get(check_in_id)
    asked = asked_in(found)
    submission = Submission(
        answers=forms.answers(request.form, asked),
        mode="web",
        idempotency_key=forms.key(request.form.get("key")),
    )
    # What was read before the road takes its lock may be out of date once it holds it.
    db.expire_all()
    try:
        told = checkins.submit(check_in_id, submission)
    except Problem as problem:
        db.rollback()
        if problem.status != 422:
            raise
        faults = forms.answer_faults(problem.errors, asked, submission.answers)
        return _questions_page(found, asked, request.form, faults), 422
    return render_template("companion/outcome.html", told=told)


def _questions_page(
    check_in: CheckIn, asked: Questionnaire, given: Mapping[str, str], faults: Mapping[str, str]
) -> str:
    session.enrolment()
    return render_template(
        "companion/check_in.html",
        check_in=check_in,
        asked=asked,
        worded=worded_for(check_in),
        longest_text=LONGEST_TEXT,
        sections=forms.sections(asked),
        openers=set(asked.behind.values()),
        closes=check_in.closes_at and time_words(check_in.closes_at),
        key=forms.key(given.get("key")),
        given=given,
        faults=faults,
    )


def _why_not(check_in: CheckIn) -> tuple[str, str]:
    if check_in.status == COMPLETED:
        return gettext("Thank you"), gettext("You have answered these questions already.")
    if check_in.opens_at > now():
        opening = time_words(check_in.opens_at)
        words = gettext("These questions open on %(day_and_time)s.", day_and_time=opening)
        return gettext("A little later"), words
    return (
        gettext("This check-in has closed"),
        gettext("That is fine. We will ask again next time."),
    )
