"""What a provider sees of a plan: its dose, the patient's goals, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from backend.core.problems import Problem
from backend.programme import service as programme
from backend.programme.dose import Dose
from backend.programme.models import Goal
from backend.programme.service import Goals, PatientDose
from backend.programme.words import number

# Goal attainment scaling (Kiresuk and Sherman 1968), in words.
ATTAINMENT = {
    -2: "-2: no further than at the start",
    -1: "-1: on the way",
    0: "0: the goal",
    1: "+1: a quarter beyond the goal",
    2: "+2: half beyond the goal, or more",
}


@dataclass(frozen=True)
class ShownGoal:
    """A goal in words."""

    activity: str
    amount: str
    unit: str
    times_a_week: int
    by: str
    starts_from: str
    why: str
    obstacle: str
    if_then: str
    confidence: int
    attainment: str


def plan_of(patient_id: UUID) -> programme.PlanView | None:
    """A patient's plan, if there is one yet."""
    try:
        return programme.plan_for_providers(patient_id)
    except Problem as problem:
        if problem.status != 404:
            raise
        return None


def dose_rows(found: PatientDose | None) -> list[tuple[str, Dose]]:
    """Each module's title with its dose, in the order of the plan."""
    if found is None:
        return []
    known = programme.newest_modules()
    return [(known[name].title, dose) for name, dose in found.report.modules.items()]


def shown_goals(goals: Goals) -> list[ShownGoal]:
    """The goal that counts, then those before it."""
    found = [] if goals.goal is None else [goals.goal, *goals.earlier]
    return [_shown(goal) for goal in found]


def _shown(goal: Goal) -> ShownGoal:
    attainment = f"not told yet; its day is {goal.by_day:%-d %B %Y}"
    if goal.attainment is not None and goal.reached is not None:
        reached = f"{number(goal.reached)} {goal.unit}"
        attainment = f"{ATTAINMENT[goal.attainment]} ({reached} reached)"
    return ShownGoal(
        activity=goal.activity,
        amount=number(goal.amount),
        unit=goal.unit,
        times_a_week=goal.times_a_week,
        by=f"{goal.by_day:%-d %B %Y}",
        starts_from=number(goal.starts_from),
        why=goal.why,
        obstacle=goal.obstacle,
        if_then=goal.if_then,
        confidence=goal.confidence,
        attainment=attainment,
    )
