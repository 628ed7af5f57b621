"""The rows of what was judged: of which kind, from which response, by which rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, update

from backend.core.clock import now
from backend.core.database import session, table_of
from backend.core.ids import new_id
from backend.risk.models import RiskAssessment

STRATIFICATION = "stratification"
FACTOR_PROFILE = "factor-profile"
# The group by a tool that does not assign it: kept beside the other, never mixed with it.
COMPARISON = "comparison"
RESPONSE_INDEX = "response-index"
TRAJECTORY = "trajectory"

# Built once: it is on the road of every check-in.
_INSERT = insert(table_of(RiskAssessment))


@dataclass(frozen=True)
class Source:
    """The response an assessment is made from; ``at`` is when the person answered."""

    practice_id: UUID
    patient_id: UUID
    response_id: UUID
    at: datetime


def assessment_row(source: Source, kind: str, label: str, **values: Any) -> dict[str, Any]:
    """A row of what was judged of a response, by the pathway ``label``. Pure."""
    return {
        "id": new_id(),
        "practice_id": source.practice_id,
        "patient_id": source.patient_id,
        "response_id": source.response_id,
        "kind": kind,
        "method": kind,
        "method_version": label,
        "at": source.at,
        "outcome": None,
        "value": None,
        "result": {},
        "reasons": [],
        **values,
    }


def plain_scores(scores: Mapping[str, Decimal | None], codes: Iterable[str]) -> dict[str, float]:
    """The known ones among some scores, as they are stored."""
    found = ((code, scores.get(code)) for code in codes)
    return {code: float(value) for code, value in found if value is not None}


def keep(rows: Sequence[dict[str, Any]]) -> None:
    """Write rows of what was judged; none is ever changed."""
    if rows:
        session.connection().execute(_INSERT, rows)


def supersede(*conditions: ColumnElement[bool]) -> None:
    """Rows of what was judged count no more."""
    session.execute(
        update(RiskAssessment)
        .where(*conditions, RiskAssessment.superseded_at.is_(None))
        .values(superseded_at=now())
        .execution_options(synchronize_session=False)
    )


def supersede_response(response_id: UUID) -> None:
    """What was judged of a response counts no more, for its check-in was answered earlier."""
    supersede(RiskAssessment.response_id == response_id)
