"""Practice and Provider."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.crypto import Encrypted
from backend.core.database import Base, Identified, OwnedByPractice
from backend.core.identity import PROVIDER_ROLES


class Practice(Identified, Base):
    """The organisation that cares for patients; the tenant.

    ``service_hours`` maps weekday names to ``["08:00", "18:00"]`` in the practice's time zone;
    ``holidays`` are days without service: ``{"day": "2026-12-25", "name": "Christmas Day"}``.
    ``pathway`` names the file in ``content/pathways`` whose rules it follows;
    ``quiet_from`` and ``quiet_until`` are hours (0-23) of the patient's day without texts;
    ``jurisdiction`` names a row of ``content/jurisdictions.yaml`` that narrows them.
    ``segments_soft`` and ``segments_hard`` limit the SMS segments of a month; None: the setting.
    """

    __tablename__ = "practice"
    __table_args__ = (
        CheckConstraint("quiet_from BETWEEN 0 AND 23", name="quiet_from"),
        CheckConstraint("quiet_until BETWEEN 0 AND 23", name="quiet_until"),
        CheckConstraint("segments_soft >= 0 AND segments_hard >= 0", name="segments"),
    )

    name: Mapped[str]
    country: Mapped[str]
    jurisdiction: Mapped[str | None]
    time_zone: Mapped[str]
    phone: Mapped[str | None]
    pathway: Mapped[str] = mapped_column(server_default="default")
    service_hours: Mapped[dict[str, Any]]
    holidays: Mapped[list[Any]]
    quiet_from: Mapped[int] = mapped_column(server_default="20")
    quiet_until: Mapped[int] = mapped_column(server_default="9")
    segments_soft: Mapped[int | None]
    segments_hard: Mapped[int | None]
    created_at: Mapped[datetime]
    # The week (its Monday) up to which the load of alerts was held against the budget.
    load_judged_to: Mapped[date | None]


class Provider(OwnedByPractice, Base):
    """A primary-care professional with an account.

    ``away_from`` and ``away_until`` are the first and last day of an absence, by the practice's
    calendar; ``cover_id`` takes what would come to them meanwhile. None: the practice's pool.
    """

    __tablename__ = "provider"
    __table_args__ = (
        Index("uq_provider_email", text("lower(email)"), unique=True),
        CheckConstraint(f"role IN {PROVIDER_ROLES}", name="role"),
        CheckConstraint("away_until >= away_from", name="away"),
        CheckConstraint("cover_id <> id", name="cover"),
    )

    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    phone: Mapped[str | None] = mapped_column(Encrypted)
    password_hash: Mapped[str]
    totp_secret: Mapped[str] = mapped_column(Encrypted)
    # The newest TOTP step used, so that a code seen over a shoulder cannot be used again.
    totp_step: Mapped[int] = mapped_column(server_default="0")
    failed_attempts: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    mentor_id: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))
    away_from: Mapped[date | None]
    away_until: Mapped[date | None]
    cover_id: Mapped[UUID | None] = mapped_column(ForeignKey("provider.id"))
