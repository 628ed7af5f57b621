"""The weekly risk score and what its course says."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.risk.trajectory import (
    CONCERNS,
    Judgement,
    Point,
    Reading,
    band,
    judge,
    risk_score,
    severities,
)
from tests.shipped import PATHWAY, scores_of

RULE = PATHWAY.trajectory
NAMES = [each.name for each in RULE.inputs]
OTHERS = [name for name in NAMES if name not in RULE.required]
CODES = sorted({source.code for each in RULE.inputs for source in each.sources})

severity = st.decimals(0, 1, places=4)
age = st.integers(0, RULE.fresh_days)
all_readings = st.fixed_dictionaries(
    {name: st.builds(Reading, severity, age) for name in NAMES},
)
courses = st.sampled_from(sorted(RULE.courses))
level = st.integers(0, 100)


def weekly(*scores: float) -> list[Point]:
    """A score every week from the start."""
    return [Point(7.0 * week, score) for week, score in enumerate(scores)]


def decision(*scores: float, course: str = "persistent") -> str:
    """The judgement of the last of some weekly scores."""
    return judge(RULE, course, weekly(*scores)).decision


# --- The score ---


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (RULE.standard_error, 8.0),
        (RULE.reliable_change_90, 18.7),
        (RULE.reliable_change_95, 22.3),
    ],
    ids=["standard-error", "90-percent", "95-percent"],
)
def test_measurement_error_is_as_published(found: float, expected: float) -> None:
    assert found == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(
    ("code", "value", "name", "expected"),
    [
        ("peg.intensity", "4", "intensity", "0.4"),
        ("peg.interference", "10", "interference", "1"),
        ("weekly.self_efficacy", "10", "self-efficacy", "0"),
        ("weekly.self_efficacy", "2", "self-efficacy", "0.8"),
        ("phq2.total", "3", "low-mood", "0.5"),
        ("gad7.total", "21", "anxiety", "1"),
    ],
)
def test_severity_respects_the_direction(code: str, value: str, name: str, expected: str) -> None:
    assert severities(RULE, {code: Decimal(value)}) == {name: Decimal(expected)}


@given(scores_of(CODES))
def test_severities_lie_between_0_and_1(scores: dict[str, Decimal | None]) -> None:
    found = severities(RULE, scores)
    assert all(0 <= value <= 1 for value in found.values())
    assert all(not value.is_signed() for value in found.values())


@given(all_readings)
def test_contributions_add_up_to_a_score_within_range(readings: dict[str, Reading]) -> None:
    found = risk_score(RULE, readings)
    assert found.value is not None and found.reason is None
    assert 0 <= found.value <= 100
    rounding = Decimal("0.05") * (len(readings) + 1)
    assert abs(sum(found.contributions.values()) - found.value) <= rounding
    assert set(found.older) == {name for name, each in readings.items() if each.age_days}


@pytest.mark.parametrize(("worst", "expected"), [(0, 0), (1, 100)])
@given(ages=st.lists(age, min_size=len(NAMES), max_size=len(NAMES)))
def test_the_ends_of_the_scale_are_reached_at_any_age(
    worst: int, expected: int, ages: list[int]
) -> None:
    readings = {n: Reading(Decimal(worst), a) for n, a in zip(NAMES, ages, strict=True)}
    assert risk_score(RULE, readings).value == expected


@given(all_readings, st.sampled_from(NAMES), severity)
def test_a_worse_answer_never_lowers_the_score(
    readings: dict[str, Reading], name: str, other: Decimal
) -> None:
    worse = dataclasses.replace(readings[name], severity=max(other, readings[name].severity))
    before, after = risk_score(RULE, readings), risk_score(RULE, {**readings, name: worse})
    assert before.value is not None and after.value is not None
    assert after.value >= before.value


@given(all_readings, st.sampled_from(sorted(RULE.required)), st.booleans())
def test_without_a_required_input_there_is_a_reason_and_no_score(
    readings: dict[str, Reading], name: str, stale: bool
) -> None:
    old = Reading(Decimal(1), RULE.fresh_days + 1)
    left = {k: v for k, v in readings.items() if k != name}
    found = risk_score(RULE, {**left, name: old} if stale else left)
    assert found.value is None and found.contributions == {}
    assert found.reason and name in found.reason


@given(all_readings, st.sets(st.sampled_from(OTHERS)))
def test_the_score_needs_enough_other_inputs(readings: dict[str, Reading], kept: set[str]) -> None:
    found = risk_score(RULE, {k: v for k, v in readings.items() if k in RULE.required | kept})
    assert (found.value is None) == (len(kept) < RULE.others_needed)
    assert (found.value is None) == (found.reason is not None)


def test_an_older_answer_counts_less_and_half_after_its_half_life() -> None:
    fresh = {name: Reading(Decimal(0), 0) for name in NAMES} | {"work": Reading(Decimal(1), 0)}

    def share(days: int) -> Decimal:
        readings = {**fresh, "work": Reading(Decimal(1), days)}
        return risk_score(RULE, readings).contributions["work"]

    weights = {each.name: each.weight for each in RULE.inputs}
    rest, work = sum(weights.values()) - weights["work"], weights["work"]
    assert share(0) == round(100 * work / (rest + work), 1)
    assert share(RULE.half_life_days) == round(100 * work / 2 / (rest + work / 2), 1)
    assert all(share(day) > share(day + 7) for day in range(0, 28, 7))


@pytest.mark.parametrize(
    ("score", "name"), [(0, "low"), (34.9, "low"), (35, "medium"), (59.9, "medium"), (60, "high")]
)
def test_band(score: float, name: str) -> None:
    assert band(RULE, score) == name


# --- The course ---


@pytest.mark.parametrize(
    ("course", "start", "day", "expected"),
    [
        ("acute", 52, 42, 21.6),  # the check that came with the formula
        ("acute", 52, 0, 52),
        ("persistent", 51, 28, 39.6),
        ("persistent", 20, 28, 20),  # below the floor nobody is expected to get worse
    ],
)
def test_expected_course(course: str, start: float, day: float, expected: float) -> None:
    found = judge(RULE, course, [Point(0, start), Point(day, start)])
    assert found.expected == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("scores", "course", "expected"),
    [
        pytest.param((50,), "acute", "stable", id="baseline-only"),
        pytest.param((50, 48, 51), "persistent", "stable", id="small-ups-and-downs"),
        pytest.param((50, 42, 35), "persistent", "improving", id="30-percent-down"),
        pytest.param((50, 42, 36), "persistent", "stable", id="28-percent-down"),
        pytest.param((60, 60, 60, 60), "acute", "stable", id="level-for-3-weeks"),
        pytest.param((60, 60, 60, 60, 60), "acute", "not_improving", id="level-for-4-weeks"),
        pytest.param((40, 40, 40, 63), "persistent", "rising_fast", id="one-week-over-95-percent"),
        pytest.param((44, 44, 44, 63), "persistent", "rising_fast", id="into-the-high-band"),
        pytest.param((65, 65, 65, 84), "persistent", "stable", id="already-in-the-high-band"),
        pytest.param((38, 38, 38, 57), "persistent", "stable", id="one-week-over-90-percent"),
        pytest.param((38, 38, 38, 57, 57), "persistent", "rising", id="two-weeks-over-90-percent"),
        pytest.param((38, 38, 38, 57, 38), "persistent", "stable", id="one-bad-week"),
        pytest.param(
            (45, 30, 30, 40, 42, 42, 49, 49), "persistent", "rising", id="above-a-recent-best"
        ),
        pytest.param(
            (45, 30, 30, 42, 42, 42, 42, 42, 49, 49),
            "persistent",
            "not_improving",
            id="above-a-best-of-long-ago",
        ),
        pytest.param(
            (30, 34, 38, 42, 46, 50, 54, 58), "persistent", "rising", id="a-little-every-week"
        ),
    ],
)
def test_decision(scores: tuple[float, ...], course: str, expected: str) -> None:
    assert decision(*scores, course=course) == expected


def test_every_judgement_gives_its_reasons() -> None:
    for scores in ((50,), (50, 42, 35), (60,) * 5, (40, 40, 40, 63), (38, 38, 38, 57, 57)):
        assert all(judge(RULE, "acute", weekly(*scores)).reasons)


def test_a_rise_clears_only_after_two_calm_weeks() -> None:
    up = (38, 38, 38, 57, 57)
    after = [decision(*up, *(30,) * weeks) for weeks in range(1, 5)]
    assert decision(*up) == "rising"
    assert after[0] == "rising"
    assert "rising" not in after[-1]
    assert sum(a == "rising" and b != "rising" for a, b in pairwise(after)) == 1


def test_an_empty_course_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        judge(RULE, "acute", [])


series = st.lists(level, min_size=1, max_size=40)


@given(series, courses)
def test_the_same_series_always_gives_the_same_judgement(scores: list[int], course: str) -> None:
    def fresh() -> Judgement:
        return judge(dataclasses.replace(RULE), course, weekly(*scores))

    assert fresh() == fresh()


@given(level, st.integers(0, 30), courses)
def test_a_level_course_never_rises(score: int, weeks: int, course: str) -> None:
    assert decision(*[score] * (weeks + 1), course=course) not in CONCERNS


@given(level, st.sets(st.integers(1, 52), max_size=20), courses)
def test_missing_weeks_make_no_rise(score: int, answered: set[int], course: str) -> None:
    points = [Point(7.0 * week, score) for week in sorted({0, *answered})]
    assert judge(RULE, course, points).decision not in CONCERNS


@given(st.integers(0, 77), st.integers(1, 30), courses)
def test_a_jump_beyond_measurement_error_is_a_fast_rise(
    score: int, weeks: int, course: str
) -> None:
    jump = score + RULE.reliable_change_95 + 0.01
    assert decision(*[score] * weeks, jump, course=course) == "rising_fast"


@given(st.lists(level, min_size=2, max_size=30), courses)
def test_a_score_that_only_falls_is_never_a_rise(scores: list[int], course: str) -> None:
    assert decision(*sorted(scores, reverse=True), course=course) not in CONCERNS


@given(series, courses, level)
def test_a_worse_last_week_never_calms_a_fast_rise(
    scores: list[int], course: str, last: int
) -> None:
    if decision(*scores, last, course=course) == "rising_fast":
        assert decision(*scores, 100, course=course) == "rising_fast"
