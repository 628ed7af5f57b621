"""A patient's care plan: making it, looking it up, and when the clock looks at it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import bindparam, insert, select

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, not_found
from backend.patients import contraindications
from backend.patients.models import ACTIVE as ENROLLED
from backend.patients.models import Enrolment, Patient
from backend.programme import module_files, modules, planning
from backend.programme.clearance import Known, Reason, blocked, locked
from backend.programme.clearances import known_of
from backend.programme.graded import Standing, standings, zone_of
from backend.programme.models import ACTIVE, SKIPPED, WAITING, Activity, Adaptation, CarePlan
from backend.programme.modules import Catalogue, Grade, Module
from backend.risk import service as risk
from backend.risk.models import SafetyHold
from backend.risk.pathway import Pathway

# Built once: it is on the road of every check-in.
_STANDING_PLAN = (
    select(CarePlan, Activity)
    .join(Activity, Activity.care_plan_id == CarePlan.id)
    .where(
        CarePlan.patient_id == bindparam("patient_id"),
        CarePlan.status == "active",
        Activity.status != SKIPPED,
    )
    .order_by(Activity.position)
)


@dataclass(frozen=True)
class ActivityView:
    """An activity with its module, in a reader's language; ``locked`` while a safety hold stands
    on it, or a provider has said that it is not for this person. ``standing`` is where a graded one
    stands, ``waits`` why one that has not begun may not, and ``position`` the step of the present
    grade to go on with, counted from 1, where these were asked for."""

    activity: Activity
    module: Module
    locked: bool
    language: str
    standing: Standing | None = None
    waits: Reason | None = None
    position: int | None = None

    @property
    def waits_for_practice(self) -> bool:
        """Whether a provider has to say something before it begins."""
        return self.waits is not None

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

    @property
    def to_answer(self) -> list[dict[str, Any]]:
        """What a provider is asked before modules can begin, each with the modules that wait."""
        waiting: dict[str, list[str]] = {}
        for view in self.activities:
            for code in () if view.waits is None else view.waits.asked:
                waiting.setdefault(code, []).append(view.module.id)
        words = {**contraindications.QUESTIONS, **contraindications.REVIEWS}
        return [
            {"code": code, "question": words[code], "modules": names}
            for code, names in waiting.items()
        ]


def catalogue() -> Catalogue:
    """Every version of every module."""
    return module_files.load_modules(current_app.extensions["settings"].content)


def newest_modules() -> Mapping[str, Module]:
    """The highest version of each module: what a plan takes in."""
    return module_files.load_newest(current_app.extensions["settings"].content)


def make_plan(enrolment: Enrolment, baseline: risk.Baseline) -> Module | None:
    """Make the care plan from the baseline and open its first module; returns that module.

    Without a risk group there is no plan. A plan that stands is kept.
    """
    if baseline.group is None or standing_plan(enrolment.patient_id)[0] is not None:
        return None
    rules = risk.pathway(enrolment.practice_id)
    known = newest_modules()
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
        planned_support=proposal.support,
        notes=list(proposal.notes),
        created_at=at,
        review_at=_next_review(rules, at, at),
        folded_to=at,
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
                "planned": position,
                "joined_at": at,
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
    plan, activities = standing_plan(patient_id)
    if plan is None:
        raise not_found("care plan yet")
    known = catalogue()
    hold = _hold_level(plan.patient_id)
    told = known_of(patient_id, plan.practice_id, activities, hold)
    return PlanView(plan, [_planned(a, known, told, language) for a in activities])


def _planned(activity: Activity, known: Catalogue, told: Known, language: str) -> ActivityView:
    view = view_of(activity, known, told.hold, language, told.answers)
    if activity.status != WAITING:
        return view
    return replace(view, waits=blocked(view.module, told))


def _hold_level(patient_id: UUID) -> str | None:
    hold = risk.open_hold(patient_id)
    return None if hold is None else hold.level


def plan_for_providers(patient_id: UUID) -> PlanView:
    """A patient's active plan, and where each graded activity stands. Raises ``Problem`` 404."""
    return with_standings(plan_of(patient_id))


def with_standings(view: PlanView) -> PlanView:
    """The same plan, with where each graded activity that has begun stands today."""
    engines = {
        v.activity.id: v.module.progression
        for v in view.activities
        if v.activity.started_at is not None
    }
    patient_id = view.plan.patient_id
    rules = risk.pathway(view.plan.practice_id).practice
    found = standings(rules, engines, patient_id, zone_of(patient_id))
    return replace(
        view, activities=[replace(v, standing=found.get(v.activity.id)) for v in view.activities]
    )


def decisions_of(patient_id: UUID, most: int) -> list[Adaptation]:
    """The newest decisions about a patient's plans that count, newest first."""
    query = (
        select(Adaptation)
        .where(Adaptation.patient_id == patient_id, Adaptation.superseded_at.is_(None))
        .order_by(Adaptation.at.desc(), Adaptation.id.desc())
        .limit(most)
    )
    return list(session.scalars(query))


def note(patient_id: UUID, sentences: Sequence[str]) -> None:
    """Add notes for the provider to a patient's plan, each once; nothing without a plan."""
    plan, _ = standing_plan(patient_id)
    new = [] if plan is None else [s for s in sentences if s not in plan.notes]
    if plan is not None and new:
        plan.notes = [*plan.notes, *new]
        session.flush()


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


def standing_plan(patient_id: UUID) -> tuple[CarePlan | None, list[Activity]]:
    """A patient's active plan, if there is one, and its activities in order."""
    rows = session.execute(_STANDING_PLAN, {"patient_id": patient_id}).all()
    return (rows[0][0] if rows else None), [activity for _, activity in rows]


def view_of(
    activity: Activity,
    known: Catalogue,
    hold: str | None,
    language: str,
    answers: Mapping[str, str],
) -> ActivityView:
    """An activity as its reader sees it, at the version it started with.

    ``hold`` is the level of an open safety hold, ``answers`` a provider's on contraindications.
    """
    module = known[activity.module_id, activity.module_version]
    return ActivityView(activity, module, locked(module, hold, answers), language)


def own_activity(activity_id: UUID) -> ActivityView:
    """An activity that the signed-in patient may work on now.

    Raises ``Problem`` 404, or 409 when it is locked or its turn has not come.
    """
    activity, language = find_own(activity_id)
    known = catalogue()
    module = known[activity.module_id, activity.module_version]
    answers = contraindications.answers_of(activity.patient_id) if module.contraindications else {}
    view = view_of(activity, known, _hold_level(activity.patient_id), language, answers)
    if view.locked:
        raise Problem(409, "on-hold", "This module waits until your practice has spoken with you.")
    refuse_waiting(activity)
    return view


def find_own(activity_id: UUID) -> tuple[Activity, str]:
    """An activity of the signed-in patient, with the patient's language. Raises ``Problem`` 404."""
    found = session.execute(
        select(Activity, Patient.language)
        .join(Patient, Patient.id == Activity.patient_id)
        .where(Activity.id == activity_id, Activity.patient_id == actor.id)
    ).one_or_none()
    if found is None:
        raise not_found("activity")
    return found[0], found[1]


def refuse_waiting(activity: Activity) -> None:
    """Raises ``Problem`` 409 when an activity's turn has not come."""
    if activity.status == WAITING:
        raise Problem(409, "not-yet", "This module opens after the ones before it.")


def standing_of(view: ActivityView) -> Standing | None:
    """Where a graded activity stands today; ``None`` for any other."""
    activity = view.activity
    rules = risk.pathway(activity.practice_id).practice
    engines = {activity.id: view.module.progression}
    zone = zone_of(activity.patient_id)
    return standings(rules, engines, activity.patient_id, zone).get(activity.id)


def standings_in(
    engines: Mapping[UUID, str], patient_id: UUID, practice_id: UUID, zone: str
) -> dict[UUID, Standing]:
    """Where a patient stands today in the activities given with their engines."""
    return standings(risk.pathway(practice_id).practice, engines, patient_id, zone)


def record(action: str, activity: Activity, **details: Any) -> None:
    """Note in the audit trail what was done with an activity; codes and counts only."""
    audit.record(
        action,
        practice_id=activity.practice_id,
        patient_id=activity.patient_id,
        entity="activity",
        entity_id=activity.id,
        **details,
    )
