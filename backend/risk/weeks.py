"""The weekly check-ins of a patient as the programme looks back on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, bindparam, select

from backend.core.database import session
from backend.instruments.models import Score
from backend.risk import history, profile, reviews
from backend.risk.assessments import STRATIFICATION, TRAJECTORY
from backend.risk.decisions import Assessment, State
from backend.risk.followed_pathway import pathway
from backend.risk.history import GLOBAL_CHANGE, PAIN, RMDQ, Engagement, History
from backend.risk.models import RiskAssessment
from backend.risk.pathway import Pathway
from backend.risk.profile import ElevatedFactor

_WEEKS = (
    select(
        RiskAssessment.at,
        RiskAssessment.response_id,
        RiskAssessment.inputs["week"].as_integer().label("week"),
        RiskAssessment.outcome,
        Score.code,
        Score.value,
    )
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


@dataclass(frozen=True)
class Week:
    """An answered weekly check-in as the pathway's rules look at it.

    ``factors`` are those elevated in it, the most severe first; ``known`` and ``new`` what was
    known before and what it says; ``changes`` by how many percent of its scale each factor has
    changed for the better. What the plan alone can tell is not in it.
    """

    at: datetime
    response_id: UUID
    factors: tuple[ElevatedFactor, ...]
    known: State
    new: Assessment
    changes: Mapping[str, Decimal]


@dataclass
class _Read:
    at: datetime
    week: int | None
    decision: str | None
    scores: dict[str, Decimal | None] = field(default_factory=dict)


def weeks_since(
    practice_id: UUID,
    patient_id: UUID,
    since: datetime,
    engagement_at: Callable[[datetime], Engagement],
) -> list[Week]:
    """A patient's answered weeks after an instant, oldest first, each as it would have been looked
    at had all come in time: three queries.

    ``engagement_at`` is what was used of the programme up to an instant. Of a response that was
    scored again, the scores it was decided on count.
    """
    found: dict[UUID, _Read] = {}
    rows = session.connection().execute(_WEEKS, {"patient_id": patient_id, "since": since})
    for at, response_id, week, outcome, code, value in rows:
        assert response_id is not None
        read = found.setdefault(response_id, _Read(at, week, outcome))
        if code is not None:
            read.scores.setdefault(code, value)
    if not found:
        return []
    rules, past = pathway(practice_id), reviews.history_of(patient_id)
    return [_week(rules, past, i, read, engagement_at) for i, read in found.items()]


def _week(
    rules: Pathway,
    past: History,
    response_id: UUID,
    read: _Read,
    engagement_at: Callable[[datetime], Engagement],
) -> Week:
    at, scores = read.at, read.scores
    known, changes = State(week=read.week), {}
    if history.is_due(rules, read.week or 0, scores):
        engagement = engagement_at(at)
        known = history.state_of(past.before(at), engagement, rules.engagement, at, read.week)
        changes = reviews.factor_changes(rules, scores, past)
    groups = (
        judged.outcome
        for judged in past.judged
        if judged.response_id == response_id and judged.kind == STRATIFICATION
    )
    new = Assessment(
        decision=read.decision,
        new_group=next(groups, None),
        rmdq=scores.get(RMDQ),
        pain=scores.get(PAIN),
        global_change=scores.get(GLOBAL_CHANGE),
    )
    factors = profile.elevated_factors(rules.factors, scores)
    return Week(at, response_id, tuple(factors), known, new, changes)
