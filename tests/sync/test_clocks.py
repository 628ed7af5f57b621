"""When something happened, by a clock that may be wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.sync.clocks import (
    TOLERANCE,
    correction,
    day_meant,
    day_of,
    happened,
)

NOW = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
LONDON = "Europe/London"
offsets = st.timedeltas(timedelta(days=-400), timedelta(days=400))


@pytest.mark.parametrize(
    ("shows", "moved"),
    [
        (NOW, timedelta(0)),
        (NOW - TOLERANCE, timedelta(0)),
        (NOW + TOLERANCE, timedelta(0)),
        (NOW - TOLERANCE - timedelta(seconds=1), TOLERANCE + timedelta(seconds=1)),
        (NOW + timedelta(hours=5), timedelta(hours=-5)),
        (NOW - timedelta(hours=5), timedelta(hours=5)),
    ],
)
def test_a_clock_counts_as_wrong_beyond_the_tolerance(shows: datetime, moved: timedelta) -> None:
    assert correction(shows, NOW) == moved


@given(offsets, st.timedeltas(timedelta(0), timedelta(days=90)))
def test_what_a_wrong_clock_told_happened_when_it_did(off: timedelta, ago: timedelta) -> None:
    at = NOW - ago
    moved = correction(NOW + off, NOW)
    found = happened(at + off, moved, NOW)
    assert found <= NOW
    assert abs(found - at) <= TOLERANCE


@given(offsets, st.integers(0, 7))
def test_a_day_is_the_one_that_was_meant(off: timedelta, days_ago: int) -> None:
    at = NOW - timedelta(days=3)
    shown = day_of(at + off, LONDON) - timedelta(days=days_ago)
    assert day_meant(shown, at + off, at, LONDON) == day_of(at, LONDON) - timedelta(days=days_ago)


def test_a_day_is_one_of_the_place_where_the_person_lives() -> None:
    midnight = datetime(2026, 9, 1, 22, 30, tzinfo=UTC)
    assert day_of(midnight, "Europe/Amsterdam") == date(2026, 9, 2)
    assert day_of(midnight, LONDON) == date(2026, 9, 1)
