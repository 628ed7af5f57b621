"""CarePlan, its activities, and what a patient did with them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import Base, OwnedByPractice
from backend.programme import progression

WAITING = progression.WAITING
ACTIVE = progression.ACTIVE
COMPLETED = progression.COMPLETED
STUCK = progression.STUCK
SKIPPED = progression.SKIPPED


class CarePlan(OwnedByPractice, Base):
    """A patient's plan, and the assessment it came from.

    ``review_at``: when the clock next asks whether it is being used. ``folded_to``: the instant of
    the newest moment that its activities have been moved on by. ``maintenance_since``: from when on
    it only keeps the gains. ``planned_support`` is the support it asked for when it was made.
    """

    __tablename__ = "care_plan"
    __table_args__ = (
        Index(
            "uq_care_plan_active",
            "patient_id",
            unique=True,
            postgresql_where=text("status = 'active'"),
        ),
        Index("ix_care_plan_review", "review_at", postgresql_where=text("status = 'active'")),
        CheckConstraint("status IN ('active', 'replaced', 'ended')", name="status"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    risk_assessment_id: Mapped[UUID] = mapped_column(ForeignKey("risk_assessment.id"))
    pathway_version: Mapped[str]
    status: Mapped[str]
    weeks: Mapped[int]
    support: Mapped[str]
    planned_support: Mapped[str]
    notes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    review_at: Mapped[datetime | None]
    folded_to: Mapped[datetime]
    maintenance_since: Mapped[datetime | None]


class Activity(OwnedByPractice, Base):
    """One assigned module, at the content version it started with, and why it was assigned.

    ``planned`` is its place in the plan as it was first made; a module that joined later has none.
    ``optional`` may be left out; a ``skipped`` one a provider has taken out. One that never
    ``joined_at`` any instant, by what is known now, is skipped too. ``swapped_at``: when another
    way was taken, because its factor had not moved.
    """

    __tablename__ = "activity"
    __table_args__ = (
        Index("uq_activity_module", "care_plan_id", "module_id", unique=True),
        Index("ix_activity_patient", "patient_id"),
        CheckConstraint(
            "status IN ('waiting', 'active', 'completed', 'stuck', 'skipped')", name="status"
        ),
        CheckConstraint("length(reason) > 0", name="reason"),
        CheckConstraint("grade BETWEEN 1 AND 4", name="grade"),
    )

    care_plan_id: Mapped[UUID] = mapped_column(ForeignKey("care_plan.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    module_id: Mapped[str]
    module_version: Mapped[str]
    position: Mapped[int]
    planned: Mapped[int | None]
    joined_at: Mapped[datetime | None]
    optional: Mapped[bool] = mapped_column(server_default="false")
    factor: Mapped[str | None]
    reason: Mapped[str]
    status: Mapped[str]
    grade: Mapped[int]
    holds: Mapped[int] = mapped_column(server_default="0")
    started_at: Mapped[datetime | None]
    # When the present grade began; the next decision looks at what was done since.
    grade_began_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    swapped_at: Mapped[datetime | None]


class ModuleReading(OwnedByPractice, Base):
    """A grade's text was opened."""

    __tablename__ = "module_reading"
    __table_args__ = (Index("ix_module_reading_activity", "activity_id", "at"),)

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    grade: Mapped[int]
    at: Mapped[datetime]


class ReadingPosition(OwnedByPractice, Base):
    """Where a person goes on reading: ``step`` of a grade, counted from 1.

    The newest by ``at`` and ``event_id`` counts, in whatever order they arrive.
    """

    __tablename__ = "reading_position"
    __table_args__ = (
        Index("uq_reading_position_activity", "activity_id", unique=True),
        CheckConstraint("step >= 1", name="step"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    grade: Mapped[int]
    step: Mapped[int]
    at: Mapped[datetime]
    event_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))


class QuizAttempt(OwnedByPractice, Base):
    """Answers to a grade's quiz, 0 to 100 percent right."""

    __tablename__ = "quiz_attempt"
    __table_args__ = (
        Index("ix_quiz_attempt_activity", "activity_id", "at"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    grade: Mapped[int]
    answers: Mapped[dict[str, Any]]
    percent: Mapped[int]
    at: Mapped[datetime]


class PracticeLog(OwnedByPractice, Base):
    """One day's practice of a module. ``confidence`` 0-10 in this skill, when given.

    The newest by ``at`` and ``event_id`` counts, in whatever order they arrive. ``by_entry``: no
    note but an entry in the module's diary says that it was done. ``pain_after`` 0-10, and whether
    that lasted more than a day, are looked at for advice and never for a quota.
    """

    __tablename__ = "practice_log"
    __table_args__ = (
        Index("uq_practice_log_day", "activity_id", "day", unique=True),
        CheckConstraint("confidence BETWEEN 0 AND 10", name="confidence"),
        CheckConstraint("pain_after BETWEEN 0 AND 10", name="pain_after"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    grade: Mapped[int]
    day: Mapped[date]
    done: Mapped[bool]
    confidence: Mapped[int | None]
    values: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    event_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    by_entry: Mapped[bool] = mapped_column(server_default="false")
    pain_after: Mapped[int | None]
    pain_lasted: Mapped[bool | None]


class ActivityEntry(OwnedByPractice, Base):
    """Something a patient wrote into the diary of a module; the id may be the client's own.

    ``at`` is when it happened, ``day`` the day it is of on the patient's calendar; ``counts``: it
    is practice of that day. A removed entry keeps its id and nothing else, so that it does not come
    back with a copy that is sent late.
    """

    __tablename__ = "activity_entry"
    __table_args__ = (
        Index("ix_activity_entry_activity", "activity_id", "at"),
        Index("ix_activity_entry_patient", "patient_id", "day"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    diary: Mapped[str]
    at: Mapped[datetime]
    day: Mapped[date]
    values: Mapped[dict[str, Any]]
    shared: Mapped[bool]
    counts: Mapped[bool]
    changed_at: Mapped[datetime]
    received_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class ActivityEvent(OwnedByPractice, Base):
    """Something told about a graded activity on a day, beside its practice.

    ``aim``: what is worked towards; ``flare``: a flare-up; ``rated`` and ``approved``: an item of
    the ladder; ``restriction``: whether a provider has enabled a set time in bed. Of the
    same kind, item and day the newest by ``at`` and ``event_id`` counts. Where somebody stands is
    computed from these and from the practice, never stored.
    """

    __tablename__ = "activity_event"
    __table_args__ = (
        Index("uq_activity_event_day", "activity_id", "kind", "item", "day", unique=True),
        CheckConstraint(
            "kind IN ('aim', 'flare', 'rated', 'approved', 'restriction')", name="kind"
        ),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    kind: Mapped[str]
    item: Mapped[str]
    day: Mapped[date]
    values: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    event_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))


class Goal(OwnedByPractice, Base):
    """What a patient wants to do again (FHIR Goal). A changed goal is a new row; the newest counts.

    ``attainment``: -2 to +2 (goal attainment scaling), told at or after ``by_day``. ``event_id`` is
    what the device that set the goal calls it.
    """

    __tablename__ = "goal"
    __table_args__ = (
        Index("ix_goal_patient", "patient_id", "set_at"),
        CheckConstraint("times_a_week BETWEEN 1 AND 7", name="times_a_week"),
        CheckConstraint("confidence BETWEEN 0 AND 10", name="confidence"),
        CheckConstraint("starts_from >= 0 AND amount > starts_from", name="amount"),
        CheckConstraint("attainment BETWEEN -2 AND 2", name="attainment"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    activity: Mapped[str]
    amount: Mapped[Decimal]
    starts_from: Mapped[Decimal]
    unit: Mapped[str]
    times_a_week: Mapped[int]
    by_day: Mapped[date]
    why: Mapped[str]
    confidence: Mapped[int]
    obstacle: Mapped[str]
    if_then: Mapped[str]
    set_at: Mapped[datetime]
    event_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    reached: Mapped[Decimal | None]
    attainment: Mapped[int | None]
    told_at: Mapped[datetime | None]


class Adaptation(OwnedByPractice, Base):
    """One decision about a plan, with rule, version, inputs, and a sentence for each reader.

    ``occurrence`` names what was judged, such as a week, where the same may be judged again.
    ``for_patient`` is in ``language``. ``at`` is when what was judged happened; ``provider_id`` who
    decided, where it was not a rule. ``superseded_at``: since when it is known that, with all that
    was told later, something else or nothing would have been decided. Nothing else ever changes.
    """

    __tablename__ = "adaptation"
    __table_args__ = (
        Index("ix_adaptation_patient", "patient_id", "at"),
        Index(
            "uq_adaptation_occurrence",
            "activity_id",
            "rule",
            "occurrence",
            unique=True,
            postgresql_where=text("occurrence IS NOT NULL AND superseded_at IS NULL"),
        ),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    care_plan_id: Mapped[UUID] = mapped_column(ForeignKey("care_plan.id"))
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activity.id"))
    decision: Mapped[str]
    rule: Mapped[str]
    rule_version: Mapped[str]
    occurrence: Mapped[str | None]
    inputs: Mapped[dict[str, Any]]
    for_patient: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="en")
    for_provider: Mapped[str]
    provider_id: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))
    at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
