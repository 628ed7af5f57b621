"""A patient's goal: set, changed, and how far it was reached at its date."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid
from backend.patients.models import Enrolment, Patient
from backend.programme import goals
from backend.programme.graded import today_in
from backend.programme.models import Goal
from backend.risk import service as risk


@dataclass(frozen=True)
class Goals:
    """The goal that counts, and those before it, newest first."""

    goal: Goal | None
    earlier: list[Goal]


def goals_of(patient_id: UUID) -> Goals:
    """All goals of a patient."""
    query = select(Goal).where(Goal.patient_id == patient_id).order_by(Goal.set_at.desc())
    goal, *earlier = [*session.scalars(query.order_by(Goal.id.desc()))] or [None]
    return Goals(goal, [each for each in earlier if each is not None])


def set_goal(enrolment: Enrolment, goal: goals.Goal) -> Goals:
    """Set a goal; the one before stays in the history. The same goal again changes nothing.

    Raises ``Problem`` 422 that names what is missing, in words for the person.
    """
    _one_at_a_time(enrolment)
    present = goals_of(enrolment.patient_id)
    if present.goal is not None and _said(present.goal) == goal:
        return present
    today = today_in(enrolment.patient.time_zone)
    faults = goals.faults(risk.pathway(enrolment.practice_id).practice.goal, goal, today)
    if faults:
        raise invalid(faults)
    assert goal.amount is not None and goal.times_a_week is not None and goal.by is not None
    kept = Goal(
        id=new_id(),
        practice_id=enrolment.practice_id,
        patient_id=enrolment.patient_id,
        activity=goal.activity,
        amount=goal.amount,
        starts_from=goal.starts_from,
        unit=goal.unit,
        times_a_week=goal.times_a_week,
        by_day=goal.by,
        why=goal.why,
        confidence=goal.confidence,
        obstacle=goal.obstacle,
        if_then=goal.if_then,
        set_at=now(),
    )
    session.add(kept)
    _record("goal.set", kept)
    return goals_of(enrolment.patient_id)


def tell_attainment(enrolment: Enrolment, reached: Decimal) -> Goals:
    """Tell how much was reached, on the goal's day or later; told again, the newer counts.

    Raises ``Problem`` 409 without a goal, or before its day.
    """
    _one_at_a_time(enrolment)
    found = goals_of(enrolment.patient_id)
    goal = found.goal
    if goal is None:
        raise Problem(409, "no-goal", "There is no goal yet.")
    if today_in(enrolment.patient.time_zone) < goal.by_day:
        raise Problem(409, "not-yet", "Your goal has until its day.", by=goal.by_day.isoformat())
    goal.reached = reached
    goal.attainment = goals.attainment(goal.amount, goal.starts_from, reached)
    goal.told_at = now()
    _record("goal.attainment", goal)
    return found


def _said(goal: Goal) -> goals.Goal:
    return goals.Goal(
        activity=goal.activity,
        amount=goal.amount,
        unit=goal.unit,
        times_a_week=goal.times_a_week,
        by=goal.by_day,
        why=goal.why,
        confidence=goal.confidence,
        obstacle=goal.obstacle,
        if_then=goal.if_then,
        starts_from=goal.starts_from,
    )


def _one_at_a_time(enrolment: Enrolment) -> None:
    # A form sent twice at once sets one goal.
    session.execute(select(Patient.id).where(Patient.id == enrolment.patient_id).with_for_update())


def _record(action: str, goal: Any) -> None:
    audit.record(
        action,
        practice_id=goal.practice_id,
        patient_id=goal.patient_id,
        entity="goal",
        entity_id=goal.id,
    )
