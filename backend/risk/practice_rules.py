"""The numbers of all that is practised by number, as a pathway sets them. Plain values.

A start at 70 % of the mean of three tries is from a published protocol (BMC Public Health 2007;
7:254, table 2). What no trial established is a default of Lumbra's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class ActivityRule:
    """Shares are of the mean of the tries, or of what is named; days are calendar days."""

    start_share: Decimal = Decimal("0.70")
    step_share: Decimal = Decimal("0.10")
    largest_step: Decimal = Decimal("0.20")
    widest_spread: Decimal = Decimal("0.5")
    partial_after_days: int = 7
    met_from: Decimal = Decimal("0.9")
    met_up_to: Decimal = Decimal("1.1")
    advance_from: Decimal = Decimal("0.67")
    back_up_to: Decimal = Decimal("0.33")
    back_after_gap: int = 7
    restart_after_gap: int = 14
    baseline_after_gap: int = 28
    restart_share: Decimal = Decimal("0.80")
    flare_days: int = 3
    longest_flare: int = 7
    flare_steps: int = 3
    severe_pain: int = 8


@dataclass(frozen=True)
class ExposureRule:
    """Ratings, fear and belief run from 0 to 100; ``fewest`` and ``most`` are items on a ladder."""

    fewest: int = 5
    most: int = 12
    lowest_rating: int = 20
    provider_from: int = 80
    calm: int = 30
    passes: int = 2
    least_drop: int = 10
    easier_after: int = 3
    stuck_after: int = 5
    rise: int = 20
    rises: int = 2
    contexts: int = 2
    success_percent: int = 50


@dataclass(frozen=True)
class GoalRule:
    """Days ahead, confidence 0-10, and how much smaller a goal is offered."""

    earliest_days: int = 7
    latest_days: int = 84
    confidence: int = 7
    smaller: Decimal = Decimal("0.75")
    first_step_hours: int = 48


@dataclass(frozen=True)
class PacingRule:
    """Minutes and shares. A day booms or busts when it lies ``far`` above or below the usual;
    ``rated_days`` of a week must be rated before it is compared."""

    work_share: Decimal = Decimal("0.8")
    rest_share: Decimal = Decimal("0.25")
    least_rest: Decimal = Decimal(2)
    rise: Decimal = Decimal("0.10")
    kept_from: Decimal = Decimal("0.67")
    less_variation: Decimal = Decimal("0.20")
    booms_a_week: int = 1
    far: Decimal = Decimal("0.5")
    rated_days: int = 4


@dataclass(frozen=True)
class SleepRule:
    """Minutes and percent. Sleepiness by day (0-10) from ``sleepy_from`` on, noted on
    ``sleepy_days`` of the last seven, suspends a window."""

    diary_nights: int = 7
    beyond_sleep: int = 30
    step: int = 15
    floor: int = 330
    longer_from: int = 85
    shorter_below: int = 80
    longest: int = 600
    diary_days: int = 14
    sleepy_from: int = 7
    sleepy_days: int = 2


@dataclass(frozen=True)
class PracticeRules:
    """The rules of everything that is practised by number."""

    activity: ActivityRule = field(default_factory=ActivityRule)
    exposure: ExposureRule = field(default_factory=ExposureRule)
    goal: GoalRule = field(default_factory=GoalRule)
    pacing: PacingRule = field(default_factory=PacingRule)
    sleep: SleepRule = field(default_factory=SleepRule)
