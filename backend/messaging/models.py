"""Communication, its history, the ledger of opt-outs; numbers, senders, and what texts cost."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.crypto import Encrypted
from backend.core.database import Base, Identified, OwnedByPractice
from backend.messaging.carrier_codes import INVALID, LANDLINE, NO_SMS

SMS = "sms"
EMAIL = "email"
CHANNELS = (SMS, EMAIL)

OUT = "out"
IN = "in"

PENDING = "pending"
CLAIMED = "claimed"
SUBMITTING = "submitting"
UNKNOWN = "unknown"
UNSENT = "unsent"
ACCEPTED = "accepted"
DELIVERED = "delivered"
FAILED = "failed"
REJECTED = "rejected"
CANCELLED = "cancelled"
EXPIRED = "expired"
RECEIVED = "received"

# "canceled" is the carrier's word; "cancelled" is ours, for what never left.
STATUSES = (
    PENDING,
    CLAIMED,
    SUBMITTING,
    UNKNOWN,
    UNSENT,
    ACCEPTED,
    "scheduled",
    "queued",
    "sending",
    "sent",
    DELIVERED,
    "undelivered",
    FAILED,
    "canceled",
    "read",
    REJECTED,
    CANCELLED,
    EXPIRED,
    RECEIVED,
)

# With the carrier, and its last word is still to come.
UNDERWAY = (ACCEPTED, "scheduled", "queued", "sending", "sent")
# On the phone, as far as the networks say.
ARRIVED = (DELIVERED, "read")

STOP = "stop"
START = "start"

USABLE = "usable"
UNREACHABLE = "unreachable"
CONDITIONS = (USABLE, UNREACHABLE, INVALID, LANDLINE, NO_SMS)


class Communication(OwnedByPractice, Base):
    """One message, out or in, by text or by e-mail; ``phone`` is then the address.

    ``purpose`` and ``occurrence`` name what it is for: the unique key makes planning the same text
    twice harmless. ``claimed`` waits in a worker for its turn; nothing has left. ``unknown`` means
    that it may have left or not, and ``unsent`` that the carrier's own record says it has not: then
    only is it sent again, as a row of its own that names the first in ``retry_of``. ``turn_at`` is
    when the sender's rate lets it leave. ``segments`` counts what the carrier bills.
    """

    __tablename__ = "communication"
    __table_args__ = (
        CheckConstraint("direction IN ('out', 'in')", name="direction"),
        CheckConstraint(f"channel IN {CHANNELS}", name="channel"),
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint(
            "direction = 'in' OR (template IS NOT NULL AND template_version IS NOT NULL)",
            name="template",
        ),
        Index(
            "uq_communication_occurrence",
            "practice_id",
            "phone_index",
            "purpose",
            "occurrence",
            unique=True,
        ),
        Index("uq_communication_sid", "sid", unique=True, postgresql_where=text("sid IS NOT NULL")),
        Index(
            "ix_communication_retry_of",
            "retry_of",
            postgresql_where=text("retry_of IS NOT NULL"),
        ),
        Index("ix_communication_patient", "patient_id", "created_at"),
        Index("ix_communication_phone", "phone_index", "created_at"),
        Index("ix_communication_practice", "practice_id", "created_at"),
        Index("ix_communication_words", "created_at", postgresql_where=text("body IS NOT NULL")),
        Index(
            "ix_communication_left",
            "phone_index",
            "submitted_at",
            postgresql_where=text("direction = 'out' AND NOT urgent"),
        ),
        Index(
            "ix_communication_subject", "subject_id", postgresql_where=text("status = 'pending'")
        ),
        Index("ix_communication_due", "send_after", postgresql_where=text("status = 'pending'")),
        Index(
            "ix_communication_expiring", "expires_at", postgresql_where=text("status = 'pending'")
        ),
        Index(
            "ix_communication_submitting",
            "submitted_at",
            postgresql_where=text("status = 'submitting'"),
        ),
        Index(
            "ix_communication_unknown", "updated_at", postgresql_where=text("status = 'unknown'")
        ),
        Index(
            "ix_communication_claimed", "updated_at", postgresql_where=text("status = 'claimed'")
        ),
        Index(
            "ix_communication_underway",
            "updated_at",
            postgresql_where=text(f"status IN {UNDERWAY}"),
        ),
    )

    # The patient's table lies in a package above this one.
    patient_id: Mapped[UUID | None]
    provider_id: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))
    direction: Mapped[str]
    channel: Mapped[str] = mapped_column(server_default=SMS)
    purpose: Mapped[str]
    occurrence: Mapped[str]
    template: Mapped[str | None]
    template_version: Mapped[str | None]
    language: Mapped[str]
    # Quiet hours are judged again when the text is about to leave.
    time_zone: Mapped[str]
    phone: Mapped[str] = mapped_column(Encrypted)
    phone_index: Mapped[bytes]
    body: Mapped[str | None] = mapped_column(Encrypted)
    # What an incoming text was answered with on the spot; `template` names it.
    answer: Mapped[str | None] = mapped_column(Encrypted)
    urgent: Mapped[bool] = mapped_column(server_default="false")
    status: Mapped[str]
    send_after: Mapped[datetime]
    turn_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    subject_id: Mapped[UUID | None]
    retry_of: Mapped[UUID | None] = mapped_column(ForeignKey("communication.id"))
    sid: Mapped[str | None]
    error_code: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    segments: Mapped[int]
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    because: Mapped[str | None]


class CommunicationEvent(OwnedByPractice, Base):
    """One change of a communication, or a report about it that changed nothing. Append-only."""

    __tablename__ = "communication_event"
    __table_args__ = (Index("ix_communication_event_communication", "communication_id", "at"),)

    communication_id: Mapped[UUID] = mapped_column(ForeignKey("communication.id"))
    at: Mapped[datetime]
    status: Mapped[str]
    detail: Mapped[dict[str, Any] | None]


class OptOut(Identified, Base):
    """A number said stop, or start again. Append-only; the newest row is the present state.

    It belongs to the phone number, not to a practice: whoever says stop means every text.
    """

    __tablename__ = "opt_out"
    __table_args__ = (
        CheckConstraint("action IN ('stop', 'start')", name="action"),
        Index("ix_opt_out_phone", "phone_index", "at", "id"),
    )

    phone_index: Mapped[bytes]
    action: Mapped[str]
    at: Mapped[datetime]
    how: Mapped[str]


class PhoneNumber(Base):
    """What is known of a number, by its blind index; a number without a row is usable.

    A property of the number, not of a practice, like an opt-out. ``failed_sets`` counts sets of
    texts in a row (a set: all texts about one subject) of which none arrived; ``last_failed`` is
    the newest of them.
    """

    __tablename__ = "phone_number"
    __table_args__ = (
        CheckConstraint(f"condition IN {CONDITIONS}", name="condition"),
        CheckConstraint("failed_sets >= 0", name="failed_sets"),
    )

    phone_index: Mapped[bytes] = mapped_column(primary_key=True)
    condition: Mapped[str] = mapped_column(server_default=USABLE)
    code: Mapped[int | None]
    failed_sets: Mapped[int] = mapped_column(server_default="0")
    last_failed: Mapped[UUID | None]
    changed_at: Mapped[datetime]


class SenderLine(Base):
    """One sender's line, shared by all workers: its next free turn, and whether it is stopped."""

    __tablename__ = "sender_line"

    sender: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    stopped_code: Mapped[int | None]
    probe_at: Mapped[datetime | None]


class TextUse(OwnedByPractice, Base):
    """What a practice's texts of one month (its own calendar) add up to; ``month`` is its first.

    ``segments`` is what the carrier bills, ``texts`` how many left.
    """

    __tablename__ = "text_use"
    __table_args__ = (Index("uq_text_use_month", "practice_id", "month", unique=True),)

    month: Mapped[date]
    segments: Mapped[int] = mapped_column(server_default="0")
    texts: Mapped[int] = mapped_column(server_default="0")
