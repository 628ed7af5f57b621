"""Sleep: efficiency from a week's diary and, where a provider enables it, a window. Pure.

Regular rising, stimulus control and winding down come first. Restriction of time in bed is off
unless a provider enables it. From clinical memory, waiting for a clinician's sign-off; cognitive
behavioural therapy for insomnia in low back pain is at feasibility stage (Ho 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True)
class SleepRule:
    """Minutes and percent."""

    diary_nights: int = 7
    beyond_sleep: int = 30
    step: int = 15
    floor: int = 330
    longer_from: int = 85
    shorter_below: int = 80
    longest: int = 600


@dataclass(frozen=True)
class Night:
    """Minutes asleep, of minutes in bed."""

    asleep: int
    in_bed: int


@dataclass(frozen=True)
class Window:
    """Minutes to spend in bed; ``None`` while restriction is off, suspended or not yet known."""

    minutes: int | None
    reason: str


def efficiency(nights: Sequence[Night]) -> Decimal | None:
    """Percent of the time in bed that was slept, 0-100; ``None`` without time in bed."""
    in_bed = sum(night.in_bed for night in nights)
    if not in_bed:
        return None
    asleep = Decimal(100 * sum(night.asleep for night in nights))
    return (asleep / in_bed).quantize(Decimal("0.1"), ROUND_HALF_UP)


def first_window(
    rule: SleepRule, nights: Sequence[Night], enabled: bool, sleepy: bool = False
) -> Window:
    """Mean sleep and half an hour, to the quarter of an hour, never under five and a half hours."""
    off = _off(enabled, sleepy)
    if off is not None:
        return off
    if len(nights) < rule.diary_nights:
        return Window(None, f"{rule.diary_nights} nights of the diary are needed")
    mean = Decimal(sum(night.asleep for night in nights)) / len(nights)
    return Window(_within(rule, mean + rule.beyond_sleep), "mean sleep and half an hour")


def next_window(
    rule: SleepRule, present: int, nights: Sequence[Night], enabled: bool, sleepy: bool = False
) -> Window:
    """A quarter of an hour more, the same or less, by the efficiency of the last week."""
    off = _off(enabled, sleepy)
    if off is not None:
        return off
    share = efficiency(nights)
    if share is None or len(nights) < rule.diary_nights:
        return Window(present, f"{rule.diary_nights} nights of the diary are needed")
    if share >= rule.longer_from:
        return Window(_within(rule, Decimal(present + rule.step)), f"{share} % is a good share")
    if share < rule.shorter_below:
        return Window(_within(rule, Decimal(present - rule.step)), f"{share} % is a low share")
    return Window(present, f"{share} % is about right")


def _off(enabled: bool, sleepy: bool) -> Window | None:
    if not enabled:
        return Window(None, "a provider has not enabled it")
    if sleepy:
        return Window(None, "suspended, for sleepiness by day is high")
    return None


def _within(rule: SleepRule, minutes: Decimal) -> int:
    quarters = (minutes / rule.step).quantize(Decimal(1), ROUND_HALF_UP)
    return min(max(int(quarters) * rule.step, rule.floor), rule.longest)
