"""Safety, stratification, factors and trajectory of a patient: what is stored and what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from backend.core import audit
from backend.core.clock import now
from backend.core.content import ContentError
from backend.core.database import session, table_of
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import not_found
from backend.instruments import service as instruments
from backend.instruments.questionnaires import Questionnaire
from backend.practices.models import Practice
from backend.risk import profile, response_index, safety, stratification, trajectory
from backend.risk.models import RiskAssessment, SafetyHold
from backend.risk.pathway import Pathway
from backend.risk.pathway_files import load_pathway
from backend.risk.profile import ElevatedFactor

DEFAULT = "default"
STRATIFICATION = "stratification"
FACTOR_PROFILE = "factor-profile"
# The group by a tool that does not assign it: kept beside the other, never mixed with it.
COMPARISON = "comparison"
RESPONSE_INDEX = "response-index"
TRAJECTORY = "trajectory"

# A year of weeks: what is shown of a course.
LONGEST_SERIES = 53
# Two years: what it is judged on. Beyond, the start would move on with every answer.
JUDGED_SERIES = 105
ACUTE_ANSWER = "under-6-weeks"

# Built once: these are on the road of every check-in.
_INSERT = insert(table_of(RiskAssessment))
_NEWEST = (
    select(
        RiskAssessment.at,
        RiskAssessment.value,
        RiskAssessment.outcome,
        RiskAssessment.inputs,
        RiskAssessment.result["band"].astext.label("band"),
    )
    .where(RiskAssessment.patient_id == bindparam("patient_id"), RiskAssessment.kind == TRAJECTORY)
    .order_by(RiskAssessment.at.desc(), RiskAssessment.id.desc())
    .limit(bindparam("limit"))
)
_COURSE = (
    select(
        RiskAssessment.at,
        RiskAssessment.value,
        RiskAssessment.outcome,
        RiskAssessment.inputs["severity"].label("severity"),
        RiskAssessment.result,
        RiskAssessment.reasons,
        RiskAssessment.method_version,
    )
    .where(RiskAssessment.patient_id == bindparam("patient_id"), RiskAssessment.kind == TRAJECTORY)
    .order_by(RiskAssessment.at.desc(), RiskAssessment.id.desc())
    .limit(bindparam("limit"))
)


@dataclass(frozen=True)
class Source:
    """The response an assessment is made from."""

    practice_id: UUID
    patient_id: UUID
    response_id: UUID


@dataclass(frozen=True)
class TrendPoint:
    """One occasion of a patient's course: risk score 0-100 and the decision on it."""

    at: datetime
    value: Decimal
    decision: str | None
    band: str | None


@dataclass(frozen=True)
class CoursePoint:
    """One occasion of a patient's course with all that was stored of it.

    ``value`` and ``expected`` are points 0-100, ``error`` the standard error of measurement in
    points, ``severity`` what was answered on that occasion (0 best, 1 worst). Of an occasion that
    gave no score, ``reasons`` says why.
    """

    at: datetime
    value: Decimal | None
    decision: str | None
    band: str | None
    expected: float | None
    error: float | None
    contributions: Mapping[str, float]
    severity: Mapping[str, float]
    reasons: tuple[str, ...]
    older: tuple[str, ...]
    method_version: str


@dataclass(frozen=True)
class Baseline:
    """What the baseline answers say. ``group`` is ``None`` when it could not be scored."""

    assessment_id: UUID
    group: str | None
    reasons: tuple[str, ...]
    factors: list[ElevatedFactor]
    response_level: str | None
    circumstances: frozenset[str]


@dataclass(frozen=True)
class Course:
    """What a check-in says of the course, with the last occasions for whoever must judge it."""

    score: Decimal | None
    reason: str | None
    decision: str | None
    reasons: tuple[str, ...]
    expected: float | None
    contributions: Mapping[str, Decimal]
    recent: list[TrendPoint]
    factors: list[ElevatedFactor]


def pathway(practice_id: UUID) -> Pathway:
    """The rule set that a practice follows. No query where the caller holds the practice.

    If its file has gone or is broken, the default rules judge, and say so by their name: a red flag
    must never be lost for the want of a file.
    """
    practice = session.get_one(Practice, practice_id)
    content = current_app.extensions["settings"].content
    try:
        return load_pathway(content, practice.pathway)
    except ContentError as error:
        current_app.extensions["log"].error("pathway-unreadable", file=error.file)
        return load_pathway(content, DEFAULT)


def find_danger(asked: Questionnaire, answers: Mapping[str, Any]) -> safety.Finding:
    """The red flags among sound answers. Pure."""
    flags = (
        safety.RedFlag(d.link_id, d.level, d.answers, d.only_with_another) for d in asked.danger
    )
    return safety.find(flags, answers)


def open_hold(patient_id: UUID) -> SafetyHold | None:
    """The safety hold that stands, if any."""
    return session.scalar(
        select(SafetyHold).where(
            SafetyHold.patient_id == patient_id, SafetyHold.cleared_at.is_(None)
        )
    )


def hold(source: Source, finding: safety.Finding) -> None:
    """Let the programme stand still until a provider clears it; a standing hold stays as it is."""
    if open_hold(source.patient_id) is not None:
        return
    session.add(
        SafetyHold(
            practice_id=source.practice_id,
            patient_id=source.patient_id,
            response_id=source.response_id,
            level=finding.level,
            items=list(finding.items),
            opened_at=now(),
        )
    )
    session.flush()


def clear_hold(patient_id: UUID, reason: str) -> SafetyHold:
    """A provider has seen to it: the programme goes on. Raises ``Problem`` 404 when none stands."""
    found = session.scalar(
        select(SafetyHold)
        .where(
            SafetyHold.patient_id == patient_id,
            SafetyHold.practice_id == actor.practice_id,
            SafetyHold.cleared_at.is_(None),
        )
        .with_for_update()
    )
    if found is None:
        raise not_found("safety hold")
    found.cleared_at = now()
    found.cleared_by = actor.id
    found.reason = reason
    audit.record(
        "safety-hold.clear",
        practice_id=found.practice_id,
        patient_id=patient_id,
        entity="safety-hold",
        entity_id=found.id,
    )
    session.flush()
    return found


def assess_baseline(
    source: Source, scores: Mapping[str, Decimal | None], answers: Mapping[str, Any]
) -> Baseline:
    """Stratify, profile the factors, index the response, and start the trajectory. One insert."""
    rules = pathway(source.practice_id)
    factors = profile.elevated_factors(rules.factors, scores, answers)
    index = response_index.response_index(rules.response_index, scores)
    course = "acute" if answers.get("context.duration") == ACUTE_ANSWER else "persistent"
    first = _judge_course(source, scores, [], course)
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
        first.row,
    ]
    session.connection().execute(_INSERT, rows)
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


def assess(source: Source, scores: Mapping[str, Decimal | None]) -> Course:
    """Move the trajectory on by one check-in: one query for the series, one insert."""
    rules = pathway(source.practice_id)
    earlier = _series(source.patient_id, JUDGED_SERIES - 1)
    course = earlier[0].inputs["course"] if earlier else "persistent"
    judged = _judge_course(source, scores, earlier, course)
    session.connection().execute(_INSERT, judged.row)
    recent = [_trend_point(row) for row in earlier[-3:] if row.value is not None]
    if judged.score.value is not None:
        recent.append(
            TrendPoint(
                now(), judged.score.value, judged.row["outcome"], judged.row["result"]["band"]
            )
        )
    return Course(
        score=judged.score.value,
        reason=judged.score.reason,
        decision=judged.row["outcome"],
        reasons=tuple(judged.row["reasons"]),
        expected=judged.row["result"].get("expected"),
        contributions=judged.score.contributions,
        recent=recent,
        factors=profile.elevated_factors(rules.factors, scores),
    )


def trend(patient_id: UUID, limit: int = LONGEST_SERIES) -> list[TrendPoint]:
    """A patient's risk scores, oldest first."""
    return [_trend_point(row) for row in _series(patient_id, limit) if row.value is not None]


def course_of(patient_id: UUID, limit: int = LONGEST_SERIES) -> list[CoursePoint]:
    """The newest ``limit`` occasions of a patient's course, oldest first. One query."""
    newest = session.connection().execute(_COURSE, {"patient_id": patient_id, "limit": limit})
    return [_course_point(row) for row in reversed(newest.all())]


def latest(patient_id: UUID) -> list[RiskAssessment]:
    """The newest assessment of each kind."""
    query = (
        select(RiskAssessment)
        .where(RiskAssessment.patient_id == patient_id)
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
        .where(RiskAssessment.patient_id.in_(patient_ids), RiskAssessment.kind == STRATIFICATION)
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


@dataclass(frozen=True)
class _Judged:
    score: trajectory.RiskScore
    row: dict[str, Any]


def _judge_course(
    source: Source,
    scores: Mapping[str, Decimal | None],
    earlier: Sequence[Any],
    course: str,
) -> _Judged:
    rules = pathway(source.practice_id)
    at = now()
    rule = rules.trajectory
    answered = trajectory.severities(rule, scores)
    before = [(row.at, row.inputs["severity"]) for row in earlier]
    score = trajectory.risk_score(rule, trajectory.latest_readings(rule, before, answered, at))
    outcome, result, reasons = None, {}, [score.reason] if score.reason else []
    if score.value is not None:
        judged = trajectory.judge(rule, course, _points(earlier, at, score.value))
        outcome, reasons = judged.decision, list(judged.reasons)
        result = _result(rule, score, judged)
    row = assessment_row(
        source,
        TRAJECTORY,
        rules.label,
        outcome=outcome,
        value=score.value,
        inputs={"course": course, "severity": answered},
        result=result,
        reasons=reasons,
    )
    return _Judged(score, row)


def _result(
    rule: trajectory.TrajectoryRule, score: trajectory.RiskScore, judged: trajectory.Judgement
) -> dict[str, Any]:
    return {
        "expected": judged.expected,
        "error": round(rule.standard_error, 2),
        "present": judged.present,
        "usual": judged.usual,
        "deviation": judged.deviation,
        "band": judged.band,
        "contributions": {name: float(share) for name, share in score.contributions.items()},
        "older": list(score.older),
    }


def _points(earlier: Sequence[Any], at: datetime, value: Decimal) -> list[trajectory.Point]:
    scored = [(row.at, float(row.value)) for row in earlier if row.value is not None]
    scored.append((at, float(value)))
    start = scored[0][0]
    return [trajectory.Point((then - start) / trajectory.DAY, score) for then, score in scored]


def _series(patient_id: UUID, limit: int = LONGEST_SERIES) -> list[Any]:
    newest = session.connection().execute(_NEWEST, {"patient_id": patient_id, "limit": limit})
    return list(reversed(newest.all()))


def _trend_point(row: Any) -> TrendPoint:
    return TrendPoint(row.at, row.value, row.outcome, row.band)


def _course_point(row: Any) -> CoursePoint:
    result = row.result
    return CoursePoint(
        at=row.at,
        value=row.value,
        decision=row.outcome,
        band=result.get("band"),
        expected=result.get("expected"),
        error=result.get("error"),
        contributions=result.get("contributions", {}),
        severity=row.severity,
        reasons=tuple(row.reasons),
        older=tuple(result.get("older", ())),
        method_version=row.method_version,
    )


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


def assessment_row(source: Source, kind: str, label: str, **values: Any) -> dict[str, Any]:
    """A row of what was judged, by the pathway ``label``, now."""
    return {
        "id": new_id(),
        "practice_id": source.practice_id,
        "patient_id": source.patient_id,
        "response_id": source.response_id,
        "kind": kind,
        "method": kind,
        "method_version": label,
        "at": now(),
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
