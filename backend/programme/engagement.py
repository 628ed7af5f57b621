"""How much of a plan is used: the days on which something was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, bindparam, cast, func, null, select, union, union_all

from backend.core.database import session
from backend.programme.models import (
    SKIPPED,
    Activity,
    CarePlan,
    ModuleReading,
    PracticeLog,
    QuizAttempt,
    ReadingPosition,
)
from backend.risk.history import Engagement

_PLANS = (
    select(CarePlan.patient_id, CarePlan.created_at, Activity.factor, Activity.completed_at)
    .join(Activity, Activity.care_plan_id == CarePlan.id)
    .where(
        CarePlan.patient_id.in_(bindparam("patient_ids", expanding=True)),
        CarePlan.status == "active",
        Activity.status != SKIPPED,
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
# Practice may be told long after its day: it has no instant of its own.
_TASKS_SINCE = union_all(
    *(
        select(day.label("day"), null() if model is PracticeLog else func.min(model.at))
        .join(Activity, Activity.id == model.activity_id)
        .where(Activity.patient_id.in_(bindparam("patient_ids", expanding=True)), *done)
        .group_by(day)
        for model, day, done in _TASKS
    )
)


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


@dataclass(frozen=True)
class Done:
    """Days of practice and quizzes answered, oldest first, and where to go on with each text; as
    columns."""

    practice: Sequence[Any]
    quizzes: Sequence[Any]
    positions: Sequence[Any]


def done_since(patient_id: UUID, since: datetime, first_day: date) -> Done:
    """What a patient practised from a day on, the quizzes answered since an instant, and where they
    stopped reading."""
    practice = (
        select(
            PracticeLog.activity_id,
            PracticeLog.grade,
            PracticeLog.day,
            PracticeLog.done,
            PracticeLog.confidence,
            PracticeLog.values.label("said"),
        )
        .join(Activity, Activity.id == PracticeLog.activity_id)
        .where(Activity.patient_id == patient_id, PracticeLog.day >= first_day)
        .order_by(PracticeLog.day, PracticeLog.activity_id)
    )
    quizzes = (
        select(QuizAttempt.activity_id, QuizAttempt.grade, QuizAttempt.percent, QuizAttempt.at)
        .join(Activity, Activity.id == QuizAttempt.activity_id)
        .where(Activity.patient_id == patient_id, QuizAttempt.at >= since)
        .order_by(QuizAttempt.at, QuizAttempt.activity_id, QuizAttempt.percent)
    )
    positions = (
        select(
            ReadingPosition.activity_id,
            ReadingPosition.grade,
            ReadingPosition.step,
            ReadingPosition.at,
        )
        .join(Activity, Activity.id == ReadingPosition.activity_id)
        .where(Activity.patient_id == patient_id)
        .order_by(ReadingPosition.activity_id)
    )
    return Done(*(session.execute(each).all() for each in (practice, quizzes, positions)))


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


def engagement_through_time(
    patient_id: UUID, began: date, zone: ZoneInfo
) -> Callable[[datetime], Engagement]:
    """What was done of a plan up to any instant, whenever that was told: one query.

    Practice counts from the beginning of its day where the person lives.
    """
    since: dict[date, datetime] = {}
    for day, noted in session.execute(_TASKS_SINCE, {"patient_ids": [patient_id]}):
        at = noted or datetime.combine(day, time.min, zone)
        since[day] = min(at, since.get(day, at))

    def engagement_at(at: datetime) -> Engagement:
        days = (day for day, counts_from in since.items() if counts_from <= at)
        return Engagement(began, frozenset(day for day in days if day >= began))

    return engagement_at


def _finished(ends: Mapping[str, Sequence[datetime | None]]) -> dict[str, datetime]:
    # A factor counts once all of its modules are done.
    known = {factor: [end for end in each if end] for factor, each in ends.items()}
    return {f: max(done) for f, done in known.items() if done and len(done) == len(ends[f])}
