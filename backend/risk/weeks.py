"""The weekly check-ins of a patient as the programme looks back on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, bindparam, select

from backend.core.database import session
from backend.instruments.models import Score
from backend.risk import profile
from backend.risk.assessments import TRAJECTORY
from backend.risk.followed_pathway import pathway
from backend.risk.models import DecisionRecord, RiskAssessment
from backend.risk.profile import ElevatedFactor

NON_ENGAGEMENT = "non-engagement"

_WEEKS = (
    select(RiskAssessment.at, RiskAssessment.response_id, Score.code, Score.value)
    .outerjoin(
        Score,
        and_(
            Score.response_id == RiskAssessment.response_id,
            Score.patient_id == RiskAssessment.patient_id,
        ),
    )
    .where(
        RiskAssessment.patient_id == bindparam("patient_id"),
        RiskAssessment.kind == TRAJECTORY,
        RiskAssessment.response_id.is_not(None),
        RiskAssessment.superseded_at.is_(None),
        RiskAssessment.at > bindparam("since"),
    )
    .order_by(RiskAssessment.at, RiskAssessment.id, Score.id)
)
_UNENGAGED = select(DecisionRecord.response_id).where(
    DecisionRecord.patient_id == bindparam("patient_id"), DecisionRecord.kind == NON_ENGAGEMENT
)


@dataclass(frozen=True)
class Week:
    """An answered weekly check-in: its instant and response, the factors elevated in it, and
    whether little use of the programme was found in it."""

    at: datetime
    response_id: UUID
    factors: tuple[ElevatedFactor, ...]
    unengaged: bool


def weeks_since(practice_id: UUID, patient_id: UUID, since: datetime) -> list[Week]:
    """A patient's answered weeks after an instant, oldest first: two queries.

    Of a response that was scored again, the scores it was decided on count.
    """
    connection = session.connection()
    found: dict[UUID, tuple[datetime, dict[str, Decimal | None]]] = {}
    rows = connection.execute(_WEEKS, {"patient_id": patient_id, "since": since})
    for at, response_id, code, value in rows:
        assert response_id is not None
        _, scores = found.setdefault(response_id, (at, {}))
        if code is not None:
            scores.setdefault(code, value)
    unengaged = {row[0] for row in connection.execute(_UNENGAGED, {"patient_id": patient_id})}
    rules = pathway(practice_id).factors
    return [
        Week(
            at,
            response_id,
            tuple(profile.elevated_factors(rules, scores)),
            response_id in unengaged,
        )
        for response_id, (at, scores) in found.items()
    ]
