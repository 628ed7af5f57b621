"""Pacing: work and rest by the clock."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backend.programme import pacing
from backend.programme.pacing import Blocks, PacingRule

RULE = PacingRule()


def minutes(*numbers: float) -> list[Decimal]:
    return [Decimal(str(n)) for n in numbers]


@pytest.mark.parametrize(
    ("uptimes", "work", "rest"),
    [((20, 25, 30), 20, 5), ((10, 12, 14), 9, 2), ((5, 5, 5), 4, 2), ((1, 1, 1), 1, 2)],
)
def test_first_blocks_are_four_fifths_of_the_mean(
    uptimes: tuple[float, ...], work: int, rest: int
) -> None:
    assert pacing.first_blocks(RULE, minutes(*uptimes)) == Blocks(Decimal(work), Decimal(rest))


@pytest.mark.parametrize("uptimes", [(10, 10), (), (0, 0, 0)])
def test_blocks_need_three_tries(uptimes: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="three tries"):
        pacing.first_blocks(RULE, minutes(*uptimes))


@pytest.mark.parametrize(
    ("work", "kept", "planned", "expected"),
    [(20, 2, 3, 22), (20, 67, 100, 22), (20, 66, 100, 20), (20, 0, 3, 20), (4, 3, 3, 5)],
)
def test_work_rises_by_a_tenth_after_a_week_that_was_kept(
    work: int, kept: int, planned: int, expected: int
) -> None:
    present = pacing.blocks(RULE, Decimal(work))
    assert pacing.next_blocks(RULE, present, kept, planned).work == expected


def test_days_far_above_or_below_the_usual_are_named() -> None:
    days = [10, 10, 10, 16, 4, 15, 5]
    assert pacing.swings(RULE, days) == [None, None, None, "boom", "bust", None, None]
    assert pacing.swings(RULE, []) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([2, 20, 2, 20], [8, 12, 8, 12], True),
        ([2, 20, 2, 20], [2, 20, 2, 19], False),
        ([10, 10, 10, 11], [10, 10, 10, 16], True),
        ([10], [10], False),
    ],
)
def test_success_is_less_variation_or_few_swings(
    before: list[float], after: list[float], expected: bool
) -> None:
    assert pacing.has_succeeded(RULE, before, after) is expected
