"""Days cut into the periods of a report, and the intervals of shares."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.evaluation.indicators import wilson
from backend.evaluation.periods import MONTH, WAYS, WEEK, WHOLE, cut

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def spans(since: date, until: date, by: str) -> list[tuple[str, str]]:
    return [(str(p.since), str(p.until)) for p in cut(since, until, by)]


def test_months_and_weeks_are_the_calendars() -> None:
    assert spans(date(2026, 1, 30), date(2026, 3, 2), MONTH) == [
        ("2026-01-30", "2026-02-01"),
        ("2026-02-01", "2026-03-01"),
        ("2026-03-01", "2026-03-02"),
    ]
    # 1 September 2026 is a Tuesday.
    assert spans(date(2026, 9, 1), date(2026, 9, 15), WEEK) == [
        ("2026-09-01", "2026-09-07"),
        ("2026-09-07", "2026-09-14"),
        ("2026-09-14", "2026-09-15"),
    ]
    assert spans(date(2026, 9, 1), date(2026, 9, 2), WHOLE) == [("2026-09-01", "2026-09-02")]


@given(days, st.integers(1, 800), st.sampled_from(WAYS))
def test_no_day_is_lost_or_counted_twice(since: date, length: int, by: str) -> None:
    until = date.fromordinal(since.toordinal() + length)
    found = cut(since, until, by)
    assert found[0].since == since and found[-1].until == until
    assert all(one.until == other.since for one, other in pairwise(found))


@pytest.mark.parametrize(("since", "until", "by"), [
    (date(2026, 9, 2), date(2026, 9, 2), WHOLE), (date(2020, 1, 1), date(2026, 9, 2), WEEK),
])  # fmt: skip
def test_an_empty_stretch_or_a_very_long_one_is_refused(since: date, until: date, by: str) -> None:
    with pytest.raises(ValueError, match="day"):
        cut(since, until, by)


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29; and all of 20.
    [
        (81, 263, "25.5", "36.6"),
        (15, 148, "6.2", "16.0"),
        (0, 20, "0.0", "16.1"),
        (1, 29, "0.6", "17.2"),
        (20, 20, "83.9", "100.0"),
    ],
)
def test_intervals_are_as_published(numerator: int, denominator: int, low: str, high: str) -> None:
    assert wilson(numerator, denominator) == (Decimal(low), Decimal(high))
