"""Sleep: efficiency from a week's diary and, where a provider enables it, a window. Pure.

Regular rising, stimulus control and winding down come first. Restriction of time in bed is off
unless a provider enables it. From clinical memory, waiting for a clinician's sign-off; cognitive
behavioural therapy for insomnia in low back pain is at feasibility stage (Ho 2022).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from backend.risk.practice_rules import SleepRule

WEEK = 7
# What bars a shorter time in bed, by the codes of the module's contraindications. A provider
# answers all five before it is enabled.
BARRING = (
    "bipolar-disorder",
    "epilepsy",
    "untreated-sleep-apnoea",
    "safety-critical-job",
    "pregnancy",
)


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


@dataclass(frozen=True)
class Step:
    """From a day on, so many minutes in bed, and why."""

    day: int
    minutes: int
    reason: str

    @property
    def from_day(self) -> date:
        """The day it counts from."""
        return date.fromordinal(self.day)


@dataclass(frozen=True)
class State:
    """Where a person stands on a day: ``nights`` noted in the last seven days, their efficiency
    (0-100), and the window; ``enabled`` by a provider, ``suspended`` for sleepiness by day.
    ``steps`` are the windows there were since it was enabled."""

    nights: int
    efficiency: Decimal | None
    window: Window
    enabled: bool = False
    suspended: bool = False
    steps: tuple[Step, ...] = ()


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


def replay(
    rule: SleepRule,
    nights: Mapping[int, Night],
    sleepiness: Mapping[int, int],
    switches: Iterable[tuple[int, bool]],
    today: int,
) -> State:
    """Where a person stands on ``today``.

    ``nights`` and ``sleepiness`` by day (0-10) go by the day of rising (``date.toordinal()``);
    ``switches`` say from which day a provider has enabled the window, or withdrawn it. It begins
    once seven nights of the last fourteen days are known, and is looked at again every seven days;
    a week in which it was suspended leaves it as it was.
    """
    lately = _between(nights, today - WEEK + 1, today)
    share = efficiency(lately)
    since = _enabled_since(switches, today)
    sleepy = _is_sleepy(rule, sleepiness, today)
    if since is None:
        return State(len(lately), share, first_window(rule, (), False))
    begins, window = _begun(rule, nights, since, today)
    steps = []
    while (minutes := window.minutes) is not None:
        steps.append(Step(begins, minutes, window.reason))
        begins += WEEK
        if begins > today:
            break
        week = _between(nights, begins - WEEK + 1, begins)
        if begins == today and len(week) < rule.diary_nights:
            # The last night may still be noted today.
            break
        if _is_sleepy(rule, sleepiness, begins):
            window = Window(minutes, "unchanged, for sleepiness by day was high")
        else:
            window = next_window(rule, minutes, week, True)
    if sleepy:
        window = first_window(rule, (), True, sleepy=True)
    return State(len(lately), share, window, True, sleepy, tuple(steps))


def _begun(
    rule: SleepRule, nights: Mapping[int, Night], since: int, today: int
) -> tuple[int, Window]:
    """The first day on which there are nights enough, and the window of that day."""
    for day in (since, *(d for d in sorted(nights) if since < d <= today)):
        known = [d for d in sorted(nights) if day - rule.diary_days < d <= day]
        if len(known) >= rule.diary_nights:
            newest = [nights[d] for d in known[-rule.diary_nights :]]
            return day, first_window(rule, newest, True)
    return since, first_window(rule, (), True)


def _enabled_since(switches: Iterable[tuple[int, bool]], today: int) -> int | None:
    since: int | None = None
    for day, on in sorted((s for s in switches if s[0] <= today), key=lambda s: s[0]):
        since = (day if since is None else since) if on else None
    return since


def _is_sleepy(rule: SleepRule, sleepiness: Mapping[int, int], day: int) -> bool:
    high = (d for d, n in sleepiness.items() if day - WEEK < d <= day and n >= rule.sleepy_from)
    return len(list(high)) >= rule.sleepy_days


def _between(nights: Mapping[int, Night], first: int, last: int) -> list[Night]:
    return [nights[day] for day in sorted(nights) if first <= day <= last]


def _off(enabled: bool, sleepy: bool) -> Window | None:
    if not enabled:
        return Window(None, "a provider has not enabled it")
    if sleepy:
        return Window(None, "suspended, for sleepiness by day is high")
    return None


def _within(rule: SleepRule, minutes: Decimal) -> int:
    quarters = (minutes / rule.step).quantize(Decimal(1), ROUND_HALF_UP)
    return min(max(int(quarters) * rule.step, rule.floor), rule.longest)
