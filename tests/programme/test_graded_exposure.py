"""Graded exposure: the rules of the ladder, and what holds whatever happens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backend.programme import graded_exposure as ge
from backend.programme.graded_exposure import Event, Kind, Trial
from backend.risk.practice_rules import ExposureRule

RULE = ExposureRule()
LADDER = {"bend": 25, "lift a bag": 40, "vacuum": 55, "garden": 70, "jog": 85, "sit": 10}


def rated(items: dict[str, int] = LADDER, day: int = 0) -> list[Event]:
    return [Event(day, Kind.RATED, item, rating) for item, rating in items.items()]


def trials(
    *fears: tuple[int, int], belief: tuple[int, int] = (60, 20), **more: bool
) -> list[Trial]:
    """Trials on days one after the other, each by fear before and after."""
    return [
        Trial(before, after, *belief, day=day, **more)
        for day, (before, after) in enumerate(fears, 1)
    ]


def tried(item: str, *done: Trial, first_day: int = 1) -> list[Event]:
    return [
        Event(first_day + n, Kind.TRIED, item, trial=Trial(**{**vars(t), "day": first_day + n}))
        for n, t in enumerate(done)
    ]


def mastered(item: str, first_day: int) -> list[Event]:
    return tried(item, *trials((40, 20), (30, 10)), first_day=first_day)


def test_the_published_example_needs_one_more_pass() -> None:
    first = Trial(60, 35, 60, 30, day=1)
    second = Trial(50, 28, 50, 25, day=2)
    assert not ge.passes(RULE, first, first)
    assert ge.passes(RULE, second, first)
    assert ge.judge(RULE, [first, second]) == ge.GO_ON
    assert ge.judge(RULE, [first, second, Trial(40, 28, 40, 25, day=3)]) == ge.ADVANCE


@pytest.mark.parametrize(
    ("done", "verdict"),
    [
        ([], ge.GO_ON),
        (trials((40, 30)), ge.GO_ON),
        (trials((40, 30), (40, 30)), ge.ADVANCE),
        (trials((90, 45), (90, 45)), ge.ADVANCE),
        (trials((90, 45), (90, 46)), ge.GO_ON),
        (trials((40, 30), (40, 30), belief=(50, 31)), ge.GO_ON),
        (trials((40, 30), (40, 30), belief=(80, 40)), ge.ADVANCE),
        (trials((40, 30), (40, 30), safe_guarded=True), ge.GO_ON),
        (trials((60, 51), (60, 51)), ge.GO_ON),
        (trials((60, 51), (60, 51), (60, 51)), ge.EASIER),
        (trials((60, 51), (60, 50), (60, 51)), ge.GO_ON),
        (trials(*[(60, 51)] * 4), ge.EASIER),
        (trials(*[(60, 51)] * 5), ge.STUCK),
        (trials((60, 50), *[(60, 55)] * 4), ge.GO_ON),
        (trials((60, 80), (60, 80)), ge.STEP_BACK),
        (trials((60, 80), (60, 79)), ge.GO_ON),
    ],
)
def test_verdicts_on_an_item(done: list[Trial], verdict: str) -> None:
    assert ge.judge(RULE, done) == verdict


def test_two_passes_on_one_day_are_not_two_days() -> None:
    same_day = [Trial(40, 20, 60, 20, day=1, context=c) for c in ("home", "park")]
    assert ge.judge(RULE, same_day) == ge.GO_ON


def test_the_ladder_begins_with_the_lowest_item_worth_a_try() -> None:
    found = ge.climb(RULE, rated())
    assert [r.item for r in found.rungs] == ["bend", "lift a bag", "vacuum", "garden", "jog"]
    assert (found.current, found.complete) == ("bend", True)


def test_too_few_items_make_no_ladder() -> None:
    few = dict(list(LADDER.items())[:4])
    found = ge.climb(RULE, rated(few))
    assert (found.current, found.complete) == (None, False)


def test_items_are_climbed_one_by_one_and_the_hardest_waits_for_a_provider() -> None:
    events = rated()
    for place, item in enumerate(("bend", "lift a bag", "vacuum", "garden")):
        assert ge.climb(RULE, events).current == item
        events += mastered(item, 1 + 2 * place)
    waiting = ge.climb(RULE, events)
    assert (waiting.current, waiting.waits_for_provider) == (None, True)
    allowed = ge.climb(RULE, [*events, Event(20, Kind.APPROVED, "jog")])
    assert (allowed.current, allowed.waits_for_provider) == ("jog", False)


def test_an_easier_item_comes_before_the_one_that_would_not_move() -> None:
    events = rated() + mastered("bend", 1)
    events += tried("lift a bag", *trials((60, 55), (60, 55), (60, 55)), first_day=3)
    assert ge.climb(RULE, events).verdict == ge.EASIER
    events.append(Event(6, Kind.RATED, "lift a cup", 30))
    assert ge.climb(RULE, events).current == "lift a cup"


def test_a_shaken_person_goes_back_to_the_item_before() -> None:
    events = rated() + mastered("bend", 1)
    events += tried("lift a bag", *trials((50, 75), (50, 70)), first_day=3)
    assert ge.climb(RULE, events).current == "bend"


def test_generalised_only_in_two_contexts() -> None:
    for contexts, expected in ((("home", "home"), False), (("home", "park"), True)):
        done = [Trial(40, 20, 60, 20, context=c, day=n) for n, c in enumerate(contexts, 1)]
        bend = ge.climb(RULE, rated() + tried("bend", *done)).rungs[0]
        assert (bend.status, bend.generalised) == (ge.DONE, expected)


@pytest.mark.parametrize(("share", "expected"), [(0.5, True), (0.6, False)])
def test_success_is_half_of_the_first_ratings(share: float, expected: bool) -> None:
    again = {item: int(rating * share) for item, rating in LADDER.items()}
    assert ge.climb(RULE, rated() + rated(again, 14)).success is expected


class Climb(RuleBasedStateMachine):
    """Anything may happen, day by day."""

    def __init__(self) -> None:
        super().__init__()
        self.day = 1
        self.events = rated()

    def ladder(self) -> ge.Ladder:
        return ge.climb(RULE, self.events)

    @rule(item=st.sampled_from([*LADDER, "new"]), rating=st.integers(0, 100))
    def rate(self, item: str, rating: int) -> None:
        self.events.append(Event(self.day, Kind.RATED, item, rating))

    @rule(
        item=st.sampled_from(list(LADDER)),
        numbers=st.tuples(*[st.integers(0, 100)] * 4),
        guarded=st.booleans(),
        days=st.integers(0, 3),
    )
    def attempt(
        self, item: str, numbers: tuple[int, int, int, int], guarded: bool, days: int
    ) -> None:
        self.day += days
        trial = Trial(*numbers, safe_guarded=guarded, day=self.day)
        self.events.append(Event(self.day, Kind.TRIED, item, trial=trial))

    @precondition(lambda self: self.ladder().current is not None)
    @rule()
    def succeed(self) -> None:
        current = self.ladder().current
        assert current is not None
        for _ in range(2):
            self.day += 1
            trial = Trial(40, 10, 40, 10, day=self.day)
            self.events.append(Event(self.day, Kind.TRIED, current, trial=trial))

    @invariant()
    def nothing_is_climbed_over_an_item_that_is_not_done(self) -> None:
        statuses = [rung.status for rung in self.ladder().rungs]
        assert statuses.count(ge.CURRENT) <= 1
        if ge.CURRENT in statuses:
            before = statuses[: statuses.index(ge.CURRENT)]
            assert all(status == ge.DONE for status in before)

    @invariant()
    def what_a_provider_must_allow_is_never_current_without(self) -> None:
        current = [r for r in self.ladder().rungs if r.status == ge.CURRENT]
        assert all(r.first_rating < RULE.provider_from for r in current)

    @invariant()
    def the_order_in_which_it_is_told_changes_nothing(self) -> None:
        # Two ratings of one item on one day are one: the higher counts, in any order.
        assert ge.climb(RULE, [*reversed(self.events), *self.events]) == self.ladder()


Climb.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestClimb = Climb.TestCase


def test_a_trial_without_a_name_is_one_of_the_movement_whose_turn_it_is() -> None:
    named = [*rated(), *mastered("bend", 1), *mastered("lift a bag", 3)]
    unnamed = [e if e.kind is Kind.RATED else replace(e, item="") for e in named]
    assert ge.climb(RULE, unnamed) == ge.climb(RULE, named)
    assert ge.climb(RULE, unnamed).current == "vacuum"
