"""Pacing: work and rest by the clock, from three uptime tries. Pure. Lumbra's own defaults.

Where a person stands is computed from the days they noted, so that days told late, twice or in
another order give the same blocks.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from backend.risk.practice_rules import PacingRule

TRIES, WEEK = 3, 7
BOOM, BUST = "boom", "bust"
ADVANCE, HOLD = "advance", "hold"


@dataclass(frozen=True)
class Blocks:
    """Minutes of work and of rest, in turn."""

    work: Decimal
    rest: Decimal


@dataclass(frozen=True)
class Day:
    """What was noted of one day (a day number, such as ``date.toordinal()``).

    ``uptime``: minutes until the pain first clearly went up, in a try; blocks planned and kept;
    ``parts``: how active morning, afternoon and evening were (0-10); ``swung``: the person's own
    word on whether it was a boom-or-bust day.
    """

    day: int
    uptime: Decimal | None = None
    planned: Decimal = Decimal(0)
    kept: Decimal = Decimal(0)
    parts: tuple[float, ...] = ()
    swung: bool | None = None


@dataclass(frozen=True)
class Week:
    """One week judged: blocks kept of those planned, and what followed for the work."""

    begins: int
    planned: Decimal
    kept: Decimal
    decision: str

    @property
    def begins_on(self) -> date:
        """The first day."""
        return date.fromordinal(self.begins)


@dataclass(frozen=True)
class State:
    """Where a person stands on a day. ``blocks`` is ``None`` until three tries are done; ``tries``
    are those of the set that is under way. ``swings`` are boom-or-bust days of the last week, and
    ``success`` is ``None`` while there is too little to compare."""

    blocks: Blocks | None
    tries: int
    weeks: tuple[Week, ...] = ()
    swings: int | None = None
    success: bool | None = None


def first_blocks(rule: PacingRule, uptimes: Sequence[Decimal]) -> Blocks:
    """From the minutes until the first clear increase, tried three times.

    Raises ``ValueError`` for fewer than three tries or a mean of nothing.
    """
    if len(uptimes) < TRIES or sum(uptimes) <= 0:
        raise ValueError("three tries are needed, and not all of nothing")
    mean = sum(uptimes, Decimal(0)) / len(uptimes)
    return blocks(rule, max(_whole(rule.work_share * mean, ROUND_FLOOR), Decimal(1)))


def blocks(rule: PacingRule, work: Decimal) -> Blocks:
    """Work with the rest that belongs to it, in whole minutes."""
    rest = _whole(rule.rest_share * work, ROUND_HALF_UP)
    return Blocks(work, max(rule.least_rest, rest))


def next_blocks(
    rule: PacingRule, present: Blocks, kept: Decimal | int, planned: Decimal | int
) -> Blocks:
    """A tenth more work after a week in which two thirds of the blocks were kept; else the same."""
    share = (Decimal(kept) / planned).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if share < rule.kept_from:
        return present
    more = _whole(present.work * (1 + rule.rise), ROUND_HALF_UP)
    return blocks(rule, max(more, present.work + 1))


def swings(rule: PacingRule, days: Sequence[float]) -> list[str | None]:
    """For each day's activity, whether it boomed, went bust, or neither."""
    usual = statistics.median(days) if days else 0.0
    far = float(rule.far)
    return [
        BOOM if day > usual * (1 + far) else BUST if day < usual * (1 - far) else None
        for day in days
    ]


def within_day(parts: Sequence[float]) -> float | None:
    """How uneven one day was: standard deviation of its parts by their mean; ``None`` for fewer
    than two parts or a day of rest."""
    if len(parts) < 2 or not sum(parts):
        return None
    return statistics.stdev(parts) / statistics.fmean(parts)


def has_succeeded(
    rule: PacingRule, before: Sequence[float], after: Sequence[float], booms: int
) -> bool:
    """A fifth less variation within the day than at first, or at most one boom or bust a week.

    ``before`` and ``after`` are the unevenness of single days.
    """
    if booms <= rule.booms_a_week:
        return True
    if not before or not after:
        return False
    limit = (1 - float(rule.less_variation)) * statistics.fmean(before)
    return statistics.fmean(after) <= limit


def replay(rule: PacingRule, days: Iterable[Day], today: int) -> State:
    """Where a person stands on ``today``, from all days noted up to it.

    Every three tries give new blocks from that day on, so that another activity may be timed; until
    the third, the present blocks stay. A week without a planned block is not judged.
    """
    noted = sorted((d for d in days if d.day <= today), key=lambda d: d.day)
    present: Blocks | None = None
    began = 0
    tries: list[Decimal] = []
    weeks: list[Week] = []
    planned = kept = Decimal(0)

    def pass_time(day: int) -> None:
        nonlocal present, began, planned, kept
        while present is not None and day >= began + WEEK:
            if planned:
                after = next_blocks(rule, present, kept, planned)
                decision = HOLD if after == present else ADVANCE
                weeks.append(Week(began, planned, kept, decision))
                present = after
                began, planned, kept = began + WEEK, Decimal(0), Decimal(0)
            else:
                began += (day - began) // WEEK * WEEK

    for each in noted:
        pass_time(each.day)
        if present is not None and each.planned > 0:
            planned += each.planned
            kept += min(each.kept, each.planned)
        if each.uptime is not None and each.uptime > 0:
            tries.append(each.uptime)
            if len(tries) == TRIES:
                present = first_blocks(rule, tries)
                began, tries = each.day, []
                planned = kept = Decimal(0)
    pass_time(today)
    booms, success = _compared(rule, noted, today, present is not None)
    return State(present, len(tries), tuple(weeks), booms, success)


def _compared(
    rule: PacingRule, noted: Sequence[Day], today: int, paced: bool
) -> tuple[int | None, bool | None]:
    # The first week of ratings against the last one; they must be two different weeks.
    rated = [d for d in noted if d.parts]
    lately = [d for d in rated if today - WEEK < d.day <= today]
    if len(lately) < rule.rated_days:
        return None, None
    usual = swings(rule, [statistics.fmean(d.parts) for d in rated])
    found = {d.day: s is not None for d, s in zip(rated, usual, strict=True)}
    booms = sum(found[d.day] if d.swung is None else d.swung for d in lately)
    first = [d for d in rated if d.day < rated[0].day + WEEK]
    if not paced or lately[0].day <= first[-1].day or len(first) < rule.rated_days:
        return booms, None
    return booms, has_succeeded(rule, _unevenness(first), _unevenness(lately), booms)


def _unevenness(days: Sequence[Day]) -> list[float]:
    found = (within_day(d.parts) for d in days)
    return [each for each in found if each is not None]


def _whole(minutes: Decimal, rounding: str) -> Decimal:
    return minutes.quantize(Decimal(1), rounding)
