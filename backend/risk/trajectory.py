"""The weekly risk score and its course. Pure.

The score is a weighted mean of severities, explainable by construction (weights after the
associations with change in disability in Lee 2015 and SBPR 2011). A rise is judged against
measurement error and the expected course, never by a plain threshold: with a standard error of 8
points a stable person just under a cut would cross it in about half of weeks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import pairwise

STABLE = "stable"
IMPROVING = "improving"
NOT_IMPROVING = "not_improving"
RISING = "rising"
RISING_FAST = "rising_fast"
CONCERNS = (RISING, RISING_FAST)

BEST_OF = 6
MEAN_OF = 3
CLEAR_AFTER = 2


@dataclass(frozen=True)
class InputSource:
    """A score code with the ends of its scale."""

    code: str
    best: Decimal
    worst: Decimal


@dataclass(frozen=True)
class Input:
    """One part of the score; the first of its sources that was answered at an occasion counts."""

    name: str
    weight: Decimal
    sources: tuple[InputSource, ...]


@dataclass(frozen=True)
class Course:
    """Expected exponential decay to ``floor`` points with time constant ``tau_days``."""

    floor: float
    tau_days: float


@dataclass(frozen=True)
class TrajectoryRule:
    """Everything that decides score and course, from the pathway."""

    inputs: tuple[Input, ...]
    required: frozenset[str]
    others_needed: int
    fresh_days: int
    half_life_days: int
    medium_from: Decimal
    high_from: Decimal
    standard_deviation: float
    reliability: float
    courses: Mapping[str, Course]
    smoothing: float
    limit: float
    not_improving_after_days: int
    important_fall: float

    @cached_property
    def standard_error(self) -> float:
        """Standard error of measurement, in points: SD x sqrt(1 - reliability)."""
        return self.standard_deviation * math.sqrt(1 - self.reliability)

    @cached_property
    def reliable_change_90(self) -> float:
        """Smallest change that is real at 90 % confidence, in points."""
        return 1.645 * math.sqrt(2) * self.standard_error

    @cached_property
    def reliable_change_95(self) -> float:
        """Smallest change that is real at 95 % confidence, in points."""
        return 1.96 * math.sqrt(2) * self.standard_error


@dataclass(frozen=True)
class Reading:
    """The newest severity (0 best, 1 worst) of an input, and its age in days."""

    severity: Decimal
    age_days: int


@dataclass(frozen=True)
class RiskScore:
    """Score 0-100 with what each input contributes to it, or ``None`` and the reason."""

    value: Decimal | None
    contributions: Mapping[str, Decimal]
    older: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True)
class Point:
    """The score on a day, counted from the baseline."""

    day: float
    score: float


@dataclass(frozen=True)
class Judgement:
    """What the course says; ``deviation`` is the smoothed distance from the expected course, in
    standard errors."""

    decision: str
    expected: float
    deviation: float
    band: str
    reasons: tuple[str, ...]


def severities(rule: TrajectoryRule, scores: Mapping[str, Decimal | None]) -> dict[str, Decimal]:
    """What one occasion says of each input, 0 best to 1 worst; unanswered inputs are absent."""
    found = {}
    for each in rule.inputs:
        for source in each.sources:
            value = scores.get(source.code)
            if value is not None:
                # Without abs, nothing on a falling scale would read as minus nothing.
                found[each.name] = abs(value - source.best) / abs(source.worst - source.best)
                break
    return found


def risk_score(rule: TrajectoryRule, readings: Mapping[str, Reading]) -> RiskScore:
    """The weighted mean of severities, times 100.

    Older readings fade by half in ``half_life_days``. Needs the required inputs and
    ``others_needed`` others, none older than ``fresh_days``.
    """
    fresh = {name for name, reading in readings.items() if reading.age_days <= rule.fresh_days}
    lacking = sorted(rule.required - fresh)
    if lacking:
        return RiskScore(None, {}, (), f"no recent {', '.join(lacking)}")
    if len(fresh - rule.required) < rule.others_needed:
        return RiskScore(None, {}, (), f"fewer than {rule.others_needed} other recent answers")
    weights = {
        each.name: each.weight * _fading(readings[each.name].age_days, rule.half_life_days)
        for each in rule.inputs
        if each.name in readings
    }
    total = sum(weights.values())
    shares = {name: 100 * w * readings[name].severity / total for name, w in weights.items()}
    return RiskScore(
        value=_tenths(sum(shares.values(), Decimal(0))),
        contributions={name: _tenths(share) for name, share in shares.items()},
        older=tuple(sorted(name for name in weights if readings[name].age_days > 0)),
    )


def judge(rule: TrajectoryRule, course: str, points: Sequence[Point]) -> Judgement:
    """Judge the last of a series of points, oldest first; the first is the baseline.

    Raises ``ValueError`` for an empty series. A missing week is simply absent.
    """
    if not points:
        raise ValueError("a course needs at least one point")
    state = _Course(rule, rule.courses[course], points)
    decision, reasons = state.decide()
    return Judgement(
        decision=decision,
        expected=round(state.expected[-1], 1),
        deviation=round(state.deviation[-1], 2),
        band=band(rule, points[-1].score),
        reasons=reasons,
    )


def band(rule: TrajectoryRule, score: float) -> str:
    """``low``, ``medium`` or ``high`` risk score; not a STarT Back group and never called so."""
    if score >= rule.high_from:
        return "high"
    return "medium" if score >= rule.medium_from else "low"


class _Course:
    """A series walked once from the start, so that the same points always give the same answer."""

    def __init__(self, rule: TrajectoryRule, course: Course, points: Sequence[Point]) -> None:
        self.rule = rule
        self.points = points
        first = points[0].score
        # Whoever starts below the floor is not expected to get worse.
        floor = min(course.floor, first)
        self.expected = [
            floor + (first - floor) * math.exp(-p.day / course.tau_days) for p in points
        ]
        self.deviation = self._smoothed(self.expected)
        # A person who stays level while others recover is not improving, but is not rising either:
        # a rise is counted from their own early level where that lies higher.
        early = [p.score for p in points[:MEAN_OF]]
        level = sum(early) / len(early)
        self.rise = self._smoothed([max(expected, level) for expected in self.expected])

    def _smoothed(self, reference: Sequence[float]) -> list[float]:
        smoothed: list[float] = []
        for point, aim in zip(self.points, reference, strict=True):
            before = smoothed[-1] if smoothed else 0.0
            z = (point.score - aim) / self.rule.standard_error
            smoothed.append(self.rule.smoothing * z + (1 - self.rule.smoothing) * before)
        return smoothed

    def decide(self) -> tuple[str, tuple[str, ...]]:
        """The decision at the last point, and why."""
        fast = self._rises_fast(len(self.points) - 1)
        if fast:
            return RISING_FAST, fast
        rising = self._rising_now()
        if rising:
            return RISING, rising
        return self._without_rise()

    def _rising_now(self) -> tuple[str, ...]:
        # Once rising, it takes two weeks below half the limit to clear.
        held: tuple[str, ...] = ()
        calm = 0
        for index in range(1, len(self.points)):
            reasons = self._rises(index) or self._rises_fast(index)
            calm = calm + 1 if self.rise[index] < self.rule.limit / 2 else 0
            if reasons:
                held = reasons
            elif calm >= CLEAR_AFTER:
                held = ()
        return held

    def _rises(self, index: int) -> tuple[str, ...]:
        rule = self.rule
        if self.rise[index] > rule.limit:
            return (
                f"smoothed rise of {self.rise[index]:.1f} standard errors is over {rule.limit}",
            )
        best = self._best_before(index - 1)
        if best is None:
            return ()
        rise = min(self.points[index].score, self.points[index - 1].score) - best
        if rise >= rule.reliable_change_90:
            return (f"two weeks in a row {rise:.0f} points or more above the best of recent weeks",)
        return ()

    def _best_before(self, index: int) -> float | None:
        # The best is the lowest mean of two neighbouring weeks: the lowest single week of six is
        # mostly luck, and flagged a stable person every 30 weeks in simulation.
        scores = [p.score for p in self.points[max(0, index - BEST_OF) : index]]
        pairs = [(a + b) / 2 for a, b in pairwise(scores)]
        return min(pairs, default=None)

    def _rises_fast(self, index: int) -> tuple[str, ...]:
        if index == 0:
            return ()
        rule, score = self.rule, self.points[index].score
        recent = [p.score for p in self.points[max(0, index - MEAN_OF) : index]]
        rise = score - sum(recent) / len(recent)
        if rise >= rule.reliable_change_95:
            return (f"{rise:.0f} points above the mean of the last {len(recent)}",)
        entered = score >= rule.high_from > self.points[index - 1].score
        if entered and rise >= rule.reliable_change_90:
            return (f"entered the high band, {rise:.0f} points above the mean before",)
        return ()

    def _without_rise(self) -> tuple[str, tuple[str, ...]]:
        rule, first, last = self.rule, self.points[0], self.points[-1]
        fall = first.score - last.score
        if first.score > 0 and fall / first.score >= rule.important_fall:
            return IMPROVING, (f"{100 * fall / first.score:.0f} % below the start",)
        late = last.day - first.day >= rule.not_improving_after_days
        if late and self.deviation[-1] > rule.limit / 2:
            return NOT_IMPROVING, (
                f"after {last.day - first.day:.0f} days less than "
                f"{100 * rule.important_fall:.0f} % below the start, and above the expected course",
            )
        return STABLE, ("within measurement error of the expected course",)


def _fading(age_days: int, half_life_days: int) -> Decimal:
    return Decimal(str(0.5 ** (age_days / half_life_days)))


def _tenths(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)
