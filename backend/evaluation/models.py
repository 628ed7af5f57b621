"""What practices tell for the process evaluation. All of it is only ever added to."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.crypto import Encrypted
from backend.core.database import Base, OwnedByPractice
from backend.evaluation.vocabulary import (
    CONTEXTS,
    EVENTS,
    REFERRAL_STEPS,
    REFUSALS,
    RELATEDNESS,
    SERIOUS_BECAUSE,
    TARGETS,
)


class ConsulterCount(OwnedByPractice, Base):
    """How many people consulted with low back pain in a month, and how many of them were eligible.

    ``month`` is its first day. Told again, the newest counts.
    """

    __tablename__ = "consulter_count"
    __table_args__ = (
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint("eligible BETWEEN 0 AND consulters", name="eligible"),
        Index("ix_consulter_count_month", "practice_id", "month", "recorded_at"),
    )

    month: Mapped[date]
    consulters: Mapped[int]
    eligible: Mapped[int]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    recorded_at: Mapped[datetime]


class Refusal(OwnedByPractice, Base):
    """Somebody eligible was asked and said no before anything of theirs was kept; nothing names
    them."""

    __tablename__ = "refusal"
    __table_args__ = (
        CheckConstraint(f"reason IN {tuple(REFUSALS)}", name="reason"),
        Index("ix_refusal_day", "practice_id", "day"),
    )

    day: Mapped[date]
    reason: Mapped[str]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    recorded_at: Mapped[datetime]


class Referral(OwnedByPractice, Base):
    """A patient was referred (FHIR ServiceRequest). What came of it: ``ReferralStep``."""

    __tablename__ = "referral"
    __table_args__ = (
        CheckConstraint(f"target IN {tuple(TARGETS)}", name="target"),
        Index("ix_referral_patient", "patient_id", "day"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    target: Mapped[str]
    day: Mapped[date]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    recorded_at: Mapped[datetime]


class ReferralStep(OwnedByPractice, Base):
    """What came of a referral, on a day."""

    __tablename__ = "referral_step"
    __table_args__ = (
        CheckConstraint(f"step IN {tuple(REFERRAL_STEPS)}", name="step"),
        Index("ix_referral_step_referral", "referral_id", "day"),
    )

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    step: Mapped[str]
    day: Mapped[date]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    recorded_at: Mapped[datetime]


class AdverseEvent(OwnedByPractice, Base):
    """Harm that came to a patient while in the programme, by it or not (FHIR AdverseEvent).

    ``serious_because`` is set when it was serious. A correction is a row of its own that
    ``corrects`` the one before; a row that was corrected counts no more.
    """

    __tablename__ = "adverse_event"
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(EVENTS)}", name="kind"),
        CheckConstraint(f"serious_because IN {tuple(SERIOUS_BECAUSE)}", name="serious_because"),
        CheckConstraint(f"relatedness IN {RELATEDNESS}", name="relatedness"),
        Index("ix_adverse_event_patient", "patient_id", "day"),
        Index("ix_adverse_event_day", "practice_id", "day"),
        Index(
            "uq_adverse_event_corrects",
            "corrects",
            unique=True,
            postgresql_where=text("corrects IS NOT NULL"),
        ),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    day: Mapped[date]
    kind: Mapped[str]
    serious_because: Mapped[str | None]
    relatedness: Mapped[str]
    note: Mapped[str | None] = mapped_column(Encrypted)
    corrects: Mapped[UUID | None] = mapped_column(ForeignKey("adverse_event.id"))
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    recorded_at: Mapped[datetime]


class ContextNote(OwnedByPractice, Base):
    """What went on in the practice, from a day on; ``until`` its last day, where it is over."""

    __tablename__ = "context_note"
    __table_args__ = (
        CheckConstraint(f"code IN {tuple(CONTEXTS)}", name="code"),
        CheckConstraint("until >= day", name="until"),
        Index("ix_context_note_day", "practice_id", "day"),
    )

    day: Mapped[date]
    until: Mapped[date | None]
    code: Mapped[str]
    note: Mapped[str]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    recorded_at: Mapped[datetime]
