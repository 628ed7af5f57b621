"""Webhook endpoints and the log of what was sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.crypto import Encrypted
from backend.core.database import Base, OwnedByPractice

ACTIVE, DISABLED = "active", "disabled"
# Why an endpoint is switched off: by its practice, after the last try, or by the answer 410.
BY_HAND, FAILING, GONE = "by-hand", "failing", "gone"
PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
FEED, REPLAY, TEST = "feed", "replay", "test"


class WebhookEndpoint(OwnedByPractice, Base):
    """Where a practice wants the events of its feed to be sent.

    ``event_types`` are the types that are sent; none named: all. ``place_version`` and ``place_id``
    are the place in the feed of the last event that is done with, and ``failures`` counts the tries
    of the next one, which is not tried before ``retry_at``. Who sends holds ``claim`` until
    ``claimed_until``; ``queued_at`` is set while a job waits to be started.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint(f"status IN {(ACTIVE, DISABLED)}", name="status"),
        CheckConstraint("(status = 'disabled') = (disabled_reason IS NOT NULL)", name="disabled"),
        CheckConstraint(f"disabled_reason IN {(BY_HAND, FAILING, GONE)}", name="disabled_reason"),
        CheckConstraint("num_nulls(old_secret, old_secret_until) IN (0, 2)", name="old_secret"),
        CheckConstraint("num_nulls(claim, claimed_until) IN (0, 2)", name="claim"),
        CheckConstraint("failures >= 0", name="failures"),
        Index("ix_webhook_endpoint_practice", "practice_id", "created_at"),
        Index(
            "ix_webhook_endpoint_active",
            "practice_id",
            "id",
            postgresql_where=text("status = 'active'"),
        ),
    )

    url: Mapped[str] = mapped_column(Encrypted)
    description: Mapped[str]
    event_types: Mapped[list[Any]]
    status: Mapped[str] = mapped_column(server_default=ACTIVE)
    disabled_reason: Mapped[str | None]
    secret: Mapped[str] = mapped_column(Encrypted)
    old_secret: Mapped[str | None] = mapped_column(Encrypted)
    old_secret_until: Mapped[datetime | None]
    place_version: Mapped[int] = mapped_column(BigInteger)
    place_id: Mapped[UUID]
    failures: Mapped[int] = mapped_column(server_default="0")
    retry_at: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]
    claim: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    updated_at: Mapped[datetime]


class WebhookDelivery(OwnedByPractice, Base):
    """One try to send one event to one endpoint.

    ``response`` is the beginning of what the endpoint answered, ``error`` a code where it gave no
    answer. What was asked for by hand is ``pending`` until it is tried.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint(f"status IN {(PENDING, DELIVERED, FAILED)}", name="status"),
        CheckConstraint(f"cause IN {(FEED, REPLAY, TEST)}", name="cause"),
        CheckConstraint("(status = 'pending') = (finished_at IS NULL)", name="finished"),
        Index("ix_webhook_delivery_endpoint", "endpoint_id", "id"),
        Index("ix_webhook_delivery_age", "created_at"),
        Index(
            "ix_webhook_delivery_pending",
            "queued_at",
            postgresql_where=text("status = 'pending'"),
        ),
    )

    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    event_id: Mapped[UUID]
    event_type: Mapped[str]
    cause: Mapped[str]
    attempt: Mapped[int]
    status: Mapped[str]
    created_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    milliseconds: Mapped[int | None]
    http_status: Mapped[int | None]
    error: Mapped[str | None]
    response: Mapped[str | None]
