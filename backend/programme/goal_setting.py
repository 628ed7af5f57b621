"""A patient's goal: set, changed, and how far it was reached at its date."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

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
    query = select(Goal).where(Goal.patient_id == patient_id)
    newest_first = query.order_by(Goal.set_at.desc(), Goal.event_id.desc())
    goal, *earlier = [*session.scalars(newest_first)] or [None]
    return Goals(goal, [each for each in earlier if each is not None])


def set_goal(enrolment: Enrolment, goal: goals.Goal) -> Goals:
    """Set a goal; the one before stays in the history. The same goal again changes nothing.

    Raises ``Problem`` 422 that names what is missing, in words for the person.
    """
    _one_at_a_time(enrolment)
    present = goals_of(enrolment.patient_id)
    if present.goal is not None and _said(present.goal) == goal:
        return present
    refuse_vague(enrolment.practice_id, goal, today_in(enrolment.patient.time_zone))
    kept = Goal(**goal_row(enrolment, goal, now(), new_id()))
    session.add(kept)
    _record("goal.set", kept)
    return goals_of(enrolment.patient_id)


def refuse_vague(practice_id: UUID, goal: goals.Goal, today: date) -> None:
    """Raises ``Problem`` 422 that names what a goal lacks, in words for the person."""
    faults = goals.faults(risk.pathway(practice_id).practice.goal, goal, today)
    if faults:
        raise invalid(faults)


def goal_row(
    enrolment: Enrolment, goal: goals.Goal, at: datetime, event_id: UUID
) -> dict[str, Any]:
    """A goal as it is kept. Pure."""
    said = dataclasses.asdict(goal)
    return {
        "id": new_id(),
        "practice_id": enrolment.practice_id,
        "patient_id": enrolment.patient_id,
        "by_day": said.pop("by"),
        **said,
        "set_at": at,
        "event_id": event_id,
    }


@dataclass(frozen=True)
class Reached:
    """How much of a goal was reached, told at an instant; ``goal`` is its id or its event's."""

    goal: UUID
    reached: Decimal
    at: datetime
    event_id: UUID


def settle_attainments(enrolment: Enrolment, told: Sequence[Reached]) -> None:
    """Mark each goal with what was told of it last, on its day or later.

    ``told`` is all that devices ever told of it, in any order; what comes before the goal's day
    waits for nothing and counts nothing. Settling again changes nothing.
    """
    if not told:
        return
    zone = ZoneInfo(enrolment.patient.time_zone)
    for goal in session.scalars(select(Goal).where(Goal.patient_id == enrolment.patient_id)):
        of_it = [
            each
            for each in told
            if each.goal in (goal.id, goal.event_id)
            and each.at.astimezone(zone).date() >= goal.by_day
        ]
        newest = max(of_it, key=lambda each: (each.at, each.event_id), default=None)
        if newest is not None and (goal.told_at is None or newest.at >= goal.told_at):
            goal.reached = newest.reached
            goal.attainment = goals.attainment(goal.amount, goal.starts_from, newest.reached)
            goal.told_at = newest.at
    session.flush()


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
