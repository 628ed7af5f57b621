"""Check-in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import Base, OwnedByPractice

SCHEDULED = "scheduled"
OPEN = "open"
COMPLETED = "completed"
MISSED = "missed"
CANCELLED = "cancelled"

SAFETY_SCREEN = "safety-screen"
BASELINE = "baseline"
WEEKLY = "weekly"
FOLLOW_UP = "follow-up"


class CheckIn(OwnedByPractice, Base):
    """One scheduled occasion to answer, with a window.

    ``battery`` names what is asked; ``occasion`` counts the check-ins of one kind from 1.
    """

    __tablename__ = "check_in"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('safety-screen', 'baseline', 'weekly', 'follow-up')", name="kind"
        ),
        CheckConstraint(
            "status IN ('scheduled', 'open', 'completed', 'missed', 'cancelled')", name="status"
        ),
        CheckConstraint("closes_at IS NULL OR closes_at > opens_at", name="window"),
        CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name="completed"),
        Index("uq_check_in_occasion", "enrolment_id", "kind", "battery", "occasion", unique=True),
        Index("ix_check_in_patient", "patient_id", "opens_at"),
        Index("ix_check_in_opening", "opens_at", postgresql_where=text("status = 'scheduled'")),
        Index("ix_check_in_closing", "closes_at", postgresql_where=text("status = 'open'")),
        Index("ix_check_in_reminder", "next_reminder_at", postgresql_where=text("status = 'open'")),
        Index(
            "ix_check_in_answered",
            "practice_id",
            "completed_at",
            postgresql_where=text("kind = 'weekly' AND completed_at IS NOT NULL"),
        ),
        Index(
            "ix_check_in_call",
            "call_at",
            postgresql_where=text("status IN ('open', 'missed') AND call_at IS NOT NULL"),
        ),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"))
    kind: Mapped[str]
    battery: Mapped[str]
    occasion: Mapped[int]
    status: Mapped[str]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    next_reminder_at: Mapped[datetime | None]
    # When the practice is asked to call, if it is unanswered then; none once that was judged.
    call_at: Mapped[datetime | None]
    reminders_sent: Mapped[int] = mapped_column(server_default="0")
    completed_at: Mapped[datetime | None]
    # The first of its answers, given by text, while others are still asked for.
    given_by_text: Mapped[list[Any] | None]
