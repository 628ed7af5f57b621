"""QuestionnaireResponse and Score."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import AT_COMMIT, Base, OwnedByPractice


class QuestionnaireResponse(OwnedByPractice, Base):
    """One set of answers. ``answers`` maps link ids to values; ``questionnaire`` names its version.

    ``idempotency_key`` and ``request_hash`` tell a repeated submission from a different one;
    ``outcome`` is what the patient was told, so that a repetition is told the same. Of two sets for
    one check-in the one answered first counts; the other is kept and ``superseded_at`` says since
    when it counts no more.
    """

    __tablename__ = "questionnaire_response"
    __table_args__ = (
        CheckConstraint("mode IN ('app', 'web', 'sms', 'phone')", name="mode"),
        Index("uq_questionnaire_response_key", "patient_id", "idempotency_key", unique=True),
        Index("ix_questionnaire_response_patient", "patient_id", "authored_at"),
        Index("ix_questionnaire_response_check_in", "check_in_id"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    # The check-in answered; the table lies in a package above this one.
    check_in_id: Mapped[UUID | None]
    questionnaire: Mapped[str]
    answers: Mapped[dict[str, Any]]
    # Given earlier the same day and scored with these answers, so that the row can be rescored.
    carried: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    mode: Mapped[str]
    authored_at: Mapped[datetime]
    received_at: Mapped[datetime]
    idempotency_key: Mapped[str]
    request_hash: Mapped[bytes]
    outcome: Mapped[dict[str, Any]]
    superseded_at: Mapped[datetime | None]


class Score(OwnedByPractice, Base):
    """One scale value of a response (FHIR Observation), or the reason why there is none.

    ``at`` is when the person answered. Rows are only ever added: see ``rescoring``;
    ``superseded_at`` is that of the response.
    """

    __tablename__ = "score"
    __table_args__ = (
        CheckConstraint("(value IS NULL) <> (reason IS NULL)", name="value_or_reason"),
        Index("ix_score_patient_code", "patient_id", "code", "at"),
        # Scored again by newer versions, a response has a row of each; by the same ones never two.
        Index(
            "uq_score_version",
            "response_id",
            "code",
            "instrument_version",
            "scoring_version",
            unique=True,
        ),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    response_id: Mapped[UUID] = mapped_column(ForeignKey("questionnaire_response.id", **AT_COMMIT))
    instrument: Mapped[str]
    instrument_version: Mapped[str]
    scoring_version: Mapped[str]
    code: Mapped[str]
    value: Mapped[Decimal | None] = mapped_column(Numeric(9, 4))
    reason: Mapped[str | None]
    at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
