"""A patient's care plan: making it, working on it, and moving it on week by week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import Date, bindparam, cast, func, insert, select, union
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid, not_found
from backend.patients.models import ACTIVE as ENROLLED
from backend.patients.models import Enrolment, Patient
from backend.programme import module_files, modules, planning, progression
from backend.programme.models import (
    ACTIVE,
    COMPLETED,
    STUCK,
    WAITING,
    Activity,
    Adaptation,
    CarePlan,
    ModuleReading,
    PracticeLog,
    QuizAttempt,
)
from backend.programme.modules import Catalogue, Grade, Module, PracticeValue
from backend.programme.progression import Standing, Work
from backend.risk import service as risk
from backend.risk.history import Engagement
from backend.risk.models import SafetyHold
from backend.risk.pathway import Pathway
from backend.risk.profile import ElevatedFactor

STUCK_WITHIN = timedelta(days=14)
BACKDATE_DAYS = 7

# Built once: it is on the road of every check-in.
_STANDING_PLAN = (
    select(CarePlan, Activity)
    .join(Activity, Activity.care_plan_id == CarePlan.id)
    .where(CarePlan.patient_id == bindparam("patient_id"), CarePlan.status == "active")
    .order_by(Activity.position)
)


_PLANS = (
    select(CarePlan.patient_id, CarePlan.created_at, Activity.factor, Activity.completed_at)
    .join(Activity, Activity.care_plan_id == CarePlan.id)
    .where(
        CarePlan.patient_id.in_(bindparam("patient_ids", expanding=True)),
        CarePlan.status == "active",
    )
)


def _days_of(model: Any, day: Any, *conditions: Any) -> Any:
    return (
        select(Activity.patient_id, day.label("day"))
        .join(Activity, Activity.id == model.activity_id)
        .where(Activity.patient_id.in_(bindparam("patient_ids", expanding=True)), *conditions)
    )


# What counts as a task, the day it is of, and what makes it done.
_TASKS: tuple[tuple[Any, Any, tuple[Any, ...]], ...] = (
    (ModuleReading, cast(ModuleReading.at, Date), ()),
    (QuizAttempt, cast(QuizAttempt.at, Date), ()),
    (PracticeLog, PracticeLog.day, (PracticeLog.done,)),
)
_TASK_DAYS = union(*(_days_of(model, day, *done) for model, day, done in _TASKS))


@dataclass(frozen=True)
class ActivityView:
    """An activity with its module, in a reader's language; ``locked`` while a safety hold stands
    on it."""

    activity: Activity
    module: Module
    locked: bool
    language: str

    @property
    def title(self) -> str:
        """The module's title."""
        return self.module.title_in(self.language)

    @property
    def title_language(self) -> str:
        """The language that title is in."""
        return self.module.language_of_title(self.language)

    @property
    def grade(self) -> Grade:
        """The present grade's text."""
        return self.module.text_in(self.activity.grade, self.language)


@dataclass(frozen=True)
class PlanView:
    """A care plan with its activities in order."""

    plan: CarePlan
    activities: list[ActivityView]


@dataclass(frozen=True)
class QuizResult:
    """Percent right, and for each question whether it was and why."""

    percent: int
    passed: bool
    items: list[dict[str, Any]]


@dataclass(frozen=True)
class Progress:
    """What a weekly step did: the module to go on with, and stuck marks of the last 14 days."""

    next_module: Module | None
    stuck_marks: int


def catalogue() -> Catalogue:
    """Every version of every module."""
    return module_files.load_modules(current_app.extensions["settings"].content)


def make_plan(enrolment: Enrolment, baseline: risk.Baseline) -> Module | None:
    """Make the care plan from the baseline and open its first module; returns that module.

    Without a risk group there is no plan. A plan that stands is kept.
    """
    if baseline.group is None or _standing_plan(enrolment.patient_id)[0] is not None:
        return None
    rules = risk.pathway(enrolment.practice_id)
    known = modules.newest(catalogue())
    proposal = planning.make_plan(
        rules.plan,
        baseline.group,
        baseline.factors,
        baseline.response_level,
        known,
        baseline.circumstances,
    )
    at = now()
    plan = CarePlan(
        id=new_id(),
        practice_id=enrolment.practice_id,
        patient_id=enrolment.patient_id,
        risk_assessment_id=baseline.assessment_id,
        pathway_version=rules.label,
        status="active",
        weeks=proposal.weeks,
        support=proposal.support,
        notes=list(proposal.notes),
        created_at=at,
        review_at=_next_review(rules, at, at),
    )
    session.add(plan)
    session.flush()
    session.execute(
        insert(Activity),
        [
            {
                "id": new_id(),
                "practice_id": plan.practice_id,
                "care_plan_id": plan.id,
                "patient_id": plan.patient_id,
                "module_id": assignment.module.id,
                "module_version": assignment.module.version,
                "position": position,
                "factor": assignment.factor,
                "reason": assignment.reason,
                "status": ACTIVE if position == 0 else WAITING,
                "grade": 1,
                "started_at": at if position == 0 else None,
                "grade_began_at": at if position == 0 else None,
            }
            for position, assignment in enumerate(proposal.assignments)
        ],
    )
    return proposal.assignments[0].module


def plan_of(patient_id: UUID, language: str = modules.ENGLISH) -> PlanView:
    """A patient's active plan, for a reader of a language. Raises ``Problem`` 404."""
    plan, activities = _standing_plan(patient_id)
    if plan is None:
        raise not_found("care plan yet")
    known = catalogue()
    held = risk.open_hold(plan.patient_id) is not None
    return PlanView(plan, [_view(activity, known, held, language) for activity in activities])


def open_activity(activity_id: UUID) -> ActivityView:
    """The signed-in patient's activity with its text; the reading is recorded, once a day.

    Raises ``Problem`` 404, or 409 when it is locked or its turn has not come.
    """
    view = _mine(activity_id)
    at = now()
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    read = select(ModuleReading.id).where(
        ModuleReading.activity_id == activity_id,
        ModuleReading.grade == view.activity.grade,
        ModuleReading.at >= today,
    )
    if session.scalar(read.limit(1)) is None:
        session.add(
            ModuleReading(
                practice_id=view.activity.practice_id,
                patient_id=view.activity.patient_id,
                activity_id=activity_id,
                grade=view.activity.grade,
                at=at,
            )
        )
    _audit("activity.read", view.activity)
    return view


def answer_quiz(activity_id: UUID, answers: Mapping[str, int]) -> QuizResult:
    """Mark a quiz and keep the attempt. Raises ``Problem`` 404, 409 or 422."""
    view = _mine(activity_id)
    faults = _quiz_faults(view.grade, answers)
    if faults:
        raise invalid(faults)
    percent = modules.mark(view.grade, answers)
    session.add(
        QuizAttempt(
            practice_id=view.activity.practice_id,
            patient_id=view.activity.patient_id,
            activity_id=activity_id,
            grade=view.activity.grade,
            answers=dict(answers),
            percent=percent,
            at=now(),
        )
    )
    _audit("activity.quiz", view.activity)
    return QuizResult(
        percent,
        percent >= risk.pathway(view.activity.practice_id).progression.quiz_percent,
        [
            {
                "id": item.id,
                "right": item.options[answers[item.id]].right,
                "feedback": item.options[answers[item.id]].feedback,
            }
            for item in view.grade.quiz
        ],
    )


def log_practice(
    enrolment: Enrolment,
    activity_id: UUID,
    day: date,
    done: bool,
    confidence: int | None,
    values: Mapping[str, Any],
) -> None:
    """Note one day's practice; the same day again replaces it.

    ``day`` is of the patient's own calendar, at most seven days back. Raises ``Problem`` 404, 409
    or 422.
    """
    view = _mine(activity_id)
    today = now().astimezone(ZoneInfo(enrolment.patient.time_zone)).date()
    if not today - timedelta(days=BACKDATE_DAYS) <= day <= today:
        raise invalid({"day": f"Choose a day from the last {BACKDATE_DAYS} days."})
    faults = _value_faults(view.grade, values)
    if faults:
        raise invalid(faults)
    row = {
        "grade": view.activity.grade,
        "done": done,
        "confidence": confidence,
        "values": dict(values),
        "at": now(),
    }
    session.execute(
        upsert(PracticeLog)
        .values(
            id=new_id(),
            practice_id=view.activity.practice_id,
            patient_id=view.activity.patient_id,
            activity_id=activity_id,
            day=day,
            **row,
        )
        .on_conflict_do_update(index_elements=["activity_id", "day"], set_=row)
    )
    _audit("activity.practice", view.activity)


def adapt(patient_id: UUID, factors: Sequence[ElevatedFactor]) -> Progress:
    """The weekly step: judge each active grade that is due, add a module for a factor that has
    risen, and open the next module when its turn has come (not one that a safety hold locks).
    """
    plan, activities = _standing_plan(patient_id)
    if plan is None:
        return Progress(None, 0)
    known = catalogue()
    decisions = _judge_grades(plan, activities, known)
    decisions += _add_for_factors(plan, activities, factors, modules.newest(known))
    _open_next(plan, activities, known)
    if decisions:
        session.flush()
        session.execute(insert(Adaptation), decisions)
    working = [a for a in activities if a.status in (ACTIVE, STUCK)]
    module = known[working[-1].module_id, working[-1].module_version] if working else None
    marks = _stuck_marks(patient_id) if any(a.status == STUCK for a in activities) else 0
    return Progress(module, marks)


def note(patient_id: UUID, sentences: Sequence[str]) -> None:
    """Add notes for the provider to a patient's plan, each once; nothing without a plan."""
    plan, _ = _standing_plan(patient_id)
    new = [] if plan is None else [s for s in sentences if s not in plan.notes]
    if plan is not None and new:
        plan.notes = [*plan.notes, *new]
        session.flush()


def engagement_of(patient_ids: Sequence[UUID]) -> dict[UUID, Engagement]:
    """When each patient's plan began, and their days with a completed task since: two queries.

    A task is a text read, a quiz answered or practice done. Patients without a plan are left out.
    """
    if not patient_ids:
        return {}
    plans = session.execute(_PLANS, {"patient_ids": list(patient_ids)}).all()
    began = {patient_id: created_at for patient_id, created_at, _, _ in plans}
    ends: dict[UUID, dict[str, list[datetime | None]]] = {}
    for patient_id, _, factor, completed_at in plans:
        if factor is not None:
            ends.setdefault(patient_id, {}).setdefault(factor, []).append(completed_at)
    days: dict[UUID, set[date]] = {}
    for patient_id, day in session.execute(_TASK_DAYS, {"patient_ids": list(began)}):
        days.setdefault(patient_id, set()).add(day)
    return {
        patient_id: Engagement(
            plan_began=at.date(),
            task_days=frozenset(d for d in days.get(patient_id, ()) if d >= at.date()),
            finished_factors=_finished(ends.get(patient_id, {})),
        )
        for patient_id, at in began.items()
    }


def tasks_of(patient_id: UUID) -> list[tuple[date, datetime]]:
    """Each day with a completed task, and when that was first noted: practice may be noted late."""
    noted: dict[date, datetime] = {}
    for model, day, done in _TASKS:
        query = (
            select(day, func.min(model.at))
            .join(Activity, Activity.id == model.activity_id)
            .where(Activity.patient_id == patient_id, *done)
            .group_by(day)
        )
        for each, at in session.execute(query):
            noted[each] = min(at, noted.get(each, at))
    return sorted(noted.items())


def _finished(ends: Mapping[str, Sequence[datetime | None]]) -> dict[str, datetime]:
    # A factor counts once all of its modules are done.
    known = {factor: [end for end in each if end] for factor, each in ends.items()}
    return {f: max(done) for f, done in known.items() if done and len(done) == len(ends[f])}


def take_due_reviews(limit: int) -> list[CarePlan]:
    """Plans of active patients that the clock must look at, locked; what another holds is skipped.

    While a safety hold stands nobody is asked why they did no task: their plan waits too.
    """
    at = now()
    held = select(SafetyHold.id).where(
        SafetyHold.patient_id == CarePlan.patient_id, SafetyHold.cleared_at.is_(None)
    )
    active = select(Enrolment.id).where(
        Enrolment.patient_id == CarePlan.patient_id, Enrolment.status == ENROLLED
    )
    query = (
        select(CarePlan)
        .where(
            CarePlan.status == "active",
            CarePlan.review_at <= at,
            active.exists(),
            ~held.exists(),
        )
        .order_by(CarePlan.review_at)
        .limit(limit)
        .with_for_update(of=CarePlan, skip_locked=True)
    )
    return list(session.scalars(query))


def plan_next_review(plan: CarePlan) -> None:
    """After a look at a plan: the next review day of its pathway, or none."""
    plan.review_at = _next_review(risk.pathway(plan.practice_id), plan.created_at, now())


def _next_review(rules: Pathway, began: datetime, at: datetime) -> datetime | None:
    days = (began + timedelta(days=day) for day in rules.engagement.review_days)
    return min((day for day in days if day > at), default=None)


def _standing_plan(patient_id: UUID) -> tuple[CarePlan | None, list[Activity]]:
    rows = session.execute(_STANDING_PLAN, {"patient_id": patient_id}).all()
    return (rows[0][0] if rows else None), [activity for _, activity in rows]


def _view(activity: Activity, known: Catalogue, held: bool, language: str) -> ActivityView:
    module = known[activity.module_id, activity.module_version]
    return ActivityView(activity, module, held and module.locked_by_safety_hold, language)


def _mine(activity_id: UUID) -> ActivityView:
    found = session.execute(
        select(Activity, Patient.language)
        .join(Patient, Patient.id == Activity.patient_id)
        .where(Activity.id == activity_id, Activity.patient_id == actor.id)
    ).one_or_none()
    if found is None:
        raise not_found("activity")
    activity, language = found
    held = risk.open_hold(activity.patient_id) is not None
    view = _view(activity, catalogue(), held, language)
    if view.locked:
        raise Problem(409, "on-hold", "This module waits until your practice has spoken with you.")
    if activity.status == WAITING:
        raise Problem(409, "not-yet", "This module opens after the ones before it.")
    return view


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


def _add_for_factors(
    plan: CarePlan,
    activities: list[Activity],
    factors: Sequence[ElevatedFactor],
    newest: Mapping[str, Module],
) -> list[dict[str, Any]]:
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
            found = [each for each in found if each.needs is None or each.needs in true_of]
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


def _open_next(plan: CarePlan, activities: Sequence[Activity], known: Catalogue) -> None:
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
    lockable = {a.module_id for a in activities if module_of[a.id].locked_by_safety_hold}
    chosen = choose()
    if chosen in lockable and risk.open_hold(plan.patient_id) is not None:
        chosen = choose(lockable)
    for activity in activities:
        if activity.module_id == chosen:
            activity.status = ACTIVE
            activity.started_at = activity.grade_began_at = now()


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


def _quiz_faults(grade: Grade, answers: Mapping[str, int]) -> dict[str, str]:
    options = {item.id: len(item.options) for item in grade.quiz}
    faults = {f"answers.{name}": "There is no such question." for name in answers.keys() - options}
    for name, count in options.items():
        if name not in answers:
            faults[f"answers.{name}"] = "This question needs an answer."
        elif not 0 <= answers[name] < count:
            faults[f"answers.{name}"] = f"Choose an option from 0 to {count - 1}."
    return faults


def _value_faults(grade: Grade, values: Mapping[str, Any]) -> dict[str, str]:
    asked = {value.id: value for value in grade.practice.values}
    faults = {}
    for name, value in values.items():
        fault = _value_fault(asked[name], value) if name in asked else "This is not asked here."
        if fault is not None:
            faults[f"values.{name}"] = fault
    return faults


def _value_fault(asked: PracticeValue, value: Any) -> str | None:
    if asked.kind == "text":
        fits = isinstance(value, str) and len(value) <= 2000
        return None if fits else "Write up to 2000 characters."
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if asked.kind == "number":
        return None if is_number and abs(value) <= 1e6 else "Give a number."
    assert asked.most is not None
    fits = type(value) is int and 0 <= value <= asked.most
    return None if fits else f"Give a whole number from 0 to {asked.most}."


def _audit(action: str, activity: Activity) -> None:
    audit.record(
        action,
        practice_id=activity.practice_id,
        patient_id=activity.patient_id,
        entity="activity",
        entity_id=activity.id,
    )
