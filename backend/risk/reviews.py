"""Looking back by the pathway's rules: what was known, what is decided, and keeping it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
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
    supersede,
)
from backend.risk.baseline import response_row, stratified
from backend.risk.decisions import Decision
from backend.risk.followed_pathway import pathway
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
        Score.superseded_at.is_(None),
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
        RiskAssessment.superseded_at.is_(None),
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
    engaged = engaged_in_first_week(rules, past, engagement, source.at)
    if engaged is not None:
        start = past.start(RESPONSE_INDEX)
        index = response_index.response_index(rules.response_index, start, engaged)
        rows.append(response_row(source, rules, index, start, engaged))
        level = index.level
    keep(rows)
    return group, level


def engaged_in_first_week(
    rules: Pathway, past: History, engagement: Engagement, at: datetime
) -> int | None:
    """Days with a task in the first week; ``None`` before its end, or when it is known already."""
    newest, began = past.newest(RESPONSE_INDEX), engagement.plan_began
    if newest is None or began is None or "first_week" in newest.inputs:
        return None
    if (at.date() - began).days < rules.response_index.first_week.days:
        return None
    return engagement.first_days(rules.response_index.first_week.days)


def finish_index_anew(
    practice_id: UUID,
    patient_id: UUID,
    engagement: Engagement,
    due: Sequence[tuple[datetime, UUID]],
) -> None:
    """Finish the response index as if nothing had come late.

    ``due`` are the check-ins that look back (when answered, and the response), oldest first: the
    first of them after the first week finishes it, with all that is known by now of that week.
    """
    rules = pathway(practice_id)
    past = history_of(patient_id)
    start, newest = past.first(RESPONSE_INDEX), past.newest(RESPONSE_INDEX)
    began, days = engagement.plan_began, rules.response_index.first_week.days
    engaged = engagement.first_days(days)
    after = [each for each in due if began is not None and (each[0].date() - began).days >= days]
    if start is None or newest is None or engaged is None or not after:
        return
    at, response_id = after[0]
    known = (newest.at, newest.response_id, newest.inputs.get("first_week"))
    if known == (at, response_id, engaged):
        return
    finished = RiskAssessment.inputs.has_key("first_week")
    supersede(
        RiskAssessment.patient_id == patient_id, RiskAssessment.kind == RESPONSE_INDEX, finished
    )
    source = Source(practice_id, patient_id, response_id, at)
    scores = past.start(RESPONSE_INDEX)
    index = response_index.response_index(rules.response_index, scores, engaged)
    keep([response_row(source, rules, index, scores, engaged)])


def least_factor_change(
    rules: Pathway,
    scores: Mapping[str, Decimal | None],
    past: History,
    finished: Sequence[str],
) -> Decimal | None:
    """The smallest change since the baseline among factors whose modules are done."""
    return profile.least_improvement(rules.factors, finished, past.start(FACTOR_PROFILE), scores)


def factor_changes(
    rules: Pathway, scores: Mapping[str, Decimal | None], past: History
) -> dict[str, Decimal]:
    """By how much each factor has changed for the better since the baseline, where that is known:
    percent of its scale."""
    names = dict.fromkeys(rule.factor for rule in rules.factors)
    changes = ((each, least_factor_change(rules, scores, past, [each])) for each in names)
    return {factor: change for factor, change in changes if change is not None}


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
