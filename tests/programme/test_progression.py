"""When a grade advances, holds, steps back or is stuck, and what opens next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.programme.modules import Prerequisite
from backend.programme.progression import (
    Decision,
    Standing,
    Work,
    decide,
    is_due,
    next_to_start,
    practice_percent,
    summary,
)
from tests.shipped import PATHWAY

RULE = PATHWAY.progression
PLAN = PATHWAY.plan
START = datetime(2026, 6, 1, 9, tzinfo=UTC)


def work(
    grade: int = 2,
    holds: int = 0,
    quiz: int | None = 80,
    practice: int = 60,
    confidence: int | None = 6,
) -> Work:
    """A week that is just good enough, in the second of four grades."""
    return Work(grade, 4, holds, quiz, practice, confidence)


any_work = st.builds(
    work,
    grade=st.integers(1, 4),
    holds=st.integers(0, 5),
    quiz=st.none() | st.integers(0, 100),
    practice=st.integers(0, 100),
    confidence=st.none() | st.integers(0, 10),
)


@pytest.mark.parametrize(
    ("done", "move", "grade", "holds"),
    [
        pytest.param(work(), "advance", 3, 0, id="just-good-enough"),
        pytest.param(work(grade=4), "complete", 4, 0, id="last-grade"),
        pytest.param(work(holds=2), "advance", 3, 0, id="after-holds"),
        pytest.param(work(quiz=79), "hold", 2, 1, id="quiz-too-low"),
        pytest.param(work(quiz=None), "hold", 2, 1, id="no-quiz"),
        pytest.param(work(practice=59), "hold", 2, 1, id="too-little-practice"),
        pytest.param(work(confidence=5), "hold", 2, 1, id="not-confident"),
        pytest.param(work(confidence=None), "hold", 2, 1, id="confidence-not-given"),
        pytest.param(work(quiz=0, holds=1), "step-back", 1, 2, id="second-hold"),
        pytest.param(work(quiz=0, holds=1, grade=1), "hold", 1, 2, id="nothing-easier"),
        pytest.param(work(quiz=0, holds=2), "stuck", 2, 3, id="third-hold"),
    ],
)
def test_decision(done: Work, move: str, grade: int, holds: int) -> None:
    found = decide(RULE, done)
    assert (found.move, found.grade, found.holds) == (move, grade, holds)


@given(any_work)
def test_a_decision_moves_by_at_most_one_grade_and_says_what_was_lacking(done: Work) -> None:
    found = decide(RULE, done)
    assert 1 <= found.grade <= done.last_grade
    assert abs(found.grade - done.grade) <= 1
    assert (found.lacking == ()) == (found.move in ("advance", "complete"))
    assert (found.holds == 0) == (found.lacking == ())


@given(any_work, st.integers(0, 100), st.integers(0, 100), st.integers(0, 10))
def test_doing_more_never_leads_to_a_lower_grade(
    done: Work, quiz: int, practice: int, confidence: int
) -> None:
    more = Work(
        done.grade,
        done.last_grade,
        done.holds,
        max(quiz, done.best_quiz_percent or 0),
        max(practice, done.practice_percent),
        max(confidence, done.confidence or 0),
    )
    assert decide(RULE, more).grade >= decide(RULE, done).grade


@given(st.integers(1, 4))
def test_whoever_never_gets_on_meets_a_person_within_three_weeks(grade: int) -> None:
    found = Decision("hold", grade, 0, ())
    for _ in range(RULE.stuck_after_holds):
        assert found.move != "stuck"
        found = decide(RULE, work(grade=found.grade, holds=found.holds, quiz=None))
    assert found.move == "stuck"


@pytest.mark.parametrize(
    ("days", "planned", "percent"), [(0, 3, 0), (2, 3, 66), (3, 5, 60), (3, 3, 100), (7, 3, 100)]
)
def test_practice_percent(days: int, planned: int, percent: int) -> None:
    assert practice_percent(days, planned) == percent


@pytest.mark.parametrize(
    ("age", "due"),
    [(timedelta(days=6, hours=23), False), (timedelta(days=7), True), (timedelta(days=30), True)],
)
def test_a_grade_is_judged_after_its_week(age: timedelta, due: bool) -> None:
    assert is_due(RULE, START, START + age) is due


def standing(name: str, status: str, *needs: str, passed: int = 0, grade: int = 1) -> Standing:
    """Where one module stands; it needs ``grade`` of each of ``needs``."""
    return Standing(name, status, tuple(Prerequisite(n, grade) for n in needs), passed)


LAST = Standing("Z", "waiting", (), 0, modules_done=5)
ONE_OPEN = (standing("A", "active", passed=1), standing("B", "waiting", "A"))


@pytest.mark.parametrize(
    ("standings", "days", "locked", "expected"),
    [
        pytest.param((standing("A", "waiting"),), None, (), "A", id="the-first"),
        pytest.param(ONE_OPEN, 7, (), "B", id="a-week-later"),
        pytest.param(ONE_OPEN, 6, (), None, id="too-soon"),
        pytest.param(ONE_OPEN, 7, ("B",), None, id="locked-for-safety"),
        pytest.param((*ONE_OPEN, standing("C", "waiting")), 7, ("B",), "C", id="past-a-locked-one"),
        pytest.param(
            (standing("A", "active"), standing("B", "waiting", "A")), 7, (), None, id="needs-A"
        ),
        pytest.param(
            (standing("A", "active"), standing("B", "waiting", "A"), standing("C", "waiting")),
            7,
            (),
            "C",
            id="another-that-is-ready",
        ),
        pytest.param(
            (standing("A", "active"), standing("B", "active"), standing("C", "waiting")),
            30,
            (),
            None,
            id="two-open-are-enough",
        ),
        pytest.param(
            (standing("B", "waiting", "X"),), None, (), "B", id="needs-what-is-not-in-the-plan"
        ),
        pytest.param((standing("A", "completed", passed=1),), 30, (), None, id="all-done"),
        pytest.param(
            (standing("A", "active", passed=1), standing("B", "waiting", "A", grade=2)),
            30,
            (),
            None,
            id="needs-the-second-grade",
        ),
        pytest.param(
            (standing("A", "active", passed=2), standing("B", "waiting", "A", grade=2)),
            30,
            (),
            "B",
            id="has-the-second-grade",
        ),
        pytest.param(
            (standing("A", "active", passed=1), LAST), 30, (), None, id="waits-for-others-to-end"
        ),
        pytest.param(
            (standing("A", "completed", passed=1), LAST), 30, (), "Z", id="all-others-have-ended"
        ),
        pytest.param((), None, (), None, id="an-empty-plan"),
    ],
)
def test_next_to_start(
    standings: tuple[Standing, ...], days: int | None, locked: tuple[str, ...], expected: str | None
) -> None:
    last_start = None if days is None else START - timedelta(days=days)
    assert next_to_start(PLAN, standings, last_start, START, frozenset(locked)) == expected


@given(any_work)
def test_the_summary_holds_all_that_the_decision_looked_at(done: Work) -> None:
    lacking = decide(RULE, done).lacking
    kept = summary(done, lacking)
    assert kept["lacking"] == list(lacking)
    assert (kept["quiz_percent"], kept["practice_percent"], kept["confidence"]) == (
        done.best_quiz_percent,
        done.practice_percent,
        done.confidence,
    )
