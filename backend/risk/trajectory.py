"""The course of the weekly risk score: is it rising, and is it improving as expected? Pure.

Two questions are asked, each of a control chart (EWMA, Roberts 1959) and never of a plain
threshold: has the person risen above their *own usual level*, and do they stay behind the
*expected course*? With a standard error of 8 points a stable person just under a cut would cross
it in about half of weeks. Parameters, simulation and limits: docs/risk.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.risk.risk_score import (
    DAY,
    Reading,
    RiskScore,
    latest_readings,
    risk_score,
    severities,
)
from backend.risk.trajectory_rule import Course, Input, InputSource, TrajectoryRule

__all__ = [
    "CLEAR_AFTER",
    "CONCERNS",
    "DAY",
    "IMPROVING",
    "MILD_TO_GRAVE",
    "NOT_IMPROVING",
    "RISING",
    "RISING_FAST",
    "STABLE",
    "Course",
    "Input",
    "InputSource",
    "Judgement",
    "Occasion",
    "Point",
    "Reading",
    "RiskScore",
    "TrajectoryRule",
    "Walk",
    "band",
    "judge",
    "latest_readings",
    "replay",
    "risk_score",
    "severities",
    "steps_of",
]

STABLE = "stable"
IMPROVING = "improving"
NOT_IMPROVING = "not_improving"
RISING = "rising"
RISING_FAST = "rising_fast"
CONCERNS = (RISING, RISING_FAST)
MILD_TO_GRAVE = (IMPROVING, STABLE, NOT_IMPROVING, RISING, RISING_FAST)

FIRST_SCORES = 3
CLEAR_AFTER = 2
WEEK = 7.0


@dataclass(frozen=True)
class Point:
    """The score on a day, counted from the baseline."""

    day: float
    score: float


@dataclass(frozen=True)
class Judgement:
    """What the course says.

    ``present`` and ``usual`` are the person's levels in points, the usual one as it was before this
    answer; ``deviation`` is the smoothed distance from the expected course, in standard errors.
    """

    decision: str
    expected: float
    present: float
    usual: float
    deviation: float
    band: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Occasion:
    """What is stored of one set of answers: all that a replay needs."""

    at: datetime
    course: str
    severity: Mapping[str, float]


def judge(rule: TrajectoryRule, course: str, points: Sequence[Point]) -> Judgement:
    """Judge the last of a series of points, oldest first; the first is the baseline.

    Raises ``ValueError`` for an empty series. A missing week is simply absent.
    """
    if not points:
        raise ValueError("a course needs at least one point")
    walk = Walk(rule, course)
    for point in points:
        walk.step(point.day, point.score)
    return walk.judgement()


def replay(
    rule: TrajectoryRule, occasions: Sequence[Occasion]
) -> list[tuple[RiskScore, Judgement | None]]:
    """Score and judgement of each stored occasion, oldest first, from their inputs alone."""
    found: list[tuple[RiskScore, Judgement | None]] = []
    earlier: list[tuple[datetime, Mapping[str, float]]] = []
    walk: Walk | None = None
    start: datetime | None = None
    for each in occasions:
        score = risk_score(rule, latest_readings(rule, earlier, each.severity, each.at))
        earlier.append((each.at, each.severity))
        if score.value is None:
            found.append((score, None))
            continue
        walk, start = walk or Walk(rule, occasions[0].course), start or each.at
        walk.step((each.at - start) / DAY, float(score.value))
        found.append((score, walk.judgement()))
    return found


def band(rule: TrajectoryRule, score: float) -> str:
    """``low``, ``medium`` or ``high`` risk score; not a STarT Back group and never called so."""
    if score >= rule.high_from:
        return "high"
    return "medium" if score >= rule.medium_from else "low"


def steps_of(days: float) -> float:
    """How many weekly steps a gap of ``days`` counts as in the moving means.

    A week is one step and less than a week the part of one that is new, for the questions ask about
    seven days. One missing week changes nothing. After a longer gap the past counts less, but
    never less than after two steps: one score alone is too uncertain to stand for the present.
    """
    if days < WEEK:
        return max(days, 0.0) / WEEK
    return min(max(1.0, days / WEEK - 1), 2.0)


class Walk:
    """A course walked from its start, one answer at a time, in constant time each.

    The same answers always give the same judgement, and a step looks at nothing that came later.
    """

    __slots__ = (
        "_course",
        "_floor",
        "behind",
        "calm",
        "caught_up",
        "count",
        "day",
        "decision",
        "expected",
        "held",
        "jump",
        "lagging",
        "present",
        "rule",
        "score",
        "start",
        "start_day",
        "usual",
        "usual_before",
    )

    def __init__(self, rule: TrajectoryRule, course: str) -> None:
        self.rule = rule
        self._course = rule.courses[course]
        self.count = 0

    def _begin(self, day: float, score: float) -> str:
        self.count = 1
        self.start = self.present = self.usual = self.usual_before = self.score = score
        self.start_day = self.day = day
        # Whoever starts below the floor is not expected to get worse.
        self._floor = min(self._course.floor, score)
        self.expected = score
        self.behind = self.jump = 0.0
        self.calm = self.caught_up = 0
        self.held = self.lagging = False
        self.decision = STABLE
        return STABLE

    def step(self, day: float, score: float) -> str:
        """Take the next answer and return the decision on it."""
        if not self.count:
            return self._begin(day, score)
        rule = self.rule
        steps = steps_of(day - self.day)
        weight = rule.smoothing if steps == 1 else 1 - (1 - rule.smoothing) ** steps
        usual = self.usual_before = self.usual
        self.present += weight * (score - self.present)
        self.expected = self._floor + (self.start - self._floor) * math.exp(
            (self.start_day - day) / self._course.tau_days
        )
        z = (score - self.expected) / rule.standard_error
        self.behind += weight * (z - self.behind)

        jump = self.jump = score - usual
        fast = jump >= rule.reliable_change_95
        rise, limit = self.present - usual, rule.limit_points
        self.calm = self.calm + 1 if rise < limit / 2 else 0
        if fast or rise >= limit:
            self.held, self.calm = True, 0
        elif self.calm >= CLEAR_AFTER:
            self.held = False

        # At first the usual level is the plain mean, for the baseline alone is one uncertain score;
        # then it moves slowly. The lower side of the chart: who has really fallen is measured
        # against where they have come to, so that a relapse is seen below the start too.
        self.count += 1
        slow = rule.usual_smoothing if steps == 1 else 1 - (1 - rule.usual_smoothing) ** steps
        if self.count <= FIRST_SCORES:
            slow = max(slow, 1 / self.count)
        self.usual = min(usual + slow * jump, self.present + rule.fall_points)
        self.day, self.score = day, score
        self._follow_expectation()
        self.decision = RISING_FAST if fast else RISING if self.held else self._without_rise()
        return self.decision

    def _follow_expectation(self) -> None:
        """Whether the person lags behind the expected course, with the same slowness to let go."""
        rule = self.rule
        if self._fallen(self.present):
            self.lagging = False
        elif self.behind > rule.behind_limit:
            late = self.day - self.start_day >= rule.not_improving_after_days
            self.lagging, self.caught_up = self.lagging or late, 0
        elif self.behind < rule.behind_limit / 2:
            self.caught_up += 1
            self.lagging = self.lagging and self.caught_up < CLEAR_AFTER
        else:
            self.caught_up = 0

    def _without_rise(self) -> str:
        if self.lagging:
            return NOT_IMPROVING
        return IMPROVING if self._fallen(self.score) else STABLE

    def _fallen(self, level: float) -> bool:
        # Without the second half, 3 points down from 10 would be an improvement.
        fall = self.start - level
        return fall >= self.rule.important_fall * self.start and fall >= self.rule.standard_error

    def judgement(self) -> Judgement:
        """The decision on the last answer with what it rests on."""
        return Judgement(
            decision=self.decision,
            expected=round(self.expected, 1),
            present=round(self.present, 1),
            usual=round(self.usual_before, 1),
            deviation=round(self.behind, 2),
            band=band(self.rule, self.score),
            reasons=(self._reason(),),
        )

    def _reason(self) -> str:
        rule, usual = self.rule, f"this person's own usual level of {self.usual_before:.0f}"
        if self.decision == RISING_FAST:
            return (
                f"{self.jump:.0f} points above {usual}; changes under "
                f"{rule.reliable_change_95:.0f} points can be measurement error (95 % confidence)"
            )
        rise = self.present - self.usual_before
        if self.decision == RISING and rise >= rule.limit_points:
            return (
                f"present level {self.present:.0f} (a mean in which recent weeks count most) is "
                f"{rise:.0f} points above {usual}; the limit is {rule.limit_points:.0f}, which "
                "measurement error alone seldom reaches"
            )
        if self.decision == RISING:
            return (
                f"rose lately, and now lies {rise:.0f} points above {usual}; it counts as over "
                f"after {CLEAR_AFTER} answers in a row under {rule.limit_points / 2:.0f} points"
            )
        return self._reason_without_rise(usual)

    def _reason_without_rise(self, usual: str) -> str:
        rule, fall = self.rule, self.start - self.score
        if self.decision == IMPROVING:
            return (
                f"{100 * fall / self.start:.0f} % ({fall:.0f} points) below the start; "
                f"{100 * rule.important_fall:.0f} % is an important change, and the standard error "
                f"of one score is {rule.standard_error:.0f} points"
            )
        if self.decision == NOT_IMPROVING:
            return (
                f"after {self.day - self.start_day:.0f} days the present level of "
                f"{self.present:.0f} is less than {100 * rule.important_fall:.0f} % below the "
                f"start of {self.start:.0f}, and about {self.behind * rule.standard_error:.0f} "
                "points above the expected course; the limit is "
                f"{rule.behind_limit * rule.standard_error:.0f}"
            )
        if self.count == 1:
            return "the first score: nothing to compare it with yet"
        return f"within measurement error of {usual}"
