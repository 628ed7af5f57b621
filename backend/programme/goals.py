"""Goals: whether one can be worked towards, and how far it was reached. Pure.

A goal is specific, has a number, a date and a first step, and its owner is confident of it; goal
attainment scaling runs from -2 to +2. The bounds are Lumbra's own defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from backend.risk.practice_rules import GoalRule

NO_PAIN = re.compile(
    r"\b(no|zero|without|less|free of|free from)\s+(any\s+|the\s+|my\s+)?(back\s+)?pain\b"
    r"|\bpain[- ]?free\b|\bpain\s+(gone|away|to\s+(go|stop))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Goal:
    """What a person wants to do: so much, so often a week, by a day, because, and how.

    ``starts_from`` is how much of it they do now.
    """

    activity: str
    amount: Decimal | None
    unit: str
    times_a_week: int | None
    by: date | None
    why: str
    confidence: int
    obstacle: str
    if_then: str
    starts_from: Decimal = Decimal(0)


def faults(rule: GoalRule, goal: Goal, today: date) -> dict[str, str]:
    """What is missing, by field, in words for the person; empty when the goal can be kept."""
    return dict(_faults(rule, goal, today))


def _faults(rule: GoalRule, goal: Goal, today: date) -> Iterator[tuple[str, str]]:
    if not goal.activity.strip():
        yield "activity", "What would you like to do?"
    elif NO_PAIN.search(goal.activity):
        yield (
            "activity",
            "Pain is hard to steer. What would you do more of if it bothered you less?",
        )
    if goal.amount is None or goal.amount <= 0 or not goal.unit.strip():
        yield "amount", "How much? Give a number, such as 20 minutes."
    elif not 0 <= goal.starts_from < goal.amount:
        yield "starts_from", "How much do you do now? It must be less than what you want to do."
    if goal.times_a_week is None or not 1 <= goal.times_a_week <= 7:
        yield "times_a_week", "How often? Choose from 1 to 7 times a week."
    earliest = today + timedelta(days=rule.earliest_days)
    latest = today + timedelta(days=rule.latest_days)
    if goal.by is None or not earliest <= goal.by <= latest:
        yield "by", f"By when? Choose a day from {earliest:%-d %B} to {latest:%-d %B}."
    for field, words in (
        ("why", "Why does it matter to you?"),
        ("obstacle", "What might get in the way?"),
        ("if_then", "If that happens, what will you do then?"),
    ):
        if not getattr(goal, field).strip():
            yield field, words
    if not 0 <= goal.confidence <= 10:
        yield "confidence", "Choose a number from 0 to 10."
    elif goal.confidence < rule.confidence and goal.amount:
        yield (
            "confidence",
            f"Make it a little smaller, so that you feel surer. How about "
            f"{smaller(rule, goal.amount)} {goal.unit}?",
        )


def smaller(rule: GoalRule, amount: Decimal) -> Decimal:
    """A quarter less, in whole units where the amount is whole; never nothing."""
    less = amount * rule.smaller
    if amount == amount.to_integral_value():
        return max(less.quantize(Decimal(1), ROUND_HALF_UP), Decimal(1))
    return less.quantize(Decimal("0.1"), ROUND_HALF_UP)


def attainment(goal_amount: Decimal, start: Decimal, reached: Decimal) -> int:
    """Goal attainment scaling at the date.

    -2 no further than the start, -1 on the way, 0 the goal, +1 a quarter beyond, +2 half beyond.
    Raises ``ValueError`` when the goal is not beyond the start.
    """
    if goal_amount <= start:
        raise ValueError("a goal lies beyond where one starts")
    share = (reached - start) / (goal_amount - start)
    if share <= 0:
        return -2
    if share < 1:
        return -1
    return 2 if share >= Decimal("1.5") else 1 if share >= Decimal("1.25") else 0
