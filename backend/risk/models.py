"""RiskAssessment and SafetyHold."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import AT_COMMIT, Base, OwnedByPractice
from backend.risk.pathway import KINDS


class RiskAssessment(OwnedByPractice, Base):
    """One judgement by rule, with the version that made it, its inputs and its reasons.

    ``kind``: ``stratification`` (outcome low, medium, high), ``comparison`` (the same by a tool
    that does not assign), ``factor-profile``, ``response-index`` (low, mid, high) or
    ``trajectory`` (stable, improving, not_improving, rising, rising_fast; value = weekly risk score
    0-100).

    ``at`` is when the person answered. What answers told late have changed is judged anew in a row
    of its own, and ``superseded_at`` says since when the one before counts no more.
    """

    __tablename__ = "risk_assessment"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('stratification', 'comparison', 'factor-profile', 'response-index', "
            "'trajectory')",
            name="kind",
        ),
        Index("ix_risk_assessment_patient_kind", "patient_id", "kind", "at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    response_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("questionnaire_response.id", **AT_COMMIT)
    )
    kind: Mapped[str]
    method: Mapped[str]
    method_version: Mapped[str]
    at: Mapped[datetime]
    outcome: Mapped[str | None]
    value: Mapped[Decimal | None] = mapped_column(Numeric(6, 1))
    inputs: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]
    reasons: Mapped[list[Any]]
    superseded_at: Mapped[datetime | None]


class DecisionRecord(OwnedByPractice, Base):
    """One rule of the pathway that held: what is due, why, and the facts it rests on. Append-only.

    ``response_id`` is ``None`` when the clock asked. With a ``tier`` it has also raised an alert.
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("tier BETWEEN 1 AND 3", name="tier"),
        Index("ix_decision_patient", "patient_id", "at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    response_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("questionnaire_response.id", **AT_COMMIT)
    )
    at: Mapped[datetime]
    rule: Mapped[str]
    rule_version: Mapped[str]
    kind: Mapped[str]
    tier: Mapped[int | None]
    title: Mapped[str]
    reason: Mapped[str]
    for_patient: Mapped[str | None]
    inputs: Mapped[dict[str, Any]]


class SafetyHold(OwnedByPractice, Base):
    """A positive red flag: the programme stands still until a provider clears it with a reason."""

    __tablename__ = "safety_hold"
    __table_args__ = (
        CheckConstraint("level IN ('self_harm', 'emergency', 'same_day')", name="level"),
        Index(
            "uq_safety_hold_open",
            "patient_id",
            unique=True,
            postgresql_where=text("cleared_at IS NULL"),
        ),
        Index("ix_safety_hold_patient", "patient_id", "opened_at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    response_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire_response.id", **AT_COMMIT))
    level: Mapped[str]
    items: Mapped[list[Any]]
    opened_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    cleared_by: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))
    reason: Mapped[str | None]
