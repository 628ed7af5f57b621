"""Sleep: efficiency, and a window only where a provider enables it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.programme import sleep
from backend.programme.sleep import Night
from backend.risk.practice_rules import SleepRule

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


def diary(first: int, last: int, asleep: int = 312, in_bed: int = 480) -> dict[int, Night]:
    return {day: Night(asleep, in_bed) for day in range(first, last + 1)}


def test_without_a_provider_there_is_advice_and_never_a_window() -> None:
    state = sleep.replay(RULE, diary(1, 30), {}, [], 30)
    assert (state.nights, state.efficiency) == (7, 65)
    assert (state.window.minutes, state.enabled, state.steps) == (None, False, ())


def test_a_window_begins_with_the_seventh_night_and_is_looked_at_each_week() -> None:
    on = [(3, True)]
    assert sleep.replay(RULE, diary(1, 6), {}, on, 6).window.minutes is None
    assert sleep.replay(RULE, diary(1, 7), {}, on, 7).window.minutes == 345
    # 312 of 345 are 90 %, so a quarter of an hour more; 250 are 72 %, so the old one again.
    nights = {**diary(1, 7), **diary(8, 14, 312, 345), **diary(15, 21, 250, 345)}
    state = sleep.replay(RULE, nights, {}, on, 21)
    assert [(s.day, s.minutes) for s in state.steps] == [(7, 345), (14, 360), (21, 345)]
    assert state.window.minutes == 345


def test_nights_before_it_was_enabled_count_for_two_weeks() -> None:
    assert sleep.replay(RULE, diary(1, 7), {}, [(14, True)], 14).window.minutes == 345
    assert sleep.replay(RULE, diary(1, 7), {}, [(15, True)], 15).window.minutes is None


def test_sleepiness_by_day_suspends_it_and_leaves_it_as_it_was() -> None:
    nights = {**diary(1, 7), **diary(8, 21, 312, 345)}
    sleepy = {13: 7, 14: 8}
    assert not sleep.replay(RULE, nights, {14: 10, 13: 6}, [(3, True)], 14).suspended
    for day in (14, 19):
        state = sleep.replay(RULE, nights, sleepy, [(3, True)], day)
        assert state.suspended and state.window.minutes is None
    state = sleep.replay(RULE, nights, sleepy, [(3, True)], 20)
    assert (state.suspended, state.window.minutes) == (False, 345)
    assert sleep.replay(RULE, nights, sleepy, [(3, True)], 21).window.minutes == 360


def test_a_withdrawn_window_is_gone_and_begins_anew_when_enabled_again() -> None:
    nights = {**diary(1, 7), **diary(8, 30, 312, 345)}
    off = [(3, True), (16, False)]
    assert sleep.replay(RULE, nights, {}, off, 15).window.minutes == 360
    state = sleep.replay(RULE, nights, {}, off, 16)
    assert (state.window.minutes, state.enabled) == (None, False)
    again = sleep.replay(RULE, nights, {}, [*off, (20, True)], 20)
    assert again.window.minutes == 345


DIARIES = st.dictionaries(
    st.integers(1, 60),
    st.integers(60, 720).flatmap(lambda bed: st.builds(Night, st.integers(0, bed), st.just(bed))),
    max_size=60,
)
SWITCHES = st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=4)


@given(
    nights=DIARIES,
    sleepiness=st.dictionaries(st.integers(1, 60), st.integers(0, 10), max_size=20),
    switches=SWITCHES,
    today=st.integers(1, 70),
)
def test_whatever_is_noted_a_window_is_enabled_awake_and_not_under_the_floor(
    nights: dict[int, Night],
    sleepiness: dict[int, int],
    switches: list[tuple[int, bool]],
    today: int,
) -> None:
    state = sleep.replay(RULE, nights, sleepiness, switches, today)
    assert all(RULE.floor <= step.minutes <= RULE.longest for step in state.steps)
    if state.window.minutes is not None:
        assert state.enabled and not state.suspended
        assert state.window.minutes == state.steps[-1].minutes
        on = [on for day, on in sorted(switches, key=lambda s: s[0]) if day <= today]
        assert on and on[-1]
    assert all(a.day + 7 == b.day for a, b in pairwise(state.steps))
