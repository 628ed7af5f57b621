"""Modules that join a plan for a factor that has risen, and the next one to open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import partial
from typing import Any

from backend.core.clock import now
from backend.core.database import session
from backend.core.ids import new_id
from backend.programme import planning, progression
from backend.programme.clearance import Known, blocked
from backend.programme.clearances import known_of
from backend.programme.models import ACTIVE, COMPLETED, WAITING, Activity, CarePlan
from backend.programme.modules import Catalogue, Module
from backend.programme.progression import Standing
from backend.risk import service as risk
from backend.risk.profile import ElevatedFactor


def add_for_factors(
    plan: CarePlan,
    activities: list[Activity],
    factors: Sequence[ElevatedFactor],
    newest: Mapping[str, Module],
) -> list[dict[str, Any]]:
    """Add a module for each factor that no module of the plan targets; the decisions to keep."""
    added = []
    rules = risk.pathway(plan.practice_id)
    closing = {name for names in rules.plan.closing.values() for name in names}
    for factor in factors:
        present = [a.module_id for a in activities]
        if any(factor.factor in newest[name].target_factors for name in present if name in newest):
            continue
        found = planning.modules_for(factor.factor, newest, present)
        if found and found[0].needs is not None:
            true_of = risk.circumstances(plan.practice_id, plan.risk_assessment_id)
            found = [each for each in found if planning.suits(each, true_of)]
        if not found:
            continue
        module = found[0]
        place = _before_the_end(activities, closing)
        activity = Activity(
            id=new_id(),
            practice_id=plan.practice_id,
            care_plan_id=plan.id,
            patient_id=plan.patient_id,
            module_id=module.id,
            module_version=module.version,
            position=place,
            factor=factor.factor,
            reason=factor.reason,
            status=WAITING,
            grade=1,
            holds=0,
        )
        session.add(activity)
        activities.insert(place, activity)
        for position, each in enumerate(activities):
            each.position = position
        added.append(
            {
                "id": new_id(),
                "practice_id": plan.practice_id,
                "patient_id": plan.patient_id,
                "care_plan_id": plan.id,
                "activity_id": activity.id,
                "decision": "add-module",
                "rule": "factor-risen",
                "rule_version": rules.label,
                "inputs": {
                    "factor": factor.factor,
                    "value": None if factor.value is None else float(factor.value),
                },
                "for_patient": f"A new part joins your plan: {module.title}.",
                "for_provider": f"{module.id} added: {factor.reason}.",
                "at": now(),
            }
        )
    return added


def _before_the_end(activities: Sequence[Activity], closing: Set[str]) -> int:
    """Where a module comes in: before those that keep the gains, unless they have begun."""
    return next(
        (n for n, a in enumerate(activities) if a.module_id in closing and a.status == WAITING),
        len(activities),
    )


def open_next(plan: CarePlan, activities: Sequence[Activity], known: Catalogue) -> None:
    """Open the next module when its turn has come; never one that a safety hold locks or that
    waits for a provider's word."""
    module_of = {a.id: known[a.module_id, a.module_version] for a in activities}
    standings = [
        Standing(
            a.module_id,
            a.status,
            module_of[a.id].prerequisites,
            a.grade if a.status == COMPLETED else a.grade - 1,
            module_of[a.id].modules_done,
        )
        for a in activities
    ]
    starts = [a.started_at for a in activities if a.started_at is not None]
    choose = partial(
        progression.next_to_start,
        risk.pathway(plan.practice_id).plan,
        standings,
        max(starts, default=plan.created_at),
        now(),
    )
    modules = {a.module_id: module_of[a.id] for a in activities}
    waits: set[str] = set()
    told: Known | None = None
    while (chosen := choose(waits)) is not None:
        module = modules[chosen]
        if module.locked_by_safety_hold or module.contraindications:
            told = told or _known(plan, activities)
            if module.locked_by_safety_hold and told.hold is not None:
                waits |= {name for name, each in modules.items() if each.locked_by_safety_hold}
                continue
            if blocked(module, told) is not None:
                waits.add(chosen)
                continue
        break
    for activity in activities:
        if activity.module_id == chosen:
            activity.status = ACTIVE
            activity.started_at = activity.grade_began_at = now()


def _known(plan: CarePlan, activities: Sequence[Activity]) -> Known:
    hold = risk.open_hold(plan.patient_id)
    level = None if hold is None else hold.level
    return known_of(plan.patient_id, plan.practice_id, activities, level)
