"""A person's goal on a phone: set, made smaller, changed, and told at its date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import redirect, render_template, request, url_for
from marshmallow import ValidationError

from backend.companion import forms, session
from backend.companion.base import Page, blueprint
from backend.companion.present import day_words, zone
from backend.companion.session import for_patients, takes_answers
from backend.companion.speech import gettext, lazy_gettext
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session as db
from backend.core.identity import actor
from backend.core.problems import Problem
from backend.programme import goals
from backend.programme import service as programme
from backend.programme.graded_schemas import AttainmentIn, GoalIn
from backend.programme.models import Goal
from backend.programme.words import number
from backend.risk import service as risk
from backend.risk.practice_rules import GoalRule

NUMBERS = ("amount", "starts_from", "times_a_week", "confidence")
FIELDS = ("activity", "unit", "by", "why", "obstacle", "if_then", *NUMBERS)
# Goal attainment scaling, as it is told to the person.
ATTAINED = {
    -2: lazy_gettext(
        "You are where you began. That happens, and it tells you something too. A "
        "smaller goal may fit better for now."
    ),
    -1: lazy_gettext("You are on your way. You got further than where you began."),
    0: lazy_gettext("You reached your goal. Well done."),
    1: lazy_gettext("You went beyond your goal. Well done."),
    2: lazy_gettext("You went far beyond your goal. Well done."),
}


@blueprint.get("/my/goal")
@for_patients
def goal() -> Page:
    """The goal that counts, those before it, and the form to set another."""
    return _page(noted=request.args.get("noted"))


@blueprint.post("/my/goal")
@takes_answers
def set_goal() -> Page:
    """Set a goal, or change it; the one before stays among the earlier ones."""
    given = {name: text for name in FIELDS if (text := _text(name))}
    read = {name: forms.number(text) if name in NUMBERS else text for name, text in given.items()}
    try:
        body = GoalIn().load({"confidence": -1, **read})
        programme.set_goal(session.enrolment(), goals.Goal(**body))
    except ValidationError as error:
        return _again(error.messages_dict, given)
    except Problem as problem:
        if problem.status != 422:
            raise
        return _again(problem.errors, given)
    return redirect(url_for("companion.goal", noted="set"), 303)


@blueprint.post("/my/goal/attainment")
@takes_answers
def tell_attainment() -> Page:
    """Tell how much of the goal was reached."""
    try:
        reached = AttainmentIn().load({"reached": forms.number(_text("reached"))})["reached"]
    except ValidationError:
        return _page(faults={"reached": gettext("Give a number.")}), 422
    try:
        programme.tell_attainment(session.enrolment(), reached)
    except Problem as problem:
        # Without a goal, or before its day: the page says what there is to do.
        if problem.status != 409:
            raise
        db.rollback()
        return redirect(url_for("companion.goal"), 303)
    return redirect(url_for("companion.goal", noted="told"), 303)


def is_due(goal: Goal) -> bool:
    """Whether a goal's day has come and nothing was told of it yet."""
    return goal.attainment is None and goal.by_day <= now().astimezone(zone()).date()


def _page(noted: str | None = None, faults: Mapping[str, str] | None = None) -> str:
    audit.record("goal.read", practice_id=actor.practice_id, patient_id=actor.id)
    found = programme.goals_of(actor.id)
    today = now().astimezone(zone()).date()
    rule = _rule()
    return render_template(
        "companion/goal.html",
        goal=found.goal,
        earlier=found.earlier,
        can_tell=found.goal is not None and found.goal.by_day <= today,
        earliest=today + timedelta(days=rule.earliest_days),
        latest=today + timedelta(days=rule.latest_days),
        given=request.form or _said(found.goal),
        faults=faults or {},
        noted=noted,
        attained=ATTAINED,
        number=number,
        day_words=day_words,
    )


def _said(goal: Goal | None) -> Mapping[str, str]:
    """What stands in the form at first: the goal that counts, but for its day and confidence."""
    if goal is None:
        return {}
    texts = {name: getattr(goal, name) for name in ("activity", "unit", "why", "obstacle")}
    numbers = {"amount": number(goal.amount), "starts_from": number(goal.starts_from)}
    return {**texts, **numbers, "if_then": goal.if_then, "times_a_week": str(goal.times_a_week)}


def _text(name: str) -> str:
    return request.form.get(name, "").replace("\0", "").strip()


def _rule() -> GoalRule:
    return risk.pathway(actor.practice_id).practice.goal


def _again(fields: Iterable[str], given: Mapping[str, str]) -> Page:
    db.rollback()
    faults = {name: _fault(name, given) for name in fields}
    if "unit" in faults:
        faults.setdefault("amount", faults.pop("unit"))
    return _page(faults=faults), 422


def _fault(name: str, given: Mapping[str, str]) -> str:
    """What to do about a field, in the person's language."""
    rule = _rule()
    today = now().astimezone(zone()).date()
    if name == "activity":
        if goals.NO_PAIN.search(given.get("activity", "")):
            return gettext(
                "Pain is hard to steer. What would you do more of if it bothered you less?"
            )
        return gettext("What would you like to do?")
    if name == "by":
        return gettext(
            "Choose a day from %(first)s to %(last)s.",
            first=day_words(today + timedelta(days=rule.earliest_days)),
            last=day_words(today + timedelta(days=rule.latest_days)),
        )
    if name == "confidence":
        return _smaller(rule, given) or forms.out_of(0, 10)
    words: Mapping[str, Any] = {
        "starts_from": gettext("This must be less than what you want to do."),
        "times_a_week": forms.out_of(1, 7),
        "amount": gettext("How much? Give a number and what you count."),
        "unit": gettext("How much? Give a number and what you count."),
    }
    return str(words.get(name, gettext("Write something here.")))


def _smaller(rule: GoalRule, given: Mapping[str, str]) -> str | None:
    """The offer of a smaller goal to somebody who is not sure enough of this one."""
    sure, amount = forms.number(given.get("confidence", "")), forms.number(given.get("amount", ""))
    if isinstance(sure, str) or isinstance(amount, str) or not 0 <= sure < rule.confidence:
        return None
    return gettext(
        "Make it a little smaller, so that you feel surer. How about %(amount)s %(unit)s?",
        amount=number(goals.smaller(rule, Decimal(str(amount)))),
        unit=given.get("unit", ""),
    )
