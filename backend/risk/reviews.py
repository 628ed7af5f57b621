"""Looking back by the pathway's rules: what was known, what is decided, and keeping it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from backend.core.clock import now
from backend.core.database import session, table_of
from backend.core.ids import new_id
from backend.instruments.models import Score
from backend.risk import profile, response_index, stratification
from backend.risk.assessments import (
    FACTOR_PROFILE,
    RESPONSE_INDEX,
    STRATIFICATION,
    Source,
    keep,
)
from backend.risk.baseline import response_row, stratified
from backend.risk.decisions import Decision
from backend.risk.history import PAIN, RMDQ, Engagement, History, Judged, Scored
from backend.risk.models import DecisionRecord, RiskAssessment
from backend.risk.pathway import Pathway

LOOKED_BACK_ON = (RMDQ, PAIN)
NEWEST = 50

# Built once: these are on the road of a check-in.
_SCORES = (
    select(Score.response_id, Score.code, Score.value, Score.at)
    .where(
        Score.patient_id == bindparam("patient_id"),
        Score.code.in_(LOOKED_BACK_ON),
        Score.value.is_not(None),
    )
    .order_by(Score.at, Score.id)
)
_JUDGED = (
    select(
        RiskAssessment.response_id,
        RiskAssessment.kind,
        RiskAssessment.outcome,
        RiskAssessment.at,
        RiskAssessment.inputs,
        RiskAssessment.result,
    )
    .where(
        RiskAssessment.patient_id == bindparam("patient_id"),
        RiskAssessment.kind.in_((STRATIFICATION, FACTOR_PROFILE, RESPONSE_INDEX)),
    )
    .order_by(RiskAssessment.at, RiskAssessment.id)
)
_INSERT_DECISION = insert(table_of(DecisionRecord))


def history_of(patient_id: UUID) -> History:
    """A patient's scores and judgements that rules look back on, in two queries."""
    connection = session.connection()
    scores = connection.execute(_SCORES, {"patient_id": patient_id})
    judged = connection.execute(_JUDGED, {"patient_id": patient_id})
    # Of a response that was scored again by a later version, the score it was decided on counts.
    first: dict[tuple[UUID, str], Scored] = {}
    for row in scores:
        if row.value is not None:
            found = Scored(row.response_id, row.code, row.value, row.at)
            first.setdefault((row.response_id, row.code), found)
    return History(tuple(first.values()), tuple(Judged(*row) for row in judged))


def judge_again(
    source: Source,
    rules: Pathway,
    scores: Mapping[str, Decimal | None],
    past: History,
    engagement: Engagement,
) -> tuple[str | None, str | None]:
    """Stratify again when the tool was asked again, and finish the response index after a week.

    Stored as new assessments; those of the baseline stay as they are. Returns the new risk group
    and the response level that has just become known, each ``None`` when there is none.
    """
    rows: list[dict[str, Any]] = []
    group = None
    if stratification.answered(rules.stratification, scores):
        stratum, rows = stratified(source, rules, scores)
        group = stratum.group
    level = None
    engaged = engaged_in_first_week(rules, past, engagement)
    if engaged is not None:
        start = past.start(RESPONSE_INDEX)
        index = response_index.response_index(rules.response_index, start, engaged)
        rows.append(response_row(source, rules, index, start, engaged))
        level = index.level
    keep(rows)
    return group, level


def engaged_in_first_week(rules: Pathway, past: History, engagement: Engagement) -> int | None:
    """Days with a task in the first week; ``None`` before its end, or when it is known already."""
    newest, began = past.newest(RESPONSE_INDEX), engagement.plan_began
    if newest is None or began is None or "first_week" in newest.inputs:
        return None
    if (now().date() - began).days < rules.response_index.first_week.days:
        return None
    return engagement.first_days(rules.response_index.first_week.days)


def least_factor_change(
    rules: Pathway,
    scores: Mapping[str, Decimal | None],
    past: History,
    finished: Sequence[str],
) -> Decimal | None:
    """The smallest change since the baseline among factors whose modules are done."""
    return profile.least_improvement(rules.factors, finished, past.start(FACTOR_PROFILE), scores)


def store(
    practice_id: UUID,
    decided: Mapping[UUID, Sequence[Decision]],
    response_id: UUID | None = None,
) -> None:
    """Keep what was decided for some patients of a practice; one insert, none without decisions."""
    at = now()
    rows = [
        {
            "id": new_id(),
            "practice_id": practice_id,
            "patient_id": patient_id,
            "response_id": response_id,
            "at": at,
            "rule": decision.rule,
            "rule_version": decision.version,
            "kind": decision.kind,
            "tier": decision.tier,
            "title": decision.title,
            "reason": decision.reason,
            "for_patient": decision.for_patient,
            "inputs": dict(decision.inputs),
        }
        for patient_id, decisions in decided.items()
        for decision in decisions
    ]
    if rows:
        session.connection().execute(_INSERT_DECISION, rows)


def decisions_of(patient_id: UUID) -> list[DecisionRecord]:
    """What was decided for a patient, newest first."""
    query = (
        select(DecisionRecord)
        .where(DecisionRecord.patient_id == patient_id)
        .order_by(DecisionRecord.at.desc(), DecisionRecord.id.desc())
        .limit(NEWEST)
    )
    return list(session.scalars(query))
