"""When a provider is competent, and when that lapses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.quality.competence import (
    Decided,
    Evidence,
    competence,
    lacking,
    may_decide,
    may_take_new,
    next_booster,
)
from backend.quality.training_files import load_competence
from tests.shipped import CONTENT

RULE = load_competence(CONTENT)
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
HIGH_TOPICS = RULE.tiers["high"].topics


def on(day: int) -> datetime:
    return START + timedelta(days=day)


def quizzes(percent: int = 80, safety: int = 100) -> list[Evidence]:
    """A quiz of each topic; those on danger carry their own share."""
    return [
        Evidence("quiz", t, on(1), Decimal(percent), Decimal(safety) if t in ("T2", "T7") else None)
        for t in HIGH_TOPICS
    ]


def roleplays(percent: int = 70) -> list[Evidence]:
    topics = sorted(RULE.roleplay_topics)
    return [Evidence("roleplay", t, on(2), Decimal(percent), None, "rater") for t in topics]


def seen(*percents: int, by: str = "rater", safety: int = 100, first: int = 10) -> list[Evidence]:
    return [
        Evidence("observed", None, on(first + n), Decimal(p), Decimal(safety), by)
        for n, p in enumerate(percents)
    ]


ALL = [*quizzes(), *roleplays(), *seen(80, 80, 80)]


@pytest.mark.parametrize(
    ("shown", "lacks"),
    [
        (ALL, []),
        ([Evidence("attended", topic, on(0)) for topic in HIGH_TOPICS], ["quiz none", "observed"]),
        ([*quizzes(79), *roleplays(), *seen(80, 80, 80)], ["T1: quiz 79 %, needs 80 %"]),
        ([*quizzes(), *roleplays(69), *seen(80, 80, 80)], ["T4: role-play 69 %, needs 70 %"]),
        ([*quizzes(), *roleplays(), *seen(80, 80)], ["2 observed consultations, needs 3"]),
        ([*quizzes(), *roleplays(), *seen(79, 80, 80)], ["mean 79.7 %, needs 80 %"]),
        ([*quizzes(), *roleplays(), *seen(100, 100, 59)], ["below 60 %"]),
        ([*quizzes(), *roleplays(), *seen(100, 80, 60)], []),
        ([*quizzes(), *roleplays(), *seen(80, 80, 80, safety=50)], ["items on danger"]),
        ([*quizzes(safety=75), *roleplays(), *seen(80, 80, 80)], ["items on danger"]),
        # An early try does not stand in the way of later ones.
        ([*quizzes(), *roleplays(), *seen(40, 80, 80, 80)], []),
        ([*quizzes(), *roleplays(), *seen(80, 80, 80, by="self")], ["0 observed consultations"]),
        ([*quizzes(), *roleplays(), *seen(80, 80, 80, by="mentor")], ["another rater"]),
    ],
)
def test_what_is_lacking(shown: list[Evidence], lacks: list[str]) -> None:
    found = "; ".join(lacking(RULE, "high", "self", "mentor", shown))
    assert all(each in found for each in lacks)
    assert bool(found) == bool(lacks)


def test_less_complex_care_needs_less() -> None:
    first = [e for e in quizzes() if e.topic in RULE.tiers["low"].topics]
    assert not lacking(RULE, "low", "self", None, first)
    assert lacking(RULE, "medium", "self", None, first)
    assert not lacking(RULE, "medium", "self", None, [*quizzes(), *roleplays()])
    assert lacking(RULE, "high", "self", None, [*quizzes(), *roleplays()])


def test_nobody_decides_on_oneself_or_alone_on_whom_they_mentor() -> None:
    assert may_decide("self", "mentor", "self") is not None
    assert may_decide("self", "mentor", "mentor") is not None
    assert may_decide("self", "mentor", "lead") is None


def level(day: float, shown: list[Evidence], decided: int | None = 20) -> str:
    decisions = [] if decided is None else [Decided("high", on(decided), "lead")]
    at = START + timedelta(days=day)
    return competence(RULE, "high", shown, decisions, at).level


BOOSTERS = [Evidence("booster", None, on(20 + day)) for day in (91, 182, 364)]


def test_attendance_alone_is_training() -> None:
    attended = [Evidence("attended", topic, on(0)) for topic in HIGH_TOPICS]
    assert level(30, attended, decided=None) == "in_training"
    assert level(30, ALL, decided=None) == "in_training"
    assert level(30, [], decided=None) == "not_started"
    assert level(30, ALL) == "competent"


def test_it_is_valid_for_a_year() -> None:
    assert level(20 + 364.9, [*ALL, *BOOSTERS]) == "competent"
    assert level(20 + 365, [*ALL, *BOOSTERS]) == "lapsed"


def test_it_lapses_when_the_last_five_fall_off() -> None:
    assert level(60, [*ALL, *BOOSTERS, *seen(70, 60, 60, first=40)]) == "competent"
    assert level(60, [*ALL, *BOOSTERS, *seen(70, 60, 59, first=40)]) == "lapsed"
    # Fewer than five say nothing yet.
    assert level(60, [*ALL, *seen(10, first=40)]) == "competent"


def test_it_lapses_when_a_booster_is_long_overdue() -> None:
    assert level(20 + 91 + 60, ALL) == "competent"
    assert level(20 + 91 + 60.1, ALL) == "lapsed"
    late = [*ALL, Evidence("booster", None, on(20 + 170))]
    assert level(20 + 171, late) == "competent"
    decided = Decided("high", on(20), "lead")
    assert next_booster(RULE, decided, ALL) == on(20 + 91)
    assert next_booster(RULE, decided, [*ALL, *BOOSTERS]) is None


def test_a_lapsed_provider_gets_no_new_patients_of_high_risk() -> None:
    assert not may_take_new(RULE, "high", "lapsed")
    assert not may_take_new(RULE, "high", "in_training")
    assert may_take_new(RULE, "high", "competent")
    assert may_take_new(RULE, "medium", "lapsed")


@given(st.permutations(ALL))
def test_the_order_of_the_records_does_not_matter(shown: list[Evidence]) -> None:
    assert not lacking(RULE, "high", "self", "mentor", shown)


@given(
    st.lists(
        st.builds(
            Evidence,
            st.sampled_from(["attended", "quiz", "roleplay", "observed", "booster"]),
            st.sampled_from([None, *HIGH_TOPICS]),
            st.integers(0, 300).map(on),
            st.none() | st.decimals(0, 100, places=1),
            st.none() | st.decimals(0, 100, places=1),
            st.sampled_from([None, "self", "mentor", "rater"]),
        )
    ),
    st.integers(0, 400),
)
def test_without_a_decision_nobody_is_competent(shown: list[Evidence], day: int) -> None:
    assert level(day, shown, decided=None) in ("not_started", "in_training")
