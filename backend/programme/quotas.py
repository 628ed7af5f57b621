"""Quotas of graded activity: from three tries to amounts that rise by plan and not by pain. Pure.

The protocol is that of a published trial (BMC Public Health 2007; 7:254, table 2): three baseline
tries, a start at 70 % of their mean, quotas set in advance and strictly time-contingent. Pain is
recorded and never changes a quota; only a safety gate stops. Steps, spread, gaps, holds and the
flare plan are Lumbra's own defaults.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import IntEnum

from backend.risk.practice_rules import ActivityRule

WEEK = 7

BASELINE = "baseline"
QUOTA = "quota"
LOCKED = "locked"

UNDER, MET, OVER = "under", "met", "over"
ADVANCE, HOLD, STEP_BACK, NEW_BASELINE = "advance", "hold", "step-back", "new-baseline"


@dataclass(frozen=True)
class Aim:
    """What a person works towards: ``goal`` and ``unit`` in the measure they chose (minutes,
    steps, seconds); quotas are multiples of ``unit``. ``planned`` sessions a week, 3 to 7."""

    goal: Decimal
    unit: Decimal = Decimal(1)
    planned: int = 5


class Kind(IntEnum):
    """What can happen, in the order in which it counts on one day.

    ``DONE`` is a try while the starting point is sought and a session afterwards; ``KEPT`` is a
    session of which the person says no more than that it was done as planned.
    """

    GATE = 0
    CLEARED = 1
    FLARE = 2
    TRY = 3
    SESSION = 4
    DONE = 5
    KEPT = 6


@dataclass(frozen=True, order=True)
class Event:
    """Something that happened on a ``day`` (a day number, such as ``date.toordinal()``).

    ``amount`` belongs to a try, a session and what was done; ``days`` to a flare (1-7);
    ``lasting_pain`` (0-10 more than a day after a session) is looked at for advice, never for a
    quota.
    """

    day: int
    kind: Kind
    amount: Decimal = Decimal(0)
    days: int = 0
    lasting_pain: int = 0


@dataclass(frozen=True)
class Baseline:
    """What the tries say. ``mean`` is ``None`` while there are too few; ``wide`` asks for a fourth
    try; ``partial`` rests on two."""

    mean: Decimal | None
    wide: bool = False
    partial: bool = False


@dataclass(frozen=True)
class Week:
    """One week judged: sessions ``met`` of those ``planned``, and what followed."""

    begins: int
    planned: int
    met: int
    decision: str

    @property
    def begins_on(self) -> date:
        """The first day, where days are numbered as ``date.toordinal()`` does."""
        return date.fromordinal(self.begins)


@dataclass(frozen=True)
class State:
    """Where a person stands on a day.

    ``quota`` is ``None`` before the baseline is known and while a safety gate stands. ``advice``
    holds what to offer (``flare-plan``, ``finer-unit``, ``fourth-try``). ``tries`` were made for
    the starting point; ``after_gap``: the pause so long that the quota is a lower one;
    ``flare_quota``: what the quota would be in a flare-up that begins today; ``coming_back``: a
    flare-up is over, and the quota is still on its steps to the old one.
    """

    phase: str
    quota: Decimal | None
    baseline: Baseline
    in_flare: bool = False
    stuck: bool = False
    reached_goal: bool = False
    weeks: tuple[Week, ...] = ()
    advice: tuple[str, ...] = ()
    tries: int = 0
    after_gap: bool = False
    coming_back: bool = False
    flare_quota: Decimal | None = None


def baseline(rule: ActivityRule, tries: Sequence[Decimal], days_since_first: int) -> Baseline:
    """Mean of three tries; if they lie far apart, the median with a fourth; two after a week."""
    if len(tries) >= 3:
        first = tries[:3]
        mean = sum(first, Decimal(0)) / 3
        if mean == 0:
            return Baseline(None)
        wide = statistics.stdev(first) / mean > rule.widest_spread
        if not wide:
            return Baseline(mean)
        return Baseline(statistics.median(tries[:4]) if len(tries) >= 4 else None, wide=True)
    if len(tries) == 2 and days_since_first >= rule.partial_after_days and any(tries):
        return Baseline(sum(tries, Decimal(0)) / 2, partial=True)
    return Baseline(None)


def start(rule: ActivityRule, mean: Decimal) -> Decimal:
    """The unrounded first quota."""
    return rule.start_share * mean


def rounded(amount: Decimal, aim: Aim) -> Decimal:
    """A quota as a person sees it: to the nearest unit, never nothing, never over the goal."""
    units = (amount / aim.unit).quantize(Decimal(1), ROUND_HALF_UP)
    return min(aim.goal, max(units, Decimal(1)) * aim.unit)


def quotas(rule: ActivityRule, mean: Decimal, aim: Aim, levels: int) -> list[Decimal]:
    """The quotas of the first ``levels`` levels, as they are set in advance."""
    step = rule.step_share * mean
    return [rounded(start(rule, mean) + n * step, aim) for n in range(levels)]


def session_result(rule: ActivityRule, done: Decimal, quota: Decimal) -> str:
    """``under``, ``met`` or ``over``; too much is a miss as well."""
    ratio = done / quota
    if ratio < rule.met_from:
        return UNDER
    return MET if ratio <= rule.met_up_to else OVER


def weekly_decision(rule: ActivityRule, met: int, planned: int) -> str:
    """Two thirds of the planned sessions: advance; a third or less: one step back."""
    share = Decimal(met) / planned
    # Two thirds and one third are 0.67 and 0.33 in the protocol; 2 of 3 sessions are enough.
    share = share.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if share >= rule.advance_from:
        return ADVANCE
    return STEP_BACK if share <= rule.back_up_to else HOLD


def fallback(current: Decimal, first: Decimal, aim: Aim) -> Decimal:
    """The quota of a flare: half, but not under the first quota and never over the present one."""
    half = (current / 2 / aim.unit).to_integral_value(ROUND_CEILING) * aim.unit
    return min(current, max(half, first))


def way_back(rule: ActivityRule, low: Decimal, old: Decimal, aim: Aim) -> list[Decimal]:
    """The quotas of the sessions after a flare, in equal steps to the old one."""
    rise = (old - low) / rule.flare_steps
    return [rounded(low + n * rise, aim) for n in range(1, rule.flare_steps + 1)]
