"""What is read for a patient's day: four statements, however long the history is.

The statements are built once and read columns; only the practice and the enrolment come as
entities, for the functions that take them. Conditions of partial indexes stand in the statement
itself: a prepared statement with a parameter there could not use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Date,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import lazyload

from backend.checkins.models import BASELINE, OPEN, SAFETY_SCREEN, SCHEDULED, CheckIn
from backend.core.database import session, table_of
from backend.core.identity import actor
from backend.core.problems import not_found
from backend.patients.contraindications import YES
from backend.patients.models import ContraindicationAnswer, Enrolment, Patient
from backend.practices.models import Practice
from backend.programme.models import (
    Activity,
    CarePlan,
    ModuleReading,
    PracticeLog,
    QuizAttempt,
    ReadingPosition,
)
from backend.risk.models import DecisionRecord, RiskAssessment, SafetyHold

PRACTICE = "practice"
READING = "reading"
QUIZ = "quiz"

_ACTIVITY = table_of(Activity)
_TREND = (
    select(RiskAssessment.outcome, RiskAssessment.at)
    .where(
        RiskAssessment.patient_id == bindparam("patient_id"),
        RiskAssessment.kind == "trajectory",
        RiskAssessment.superseded_at.is_(None),
    )
    .order_by(RiskAssessment.at.desc(), RiskAssessment.id.desc())
    .limit(1)
    .lateral("trend")
)
_ONGOING_HOLD = and_(SafetyHold.patient_id == Patient.id, SafetyHold.cleared_at.is_(None))
_STANDING_PLAN = and_(
    CarePlan.patient_id == Patient.id,
    CarePlan.status == literal_column("'active'"),
)
_ANSWERS = (
    select(ContraindicationAnswer.code, ContraindicationAnswer.answer)
    .where(ContraindicationAnswer.patient_id == bindparam("patient_id"))
    .ext(distinct_on(ContraindicationAnswer.code))
    .order_by(
        ContraindicationAnswer.code,
        ContraindicationAnswer.at.desc(),
        ContraindicationAnswer.id.desc(),
    )
    .subquery("answers")
)
_BARRED = select(func.array_agg(_ANSWERS.c.code)).where(_ANSWERS.c.answer == YES).scalar_subquery()
# Of its rule's kinds only this one asks a person back to the plan.
_REMINDED = (
    select(DecisionRecord.at)
    .where(
        DecisionRecord.patient_id == bindparam("patient_id"),
        DecisionRecord.at >= bindparam("reminded_since"),
        DecisionRecord.kind == "remind",
    )
    .order_by(DecisionRecord.at.desc())
    .limit(1)
    .scalar_subquery()
)
_PERSON = (
    select(
        Enrolment,
        Practice,
        Patient.language,
        Patient.time_zone,
        SafetyHold.level.label("held"),
        CarePlan.id.label("plan_id"),
        CarePlan.created_at.label("plan_began"),
        CarePlan.weeks,
        _TREND.c.outcome.label("trend"),
        _TREND.c.at.label("trend_at"),
        _BARRED.label("barred"),
        _REMINDED.label("reminded_at"),
    )
    .join(Patient, Patient.id == Enrolment.patient_id)
    .join(Practice, Practice.id == Enrolment.practice_id)
    .outerjoin(SafetyHold, _ONGOING_HOLD)
    .outerjoin(CarePlan, _STANDING_PLAN)
    .outerjoin(_TREND, true())
    .where(
        Enrolment.patient_id == bindparam("patient_id"),
        Enrolment.practice_id == bindparam("practice_id"),
    )
    .options(lazyload(Enrolment.patient))
    .order_by(Enrolment.enrolled_at.desc())
    .limit(1)
)
_CHECK_IN = table_of(CheckIn).c
# Those that wait, the steps into the programme, and what was answered lately.
_CHECK_INS = (
    select(
        _CHECK_IN.id,
        _CHECK_IN.kind,
        _CHECK_IN.battery,
        _CHECK_IN.occasion,
        _CHECK_IN.status,
        _CHECK_IN.opens_at,
        _CHECK_IN.closes_at,
        _CHECK_IN.completed_at,
    )
    .where(
        _CHECK_IN.enrolment_id == bindparam("enrolment_id"),
        or_(
            *(_CHECK_IN.status == status for status in (SCHEDULED, OPEN)),
            *(_CHECK_IN.kind == kind for kind in (SAFETY_SCREEN, BASELINE)),
            _CHECK_IN.completed_at >= bindparam("since"),
        ),
    )
    .order_by(_CHECK_IN.opens_at, _CHECK_IN.id)
)
_ACTIVITIES = (
    select(
        _ACTIVITY.c.id,
        _ACTIVITY.c.module_id,
        _ACTIVITY.c.module_version,
        _ACTIVITY.c.factor,
        _ACTIVITY.c.status,
        _ACTIVITY.c.grade,
        _ACTIVITY.c.optional,
        ReadingPosition.step.label("step"),
    )
    .outerjoin(
        ReadingPosition,
        and_(
            ReadingPosition.activity_id == _ACTIVITY.c.id,
            ReadingPosition.grade == _ACTIVITY.c.grade,
        ),
    )
    .where(_ACTIVITY.c.care_plan_id == bindparam("plan_id"))
    .order_by(_ACTIVITY.c.position)
)


def _done(kind: str, model: Any, day: Any, *conditions: Any, pain: Any = None) -> Any:
    told = literal_column("NULL::integer") if pain is None else pain
    named: Any = literal_column(f"'{kind}'").label("kind")
    return (
        select(named, model.activity_id, model.grade, day, told.label("lasting_pain"))
        .join(Activity, Activity.id == model.activity_id)
        .where(Activity.patient_id == bindparam("patient_id"), *conditions)
    )


def _of_instants(kind: str, model: Any) -> Any:
    day = cast(func.timezone(bindparam("zone"), model.at), Date).label("day")
    return _done(kind, model, day, model.at >= bindparam("since"))


_DONE = union_all(
    _done(
        PRACTICE,
        PracticeLog,
        PracticeLog.day.label("day"),
        PracticeLog.day >= bindparam("first_day"),
        PracticeLog.done,
        pain=case((PracticeLog.pain_lasted.is_(True), PracticeLog.pain_after)),
    ),
    _of_instants(READING, ModuleReading),
    _of_instants(QUIZ, QuizAttempt),
)


class Person(NamedTuple):
    """A patient with what stands for them now; ``held`` is the level of an open safety hold,
    ``barred`` the contraindications that a provider has said apply, ``reminded_at`` when a rule
    asked them back to their plan, of late."""

    enrolment: Enrolment
    practice: Practice
    language: str
    time_zone: str
    held: str | None
    plan_id: UUID | None
    plan_began: datetime | None
    weeks: int | None
    trend: str | None
    trend_at: datetime | None
    barred: list[str] | None
    reminded_at: datetime | None


class Done(NamedTuple):
    """Something done on a day of the patient's own calendar; ``lasting_pain`` 0-10 where pain after
    practice lasted more than a day."""

    kind: str
    activity_id: UUID
    grade: int
    day: date
    lasting_pain: int | None = None


def person(reminded_since: datetime) -> Person:
    """The signed-in patient. Raises ``Problem`` 404."""
    keys = {
        "patient_id": actor.id,
        "practice_id": actor.practice_id,
        "reminded_since": reminded_since,
    }
    row = session.execute(_PERSON, keys).one_or_none()
    if row is None:
        raise not_found("patient")
    return Person(*row)


def check_ins(enrolment_id: UUID, since: datetime) -> Sequence[Any]:
    """What can be answered or is to come, the steps into the programme, what was answered since."""
    values = {"enrolment_id": enrolment_id, "since": since}
    return session.connection().execute(_CHECK_INS, values).all()


def activities(plan_id: UUID) -> Sequence[Any]:
    """The activities of a plan, in order, each with the step to go on with."""
    return session.connection().execute(_ACTIVITIES, {"plan_id": plan_id}).all()


def done(patient_id: UUID, since: datetime, first_day: date, zone: str) -> list[Done]:
    """What a patient did since the instant at which ``first_day`` began in their zone."""
    values = {"patient_id": patient_id, "since": since, "first_day": first_day, "zone": zone}
    return [Done(*row) for row in session.connection().execute(_DONE, values)]
