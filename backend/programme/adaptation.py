"""The weekly step: every active grade judged, and the plan moved on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from backend.core.clock import now
from backend.core.database import session
from backend.core.ids import new_id
from backend.programme import progression
from backend.programme.gradings import keep_graded_decisions
from backend.programme.models import (
    ACTIVE,
    COMPLETED,
    STUCK,
    Activity,
    Adaptation,
    CarePlan,
    PracticeLog,
    QuizAttempt,
)
from backend.programme.modules import Catalogue, Module
from backend.programme.openings import add_for_factors, open_next
from backend.programme.plans import catalogue, newest_modules, standing_plan
from backend.programme.progression import Work
from backend.risk import service as risk
from backend.risk.profile import ElevatedFactor

STUCK_WITHIN = timedelta(days=14)


@dataclass(frozen=True)
class Progress:
    """What a weekly step did: the module to go on with, and stuck marks of the last 14 days."""

    next_module: Module | None
    stuck_marks: int


def adapt(patient_id: UUID, factors: Sequence[ElevatedFactor]) -> Progress:
    """The weekly step: judge each active grade that is due, add a module for a factor that has
    risen, open the next module when its turn has come (not one that a safety hold locks), and keep
    what was decided about quotas and ladders.
    """
    plan, activities = standing_plan(patient_id)
    if plan is None:
        return Progress(None, 0)
    known = catalogue()
    decisions = _judge_grades(plan, activities, known)
    decisions += add_for_factors(plan, activities, factors, newest_modules())
    open_next(plan, activities, known)
    if decisions:
        session.flush()
        session.execute(insert(Adaptation), decisions)
    stuck = keep_graded_decisions(plan, activities, known)
    working = [a for a in activities if a.status in (ACTIVE, STUCK)]
    module = known[working[-1].module_id, working[-1].module_version] if working else None
    stuck = stuck or any(a.status == STUCK for a in activities)
    marks = _stuck_marks(patient_id) if stuck else 0
    return Progress(module, marks)


def _judge_grades(
    plan: CarePlan, activities: Sequence[Activity], known: Catalogue
) -> list[dict[str, Any]]:
    rule = risk.pathway(plan.practice_id).progression
    at = now()
    due = [
        a
        for a in activities
        if a.status in (ACTIVE, STUCK)
        and a.grade_began_at is not None
        and progression.is_due(rule, a.grade_began_at, at)
    ]
    if not due:
        return []
    quizzes = _best_quizzes(due)
    practice = _practice_since(due, at - timedelta(days=rule.period_days))
    decisions = []
    for activity in due:
        module = known[activity.module_id, activity.module_version]
        days, confidence = practice.get(activity.id, (0, None))
        planned = module.grades[activity.grade].practice.planned_days
        work = Work(
            grade=activity.grade,
            last_grade=module.last_grade,
            holds=activity.holds,
            best_quiz_percent=quizzes.get((activity.id, activity.grade)),
            practice_percent=progression.practice_percent(days, planned),
            confidence=confidence,
        )
        decision = progression.decide(rule, work)
        _apply(activity, decision, at)
        decisions.append(_adaptation(plan, activity, module, work, decision, at))
    return decisions


def _apply(activity: Activity, decision: progression.Decision, at: datetime) -> None:
    activity.holds = decision.holds
    if decision.move in (progression.ADVANCE, progression.STEP_BACK):
        activity.grade = decision.grade
        activity.grade_began_at = at
        activity.status = ACTIVE
    elif decision.move == progression.COMPLETE:
        activity.status = COMPLETED
        activity.completed_at = at
    elif decision.move == progression.STUCK:
        activity.status = STUCK


def _adaptation(
    plan: CarePlan,
    activity: Activity,
    module: Module,
    work: Work,
    decision: progression.Decision,
    at: datetime,
) -> dict[str, Any]:
    why = "; ".join(decision.lacking) or "quiz, practice and confidence reached"
    return {
        "id": new_id(),
        "practice_id": plan.practice_id,
        "patient_id": plan.patient_id,
        "care_plan_id": plan.id,
        "activity_id": activity.id,
        "decision": decision.move,
        "rule": "progression",
        "rule_version": risk.pathway(plan.practice_id).label,
        "inputs": progression.summary(work, decision.lacking),
        "for_patient": decision.for_patient,
        "for_provider": f"{module.id} grade {work.grade}: {decision.move}, because {why}.",
        "at": at,
    }


def _best_quizzes(activities: Sequence[Activity]) -> dict[tuple[UUID, int], int]:
    query = (
        select(QuizAttempt.activity_id, QuizAttempt.grade, func.max(QuizAttempt.percent))
        .where(QuizAttempt.activity_id.in_([a.id for a in activities]))
        .group_by(QuizAttempt.activity_id, QuizAttempt.grade)
    )
    return {(activity, grade): best for activity, grade, best in session.execute(query)}


def _practice_since(
    activities: Sequence[Activity], since: datetime
) -> dict[UUID, tuple[int, int | None]]:
    # Days done, and the newest confidence given.
    query = (
        select(PracticeLog.activity_id, PracticeLog.done, PracticeLog.confidence)
        .where(
            PracticeLog.activity_id.in_([a.id for a in activities]),
            PracticeLog.day >= since.date(),
        )
        .order_by(PracticeLog.day)
    )
    found: dict[UUID, tuple[int, int | None]] = {}
    for activity_id, done, confidence in session.execute(query):
        days, newest = found.get(activity_id, (0, None))
        found[activity_id] = (days + int(done), newest if confidence is None else confidence)
    return found


def _stuck_marks(patient_id: UUID) -> int:
    query = select(func.count()).where(
        Adaptation.patient_id == patient_id,
        Adaptation.decision == progression.STUCK,
        Adaptation.at > now() - STUCK_WITHIN,
    )
    return session.scalar(query) or 0
