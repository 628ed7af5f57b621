"""Where somebody starts: risk group, factors, response index and the first point of the course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.core.database import session
from backend.instruments import service as instruments
from backend.risk import profile, response_index, stratification
from backend.risk.assessments import (
    COMPARISON,
    FACTOR_PROFILE,
    RESPONSE_INDEX,
    STRATIFICATION,
    Source,
    assessment_row,
    keep,
    plain_scores,
)
from backend.risk.course import first_point
from backend.risk.followed_pathway import pathway
from backend.risk.models import RiskAssessment
from backend.risk.pathway import Pathway
from backend.risk.profile import ElevatedFactor

ACUTE_ANSWER = "under-6-weeks"


@dataclass(frozen=True)
class Baseline:
    """What the baseline answers say. ``group`` is ``None`` when it could not be scored."""

    assessment_id: UUID
    group: str | None
    reasons: tuple[str, ...]
    factors: list[ElevatedFactor]
    response_level: str | None
    circumstances: frozenset[str]


def assess_baseline(
    source: Source, scores: Mapping[str, Decimal | None], answers: Mapping[str, Any]
) -> Baseline:
    """Stratify, profile the factors, index the response, and start the trajectory. One insert."""
    rules = pathway(source.practice_id)
    factors = profile.elevated_factors(rules.factors, scores, answers)
    index = response_index.response_index(rules.response_index, scores)
    course = "acute" if answers.get("context.duration") == ACUTE_ANSWER else "persistent"
    stratum, rows = stratified(source, rules, scores)
    profile_answers = {a.link for f in rules.factors for a in f.answers}
    rows += [
        assessment_row(
            source,
            FACTOR_PROFILE,
            rules.label,
            inputs={
                **plain_scores(scores, [s.code for f in rules.factors for s in f.sources]),
                **{link: answers[link] for link in sorted(profile_answers & answers.keys())},
            },
            result={"elevated": [_factor(f) for f in factors]},
            reasons=[f.reason for f in factors],
        ),
        response_row(source, rules, index, scores),
        first_point(source, rules, scores, course),
    ]
    keep(rows)
    return Baseline(
        rows[0]["id"],
        stratum.group,
        stratum.reasons,
        factors,
        index.level,
        rules.plan.circumstances_of(answers),
    )


def circumstances(practice_id: UUID, assessment_id: UUID) -> frozenset[str]:
    """What the answers behind an assessment say is true of a person."""
    response_id = session.scalar(
        select(RiskAssessment.response_id).where(RiskAssessment.id == assessment_id)
    )
    if response_id is None:
        return frozenset()
    answers = instruments.answers_of([response_id]).get(response_id, {})
    return pathway(practice_id).plan.circumstances_of(answers)


def stratified(
    source: Source, rules: Pathway, scores: Mapping[str, Decimal | None]
) -> tuple[stratification.Stratum, list[dict[str, Any]]]:
    """The group by the assigning tool, and rows for it and for every other tool asked. Pure."""
    rule = rules.stratification
    asked = {rule.assigning, *stratification.answered(rule, scores)}
    strata = {name: stratification.stratify(rule.methods[name], scores) for name in asked}
    rows = [
        assessment_row(
            source,
            STRATIFICATION if name == rule.assigning else COMPARISON,
            rules.label,
            method=name,
            outcome=stratum.group,
            inputs=plain_scores(scores, rule.methods[name].codes),
            reasons=list(stratum.reasons),
        )
        # The assigning tool's row comes first: it is the one that a plan names.
        for name, stratum in sorted(strata.items(), key=lambda each: each[0] != rule.assigning)
    ]
    return strata[rule.assigning], rows


def response_row(
    source: Source,
    rules: Pathway,
    index: response_index.ResponseIndex,
    scores: Mapping[str, Decimal | None],
    engaged_days: int | None = None,
) -> dict[str, Any]:
    """The row of a response index with its raw components, so that its use can be tested. Pure."""
    first_week = {} if engaged_days is None else {"first_week": engaged_days}
    return assessment_row(
        source,
        RESPONSE_INDEX,
        rules.label,
        outcome=index.level,
        value=index.value,
        inputs={**plain_scores(scores, rules.response_index.codes), **first_week},
        result={"points": dict(index.points), "provisional": index.provisional},
        reasons=list(index.reasons),
    )


def _factor(factor: ElevatedFactor) -> dict[str, Any]:
    return {
        "factor": factor.factor,
        "title": factor.title,
        "code": factor.code,
        "value": None if factor.value is None else float(factor.value),
        "edge": None if factor.edge is None else float(factor.edge),
        "severity": float(factor.severity),
        "because": factor.because,
    }
