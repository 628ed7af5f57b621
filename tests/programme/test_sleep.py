"""Sleep: efficiency, and a window only where a provider enables it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.programme import sleep
from backend.programme.sleep import Night, SleepRule

RULE = SleepRule()
NIGHTS = st.lists(
    st.integers(60, 720).flatmap(lambda bed: st.builds(Night, st.integers(0, bed), st.just(bed))),
    min_size=7,
    max_size=7,
)


def nights(asleep: int, in_bed: int, count: int = 7) -> list[Night]:
    return [Night(asleep, in_bed)] * count


@pytest.mark.parametrize(
    ("asleep", "expected"),
    [(312, 345), (240, 330), (300, 330), (330, 360), (420, 450), (719, 600)],
)
def test_the_first_window_is_sleep_and_half_an_hour(asleep: int, expected: int) -> None:
    # 5.2 hours of sleep give 5 hours 45, the published example.
    assert sleep.first_window(RULE, nights(asleep, 720), enabled=True).minutes == expected


@pytest.mark.parametrize(
    ("asleep", "expected"), [(340, 375), (339, 360), (320, 360), (319, 345), (0, 345)]
)
def test_a_week_later_it_grows_stays_or_shrinks(asleep: int, expected: int) -> None:
    # 340 of 400 minutes are 85 %, 320 are 80 %.
    assert sleep.next_window(RULE, 360, nights(asleep, 400), enabled=True).minutes == expected


def test_it_is_off_unless_enabled_and_while_sleepy() -> None:
    for window in (
        sleep.first_window(RULE, nights(300, 480), enabled=False),
        sleep.first_window(RULE, nights(300, 480), enabled=True, sleepy=True),
        sleep.next_window(RULE, 360, nights(300, 480), enabled=False),
        sleep.next_window(RULE, 360, nights(300, 480), enabled=True, sleepy=True),
    ):
        assert window.minutes is None and window.reason


def test_an_incomplete_diary_changes_nothing() -> None:
    assert sleep.first_window(RULE, nights(300, 480, 6), enabled=True).minutes is None
    assert sleep.next_window(RULE, 360, nights(100, 480, 6), enabled=True).minutes == 360


@given(diary=NIGHTS, present=st.integers(22, 40))
def test_a_window_never_goes_under_the_floor(diary: list[Night], present: int) -> None:
    for window in (
        sleep.first_window(RULE, diary, enabled=True),
        sleep.next_window(RULE, 15 * present, diary, enabled=True),
    ):
        assert window.minutes is not None
        assert RULE.floor <= window.minutes <= RULE.longest
        assert window.minutes % RULE.step == 0


def test_without_time_in_bed_there_is_no_efficiency() -> None:
    assert sleep.efficiency([]) is None
    assert sleep.efficiency(nights(300, 400)) == 75
