"""The course of a patient's risk score: moved on by each check-in, and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from backend.core.database import session
from backend.instruments.models import QuestionnaireResponse
from backend.risk import profile, trajectory
from backend.risk.assessments import TRAJECTORY, Source, assessment_row, keep, supersede
from backend.risk.followed_pathway import pathway
from backend.risk.models import RiskAssessment
from backend.risk.pathway import Pathway
from backend.risk.profile import ElevatedFactor

# A year of weeks: what is shown of a course.
LONGEST_SERIES = 53
# Two years: what it is judged on. Beyond, the start would move on with every answer.
JUDGED_SERIES = 105
# Answers that came so long after they were given are shown as late.
LATE = timedelta(hours=48)
# What is looked through when answers come late.
LONGEST_KNOWN = 10 * JUDGED_SERIES

# Built once: these are on the road of every check-in.
_NEWEST = (
    select(
        RiskAssessment.at,
        RiskAssessment.value,
        RiskAssessment.outcome,
        RiskAssessment.inputs,
        RiskAssessment.result["band"].astext.label("band"),
    )
    .where(
        RiskAssessment.patient_id == bindparam("patient_id"),
        RiskAssessment.kind == TRAJECTORY,
        RiskAssessment.superseded_at.is_(None),
    )
    .order_by(RiskAssessment.at.desc(), RiskAssessment.id.desc())
    .limit(bindparam("limit"))
)
_KNOWN = _NEWEST.add_columns(
    RiskAssessment.id, RiskAssessment.response_id, RiskAssessment.reasons, RiskAssessment.result
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
        (QuestionnaireResponse.received_at - QuestionnaireResponse.authored_at).label("told_after"),
    )
    .outerjoin(QuestionnaireResponse, QuestionnaireResponse.id == RiskAssessment.response_id)
    .where(
        RiskAssessment.patient_id == bindparam("patient_id"),
        RiskAssessment.kind == TRAJECTORY,
        RiskAssessment.superseded_at.is_(None),
    )
    .order_by(RiskAssessment.at.desc(), RiskAssessment.id.desc())
    .limit(bindparam("limit"))
)


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
    gave no score, ``reasons`` says why. ``late``: the answers came more than 48 hours after they
    were given.
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
    late: bool = False


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
    is_newest: bool = True


def assess(source: Source, scores: Mapping[str, Decimal | None], week: int) -> Course:
    """Move the trajectory on by the check-in of a week: one query for the series, one insert.

    Answers told late take their place in it, and what was judged of later ones is judged anew.
    """
    rules = pathway(source.practice_id)
    earlier = _series(source.patient_id, JUDGED_SERIES - 1)
    later: list[Any] = []
    if earlier and earlier[-1].at > source.at:
        earlier, later = _parted(source.patient_id, source.at)
    earlier = earlier[1 - JUDGED_SERIES :]
    course = earlier[0].inputs["course"] if earlier else "persistent"
    answered = trajectory.severities(rules.trajectory, scores)
    judged = _judge_course(source, rules, answered, earlier, course, week)
    keep([judged.row])
    if later:
        whose = (source.practice_id, source.patient_id)
        _judge_anew(*whose, [*earlier, _Occasion(**judged.occasion)], later)
    recent = [_trend_point(row) for row in earlier[-3:] if row.value is not None]
    if judged.score.value is not None:
        recent.append(
            TrendPoint(
                source.at, judged.score.value, judged.row["outcome"], judged.row["result"]["band"]
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
        is_newest=not later,
    )


def restart(practice_id: UUID, patient_id: UUID, since: datetime) -> None:
    """Judge anew what was answered after an instant, once something before it counts no more."""
    _judge_anew(practice_id, patient_id, *_parted(patient_id, since))


def _parted(patient_id: UUID, at: datetime) -> tuple[list[Any], list[Any]]:
    newest = session.connection().execute(
        _KNOWN, {"patient_id": patient_id, "limit": LONGEST_KNOWN}
    )
    known = list(reversed(newest.all()))
    return [row for row in known if row.at <= at], [row for row in known if row.at > at]


def _judge_anew(
    practice_id: UUID, patient_id: UUID, earlier: Sequence[Any], later: Sequence[Any]
) -> None:
    """Judge each of ``later`` with what now lies before it; what comes out otherwise is kept."""
    rules = pathway(practice_id)
    known, changed, fresh = list(earlier), [], []
    for row in later:
        before = known[1 - JUDGED_SERIES :]
        course = before[0].inputs["course"] if before else row.inputs["course"]
        made = _judge_course(
            Source(practice_id, patient_id, row.response_id, row.at),
            rules,
            row.inputs["severity"],
            before,
            course,
            row.inputs.get("week"),
        )
        same = (row.value, row.outcome, row.result, list(row.reasons)) == (
            made.score.value,
            made.row["outcome"],
            made.row["result"],
            list(made.row["reasons"]),
        )
        if not same:
            changed.append(row.id)
            fresh.append(made.row)
        known.append(_Occasion(**made.occasion))
    if fresh:
        supersede(RiskAssessment.id.in_(changed))
        keep(fresh)


def is_late(answered_at: datetime, received_at: datetime) -> bool:
    """Whether answers came so long after they were given (48 h) that they are shown as late and
    raise no old matter as new."""
    return received_at - answered_at > LATE


def first_point(
    source: Source, rules: Pathway, scores: Mapping[str, Decimal | None], course: str
) -> dict[str, Any]:
    """The row with which a course begins (``acute`` or ``persistent``); nothing is written."""
    answered = trajectory.severities(rules.trajectory, scores)
    return _judge_course(source, rules, answered, [], course).row


def trend(patient_id: UUID, limit: int = LONGEST_SERIES) -> list[TrendPoint]:
    """A patient's risk scores, oldest first."""
    return [_trend_point(row) for row in _series(patient_id, limit) if row.value is not None]


def course_of(patient_id: UUID, limit: int = LONGEST_SERIES) -> list[CoursePoint]:
    """The newest ``limit`` occasions of a patient's course, oldest first. One query."""
    newest = session.connection().execute(_COURSE, {"patient_id": patient_id, "limit": limit})
    return [_course_point(row) for row in reversed(newest.all())]


@dataclass(frozen=True)
class _Judged:
    score: trajectory.RiskScore
    row: dict[str, Any]

    @property
    def occasion(self) -> dict[str, Any]:
        """What later occasions look at."""
        names = ("at", "value", "outcome", "inputs")
        return {name: self.row[name] for name in names} | {"band": self.row["result"].get("band")}


class _Occasion(NamedTuple):
    """An occasion as it is read from the series."""

    at: datetime
    value: Decimal | None
    outcome: str | None
    inputs: Mapping[str, Any]
    band: str | None


def _judge_course(
    source: Source,
    rules: Pathway,
    answered: Mapping[str, float],
    earlier: Sequence[Any],
    course: str,
    week: int | None = None,
) -> _Judged:
    at = source.at
    rule = rules.trajectory
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
        inputs={"course": course, "severity": dict(answered)}
        | ({} if week is None else {"week": week}),
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
        late=row.told_after is not None and row.told_after > LATE,
    )
