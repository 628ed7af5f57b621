"""Pacing: work and rest by the clock, from three uptime tries. Pure. Lumbra's own defaults."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

BOOM, BUST = "boom", "bust"


@dataclass(frozen=True)
class PacingRule:
    """Minutes and shares. A day booms or busts when it lies ``far`` above or below the usual."""

    work_share: Decimal = Decimal("0.8")
    rest_share: Decimal = Decimal("0.25")
    least_rest: Decimal = Decimal(2)
    rise: Decimal = Decimal("0.10")
    kept_from: Decimal = Decimal("0.67")
    less_variation: float = 0.20
    booms_a_week: int = 1
    far: float = 0.5


@dataclass(frozen=True)
class Blocks:
    """Minutes of work and of rest, in turn."""

    work: Decimal
    rest: Decimal


def first_blocks(rule: PacingRule, uptimes: Sequence[Decimal]) -> Blocks:
    """From the minutes until the first clear increase, tried three times.

    Raises ``ValueError`` for fewer than three tries or a mean of nothing.
    """
    if len(uptimes) < 3 or sum(uptimes) <= 0:
        raise ValueError("three tries are needed, and not all of nothing")
    mean = sum(uptimes, Decimal(0)) / len(uptimes)
    return blocks(rule, max(_whole(rule.work_share * mean, ROUND_FLOOR), Decimal(1)))


def blocks(rule: PacingRule, work: Decimal) -> Blocks:
    """Work with the rest that belongs to it, in whole minutes."""
    rest = _whole(rule.rest_share * work, ROUND_HALF_UP)
    return Blocks(work, max(rule.least_rest, rest))


def next_blocks(rule: PacingRule, present: Blocks, kept: int, planned: int) -> Blocks:
    """A tenth more work after a week in which two thirds of the blocks were kept; else the same."""
    share = (Decimal(kept) / planned).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if share < rule.kept_from:
        return present
    more = _whole(present.work * (1 + rule.rise), ROUND_HALF_UP)
    return blocks(rule, max(more, present.work + 1))


def swings(rule: PacingRule, days: Sequence[float]) -> list[str | None]:
    """For each day's activity, whether it boomed, went bust, or neither."""
    usual = statistics.median(days) if days else 0.0
    return [
        BOOM if day > usual * (1 + rule.far) else BUST if day < usual * (1 - rule.far) else None
        for day in days
    ]


def has_succeeded(rule: PacingRule, before: Sequence[float], after: Sequence[float]) -> bool:
    """A fifth less variation from day to day, or at most one boom or bust in the week after."""
    if len(before) < 2 or len(after) < 2:
        return False
    calmer = _variation(after) <= (1 - rule.less_variation) * _variation(before)
    return calmer or sum(s is not None for s in swings(rule, after)) <= rule.booms_a_week


def _variation(days: Sequence[float]) -> float:
    mean = statistics.fmean(days)
    return statistics.stdev(days) / mean if mean else 0.0


def _whole(minutes: Decimal, rounding: str) -> Decimal:
    return minutes.quantize(Decimal(1), rounding)
