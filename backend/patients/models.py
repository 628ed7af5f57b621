"""Patient, Enrolment, Consent and what a patient signs in with."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.crypto import Encrypted
from backend.core.database import Base, OwnedByPractice
from backend.messaging.models import CHANNELS, EMAIL, SMS

INVITED = "invited"
ACTIVE = "active"
WITHDRAWN = "withdrawn"
COMPLETED = "completed"

NO_REMINDERS = "none"
REMINDERS_BY = (SMS, EMAIL, NO_REMINDERS)


class Patient(OwnedByPractice, Base):
    """A person with low back pain. Name and phone are encrypted; ``phone_index`` finds them."""

    __tablename__ = "patient"
    __table_args__ = (
        Index("ix_patient_practice", "practice_id", "id"),
        Index("ix_patient_phone_index", "phone_index"),
    )

    given_name: Mapped[str] = mapped_column(Encrypted)
    family_name: Mapped[str] = mapped_column(Encrypted)
    phone: Mapped[str] = mapped_column(Encrypted)
    phone_index: Mapped[bytes]
    # Whoever has this number now said that they are somebody else.
    phone_refused_at: Mapped[datetime | None]
    # Confirmed by a code before it stands here.
    email: Mapped[str | None] = mapped_column(Encrypted)
    email_index: Mapped[bytes | None]
    language: Mapped[str]
    time_zone: Mapped[str]
    created_at: Mapped[datetime]


class Enrolment(OwnedByPractice, Base):
    """A person's time in the programme at one practice."""

    __tablename__ = "enrolment"
    __table_args__ = (
        CheckConstraint("status IN ('invited', 'active', 'withdrawn', 'completed')", name="status"),
        CheckConstraint(f"reminders_by IN {REMINDERS_BY}", name="reminders_by"),
        CheckConstraint("checkin_weekday BETWEEN 0 AND 6", name="checkin_weekday"),
        CheckConstraint("checkin_hour BETWEEN 0 AND 23", name="checkin_hour"),
        Index(
            "uq_enrolment_current",
            "patient_id",
            unique=True,
            postgresql_where=text("status IN ('invited', 'active')"),
        ),
        Index("ix_enrolment_patient", "patient_id", "enrolled_at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    status: Mapped[str]
    # Monday is 0; the hour is of the patient's own day.
    checkin_weekday: Mapped[int]
    checkin_hour: Mapped[int]
    # The newest word on how reminders come: sms, email or none; every word is a row of ``consent``.
    reminders_by: Mapped[str] = mapped_column(server_default=SMS)
    # Set while the person has agreed to answer by text; tells apart who shares a phone.
    text_letter: Mapped[str | None]
    enrolled_by: Mapped[UUID | None]
    enrolled_at: Mapped[datetime]
    consented_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    patient: Mapped[Patient] = relationship(lazy="joined", innerjoin=True)


class Consent(OwnedByPractice, Base):
    """One act of consent, given or withdrawn, to one version of a text. Append-only.

    Consent to texts names the ``channel``, the number at that time and the ``purpose``; by e-mail,
    the address is in the place of the number.
    """

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("action IN ('given', 'withdrawn')", name="action"),
        CheckConstraint(
            "kind <> 'texts'"
            " OR (channel IS NOT NULL AND phone IS NOT NULL AND purpose IS NOT NULL)",
            name="channel",
        ),
        Index("ix_consent_patient", "patient_id", "at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    kind: Mapped[str]
    channel: Mapped[str | None]
    phone: Mapped[str | None] = mapped_column(Encrypted)
    purpose: Mapped[str | None]
    text_version: Mapped[str]
    action: Mapped[str]
    at: Mapped[datetime]
    by_role: Mapped[str]
    by_id: Mapped[UUID | None]
    how: Mapped[str]


class ContraindicationAnswer(OwnedByPractice, Base):
    """Whether a circumstance is true of a patient that some module is not for. Append-only; the
    newest counts.

    ``answer``: ``no``, ``yes`` (what it is about waits), or ``cleared``: it is so, and a provider
    has agreed all the same, with a reason.
    """

    __tablename__ = "contraindication_answer"
    __table_args__ = (
        CheckConstraint("answer IN ('no', 'yes', 'cleared')", name="answer"),
        CheckConstraint("answer <> 'cleared' OR reason IS NOT NULL", name="reason"),
        Index("ix_contraindication_answer_patient", "patient_id", "code", "at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    code: Mapped[str]
    answer: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))


class AccessLink(OwnedByPractice, Base):
    """A single-purpose link sent by text. Only its hash is kept."""

    __tablename__ = "access_link"
    __table_args__ = (
        CheckConstraint("purpose IN ('invitation', 'check-in')", name="purpose"),
        Index("uq_access_link_token", "token_hash", unique=True),
        Index("ix_access_link_patient", "patient_id"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    purpose: Mapped[str]
    # The check-in a link answers; the table lies in a package above this one.
    occasion_id: Mapped[UUID | None]
    token_hash: Mapped[bytes]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SignInCode(OwnedByPractice, Base):
    """A one-time code sent by text. Only a keyed hash is kept."""

    __tablename__ = "sign_in_code"
    __table_args__ = (Index("ix_sign_in_code_patient", "patient_id", "created_at"),)

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    code_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0")
    used_at: Mapped[datetime | None]


class AddressChange(OwnedByPractice, Base):
    """A new number or e-mail address that waits for the code sent to it.

    Only a keyed hash of the code is kept.
    """

    __tablename__ = "address_change"
    __table_args__ = (
        CheckConstraint(f"channel IN {CHANNELS}", name="channel"),
        Index("ix_address_change_patient", "patient_id", "created_at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    channel: Mapped[str]
    address: Mapped[str] = mapped_column(Encrypted)
    code_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0")
    used_at: Mapped[datetime | None]
    asked_by_role: Mapped[str]
    asked_by: Mapped[UUID | None]


class PatientNote(OwnedByPractice, Base):
    """What a provider has written about a patient (FHIR Annotation). Append-only.

    ``corrects_id`` is the note in whose place this one stands; the other stays to be read.
    """

    __tablename__ = "patient_note"
    __table_args__ = (
        Index("ix_patient_note_patient", "patient_id", "id"),
        Index("uq_patient_note_corrects", "corrects_id", unique=True),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("provider.id"))
    time: Mapped[datetime]
    text: Mapped[str]
    corrects_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient_note.id"))
