"""The simulation behind docs/risk.md: that it is the same each time, and that it counts right."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np
import pytest

from backend.risk.trajectory import Point, judge
from benchmarks.risk import measures, pages, rules, tuning
from benchmarks.risk.__main__ import FOLDER, PAGE
from benchmarks.risk.cohort import (
    DETERIORATING,
    INPUTS,
    SCENARIOS,
    WEIGHTS,
    Cohort,
    Error,
    Floats,
    simulate,
    steady,
)

RULE = rules.shipped()
PEOPLE = 200


@cache
def cohort() -> tuple[Cohort, Floats]:
    """A small cohort with the product's scores."""
    people = simulate(PEOPLE, 5)
    return people, rules.scores(RULE, people)


def test_the_same_seed_gives_the_same_people_scores_and_decisions() -> None:
    people, scores = cohort()
    again = simulate(PEOPLE, 5)
    for name in ("level", "answers", "day", "onset", "rise", "answered"):
        assert np.array_equal(getattr(people, name), getattr(again, name), equal_nan=True)
    assert np.array_equal(scores, rules.scores(RULE, again), equal_nan=True)
    decided = rules.decisions(RULE, people, scores)
    assert np.array_equal(decided, rules.decisions(RULE, again, scores))
    assert not np.array_equal(people.level, simulate(PEOPLE, 6).level)


def test_the_same_seed_has_the_same_truth_whatever_the_error() -> None:
    people, _ = cohort()
    noisier = simulate(PEOPLE, 5, Error(12))
    assert np.array_equal(people.level, noisier.level)
    assert np.array_equal(people.onset, noisier.onset)
    assert not np.array_equal(people.answers, noisier.answers, equal_nan=True)


def test_the_cohort_is_about_the_score_that_ships() -> None:
    assert tuple(each.name for each in RULE.inputs) == INPUTS
    assert [each.weight for each in RULE.inputs] == WEIGHTS.tolist()


def test_every_course_is_there_and_only_deterioration_rises_for_good() -> None:
    people, _ = cohort()
    assert set(people.scenario.tolist()) == set(range(len(SCENARIOS)))
    worse = people.scenario == DETERIORATING
    assert ((people.onset >= 2) == worse).all()
    assert (people.rise[~worse] == 0).all()
    assert people.rise[worse].mean() > measures.REAL_FROM


def test_the_score_measures_the_true_level_with_about_the_error_assumed() -> None:
    people = steady(PEOPLE, 5, 30)
    off = rules.scores(RULE, people) - people.level
    assert abs(np.nanmean(off)) < 1
    assert 6 < np.nanstd(off) < 9


def test_decisions_are_those_of_the_product() -> None:
    people, scores = cohort()
    decided = rules.decisions(RULE, people, scores)
    flags = rules.rising(decided)
    for person in range(0, PEOPLE, 20):
        course = "acute" if people.acute[person] else "persistent"
        points = [
            Point(float(people.day[person, week]), float(scores[person, week]))
            for week in np.flatnonzero(~np.isnan(scores[person]))
        ]
        last = int(np.flatnonzero(~np.isnan(scores[person]))[-1])
        said = judge(RULE, course, points).decision
        assert flags[person, last] == (said in ("rising", "rising_fast"))
    assert (decided[np.isnan(scores)] == -1).all()


@pytest.mark.parametrize(
    ("flags", "scored", "expected"),
    [
        ("0110100", "1111111", [1, 4]),
        ("0110100", "1101111", [1, 4]),
        ("0100100", "1101111", [1, 4]),
        ("0101100", "1101111", [1]),  # no score in the week between
        ("1110001", "1111111", [0, 6]),
    ],
)
def test_an_alert_begins_where_a_flag_was_not_up_before(
    flags: str, scored: str, expected: list[int]
) -> None:
    up, known = (np.array([[c == "1" for c in text]]) for text in (flags, scored))
    assert np.flatnonzero(measures.begins(up & known, known)[0]).tolist() == expected


def test_alerts_are_counted_against_the_truth() -> None:
    people, scores = cohort()
    known = measures.truth(people, scores)
    found = measures.count(known, np.isfinite(scores) & (known.window | (scores > 1000)))
    assert found.found.sum() == known.sought.sum() > 5
    assert found.false.sum() == 0
    late = measures.count(known, np.isfinite(scores) & known.calm)
    assert late.found.sum() == 0
    assert late.false.sum() == late.alerts.sum() > 0


@pytest.mark.parametrize(("hits", "of"), [(0, 10), (5, 10), (10, 10)])
def test_a_share_lies_in_its_interval(hits: int, of: int) -> None:
    found = measures.wilson(hits, of)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low > 0.2


def test_a_shares_interval_is_as_published() -> None:
    found = measures.wilson(81, 263)  # Newcombe 1998, table I
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


def test_the_pathway_ships_what_tuning_chose() -> None:
    with (FOLDER / "tuning.csv").open(newline="") as source:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(source)]
    names = ("smoothing", "usual_smoothing", "fall_limit", "limit")
    bound = {row.pop("most_false") for row in rows}
    trials = [
        tuning.Trial({n: row[n] for n in names}, **{k: v for k, v in row.items() if k not in names})
        for row in rows
    ]
    chosen = tuning.choose(trials, *bound)
    assert chosen.parameters == {name: getattr(RULE, name) for name in names}


def test_the_page_says_what_was_measured() -> None:
    page = PAGE.read_text()
    assert pages.filled(page, FOLDER) == page
    assert pages.filled(page.replace("| **Lumbra** |", "| **Other** |"), FOLDER) == page
