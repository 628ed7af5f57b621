"""Alert, its history, and the practice's feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import Base, OwnedByPractice

OPEN_STATES = ("new", "delivered", "acknowledged", "in_progress")
_IS_OPEN = text("status IN ('new', 'delivered', 'acknowledged', 'in_progress')")


class Alert(OwnedByPractice, Base):
    """A matter for a provider: tier 1 (critical) to 3 (routine), with evidence and a respond-by.

    Without ``patient_id`` it is about the practice itself.

    ``evidence`` is a list, one entry an occasion: while an alert is open, the same cause adds to it
    and may raise its tier, never lower it. ``feed_version`` is the feed's version at the last
    change, in commit order within the practice. ``owner_id`` is whose it is; None: it lies in the
    practice's pool. ``respond_from`` is since when it waits to be taken up,
    ``resolve_from`` since when it wants an end.
    """

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint("tier BETWEEN 1 AND 3", name="tier"),
        CheckConstraint(
            f"status IN {(*OPEN_STATES, 'resolved', 'dismissed')}",
            name="status",
        ),
        CheckConstraint(
            "(status IN ('resolved', 'dismissed')) = (resolution IS NOT NULL)", name="resolution"
        ),
        Index("uq_alert_open_cause", "patient_id", "rule", unique=True, postgresql_where=_IS_OPEN),
        Index(
            "uq_alert_open_task",
            "practice_id",
            "rule",
            unique=True,
            postgresql_where=text(f"patient_id IS NULL AND {_IS_OPEN}"),
        ),
        Index("ix_alert_opened", "practice_id", "opened_at"),
        Index(
            "ix_alert_feed", "practice_id", "tier", "respond_by", "id", postgresql_where=_IS_OPEN
        ),
        Index("ix_alert_changes", "practice_id", "feed_version"),
        Index("ix_alert_patient", "patient_id", "opened_at"),
        Index("ix_alert_overdue", "escalate_at", postgresql_where=_IS_OPEN),
        Index(
            "ix_alert_owner",
            "practice_id",
            "owner_id",
            "tier",
            "respond_by",
            "id",
            postgresql_where=_IS_OPEN,
        ),
    )

    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient.id"))
    rule: Mapped[str]
    rule_version: Mapped[str]
    tier: Mapped[int]
    title: Mapped[str]
    status: Mapped[str]
    escalation: Mapped[int] = mapped_column(server_default="0")
    evidence: Mapped[list[Any]]
    suggestions: Mapped[list[Any]]
    patient_was_told: Mapped[str | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))
    respond_from: Mapped[datetime]
    respond_by: Mapped[datetime]
    resolve_from: Mapped[datetime]
    resolve_by: Mapped[datetime]
    escalate_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))
    closed_at: Mapped[datetime | None]
    resolution: Mapped[str | None]
    feed_version: Mapped[int] = mapped_column(BigInteger)


# Written out, not as values: only so can a prepared statement use the indexes over open alerts.
IS_OPEN = Alert.status.in_([literal_column(f"'{state}'") for state in OPEN_STATES])


class AlertEvent(OwnedByPractice, Base):
    """One change of an alert. Append-only.

    ``feed_version`` is the feed's in its transaction; with the id it is the event's place in the
    feed. ``tier``, ``title``, ``respond_by`` and ``owner_id`` are the alert's after it. What is no
    event of the feed (an alert was shown on a screen) has none of them.
    """

    __tablename__ = "alert_event"
    __table_args__ = (
        Index("ix_alert_event_alert", "alert_id", "at"),
        Index(
            "ix_alert_event_feed",
            "practice_id",
            "feed_version",
            "id",
            postgresql_where=text("feed_version IS NOT NULL"),
        ),
        CheckConstraint("num_nulls(feed_version, tier, title, respond_by) IN (0, 4)", name="feed"),
    )

    alert_id: Mapped[UUID] = mapped_column(ForeignKey("alert.id"))
    at: Mapped[datetime]
    action: Mapped[str]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    actor_role: Mapped[str]
    actor_id: Mapped[UUID | None]
    note: Mapped[str | None]
    detail: Mapped[dict[str, Any] | None]
    feed_version: Mapped[int | None] = mapped_column(BigInteger)
    tier: Mapped[int | None]
    title: Mapped[str | None]
    respond_by: Mapped[datetime | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))


class AlertFeed(Base):
    """One row a practice: a counter that each change of an alert moves on, in commit order."""

    __tablename__ = "alert_feed"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
