"""What devices told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import Base, OwnedByPractice

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
REJECTED = "rejected"


class ClientEvent(OwnedByPractice, Base):
    """Something that happened on a patient's device, told then or later. Append-only.

    ``event_id`` is the device's own UUID; the first to arrive under it counts. ``told_at`` is when
    it happened by the device's clock, ``occurred_at`` by ours, ``received_at`` when it came.
    ``reason`` and ``detail`` say why it was rejected.
    """

    __tablename__ = "client_event"
    __table_args__ = (
        CheckConstraint("outcome IN ('accepted', 'rejected')", name="outcome"),
        CheckConstraint("(outcome = 'rejected') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("occurred_at <= received_at", name="occurred"),
        Index("uq_client_event_id", "patient_id", "event_id", unique=True),
        Index("ix_client_event_type", "patient_id", "type"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    event_id: Mapped[UUID]
    device: Mapped[str]
    type: Mapped[str]
    about: Mapped[UUID | None]
    told_at: Mapped[datetime]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    detail: Mapped[str | None]
