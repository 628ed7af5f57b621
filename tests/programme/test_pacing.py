"""Pacing: work and rest by the clock."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.programme import pacing
from backend.programme.pacing import Blocks, Day
from backend.risk.practice_rules import PacingRule

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
    ("before", "after", "booms", "expected"),
    [
        ([0.5], [0.4], 2, True),
        ([0.5], [0.41], 2, False),
        ([0.5], [0.9], 1, True),
        ([], [0.1], 2, False),
        ([0.5], [], 2, False),
        ([], [], 1, True),
    ],
)
def test_success_is_a_fifth_less_variation_within_the_day_or_few_swings(
    before: list[float], after: list[float], booms: int, expected: bool
) -> None:
    assert pacing.has_succeeded(RULE, before, after, booms) is expected


def test_variation_within_a_day_is_its_spread_by_its_mean() -> None:
    assert pacing.within_day((2, 5, 8)) == pytest.approx(0.6)
    assert pacing.within_day((5, 5, 5)) == 0
    assert pacing.within_day((0, 0, 0)) is None
    assert pacing.within_day((7,)) is None


def tries(*uptimes: int) -> list[Day]:
    return [Day(n, uptime=Decimal(uptime)) for n, uptime in enumerate(uptimes)]


def kept(day: int, *shares: tuple[int, int]) -> list[Day]:
    return [
        Day(day + n, kept=Decimal(share[0]), planned=Decimal(share[1]))
        for n, share in enumerate(shares)
    ]


def test_before_three_tries_there_are_no_blocks() -> None:
    assert pacing.replay(RULE, tries(20, 25), 5) == pacing.State(None, 2)


@pytest.mark.parametrize(
    ("shares", "work"),
    [
        ([(3, 3)] * 4, 22),
        # 8 of 12 are 0.67, 7 of 12 are not.
        ([(2, 3)] * 4, 22),
        ([(2, 3)] * 3 + [(1, 3)], 20),
        # More kept than planned makes up for no other day.
        ([(9, 3), (0, 3)], 20),
        ([], 20),
    ],
)
def test_a_week_of_blocks_is_judged_once_it_is_over(
    shares: list[tuple[int, int]], work: int
) -> None:
    days = [*tries(20, 25, 30), *kept(3, *shares)]
    state = pacing.replay(RULE, days, 8)
    assert state.blocks is not None and state.blocks.work == 20
    state = pacing.replay(RULE, days, 9)
    assert state.blocks is not None and state.blocks.work == work
    assert len(state.weeks) == bool(shares)


def test_three_new_tries_begin_anew_and_until_then_the_old_blocks_stay() -> None:
    days = [*tries(20, 25, 30), *kept(3, (3, 3))]
    days += [Day(10 + n, uptime=Decimal(u)) for n, u in enumerate((5, 5, 5))]
    state = pacing.replay(RULE, days, 11)
    assert state.blocks is not None and (state.blocks.work, state.tries) == (22, 2)
    state = pacing.replay(RULE, days, 12)
    assert state.blocks is not None and (state.blocks.work, state.tries) == (4, 0)


def rated(day: int, count: int, *parts: float) -> list[Day]:
    return [Day(day + n, parts=parts) for n in range(count)]


def test_success_compares_the_last_week_with_the_first() -> None:
    uneven, even = (1.0, 9.0, 2.0), (4.0, 5.0, 4.0)
    begun = [*rated(0, 7, *uneven), *[Day(7 + n, uptime=Decimal(20)) for n in range(3)]]
    assert pacing.replay(RULE, begun, 6).success is None
    assert pacing.replay(RULE, begun, 6).swings == 0
    assert pacing.replay(RULE, [*begun, *rated(14, 3, *even)], 20).success is None
    assert pacing.replay(RULE, [*begun, *rated(14, 4, *even)], 20).success is True
    wild = [*rated(14, 2, 0.0, 1.0, 0.0), *rated(16, 2, 10.0, 10.0, 9.0)]
    state = pacing.replay(RULE, [*begun, *wild], 20)
    assert state.swings == 4
    swung = [Day(14 + n, parts=uneven, swung=True) for n in range(4)]
    state = pacing.replay(RULE, [*begun, *swung], 20)
    assert (state.swings, state.success) == (4, False)


DAYS = st.lists(
    st.builds(
        Day,
        st.integers(0, 60),
        uptime=st.none() | st.integers(1, 1440).map(Decimal),
        planned=st.integers(0, 20).map(Decimal),
        kept=st.integers(0, 20).map(Decimal),
    ),
    max_size=40,
    unique_by=lambda day: day.day,
)


@given(days=DAYS, order=st.randoms(), today=st.integers(0, 80))
def test_the_order_of_telling_changes_nothing_and_work_rises_by_a_tenth_at_most(
    days: list[Day], order: random.Random, today: int
) -> None:
    state = pacing.replay(RULE, days, today)
    told = list(days)
    order.shuffle(told)
    assert pacing.replay(RULE, told, today) == state
    assert state.tries < pacing.TRIES
    if state.blocks is not None:
        assert state.blocks.work >= 1
        assert state.blocks.rest >= RULE.least_rest
        before = pacing.replay(RULE, days, today - 1).blocks
        timed = any(day.day == today and day.uptime for day in days)
        if before is not None and not timed:
            assert before.work <= state.blocks.work <= max(before.work * Decimal("1.1") + 1, 2)
