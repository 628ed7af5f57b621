"""Access to another practice's patient."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import Base, OwnedByPractice

REASONS = ("emergency-care", "out-of-hours-care", "patient-present", "safeguarding", "other")


class BreakGlass(OwnedByPractice, Base):
    """A provider of another practice may read one patient until ``expires_at`` or ``ended_at``.

    It belongs to the patient's practice; the provider's name and practice are written down, since
    that practice cannot look them up.
    """

    __tablename__ = "break_glass"
    __table_args__ = (
        CheckConstraint(f"reason IN {REASONS}", name="reason"),
        CheckConstraint("expires_at > opened_at", name="period"),
        CheckConstraint("provider_practice_id <> practice_id", name="other_practice"),
        Index("ix_break_glass_practice", "practice_id", "id"),
        Index("ix_break_glass_provider", "provider_id", "patient_id"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    provider_practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    provider_name: Mapped[str]
    provider_practice_name: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]

    def stands(self, at: datetime) -> bool:
        """Whether it lets anybody read at an instant."""
        return self.ended_at is None and self.expires_at > at
