"""What follows from a set of answers, by the kind of check-in.

Danger ends the road at once. A safety screen opens the baseline; a baseline stratifies and plans; a
weekly check-in moves risk, plan and alerts on; a follow-up looks at the longer instrument alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.alerts import service as alerts
from backend.alerts.service import AlertFacts
from backend.checkins import feedback, occasions
from backend.checkins.models import BASELINE, FOLLOW_UP, SAFETY_SCREEN, WEEKLY, CheckIn
from backend.core.problems import Problem
from backend.instruments import service as instruments
from backend.instruments.questionnaires import Questionnaire
from backend.instruments.scoring import Score
from backend.patients.models import Enrolment
from backend.practices import service as practices
from backend.programme import service as programme
from backend.risk import service as risk
from backend.risk.safety import Finding
from backend.risk.service import Source, TrendPoint

PHQ9 = "phq9.total"


@dataclass(frozen=True)
class Road:
    """One submission on its way. ``answers`` are those without fault."""

    check_in: CheckIn
    enrolment: Enrolment
    language: str
    response_id: UUID
    asked: Questionnaire
    answers: Mapping[str, Any]
    danger: Finding

    @property
    def source(self) -> Source:
        return Source(self.check_in.practice_id, self.check_in.patient_id, self.response_id)


@dataclass(frozen=True)
class Outcome:
    """The scores to store and what the person is told."""

    scores: list[Score]
    told: dict[str, Any]


def follow(road: Road) -> Outcome:
    """Do all that follows from the answers, and say what the person is told."""
    scores = instruments.score(road.asked, road.answers)
    if road.danger.locks:
        return Outcome(scores, _into_safety(road))
    if road.danger.level is not None:
        _raise(road, AlertFacts(danger=road.danger.level, evidence=_red_flags(road)))
    step = {
        SAFETY_SCREEN: _into_baseline,
        BASELINE: _into_plan,
        WEEKLY: _into_next_week,
        FOLLOW_UP: _after_follow_up,
    }[road.check_in.kind]
    return Outcome(scores, step(road, instruments.values(scores)))


def refuse_while_held(check_in: CheckIn) -> None:
    """The baseline waits for a provider while a safety hold stands; check-ins go on.

    Raises ``Problem`` 409.
    """
    if check_in.kind == BASELINE and risk.open_hold(check_in.patient_id) is not None:
        raise Problem(
            409, "on-hold", "Your programme waits until your practice has spoken with you."
        )


def _into_safety(road: Road) -> dict[str, Any]:
    risk.hold(road.source, road.danger)
    told = _told(road, "wait")
    _raise(
        road,
        AlertFacts(danger=road.danger.level, evidence=_red_flags(road)),
        told=told["now"]["text"],
    )
    return told


def _into_baseline(road: Road, scores: Mapping[str, Decimal | None]) -> dict[str, Any]:
    occasions.open_now(road.enrolment, BASELINE, BASELINE)
    return _told(road, "baseline")


def _into_plan(road: Road, scores: Mapping[str, Decimal | None]) -> dict[str, Any]:
    baseline = risk.assess_baseline(road.source, scores, road.answers)
    first_module = programme.make_plan(road.enrolment, baseline)
    _raise(
        road,
        AlertFacts(
            risk_group=baseline.group,
            newly_stratified=True,
            evidence={
                "group": baseline.group,
                "reasons": list(baseline.reasons),
                "factors": [factor.reason for factor in baseline.factors],
            },
        ),
    )
    occasions.schedule_first_week(road.enrolment)
    return _told(road, _follow_ups(road, scores) or "plan", module=first_module)


def _into_next_week(road: Road, scores: Mapping[str, Decimal | None]) -> dict[str, Any]:
    course = risk.assess(road.source, scores)
    progress = programme.adapt(road.check_in.patient_id, course.factors)
    trend = feedback.trend(course.decision, road.language)
    _raise(
        road,
        AlertFacts(
            decision=course.decision,
            stuck_marks=progress.stuck_marks,
            evidence=_course_evidence(course),
        ),
        told=trend["sentence"],
    )
    told = _told(road, _follow_ups(road, scores) or "check_in", module=progress.next_module)
    return {**told, "trend": trend}


def _after_follow_up(road: Road, scores: Mapping[str, Decimal | None]) -> dict[str, Any]:
    total = scores.get(PHQ9)
    _raise(
        road,
        AlertFacts(
            phq9_total=total,
            evidence={"scores": {k: float(v) for k, v in scores.items() if v is not None}},
        ),
    )
    return _told(road, "check_in")


def _follow_ups(road: Road, scores: Mapping[str, Decimal | None]) -> str | None:
    asked = False
    for rule in risk.pathway().follow_up:
        value = scores.get(rule.code)
        if value is not None and value >= rule.at_least:
            # Week 0 is the baseline, so that each week's offer is one of its own.
            week = road.check_in.occasion if road.check_in.kind == WEEKLY else 0
            occasions.offer_follow_up(road.enrolment, rule.battery, week + 1)
            asked = True
    return "follow_up" if asked else None


def _raise(road: Road, facts: AlertFacts, told: str | None = None) -> None:
    alerts.raise_for(road.check_in.practice_id, road.check_in.patient_id, facts, told)


def _red_flags(road: Road) -> dict[str, Any]:
    return {
        "level": road.danger.level,
        "answers": [
            {
                "item": link,
                "text": instruments.in_english(link).text,
                "answer": _words(road, link),
            }
            for link in road.danger.items
        ],
    }


def _words(road: Road, link: str) -> str:
    answer = road.answers[link]
    if isinstance(answer, bool):
        return "Yes" if answer else "No"
    return dict(instruments.in_english(link).choices).get(str(answer), str(answer))


def _course_evidence(course: risk.Course) -> dict[str, Any]:
    rule = risk.pathway().trajectory
    return {
        "score": None if course.score is None else float(course.score),
        "expected": course.expected,
        "decision": course.decision,
        "reasons": list(course.reasons),
        "thresholds": {
            "reliable_change_90": round(rule.reliable_change_90, 1),
            "reliable_change_95": round(rule.reliable_change_95, 1),
        },
        "contributions": {k: float(v) for k, v in course.contributions.items()},
        "last_four": _occasions(course.recent),
        "factors": [factor.reason for factor in course.factors],
    }


def _occasions(points: Sequence[TrendPoint]) -> list[dict[str, Any]]:
    return [
        {
            "at": point.at.astimezone(UTC).isoformat(),
            "score": float(point.value),
            "decision": point.decision,
        }
        for point in points
    ]


def _help(road: Road) -> dict[str, Any] | None:
    if road.danger.level is None:
        return None
    practice = practices.get_practice(road.check_in.practice_id)
    return feedback.what_to_do_now(road.danger.level, road.language, practice)


def _told(road: Road, next_step: str, **members: Any) -> dict[str, Any]:
    return {
        "response_id": str(road.response_id),
        "now": _help(road),
        "statement": feedback.statement(road.language),
        "trend": None,
        "next": feedback.what_comes_next(next_step, road.language, **members),
    }
