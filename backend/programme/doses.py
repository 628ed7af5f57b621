"""What the doses of plans are computed from, for one patient and for a practice.

Four statements, however many people, modules and years: activities, days of practice counted,
grades in which something was done, and what was decided week by week.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, and_, cast, func, literal_column, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.patients.models import Patient
from backend.programme import dose, progression
from backend.programme.dose import Facts, GradeOffer, Report, Share
from backend.programme.engagement import engagement_of
from backend.programme.graded import GRADED_ACTIVITY
from backend.programme.models import (
    SKIPPED,
    Activity,
    Adaptation,
    CarePlan,
    ModuleReading,
    PracticeLog,
    QuizAttempt,
)
from backend.programme.modules import Module
from backend.programme.plans import catalogue
from backend.risk import service as risk

OPENED, PASSED, EXPLAINED = "opened", "passed", "explained"
PROGRESSION = "progression"
# What a person notes when they have explained a grade to somebody, by the id of the value.
TEACH_BACK = "told_someone"
# By how much a decision on a grade moves it.
MOVES = {progression.ADVANCE: 1, progression.STEP_BACK: -1}


@dataclass(frozen=True)
class PatientDose:
    """The dose of a patient's plan. ``use_percent`` is the fact that the pathway's rules look at:
    days on which anything was done, against the days that the pathway plans."""

    report: Report
    use_percent: int | None


@dataclass(frozen=True)
class PracticeDose:
    """The doses of the plans that a practice made in ``[since, until)``, as they are now.

    ``reached`` counts people who opened a module, ``adequate`` those with an adequate dose among
    those of whom it can be said.
    """

    since: datetime
    until: datetime
    report: Report
    reached: Share
    adequate: Share


def dose_of_patient(patient_id: UUID) -> PatientDose | None:
    """The dose of a patient's active plan; ``None`` without one."""
    mine = and_(CarePlan.patient_id == patient_id, CarePlan.status == "active")
    found = _facts(actor.practice_id, mine)
    if not found:
        return None
    rule = risk.pathway(actor.practice_id).engagement
    used = engagement_of([patient_id])[patient_id].dose_percent(rule, now().date())
    [activities] = found.values()
    return PatientDose(dose.report(activities), used)


def dose_of_practice(since: datetime, until: datetime) -> PracticeDose:
    """The doses of the plans that the actor's practice made in ``[since, until)``."""
    theirs = and_(
        CarePlan.practice_id == actor.practice_id,
        CarePlan.created_at >= since,
        CarePlan.created_at < until,
    )
    plans = list(_facts(actor.practice_id, theirs).values())
    found = [dose.report(activities).whole for activities in plans]
    known = [whole.is_adequate for whole in found if whole.is_adequate is not None]
    audit.record("dose.report", practice_id=actor.practice_id)
    return PracticeDose(
        since=since,
        until=until,
        report=dose.report([facts for activities in plans for facts in activities]),
        reached=Share(sum(whole.opened.done > 0 for whole in found), len(found)),
        adequate=Share(sum(known), len(known)),
    )


def _facts(practice_id: UUID, plans: ColumnElement[bool]) -> dict[UUID, list[Facts]]:
    """What happened in each activity of some plans, by plan."""
    known = catalogue()
    rows = session.execute(
        select(
            Activity.id,
            Activity.care_plan_id,
            Activity.module_id,
            Activity.module_version,
            Activity.started_at,
            Activity.completed_at,
            Patient.time_zone,
        )
        .join(CarePlan, CarePlan.id == Activity.care_plan_id)
        .join(Patient, Patient.id == Activity.patient_id)
        .where(plans, Activity.status != SKIPPED)
        .order_by(Activity.care_plan_id, Activity.position)
    ).all()
    if not rows:
        return {}
    practised = _practised(plans)
    grades = _grades(plans, risk.pathway(practice_id).progression.quiz_percent)
    decided = _decided(plans)
    found: dict[UUID, list[Facts]] = defaultdict(list)
    for row in rows:
        module = known[row.module_id, row.module_version]
        done = grades[row.id]
        found[row.care_plan_id].append(
            Facts(
                module=module.id,
                domain=module.domain,
                factors=module.target_factors,
                grades=_offers(module),
                moves=_moves(row, decided[row.id]),
                until=(row.completed_at or now()).astimezone(ZoneInfo(row.time_zone)).date(),
                opened=frozenset(done[OPENED]),
                passed=frozenset(done[PASSED]),
                explained=frozenset(done[EXPLAINED]),
                practised=practised.get(row.id, 0),
                sessions=_sessions(decided[row.id]),
            )
        )
    return found


def _offers(module: Module) -> Mapping[int, GradeOffer]:
    return {
        number: GradeOffer(grade.minutes, grade.practice.planned_days)
        for number, grade in module.grades.items()
    }


def _of(columns: Any, model: Any, plans: ColumnElement[bool]) -> Any:
    return (
        columns.join(Activity, Activity.id == model.activity_id)
        .join(CarePlan, CarePlan.id == Activity.care_plan_id)
        .where(plans)
    )


def _practised(plans: ColumnElement[bool]) -> dict[UUID, int]:
    """Days of practice since each activity began."""
    began = cast(func.timezone(Patient.time_zone, Activity.started_at), Date)
    counted = (
        _of(select(PracticeLog.activity_id, func.count().label("days")), PracticeLog, plans)
        .join(Patient, Patient.id == Activity.patient_id)
        .where(PracticeLog.done, PracticeLog.day >= began)
        .group_by(PracticeLog.activity_id)
    )
    return {row.activity_id: row.days for row in session.execute(counted)}


def _grades(plans: ColumnElement[bool], passes: int) -> dict[UUID, dict[str, set[int]]]:
    """The grades of each activity that were opened, passed or explained."""

    def what(name: str, model: Any, *conditions: Any) -> Any:
        named: Any = literal_column(f"'{name}'").label("what")
        each = select(model.activity_id, named, model.grade).distinct()
        return _of(each, model, plans).where(*conditions)

    told = func.btrim(PracticeLog.values[TEACH_BACK].astext)
    done = union_all(
        what(OPENED, ModuleReading),
        what(PASSED, QuizAttempt, QuizAttempt.percent >= passes),
        what(EXPLAINED, PracticeLog, PracticeLog.done, told != ""),
    )
    found: dict[UUID, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for activity_id, name, grade in session.execute(done):
        found[activity_id][name].add(grade)
    return found


def _decided(plans: ColumnElement[bool]) -> dict[UUID, list[Any]]:
    """Decisions on the grades and quotas of each activity that count now, oldest first."""
    columns = select(
        Adaptation.activity_id,
        Adaptation.rule,
        Adaptation.decision,
        Adaptation.inputs,
        Adaptation.at,
    )
    found: dict[UUID, list[Any]] = defaultdict(list)
    decided = (
        _of(columns, Adaptation, plans)
        .where(
            Adaptation.rule.in_((PROGRESSION, GRADED_ACTIVITY)),
            Adaptation.superseded_at.is_(None),
        )
        .order_by(Adaptation.at, Adaptation.id)
    )
    for row in session.execute(decided):
        found[row.activity_id].append(row)
    return found


def _moves(activity: Any, decided: Sequence[Any]) -> list[tuple[date, int]]:
    """The days on which grades began, by the decisions."""
    if activity.started_at is None:
        return []
    zone = ZoneInfo(activity.time_zone)
    moves = [(activity.started_at.astimezone(zone).date(), 1)]
    for row in decided:
        if row.rule == PROGRESSION and row.decision in MOVES:
            grade = row.inputs["grade"] + MOVES[row.decision]
            moves.append((row.at.astimezone(zone).date(), grade))
    return moves


def _sessions(decided: Sequence[Any]) -> tuple[int, int]:
    """Sessions planned and met; of a week that was judged again the last judgement counts."""
    weeks = {
        row.inputs["week_from"]: (row.inputs["planned"], row.inputs["met"])
        for row in decided
        if row.rule == GRADED_ACTIVITY
    }
    return sum(planned for planned, _ in weeks.values()), sum(met for _, met in weeks.values())
