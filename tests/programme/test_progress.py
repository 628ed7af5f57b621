"""A plan's progress: what each kind of moment does, and that order and pieces do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.programme import progress
from backend.programme.clearance import Known
from backend.programme.progress import (
    ADD,
    DROP,
    MOVE,
    STEP_DOWN,
    SWAP,
    Answered,
    Changed,
    Done,
    Hold,
    Moment,
    Part,
    Practised,
    Quizzed,
    Reviewed,
    Rules,
    State,
    fold,
    held_at,
    order,
    start,
)
from backend.risk.profile import ElevatedFactor
from tests.shipped import MODULES, PATHWAY

ZONE = ZoneInfo("Europe/Amsterdam")
BEGAN = datetime(2026, 9, 1, 10, tzinfo=UTC)
PLAN = ("M01", "M02", "M03", "M04", "M11", "M16")
NAMES = sorted(MODULES)


def rules(holds: Sequence[Hold] = (), **known: Any) -> Rules:
    return Rules(
        progression=PATHWAY.progression,
        plan=PATHWAY.plan,
        rule_book=PATHWAY.rule_book,
        newest=MODULES,
        zone=ZONE,
        held_at=lambda at: held_at(holds, at),
        known_at=lambda moment: Known(**known),
        circumstances=frozenset,
    )


def made(*names: str) -> State:
    parts = [
        Part(MODULES[name], "sleep" if name == "M11" else None, "Why.", n)
        for n, name in enumerate(names)
    ]
    return start(parts, BEGAN)


def answered(days: float) -> Answered:
    return Answered(BEGAN + timedelta(days=days), f"response {days}")


def practised(days: int, module: str = "M01", confidence: int | None = 8) -> Practised:
    day = BEGAN.date() + timedelta(days=days)
    at = datetime.combine(day, time.min, ZONE).astimezone(UTC)
    return Practised(at, f"{day} {module}", module, day, True, confidence)


def quizzed(days: float, module: str = "M01", grade: int = 1, percent: int = 100) -> Quizzed:
    at = BEGAN + timedelta(days=days)
    return Quizzed(at, f"quiz {days} {module}", module, grade, percent)


def risen(days: float, *names: str) -> Reviewed:
    found = [ElevatedFactor(n, n.title(), n, Decimal(9), Decimal(7), Decimal(1)) for n in names]
    return Reviewed(BEGAN + timedelta(days=days), f"response {days}", tuple(found))


def changed(days: float, kind: str, module: str, **more: Any) -> Changed:
    at = BEGAN + timedelta(days=days)
    return Changed(at, f"change {days} {kind}", kind, "a-rule", module, "because", **more)


def work(*days: int, module: str = "M01", grade: int = 1) -> list[Moment]:
    return [quizzed(days[0], module, grade), *(practised(day, module) for day in days)]


def done_of(moments: Sequence[Moment]) -> Done:
    return Done(
        [m for m in moments if isinstance(m, Practised)],
        [m for m in moments if isinstance(m, Quizzed)],
    )


def run(
    state: State, *moments: Moment, by: Rules | None = None
) -> tuple[State, list[tuple[str, str]]]:
    after, kept = fold(by or rules(), state, moments, done_of(moments))
    return after, [(named(each), each.decision) for each in kept]


def named(decided: progress.Decided) -> str:
    return "" if decided.module is None else decided.module.id


def at_work(state: State) -> dict[str, tuple[str, int]]:
    return {p.module.id: (p.status, p.grade) for p in state.parts if p.status != "waiting"}


def names(state: State) -> list[str]:
    return [part.module.id for part in state.parts]


# --- Weekly answers, practice and quizzes ---


def test_enough_practice_moves_a_due_grade_on_before_the_next_answers() -> None:
    state, kept = run(made(*PLAN), *work(5, 6, 7, 8, 9))
    assert kept == [("M01", "complete")]
    # Due on day 7 at ten o'clock; the next thing that was done is the practice of day 8.
    assert state.parts[0].completed_at == practised(8).at
    assert at_work(state) == {"M01": ("completed", 1), "M02": ("active", 1)}


def test_practice_and_quizzes_never_hold_a_grade_or_send_it_back() -> None:
    moments = [*(practised(day, confidence=2) for day in range(30)), quizzed(20, percent=0)]
    state, kept = run(made(*PLAN), *moments)
    assert kept == [] and at_work(state) == {"M01": ("active", 1)}
    _, kept = run(made("M01"), *moments, answered(8), answered(15), answered(22))
    assert kept == [("M01", "hold"), ("M01", "hold"), ("M01", "stuck")]


def test_a_day_counts_whenever_it_was_told_and_a_quiz_from_when_it_was_made() -> None:
    days = [practised(day) for day in (3, 4, 5, 7)]
    _, kept = run(made(*PLAN), quizzed(6), *days, answered(7))
    assert kept == [("M01", "complete")], "practice on the day of the answers counts"
    _, kept = run(made(*PLAN), quizzed(7.1), *days, answered(7))
    assert kept == [("M01", "hold"), ("M01", "complete")], "the quiz came after them"


def test_a_day_is_the_patients_own() -> None:
    # 23:30 UTC on the seventh day is the eighth in Amsterdam.
    late = Answered(datetime(2026, 9, 8, 22, 30, tzinfo=UTC), "late")
    moments = [quizzed(5), *(practised(day) for day in (4, 5, 6, 8))]
    done = Done(done_of(moments).practice, done_of(moments).quizzes)
    _, kept = fold(rules(), made(*PLAN), [late], done)
    assert [each.decision for each in kept] == ["complete"]
    assert BEGAN.date() + timedelta(days=8) == date(2026, 9, 9)


def test_a_module_that_a_hold_locks_stands_still_and_begins_its_week_anew() -> None:
    state = made("M04")
    hold = Hold(BEGAN + timedelta(days=2), BEGAN + timedelta(days=12), "same_day")
    by = rules([hold])
    _, kept = run(state, answered(8), by=by)
    assert kept == [], "locked"
    _, kept = run(state, answered(18), by=by)
    assert kept == [], "six days after it was cleared"
    _, kept = run(state, answered(19), by=by)
    assert kept == [("M04", "hold")]


# --- What the plan holds ---


def test_one_module_joins_at_a_time_the_most_severe_first_with_what_it_builds_on() -> None:
    state, kept = run(made("M01", "M16"), risen(7, "fear-avoidance", "low-mood"))
    assert names(state) == ["M01", "M02", "M06", "M16"]
    assert kept == [("M02", "add-module"), ("M06", "add-module")]
    state, kept = run(state, risen(8, "fear-avoidance", "low-mood"))
    assert [name for name, _ in kept] == ["M03", "M10"]
    assert {each for _, each in kept} == {"add-module"}
    _, kept = run(state, risen(21, "fear-avoidance", "low-mood"))
    assert kept == []


def test_another_module_comes_in_for_a_factor_that_has_not_moved_or_a_grade_again() -> None:
    first, *others = [n for n in NAMES if "low-self-efficacy" in MODULES[n].target_factors]
    assert others, "otherwise nothing to swap in"
    state = made("M01", first)
    state, kept = run(state, changed(40, SWAP, first, factor="low-self-efficacy"))
    assert kept[0] == (first, "swap") and set(names(state)) > {"M01", first}
    [joined] = [p for p in state.parts if p.module.id == others[0]]
    assert joined.factor == "low-self-efficacy" and "because" in joined.reason
    # Sleep has one module: its last grade but one is done again.
    last = MODULES["M11"].last_grade
    whole = State((Part(MODULES["M11"], "sleep", "Why.", 0, "completed", last),))
    state, kept = run(whole, changed(40, SWAP, "M11", factor="sleep"))
    assert kept == [("M11", "swap")]
    assert at_work(state) == {"M11": ("active", last - 1)}


def test_a_lighter_plan_opens_what_keeps_the_gains_and_leaves_the_rest_to_choose() -> None:
    state, kept = run(made("M01", "M02", "M11", "M16"), changed(9, STEP_DOWN, "M17"))
    assert kept == [("M17", "step-down")]
    assert state.maintenance_since == BEGAN + timedelta(days=9)
    assert [p.module.id for p in state.parts if p.optional] == ["M11"]
    assert at_work(state) == {"M01": ("active", 1), "M17": ("active", 1)}
    again, kept = run(state, changed(20, STEP_DOWN, "M17"))
    assert again.maintenance_since == state.maintenance_since and kept == []


def test_a_provider_adds_leaves_out_and_moves_what_has_not_begun() -> None:
    state, kept = run(made(*PLAN), changed(1, ADD, "M13"))
    assert names(state) == [*PLAN[:-1], "M13", "M16"] and kept == [("M13", ADD)]
    state, kept = run(state, changed(2, DROP, "M11"), changed(2, DROP, "M01"))
    assert kept == [("M11", DROP)], "M01 has begun"
    assert state.part("M11") is not None and state.part("M11").status == "skipped"  # type: ignore[union-attr]
    _, kept = run(state, risen(8, "sleep"))
    assert kept == [], "what a provider left out does not come back by itself"
    state, _ = run(state, changed(3, ADD, "M11"), changed(4, MOVE, "M13", place=1))
    assert state.part("M11").status == "waiting"  # type: ignore[union-attr]
    assert names(state)[:2] == ["M01", "M13"]


def test_what_was_left_out_is_nothing_to_wait_for_and_never_opens() -> None:
    state, _ = run(made("M01", "M02", "M03"), changed(1, DROP, "M02"), *work(3, 4, 5, 6, 7))
    state, _ = run(state, *work(3, 4, 5, 6, 7), answered(8))
    assert at_work(state) == {"M01": ("completed", 1), "M02": ("skipped", 1), "M03": ("active", 1)}


# --- Order and pieces ---

days = st.integers(0, 60)
modules = st.sampled_from(PLAN)
any_moment = st.one_of(
    st.builds(answered, days.map(float)),
    st.builds(
        risen,
        days.map(float),
        st.sampled_from(["fear-avoidance", "low-mood", "anxiety", "work", "social"]),
    ),
    st.builds(practised, days, modules, st.none() | st.integers(4, 10)),
    st.builds(
        quizzed,
        st.floats(0, 60).map(lambda d: round(d, 2)),
        modules,
        st.integers(1, 3),
        st.sampled_from([60, 80, 100]),
    ),
    st.builds(
        changed,
        st.floats(0, 60).map(lambda d: round(d, 2)),
        st.sampled_from([ADD, DROP, MOVE, SWAP, STEP_DOWN]),
        st.sampled_from(["M11", "M13", "M16", "M17"]),
        factor=st.sampled_from([None, "sleep", "low-mood"]),
        place=st.integers(0, 8),
    ),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Moment]:
    """Weeks in which much is done, so that plans move, with anything else thrown in."""
    found: dict[tuple[datetime, int, str], Moment] = {}
    for week in draw(st.lists(st.integers(0, 8), max_size=9, unique=True)):
        module = draw(modules)
        begin = 7 * week
        for moment in (
            *work(*range(begin + 1, begin + 6), module=module, grade=draw(st.integers(1, 2))),
            answered(begin + draw(st.integers(6, 8))),
        ):
            found[order(moment)] = moment
    for moment in draw(st.lists(any_moment, max_size=25)):
        found[order(moment)] = moment
    return draw(st.permutations(list(found.values())))


@settings(max_examples=200, deadline=None)
@given(histories(), st.lists(st.booleans(), min_size=120, max_size=120))
def test_pieces_from_stored_state_come_to_the_same_as_all_at_once(
    moments: list[Moment], cuts: list[bool]
) -> None:
    whole, all_kept = fold(rules(), made(*PLAN), moments, done_of(moments))
    state, kept = made(*PLAN), []
    piece: list[Moment] = []
    told: list[Moment] = []
    for n, moment in enumerate(sorted(moments, key=order)):
        piece.append(moment)
        told.append(moment)
        if cuts[n % len(cuts)]:
            state, decided = fold(rules(), state, piece, done_of(told))
            kept += decided
            piece = []
    state, decided = fold(rules(), state, piece, done_of(told))
    assert state == whole
    assert [*kept, *decided] == all_kept


@settings(max_examples=200, deadline=None)
@given(histories())
def test_the_order_of_arrival_does_not_matter(moments: list[Moment]) -> None:
    whole, kept = fold(rules(), made(*PLAN), moments, done_of(moments))
    state, to, told = made(*PLAN), BEGAN, []
    stored = set()
    for moment in moments:
        told.append(moment)
        if moment.at > to:
            state, decided = progress.step(rules(), state, moment, done_of(told))
        else:
            begun = start(state.parts, BEGAN)
            state, decided = fold(rules(), begun, told, done_of(told))
        to = max(to, moment.at)
        stored |= {(named(each), each.rule, each.occurrence) for each in decided}
    assert state == whole
    assert stored >= {(named(each), each.rule, each.occurrence) for each in kept}


@settings(max_examples=100, deadline=None)
@given(histories())
def test_a_plan_holds_each_module_once_and_opens_few_at_a_time(moments: list[Moment]) -> None:
    state = made(*PLAN)
    for moment in sorted(moments, key=order):
        state, _ = progress.step(rules(), state, moment, done_of(moments))
        held = names(state)
        assert len(held) == len(set(held))
        begun = [p.started_at for p in state.parts if p.started_at is not None]
        assert len(begun) == len(set(begun)), "one new a week"
        opened = sum(part.started_at == moment.at for part in state.parts)
        active = sum(part.status == "active" for part in state.parts)
        assert not opened or active <= PATHWAY.plan.active_at_once
        for part in state.parts:
            assert 1 <= part.grade <= part.module.last_grade
            assert (part.status == "completed") == (part.completed_at is not None)


@pytest.mark.parametrize(
    ("at", "level", "ended"),
    [(0, None, None), (1, "same_day", None), (2, "same_day", None), (3, None, 3), (9, None, 3)],
)
def test_a_hold_is_an_interval(at: int, level: str | None, ended: int | None) -> None:
    hold = Hold(BEGAN + timedelta(days=1), BEGAN + timedelta(days=3), "same_day")
    found = held_at([hold], BEGAN + timedelta(days=at))
    expected = None if ended is None else BEGAN + timedelta(days=ended)
    assert (found.level, found.ended_at) == (level, expected)
