"""Graded activity: the numbers of the protocol, and what holds whatever happens."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backend.programme import graded_activity as ga
from backend.programme.graded_activity import Aim, Event, Kind
from backend.risk.practice_rules import ActivityRule

RULE = ActivityRule()
D = Decimal


def decimals(*numbers: float) -> list[Decimal]:
    return [D(str(n)) for n in numbers]


def tries(*amounts: float, first_day: int = 0) -> list[Event]:
    days = enumerate(decimals(*amounts))
    return [Event(first_day + n, Kind.TRY, amount) for n, amount in days]


def sessions(amount: float, *days: int, pain: int = 0) -> list[Event]:
    return [Event(day, Kind.SESSION, D(str(amount)), lasting_pain=pain) for day in days]


def quota(events: list[Event], today: int, aim: Aim) -> Decimal | None:
    return ga.replay(RULE, aim, events, today).quota


@pytest.mark.parametrize(
    ("amounts", "goal", "unit", "expected"),
    [
        ((10, 12, 14), 20, 1, (8, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 20)),
        (
            (2000, 2600, 2300),
            5000,
            100,
            (1600, 1800, 2100, 2300, 2500, 2800, 3000, 3200, 3500, 3700, 3900, 4100, 4400),
        ),
        ((4, 5, 3), 15, 1, (3, 3, 4, 4, 4, 5)),
    ],
)
def test_quotas_are_set_in_advance(
    amounts: tuple[float, ...], goal: int, unit: int, expected: tuple[int, ...]
) -> None:
    found = ga.baseline(RULE, decimals(*amounts), 2)
    assert found.mean is not None and not found.wide
    aim = Aim(D(goal), D(unit))
    assert ga.quotas(RULE, found.mean, aim, len(expected)) == decimals(*expected)


@pytest.mark.parametrize(
    ("amounts", "days", "mean", "wide", "partial"),
    [
        ((10, 12, 14), 2, 12, False, False),
        ((2, 10, 20), 2, None, True, False),
        ((2, 10, 20, 12), 3, 11, True, False),
        ((2, 10, 20, 2), 3, 6, True, False),
        ((10, 12), 6, None, False, False),
        ((10, 12), 7, 11, False, True),
        ((10,), 30, None, False, False),
        ((0, 0, 0), 2, None, False, False),
        ((), 30, None, False, False),
    ],
)
def test_baseline(
    amounts: tuple[float, ...], days: int, mean: float | None, wide: bool, partial: bool
) -> None:
    found = ga.baseline(RULE, decimals(*amounts), days)
    assert found == ga.Baseline(None if mean is None else D(mean), wide, partial)


@pytest.mark.parametrize(
    ("done", "expected"),
    [(0, ga.UNDER), (8.9, ga.UNDER), (9, ga.MET), (10, ga.MET), (11, ga.MET), (11.1, ga.OVER)],
)
def test_too_little_and_too_much_both_miss_the_quota(done: float, expected: str) -> None:
    assert ga.session_result(RULE, D(str(done)), D(10)) == expected


@pytest.mark.parametrize(
    ("met", "planned", "expected"),
    [
        (5, 5, ga.ADVANCE),
        (4, 5, ga.ADVANCE),
        (3, 5, ga.HOLD),
        (2, 5, ga.HOLD),
        (1, 5, ga.STEP_BACK),
        (2, 3, ga.ADVANCE),
        (1, 3, ga.STEP_BACK),
        (2, 4, ga.HOLD),
        (0, 3, ga.STEP_BACK),
    ],
)
def test_weekly_decision(met: int, planned: int, expected: str) -> None:
    assert ga.weekly_decision(RULE, met, planned) == expected


@pytest.mark.parametrize(
    ("current", "first", "low", "back"),
    [
        (16, 8, 8, (11, 13, 16)),
        (10, 8, 8, (9, 9, 10)),
        (20, 8, 10, (13, 17, 20)),
        (8, 8, 8, (8,) * 3),
    ],
)
def test_flare_plan(current: int, first: int, low: int, back: tuple[int, ...]) -> None:
    aim = Aim(D(100))
    assert ga.fallback(D(current), D(first), aim) == low
    assert ga.way_back(RULE, D(low), D(current), aim) == decimals(*back)


MEAN_12 = tries(10, 12, 14)
AIM = Aim(D(20))


def week(number: int, amount: float, count: int) -> list[Event]:
    """``count`` sessions in the ``number``-th week after the baseline of ``MEAN_12``."""
    return sessions(amount, *(2 + 7 * number + n for n in range(1, count + 1)))


def test_weeks_that_are_kept_climb_the_stairs() -> None:
    events = MEAN_12 + week(0, 8, 4) + week(1, 10, 5) + week(2, 11, 4)
    assert [quota(events, day, AIM) for day in (2, 8, 9, 16, 23)] == decimals(8, 8, 10, 11, 12)


def test_a_middling_week_holds_and_two_of_them_halve_the_step() -> None:
    events = MEAN_12 + week(0, 8, 3) + week(1, 8, 3)
    assert quota(events, 16, AIM) == 8
    events += week(2, 8, 5)
    # 8.4 + 0.6, not 8.4 + 1.2
    assert quota(events, 23, AIM) == 9


def test_a_hard_week_goes_one_step_back_and_never_under_the_start() -> None:
    climbed = MEAN_12 + week(0, 8, 5) + week(1, 10, 5)
    assert quota(climbed, 16, AIM) == 11
    assert quota(climbed + week(2, 11, 1), 23, AIM) == 10
    assert quota(MEAN_12 + week(0, 8, 1), 9, AIM) == 8


def test_two_hard_weeks_ask_for_a_new_baseline_and_for_a_person() -> None:
    events = MEAN_12 + week(0, 8, 1) + week(1, 8, 1)
    state = ga.replay(RULE, AIM, events, 16)
    assert (state.phase, state.quota, state.stuck) == (ga.BASELINE, None, True)
    again = events + tries(6, 6, 6, first_day=17)
    assert quota(again, 20, AIM) == 4


@pytest.mark.parametrize(
    ("gap", "expected"), [(6, 11), (7, 10), (13, 10), (14, 9), (27, 9), (28, None)]
)
def test_a_pause_lowers_the_next_quota_and_nothing_is_made_up(
    gap: int, expected: int | None
) -> None:
    events = MEAN_12 + week(0, 8, 5) + week(1, 10, 5) + sessions(11, 16)
    found = quota(events, 16 + gap, AIM)
    assert found == (None if expected is None else D(expected))


def test_a_flare_lowers_the_quota_for_three_days_and_leads_back_in_three_sessions() -> None:
    aim = Aim(D(40))
    climbed = MEAN_12 + [e for n in range(6) for e in week(n, (8, 10, 11, 12, 13, 14)[n], 5)]
    assert quota(climbed, 44, aim) == 16
    flare = [*climbed, Event(45, Kind.FLARE)]
    assert [quota(flare, day, aim) for day in (45, 46, 47)] == decimals(8, 8, 8)
    assert quota(flare, 48, aim) == 11
    assert quota(flare + sessions(11, 48), 49, aim) == 13
    assert quota(flare + sessions(11, 48) + sessions(13, 49), 50, aim) == 16


def test_days_of_a_flare_are_not_held_against_anybody() -> None:
    events = MEAN_12 + sessions(8, 3, 4) + [Event(5, Kind.FLARE, days=4)]
    # Two of the two sessions that were left to plan, not two of five.
    assert [w.decision for w in ga.replay(RULE, AIM, events, 9).weeks] == [ga.ADVANCE]


def test_a_safety_gate_locks_until_it_is_cleared_and_keeps_the_level() -> None:
    events = MEAN_12 + week(0, 8, 5) + [Event(10, Kind.GATE)]
    assert ga.replay(RULE, AIM, events, 40).phase == ga.LOCKED
    assert quota(events, 40, AIM) is None
    assert quota([*events, Event(50, Kind.CLEARED)], 50, AIM) == 10


def test_lasting_pain_after_two_sessions_offers_the_flare_plan_and_changes_no_quota() -> None:
    events = MEAN_12 + sessions(8, 3, 4, pain=8)
    state = ga.replay(RULE, AIM, events, 5)
    assert "flare-plan" in state.advice and state.quota == 8
    assert "flare-plan" not in ga.replay(RULE, AIM, MEAN_12 + sessions(8, 3, 4), 5).advice


def test_the_goal_is_the_end_of_the_stairs() -> None:
    events = MEAN_12 + week(0, 8, 5) + week(1, 10, 5)
    state = ga.replay(RULE, Aim(D(10)), events, 16)
    assert (state.quota, state.reached_goal) == (10, True)


def test_small_amounts_ask_for_a_finer_unit() -> None:
    assert "finer-unit" in ga.replay(RULE, Aim(D(15)), tries(4, 5, 3), 3).advice


class Walk(RuleBasedStateMachine):
    """Anything may happen, day by day."""

    def __init__(self) -> None:
        super().__init__()
        self.day = 0
        self.events: list[Event] = []
        self.aim = Aim(D(30))
        self.seen: list[Decimal | None] = []

    @rule(days=st.integers(0, 10))
    def wait(self, days: int) -> None:
        self.day += days

    @rule(amount=st.integers(0, 60), pain=st.integers(0, 10))
    def session(self, amount: int, pain: int) -> None:
        self.events.append(Event(self.day, Kind.SESSION, D(amount), lasting_pain=pain))
        self.day += 1

    @precondition(lambda self: self.state().quota is not None)
    @rule(share=st.sampled_from(decimals(0.5, 0.9, 1, 1.1, 1.5)))
    def session_near_the_quota(self, share: Decimal) -> None:
        due = self.state().quota
        assert due is not None
        self.events.append(Event(self.day, Kind.SESSION, due * share))
        self.day += 1

    @rule(amount=st.integers(0, 60))
    def attempt(self, amount: int) -> None:
        self.events.append(Event(self.day, Kind.TRY, D(amount)))
        self.day += 1

    @rule(days=st.integers(0, 9))
    def flare(self, days: int) -> None:
        self.events.append(Event(self.day, Kind.FLARE, days=days))

    @rule()
    def gate(self) -> None:
        self.events.append(Event(self.day, Kind.GATE))

    @rule()
    def clear(self) -> None:
        self.events.append(Event(self.day, Kind.CLEARED))

    def state(self) -> ga.State:
        return ga.replay(RULE, self.aim, self.events, self.day)

    @invariant()
    def a_quota_is_never_nothing_and_never_over_the_goal(self) -> None:
        state = self.state()
        if state.phase == ga.QUOTA:
            assert state.quota is not None and 1 <= state.quota <= self.aim.goal
        else:
            assert state.quota is None

    @invariant()
    def only_a_gate_or_a_missing_baseline_leaves_without_a_quota(self) -> None:
        last = [e.kind for e in sorted(self.events) if e.kind in (Kind.GATE, Kind.CLEARED)]
        assert (self.state().phase == ga.LOCKED) == (bool(last) and last[-1] == Kind.GATE)

    @invariant()
    def pain_never_changes_a_quota(self) -> None:
        painless = [Event(e.day, e.kind, e.amount, e.days) for e in self.events]
        assert ga.replay(RULE, self.aim, painless, self.day).quota == self.state().quota

    @invariant()
    def the_order_in_which_it_is_told_changes_nothing(self) -> None:
        backwards = [*reversed(self.events), *self.events]
        assert ga.replay(RULE, self.aim, backwards, self.day) == self.state()


Walk.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestWalk = Walk.TestCase


@given(
    counts=st.lists(st.integers(0, 7), min_size=1, max_size=30),
    amounts=st.lists(st.integers(5, 40), min_size=3, max_size=3),
)
def test_no_week_raises_a_quota_by_more_than_its_cap(counts: list[int], amounts: list[int]) -> None:
    aim = Aim(D(60), planned=5)
    events = tries(*amounts)
    day = 2
    before = quota(events, day, aim)
    for count in counts:
        due = quota(events, day + 1, aim)
        if due is None:
            return
        events += [Event(day + 1 + n, Kind.SESSION, due) for n in range(min(count, 6))]
        day += 7
        after = quota(events, day, aim)
        if before is not None and after is not None:
            # One fifth of what was due, and half a unit of rounding at either end.
            assert after <= before * (1 + RULE.largest_step) + 1
        before = after


# --- As the product tells it: what was done, without saying whether it was a try ---

AMOUNTS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 40)),
    min_size=1,
    max_size=40,
    unique_by=lambda e: e[0],
)


def done(day: int, amount: float) -> Event:
    return Event(day, Kind.DONE, D(str(amount)))


def test_what_is_done_is_a_try_until_there_is_a_quota_and_a_session_afterwards() -> None:
    aim = Aim(D(20))
    told = [done(0, 10), done(1, 12), done(2, 14), *(done(day, 8) for day in range(3, 8))]
    meant = [*tries(10, 12, 14), *sessions(8, 3, 4, 5, 6, 7)]
    for today in range(12):
        assert ga.replay(RULE, aim, told, today) == ga.replay(RULE, aim, meant, today)


def test_what_is_done_after_a_long_pause_is_the_first_of_the_new_tries() -> None:
    told = [done(0, 10), done(1, 12), done(2, 14), done(40, 6)]
    state = ga.replay(RULE, Aim(D(20)), told, 40)
    assert (state.phase, state.tries, state.quota) == (ga.BASELINE, 1, None)


def test_a_day_kept_is_a_session_of_the_days_quota_and_never_a_try() -> None:
    aim = Aim(D(20))
    kept = [Event(day, Kind.KEPT) for day in range(9)]
    assert ga.replay(RULE, aim, kept, 9).tries == 0
    told = [*tries(10, 12, 14), *kept[3:8]]
    meant = [*tries(10, 12, 14), *sessions(8, 3, 4, 5, 6, 7)]
    assert ga.replay(RULE, aim, told, 9) == ga.replay(RULE, aim, meant, 9)


def test_a_later_aim_counts_from_its_day_and_leaves_what_was_judged() -> None:
    first, later = Aim(D(8)), Aim(D(20))
    events = [*tries(10, 12, 14), *sessions(8, *range(3, 30))]
    assert ga.replay(RULE, first, events, 15, {16: later}) == ga.replay(RULE, first, events, 15)
    before = ga.replay(RULE, first, events, 16)
    after = ga.replay(RULE, first, events, 16, {16: later})
    assert (after.quota, after.weeks, after.reached_goal) == (8, before.weeks, False)
    assert ga.replay(RULE, first, events, 23, {16: later}).quota == 9
    lower = ga.replay(RULE, later, events, 16, {16: Aim(D(5))})
    assert (lower.quota, lower.reached_goal) == (5, True)


@given(AMOUNTS, st.randoms(use_true_random=False), st.integers(1, 60))
def test_what_is_told_late_or_twice_gives_the_same_quota(
    told: list[tuple[int, int]], chance: Random, today: int
) -> None:
    events = [done(day, amount) for day, amount in told]
    shuffled = [*events, *chance.sample(events, k=len(events) // 2)]
    chance.shuffle(shuffled)
    later = {20: Aim(D(30)), 40: Aim(D(10), planned=3)}
    state = ga.replay(RULE, Aim(D(20)), events, today, later)
    assert ga.replay(RULE, Aim(D(20)), shuffled, today, later) == state
    goal = 20 if today < 20 else 30 if today < 40 else 10
    assert state.quota is None or 0 < state.quota <= goal
