"""What follows from a set of answers, by the kind of check-in.

Danger ends the road at once. A safety screen opens the baseline; a baseline stratifies and plans; a
weekly check-in moves risk, plan and alerts on; a follow-up looks at the longer instrument alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from backend.alerts import service as alerts
from backend.checkins import feedback, occasions
from backend.checkins.models import BASELINE, FOLLOW_UP, SAFETY_SCREEN, WEEKLY, CheckIn
from backend.core.problems import Problem
from backend.instruments import service as instruments
from backend.instruments.questionnaires import Questionnaire
from backend.instruments.scoring import Score
from backend.patients.models import Enrolment
from backend.practices import service as practices
from backend.practices.models import Practice
from backend.programme import service as programme
from backend.programme.modules import Module
from backend.risk import response_index, reviews
from backend.risk import service as risk
from backend.risk.decisions import Assessment, Decision, State, decide
from backend.risk.history import GLOBAL_CHANGE, PAIN, RMDQ, Engagement, is_due, state_of
from backend.risk.pathway import (
    HAND_OVER,
    NON_ENGAGEMENT,
    RED_FLAG_CHECK,
    STEP_DOWN,
    STEP_UP,
    SWAP,
    Pathway,
)
from backend.risk.safety import Finding
from backend.risk.service import Source, TrendPoint

PHQ9 = "phq9.total"
# What moves a plan, or asks a provider to look at it, stands in the plan's notes as well.
NOTED = frozenset({STEP_UP, HAND_OVER, SWAP, STEP_DOWN, NON_ENGAGEMENT})


@dataclass(frozen=True)
class Road:
    """One submission on its way. ``answers`` are those without fault.

    ``at`` is when the person answered; ``told_later``: without a connection, so that others may be
    known that were answered after it. ``late``: so long ago that it raises no old matter as new.
    """

    check_in: CheckIn
    enrolment: Enrolment
    practice: Practice
    language: str
    response_id: UUID
    asked: Questionnaire
    answers: Mapping[str, Any]
    danger: Finding
    at: datetime
    told_later: bool = False
    late: bool = False

    @cached_property
    def pathway(self) -> Pathway:
        """The rules that the practice follows."""
        return risk.pathway(self.practice.id)

    @property
    def source(self) -> Source:
        return Source(
            self.check_in.practice_id, self.check_in.patient_id, self.response_id, self.at
        )


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
        _decide(road, Assessment(danger=road.danger.level), _red_flags(road), whatever_age=True)
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
    new = Assessment(danger=road.danger.level)
    _decide(road, new, _red_flags(road), told=told["now"]["text"], whatever_age=True)
    return told


def _into_baseline(road: Road, scores: Mapping[str, Decimal | None]) -> dict[str, Any]:
    occasions.open_now(road.enrolment, BASELINE, BASELINE)
    return _told(road, "baseline")


def _into_plan(road: Road, scores: Mapping[str, Decimal | None]) -> dict[str, Any]:
    baseline = risk.assess_baseline(road.source, scores, road.answers)
    first_module = programme.make_plan(road.enrolment, baseline)
    _decide(
        road,
        Assessment(new_group=baseline.group),
        {
            "group": baseline.group,
            "reasons": list(baseline.reasons),
            "factors": [factor.reason for factor in baseline.factors],
        },
        # Nothing can be known that is newer.
        whatever_age=True,
    )
    occasions.schedule_first_week(road.enrolment)
    return _told(road, _follow_ups(road, scores) or "plan", **_named(first_module, road))


def _into_next_week(road: Road, scores: Mapping[str, Decimal | None]) -> dict[str, Any]:
    course = risk.assess(road.source, scores, road.check_in.occasion)
    road = replace(road, late=road.late or not course.is_newest)
    progress = programme.adapt(road.source.patient_id, road.at, road.response_id, road.told_later)
    trend = feedback.trend(course.decision, road.language)
    looked = _look_back(road, scores, progress)
    new = Assessment(
        decision=course.decision,
        new_group=looked.new_group,
        rmdq=scores.get(RMDQ),
        pain=scores.get(PAIN),
        global_change=scores.get(GLOBAL_CHANGE),
        least_factor_change=looked.least_factor_change,
    )
    evidence = {**_course_evidence(road, course), **looked.evidence}
    decisions = _decide(road, new, evidence, looked.state, told=trend["sentence"])
    if not road.told_later:
        # What is told later moves the plan when all of it is written down.
        programme.review(
            progress,
            risk.Week(
                road.at,
                road.response_id,
                tuple(course.factors),
                looked.state,
                new,
                looked.changes,
            ),
        )
    asked_again = _act(road, decisions)
    next_step = _follow_ups(road, scores) or ("follow_up" if asked_again else "check_in")
    return {**_told(road, next_step, **_named(progress.next_module, road)), "trend": trend}


def _after_follow_up(road: Road, scores: Mapping[str, Decimal | None]) -> dict[str, Any]:
    evidence = {"scores": {k: float(v) for k, v in scores.items() if v is not None}}
    _decide(road, Assessment(phq9_total=scores.get(PHQ9)), evidence)
    return _told(road, "check_in")


@dataclass(frozen=True)
class _Looked:
    """What looking back gives: the state before, and what only shows against it."""

    state: State
    new_group: str | None = None
    least_factor_change: Decimal | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Decimal] = field(default_factory=dict)


def _look_back(
    road: Road, scores: Mapping[str, Decimal | None], progress: programme.Progress
) -> _Looked:
    week, patient_id, rules = road.check_in.occasion, road.check_in.patient_id, road.pathway
    if not is_due(rules, week, scores):
        return _Looked(State(week=week, stuck_marks=progress.stuck_marks))
    past = reviews.history_of(patient_id)
    if road.told_later:
        past = past.before(road.at)
    engagement = programme.engagement_of([patient_id]).get(patient_id, Engagement())
    group, level = reviews.judge_again(road.source, rules, scores, past, engagement)
    if level == response_index.LOW:
        programme.note(patient_id, [rules.plan.more_support])
    state = state_of(past, engagement, rules.engagement, road.at, week, progress.stuck_marks)
    return _Looked(
        state,
        group,
        reviews.least_factor_change(rules, scores, past, list(engagement.finished_factors)),
        {"dose_percent": state.dose_percent, "group_before": state.risk_group},
        reviews.factor_changes(rules, scores, past),
    )


def _act(road: Road, decisions: Sequence[Decision]) -> bool:
    """Do what a decision asks of the programme itself; whether questions were opened."""
    kinds = {decision.kind for decision in decisions}
    notes = [f"{d.title}: {d.reason}" for d in decisions if d.kind in NOTED]
    if notes and not road.late:
        programme.note(road.check_in.patient_id, notes)
    if RED_FLAG_CHECK in kinds and not road.late:
        occasions.offer_follow_up(road.enrolment, SAFETY_SCREEN, road.check_in.occasion + 1)
    return RED_FLAG_CHECK in kinds and not road.late


def set_beside(road: Road) -> Outcome:
    """Answers to a check-in that was answered earlier, on another device: they are kept and do not
    count, but what they ask for is asked, and what is dangerous in them is told."""
    scores = instruments.score(road.asked, road.answers)
    if road.danger.level is not None:
        _decide(road, Assessment(danger=road.danger.level), _red_flags(road), whatever_age=True)
    return Outcome(scores, _told(road, _follow_ups(road, instruments.values(scores)) or "check_in"))


def _follow_ups(road: Road, scores: Mapping[str, Decimal | None]) -> str | None:
    asked = False
    for rule in road.pathway.follow_up:
        value = scores.get(rule.code)
        if value is not None and value >= rule.at_least:
            # Week 0 is the baseline, so that each week's offer is one of its own.
            week = road.check_in.occasion if road.check_in.kind == WEEKLY else 0
            occasions.offer_follow_up(road.enrolment, rule.battery, week + 1)
            asked = True
    return "follow_up" if asked else None


def _decide(
    road: Road,
    new: Assessment,
    evidence: Mapping[str, Any],
    state: State | None = None,
    told: str | None = None,
    whatever_age: bool = False,
) -> Sequence[Decision]:
    """Hold what is new against the pathway's rules; keep what is due, and alert where it says.

    Answers told late open no alert, unless what they say counts ``whatever_age`` it has; what would
    have been one is a note on the plan.
    """
    practice_id, patient_id = road.check_in.practice_id, road.check_in.patient_id
    decisions = decide(road.pathway.rule_book, state or State(), new)
    reviews.store(practice_id, {patient_id: decisions}, road.response_id)
    if road.late:
        evidence = {**evidence, "answered_at": road.at.isoformat(), "late": True}
    late = road.late and not whatever_age
    raised = alerts.raise_for(practice_id, patient_id, decisions, evidence, told, late=late)
    if late:
        open_now = {alert.rule for alert in raised}
        untold = [d for d in decisions if d.tier is not None and d.rule not in open_now]
        day = road.at.strftime("%-d %B %Y")
        programme.note(patient_id, [f"{d.title}: answered on {day}, told late." for d in untold])
    return decisions


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


def _course_evidence(road: Road, course: risk.Course) -> dict[str, Any]:
    rule = road.pathway.trajectory
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


def _named(module: Module | None, road: Road) -> dict[str, Any]:
    if module is None:
        return {"module": None}
    return {
        "module": module.title_in(road.language),
        "module_language": module.language_of_title(road.language),
    }


def _told(road: Road, next_step: str, **members: Any) -> dict[str, Any]:
    return {
        "response_id": str(road.response_id),
        "now": _help(road),
        "statement": feedback.statement(road.language),
        "trend": None,
        "next": feedback.what_comes_next(next_step, road.language, **members),
    }
