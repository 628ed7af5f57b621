"""What providers showed, what was decided on it, their consultations, and who leads whose care."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import Base, OwnedByPractice
from backend.quality.competence import KINDS
from backend.quality.fidelity import SOURCES
from backend.quality.sampling import STRATA
from backend.risk.pathway import GROUPS


class TrainingRecord(OwnedByPractice, Base):
    """Something a provider did to learn or to show it. Append-only.

    ``percent`` 0-100 where it was marked or rated, ``safety_percent`` of the questions on danger
    alone. ``tool_version`` names the topic's version.
    """

    __tablename__ = "training_record"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
        CheckConstraint("safety_percent BETWEEN 0 AND 100", name="safety_percent"),
        CheckConstraint("rater_id <> provider_id", name="rater"),
        Index("ix_training_record_provider", "provider_id", "at"),
    )

    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    kind: Mapped[str]
    topic: Mapped[str | None]
    tool_version: Mapped[str]
    percent: Mapped[Decimal | None] = mapped_column(Numeric(4, 1))
    safety_percent: Mapped[Decimal | None] = mapped_column(Numeric(4, 1))
    answers: Mapped[dict[str, Any] | None]
    rater_id: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))
    at: Mapped[datetime]


class CompetenceDecision(OwnedByPractice, Base):
    """Somebody found a provider competent for a tier of care, by a version of the rule.

    Append-only; when it lapses is computed, never stored.
    """

    __tablename__ = "competence_decision"
    __table_args__ = (
        CheckConstraint(f"tier IN {GROUPS}", name="tier"),
        CheckConstraint("decided_by <> provider_id", name="decided_by"),
        Index("ix_competence_decision_provider", "provider_id", "tier", "at"),
    )

    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    tier: Mapped[str]
    rule_version: Mapped[str]
    decided_by: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    note: Mapped[str | None]
    at: Mapped[datetime]


class Consultation(OwnedByPractice, Base):
    """One consultation of a provider with a patient of the programme. Append-only.

    ``risk_group`` is the patient's at that time; ``stratum`` tells whether it was early in the
    programme or late.
    """

    __tablename__ = "consultation"
    __table_args__ = (
        CheckConstraint(f"stratum IN {STRATA}", name="stratum"),
        Index("ix_consultation_patient", "patient_id", "held_at"),
        Index("ix_consultation_practice", "practice_id", "held_at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    held_at: Mapped[datetime]
    risk_group: Mapped[str | None]
    stratum: Mapped[str]
    recorded_at: Mapped[datetime]


class ConsultationRating(OwnedByPractice, Base):
    """A filled-in checklist: the provider's own (``self``) or an observer's. Append-only.

    ``fidelity`` 0-100 is how far the programme was followed; ``skill`` and ``alliance`` (0-6) are
    apart from it. A rater rates a consultation once.
    """

    __tablename__ = "consultation_rating"
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        CheckConstraint("fidelity BETWEEN 0 AND 100", name="fidelity"),
        CheckConstraint("skill BETWEEN 0 AND 6", name="skill"),
        CheckConstraint("alliance BETWEEN 0 AND 6", name="alliance"),
        Index("uq_consultation_rating_rater", "consultation_id", "rater_id", unique=True),
    )

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id"))
    rater_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    source: Mapped[str]
    checklist_version: Mapped[str]
    scores: Mapped[dict[str, Any]]
    prohibited: Mapped[list[Any]]
    fidelity: Mapped[Decimal | None] = mapped_column(Numeric(4, 1))
    band: Mapped[str | None]
    skill: Mapped[int | None]
    alliance: Mapped[int | None]
    at: Mapped[datetime]


class CareLead(OwnedByPractice, Base):
    """The provider who leads a patient's care, until another does.

    ``emergency_reason`` says why somebody not found competent was given a patient of high risk.
    """

    __tablename__ = "care_lead"
    __table_args__ = (
        Index(
            "uq_care_lead_open", "patient_id", unique=True, postgresql_where=text("until IS NULL")
        ),
        Index("ix_care_lead_provider", "provider_id", "until"),
        CheckConstraint("until > since", name="period"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    assigned_by: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    risk_group: Mapped[str | None]
    emergency_reason: Mapped[str | None]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
