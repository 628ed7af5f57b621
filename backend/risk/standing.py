"""Where patients stand: the newest of what was judged, for one patient or for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from backend.core.database import session
from backend.risk.assessments import STRATIFICATION, TRAJECTORY
from backend.risk.models import RiskAssessment


def latest(patient_id: UUID) -> list[RiskAssessment]:
    """The newest assessment of each kind."""
    query = (
        select(RiskAssessment)
        .where(RiskAssessment.patient_id == patient_id, RiskAssessment.superseded_at.is_(None))
        .ext(distinct_on(RiskAssessment.kind))
        .order_by(RiskAssessment.kind, RiskAssessment.at.desc(), RiskAssessment.id.desc())
    )
    return list(session.scalars(query))


def groups(patient_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The present risk group of each patient that has one, in one query."""
    if not patient_ids:
        return {}
    query = (
        select(RiskAssessment.patient_id, RiskAssessment.outcome)
        .where(
            RiskAssessment.patient_id.in_(patient_ids),
            RiskAssessment.kind == STRATIFICATION,
            RiskAssessment.superseded_at.is_(None),
        )
        .ext(distinct_on(RiskAssessment.patient_id))
        .order_by(RiskAssessment.patient_id, RiskAssessment.at.desc())
    )
    return {patient: group for patient, group in session.execute(query) if group}


@dataclass(frozen=True)
class Standing:
    """A patient's present risk group, and the last decision on the course; ``None`` if unknown."""

    group: str | None = None
    decision: str | None = None


def standings(patient_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """Where each of some patients stands, in one query."""
    if not patient_ids:
        return {}
    query = (
        select(RiskAssessment.patient_id, RiskAssessment.kind, RiskAssessment.outcome)
        .where(
            RiskAssessment.patient_id.in_(patient_ids),
            RiskAssessment.kind.in_((STRATIFICATION, TRAJECTORY)),
            RiskAssessment.outcome.is_not(None),
            RiskAssessment.superseded_at.is_(None),
        )
        .ext(distinct_on(RiskAssessment.patient_id, RiskAssessment.kind))
        .order_by(
            RiskAssessment.patient_id,
            RiskAssessment.kind,
            RiskAssessment.at.desc(),
            RiskAssessment.id.desc(),
        )
    )
    found: dict[UUID, dict[str, str]] = {}
    for patient_id, kind, outcome in session.execute(query):
        found.setdefault(patient_id, {})[kind] = outcome or ""
    return {
        patient_id: Standing(kinds.get(STRATIFICATION), kinds.get(TRAJECTORY))
        for patient_id, kinds in found.items()
    }
