"""Goals: what can be worked towards, and how far it was reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backend.programme import goals
from backend.programme.goals import Goal
from backend.risk.practice_rules import GoalRule

RULE = GoalRule()
TODAY = date(2026, 11, 24)
GOOD = Goal(
    activity="Walk to the shop with my daughter",
    amount=Decimal(20),
    unit="minutes",
    times_a_week=3,
    by=date(2027, 1, 5),
    why="I want to hear about her day.",
    confidence=7,
    obstacle="Rain",
    if_then="If it rains, we go round the market hall.",
)


def test_a_goal_that_says_all_can_be_kept() -> None:
    assert goals.faults(RULE, GOOD, TODAY) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_from": Decimal(20)}, "starts_from"),
        ({"starts_from": Decimal(-1)}, "starts_from"),
        ({"activity": "  "}, "activity"),
        ({"activity": "No pain when I walk"}, "activity"),
        ({"activity": "be pain free"}, "activity"),
        ({"activity": "Live without back pain"}, "activity"),
        ({"activity": "I want my pain gone"}, "activity"),
        ({"amount": None}, "amount"),
        ({"amount": Decimal(0)}, "amount"),
        ({"unit": ""}, "amount"),
        ({"times_a_week": None}, "times_a_week"),
        ({"times_a_week": 8}, "times_a_week"),
        ({"by": None}, "by"),
        ({"by": date(2026, 11, 30)}, "by"),
        ({"by": date(2027, 2, 17)}, "by"),
        ({"why": ""}, "why"),
        ({"obstacle": ""}, "obstacle"),
        ({"if_then": ""}, "if_then"),
        ({"confidence": 6}, "confidence"),
        ({"confidence": 11}, "confidence"),
    ],
)
def test_what_is_missing_is_asked_for(changes: dict[str, Any], field: str) -> None:
    assert list(goals.faults(RULE, replace(GOOD, **changes), TODAY)) == [field]


@pytest.mark.parametrize("by", [date(2026, 12, 1), date(2027, 2, 16)])
def test_the_first_and_the_last_day_are_good_days(by: date) -> None:
    assert goals.faults(RULE, replace(GOOD, by=by), TODAY) == {}


@pytest.mark.parametrize("activity", ["Walk in spite of pain", "Paint the shed"])
def test_an_activity_may_speak_of_pain(activity: str) -> None:
    assert goals.faults(RULE, replace(GOOD, activity=activity), TODAY) == {}


@pytest.mark.parametrize(
    ("amount", "expected"), [("20", "15"), ("10", "8"), ("1", "1"), ("2.5", "1.9")]
)
def test_a_shaky_goal_is_offered_a_quarter_smaller(amount: str, expected: str) -> None:
    assert goals.smaller(RULE, Decimal(amount)) == Decimal(expected)
    shaky = replace(GOOD, amount=Decimal(amount), confidence=5)
    assert expected in goals.faults(RULE, shaky, TODAY)["confidence"]


@pytest.mark.parametrize(
    ("reached", "expected"),
    [(5, -2), (10, -2), (11, -1), (19, -1), (20, 0), (22, 0), (22.5, 1), (24.9, 1), (25, 2)],
)
def test_attainment_runs_from_minus_two_to_plus_two(reached: float, expected: int) -> None:
    assert goals.attainment(Decimal(20), Decimal(10), Decimal(str(reached))) == expected


def test_a_goal_lies_beyond_the_start() -> None:
    with pytest.raises(ValueError, match="beyond"):
        goals.attainment(Decimal(10), Decimal(10), Decimal(12))
