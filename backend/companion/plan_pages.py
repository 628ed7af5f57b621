"""A module: its text, its quiz, and a note of one's practice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from flask import redirect, render_template, request, url_for

from backend.companion import forms
from backend.companion.base import Page, blueprint
from backend.companion.graded_words import said
from backend.companion.present import day_words, zone
from backend.companion.session import for_patients, takes_answers
from backend.companion.speech import gettext
from backend.core.clock import now
from backend.core.database import session as db
from backend.core.identity import actor
from backend.core.problems import Problem
from backend.patients import service as patients
from backend.programme import service as programme
from backend.programme.words import number

# The module in which people set a goal of their own.
GOAL_MODULE = "M03"


@blueprint.get("/my/plan/<uuid:activity_id>")
@for_patients
def module(activity_id: UUID) -> Page:
    """A module's text, quiz and practice."""
    return module_page(activity_id, noted=request.args.get("noted") == "1")


@blueprint.post("/my/plan/<uuid:activity_id>/quiz")
@takes_answers
def quiz(activity_id: UUID) -> Page:
    """Answer the quiz; it may be tried again."""
    view = programme.open_activity(activity_id)
    answers = forms.quiz_answers(request.form, view.grade)
    try:
        result = programme.answer_quiz(activity_id, answers)
    except Problem as problem:
        if problem.status != 422:
            raise
        db.rollback()
        faults = forms.quiz_faults(problem.errors)
        return module_page(activity_id, quiz_faults=faults), 422
    told = {each["id"]: each for each in result.items}
    return render_template(
        "companion/quiz_result.html", view=view, result=result, told=told, answers=answers
    )


@blueprint.post("/my/plan/<uuid:activity_id>/position")
@takes_answers
def position(activity_id: UUID) -> Page:
    """Stop reading here for now; the next time goes on from there."""
    view = programme.open_activity(activity_id)
    step = forms.whole(request.form.get("step", "")) or 1
    programme.keep_position(
        activity_id, view.activity.grade, min(step, len(view.grade.steps)), now()
    )
    return redirect(url_for("companion.home"), 303)


@blueprint.post("/my/plan/<uuid:activity_id>/practice")
@takes_answers
def practice(activity_id: UUID) -> Page:
    """Note one day's practice; the same day again replaces it."""
    view = programme.open_activity(activity_id)
    note = forms.practice_note(request.form, view.grade)
    faults = note.faults
    if note.day is not None and note.done is not None and not faults:
        try:
            programme.log_practice(
                patients.find(actor.id),
                activity_id,
                note.day,
                note.done,
                note.confidence,
                note.values,
                note.pain_after,
                note.pain_lasted,
            )
        except Problem as problem:
            if problem.status != 422:
                raise
            faults = forms.practice_faults(problem.errors, view.grade)
    if faults:
        db.rollback()
        return module_page(activity_id, practice_faults=faults), 422
    address = url_for("companion.module", activity_id=activity_id, noted=1, _anchor="practice")
    return redirect(address, 303)


def module_page(
    activity_id: UUID,
    noted: bool = False,
    quiz_faults: Mapping[str, str] | None = None,
    practice_faults: Mapping[str, str] | None = None,
    graded_faults: Mapping[str, str] | None = None,
) -> str:
    """The page of a module, with what is wrong in the form that was sent."""
    view = programme.open_activity(activity_id)
    return render_template(
        "companion/module.html",
        view=view,
        days=_days(),
        noted=noted,
        given=request.form,
        quiz_faults=quiz_faults or {},
        practice_faults=practice_faults or {},
        graded_faults=graded_faults or {},
        said=said,
        number=number,
        goal_module=GOAL_MODULE,
        diary=programme.diary_of(view.module.id),
    )


def _days() -> list[tuple[str, str]]:
    today = now().astimezone(zone()).date()
    days = [today - timedelta(days=n) for n in range(programme.BACKDATE_DAYS + 1)]
    words = [gettext("Today"), gettext("Yesterday"), *(day_words(day) for day in days[2:])]
    return [(day.isoformat(), word) for day, word in zip(days, words, strict=True)]
