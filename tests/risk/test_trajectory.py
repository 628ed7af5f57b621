"""The weekly risk score and what its course says."""

from __future__ import annotations

import dataclasses
import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.risk.trajectory import (
    CONCERNS,
    MILD_TO_GRAVE,
    Judgement,
    Occasion,
    Point,
    Reading,
    Walk,
    band,
    judge,
    latest_readings,
    replay,
    risk_score,
    severities,
    steps_of,
)
from tests.shipped import PATHWAY, scores_of

RULE = PATHWAY.trajectory
NAMES = [each.name for each in RULE.inputs]
OTHERS = [name for name in NAMES if name not in RULE.required]
CODES = sorted({source.code for each in RULE.inputs for source in each.sources})

severity = st.integers(0, 10_000).map(lambda n: n / 10_000)
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
    assert severities(RULE, {code: Decimal(value)}) == {name: float(expected)}


@given(scores_of(CODES))
def test_severities_lie_between_0_and_1(scores: dict[str, Decimal | None]) -> None:
    found = severities(RULE, scores)
    assert all(0 <= value <= 1 for value in found.values())
    assert all(math.copysign(1, value) == 1 for value in found.values())
    assert all(value == round(value, 4) for value in found.values()), "what is stored is exact"


@given(all_readings)
def test_contributions_add_up_to_a_score_within_range(readings: dict[str, Reading]) -> None:
    found = risk_score(RULE, readings)
    assert found.value is not None and found.reason is None
    assert 0 <= found.value <= 100
    assert sum(found.contributions.values()) == found.value
    exact = _shares(readings)
    assert all(abs(float(found.contributions[n]) - exact[n]) < 0.1 + 1e-9 for n in exact)
    assert all(found.contributions[n] == 0 for n, each in readings.items() if each.severity == 0)
    assert set(found.older) == {name for name, each in readings.items() if each.age_days}


def _shares(readings: dict[str, Reading]) -> dict[str, float]:
    """Contributions before rounding, from the definition."""
    faded = {
        each.name: each.weight * 0.5 ** (readings[each.name].age_days / RULE.half_life_days)
        for each in RULE.inputs
    }
    total = sum(faded.values())
    return {name: 100 * w * readings[name].severity / total for name, w in faded.items()}


@given(all_readings, st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing(
    readings: dict[str, Reading], chance: random.Random
) -> None:
    items = list(readings.items())
    chance.shuffle(items)
    assert risk_score(RULE, dict(items)) == risk_score(RULE, readings)


def test_safety_answers_are_not_in_the_score() -> None:
    assert not [code for code in CODES if code.startswith("safety") or "phq.9" in code]


@pytest.mark.parametrize(("worst", "expected"), [(0, 0), (1, 100)])
@given(ages=st.lists(age, min_size=len(NAMES), max_size=len(NAMES)))
def test_the_ends_of_the_scale_are_reached_at_any_age(
    worst: int, expected: int, ages: list[int]
) -> None:
    readings = {n: Reading(float(worst), a) for n, a in zip(NAMES, ages, strict=True)}
    assert risk_score(RULE, readings).value == expected


@given(all_readings, st.sampled_from(NAMES), severity)
def test_a_worse_answer_never_lowers_the_score(
    readings: dict[str, Reading], name: str, other: float
) -> None:
    worse = dataclasses.replace(readings[name], severity=max(other, readings[name].severity))
    before, after = risk_score(RULE, readings), risk_score(RULE, {**readings, name: worse})
    assert before.value is not None and after.value is not None
    assert after.value >= before.value


@given(all_readings, st.sampled_from(sorted(RULE.required)), st.booleans())
def test_without_a_required_input_there_is_a_reason_and_no_score(
    readings: dict[str, Reading], name: str, stale: bool
) -> None:
    old = Reading(1.0, RULE.fresh_days + 1)
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
    fresh = {name: Reading(0.0, 0) for name in NAMES} | {"work": Reading(1.0, 0)}

    def share(days: int) -> float:
        readings = {**fresh, "work": Reading(1.0, days)}
        return float(risk_score(RULE, readings).contributions["work"])

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


def test_the_newest_answer_counts_whatever_was_answered_before() -> None:
    monday = datetime(2026, 3, 2, 9, tzinfo=UTC)
    earlier = [
        (monday, {"fear": 0.9, "sleep": 0.8, "work": 0.7}),
        (monday + timedelta(days=7), {"fear": 0.5, "sleep": 0.4}),
    ]
    found = latest_readings(RULE, earlier, {"fear": 0.1}, monday + timedelta(days=13, hours=23))
    assert found == {"fear": Reading(0.1, 0), "sleep": Reading(0.4, 6), "work": Reading(0.7, 13)}


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
        pytest.param((10, 8, 6), "persistent", "stable", id="40-percent-but-within-error"),
        pytest.param((60, 60, 60, 60), "acute", "stable", id="level-for-3-weeks"),
        pytest.param((60, 60, 60, 60, 60), "acute", "not_improving", id="level-for-4-weeks"),
        pytest.param((60, 60, 60, 60, 60, 42), "acute", "not_improving", id="one-better-week"),
        pytest.param((60,) * 5 + (36,) * 3, "acute", "improving", id="better-for-3-weeks"),
        pytest.param((40, 40, 40, 63), "persistent", "rising_fast", id="one-week-over-95-percent"),
        pytest.param((38, 38, 38, 57), "persistent", "stable", id="one-week-over-90-percent"),
        pytest.param((38, 38, 38, 57, 57), "persistent", "rising", id="two-weeks-over-90-percent"),
        pytest.param((38, 38, 38, 57, 38), "persistent", "stable", id="one-bad-week"),
        pytest.param(
            (60, 45, 34, 30, 28, 28, 28, 28, 50, 50),
            "acute",
            "rising",
            id="a-relapse-below-the-start",
        ),
        pytest.param(
            (60, 45, 45, 57, *[57] * 14),
            "persistent",
            "not_improving",
            id="a-rise-of-long-ago-is-the-usual-level",
        ),
        pytest.param(
            (30, 34, 38, 42, 46, 50, 54, 58), "persistent", "rising", id="a-little-every-week"
        ),
    ],
)
def test_decision(scores: tuple[float, ...], course: str, expected: str) -> None:
    assert decision(*scores, course=course) == expected


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ((50,), ["nothing to compare it with"]),
        ((50, 49), ["within measurement error", "own usual level of 50"]),
        ((50, 42, 35), ["30 %", "15 points", "below the start", "standard error", "8 points"]),
        ((60,) * 5, ["after 28 days", "expected course", "limit is 12"]),
        ((40, 40, 40, 63), ["23 points above", "own usual level of 40", "under 22 points"]),
        ((38, 38, 38, 57, 57), ["10 points above", "own usual level of 40", "limit is 9"]),
        ((38, 38, 38, 57, 57, 40), ["rose lately", "2 answers in a row under 4 points"]),
    ],
)
def test_every_judgement_gives_its_reason_with_numbers(
    scores: tuple[float, ...], words: list[str]
) -> None:
    [reason] = judge(RULE, "acute", weekly(*scores)).reasons
    assert all(each in reason for each in words), reason


def test_a_rise_clears_only_after_two_calm_weeks() -> None:
    up = (38, 38, 38, 57, 57)
    after = [decision(*up, *(30,) * weeks) for weeks in range(1, 5)]
    assert decision(*up) == "rising"
    assert after[0] == "rising"
    assert "rising" not in after[-1]
    assert sum(a == "rising" and b != "rising" for a, b in pairwise(after)) == 1


def test_one_calm_week_between_two_high_ones_does_not_clear_a_rise() -> None:
    up = (38, 38, 38, 57, 57)
    assert decision(*up, 20) == "rising"
    assert decision(*up, 20, 57) == "rising"


def test_an_empty_course_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        judge(RULE, "acute", [])


series = st.lists(level, min_size=1, max_size=40)
gaps = st.lists(st.integers(0, 40), min_size=40, max_size=40)


@given(series, courses)
def test_the_same_series_always_gives_the_same_judgement(scores: list[int], course: str) -> None:
    def fresh() -> Judgement:
        return judge(dataclasses.replace(RULE), course, weekly(*scores))

    assert fresh() == fresh()


@given(series, gaps, courses, level, level)
def test_a_worse_last_score_never_gives_a_milder_decision(
    scores: list[int], days: list[int], course: str, one: int, other: int
) -> None:
    at = list(accumulate(days[: len(scores)]))
    before = [Point(float(day), score) for day, score in zip(at, scores, strict=True)]

    def gravity(last: int) -> int:
        points = [*before, Point(at[-1] + 7.0, last)]
        return MILD_TO_GRAVE.index(judge(RULE, course, points).decision)

    assert gravity(min(one, other)) <= gravity(max(one, other))


@given(series, courses)
def test_what_was_decided_stands_whatever_comes_later(scores: list[int], course: str) -> None:
    walk = Walk(RULE, course)
    as_it_went = [walk.step(point.day, point.score) for point in weekly(*scores)]
    assert as_it_went == [
        decision(*scores[: week + 1], course=course) for week in range(len(scores))
    ]


@given(level, st.integers(0, 30), courses)
def test_a_level_course_never_rises(score: int, weeks: int, course: str) -> None:
    assert decision(*[score] * (weeks + 1), course=course) not in CONCERNS


@given(level, st.sets(st.integers(1, 52), max_size=20), courses)
def test_missing_weeks_make_no_rise(score: int, answered: set[int], course: str) -> None:
    points = [Point(7.0 * week, score) for week in sorted({0, *answered})]
    assert judge(RULE, course, points).decision not in CONCERNS


@given(st.lists(level, min_size=2, max_size=20), st.data())
def test_a_single_missing_week_changes_no_rise(scores: list[int], data: st.DataObject) -> None:
    after = data.draw(st.integers(1, len(scores) - 1))
    late = [p if i < after else Point(p.day + 7, p.score) for i, p in enumerate(weekly(*scores))]
    on_time, with_gap = (judge(RULE, "acute", points) for points in (weekly(*scores), late))
    assert (with_gap.present, with_gap.usual) == (on_time.present, on_time.usual)
    assert (with_gap.decision in CONCERNS) == (on_time.decision in CONCERNS)


@pytest.mark.parametrize(
    ("days", "steps"),
    [(0, 0), (3.5, 0.5), (7, 1), (11, 1), (14, 1), (17.5, 1.5), (21, 2), (70, 2)],
)
def test_a_longer_gap_counts_as_up_to_two_steps(days: float, steps: float) -> None:
    assert steps_of(days) == pytest.approx(steps)


def test_one_score_after_a_long_gap_does_not_stand_for_the_present() -> None:
    before = weekly(40, 40, 40, 40)
    found = judge(RULE, "acute", [*before, Point(200.0, 60)])
    assert 40 < found.present < 60
    assert found.present > judge(RULE, "acute", weekly(40, 40, 40, 40, 60)).present


@given(st.integers(0, 77), st.integers(1, 30), courses)
def test_a_jump_beyond_measurement_error_is_a_fast_rise(
    score: int, weeks: int, course: str
) -> None:
    jump = score + RULE.reliable_change_95 + 0.01
    assert decision(*[score] * weeks, jump, course=course) == "rising_fast"


@given(st.lists(level, min_size=2, max_size=30), courses)
def test_a_score_that_only_falls_is_never_a_rise(scores: list[int], course: str) -> None:
    assert decision(*sorted(scores, reverse=True), course=course) not in CONCERNS


some_severities = st.dictionaries(st.sampled_from(NAMES), severity, max_size=len(NAMES))
answered_weeks = st.lists(st.tuples(st.integers(1, 30), some_severities), max_size=15)


@given(all_readings, answered_weeks, courses)
def test_a_course_replays_from_its_answers_alone(
    first: dict[str, Reading], later: list[tuple[int, dict[str, float]]], course: str
) -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    occasions = [Occasion(at, course, {name: each.severity for name, each in first.items()})]
    for days, found in later:
        at += timedelta(days=days)
        occasions.append(Occasion(at, course, found))
    whole = replay(RULE, occasions)
    assert len(whole) == len(occasions)
    for count in range(1, len(occasions) + 1):
        assert replay(RULE, occasions[:count]) == whole[:count]
    scored = [
        (each, score.value)
        for each, (score, _) in zip(occasions, whole, strict=True)
        if score.value is not None
    ]
    points = [Point((o.at - occasions[0].at) / timedelta(days=1), float(v)) for o, v in scored]
    judged = [judgement for _, judgement in whole if judgement]
    assert judged[-1] == judge(RULE, course, points)
