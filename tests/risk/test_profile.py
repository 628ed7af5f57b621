"""The factor profile: what is elevated, and how severely."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given

from backend.risk.profile import FactorRule, FactorSource, elevated_factors, least_improvement
from tests.shipped import PATHWAY, scores_of

RULES = PATHWAY.factors
CODES = sorted({source.code for rule in RULES for source in rule.sources})


def severities(**scores: int | str) -> dict[str, Decimal]:
    """Factor and severity; ``weekly__fear=7`` stands for the code ``weekly.fear``."""
    given_ = {code.replace("__", "."): Decimal(value) for code, value in scores.items()}
    return {found.factor: found.severity for found in elevated_factors(RULES, given_)}


@pytest.mark.parametrize(
    ("code", "value", "factor", "severity"),
    [
        ("weekly__fear", 6, None, None),
        ("weekly__fear", 7, "fear-avoidance", "0"),
        ("weekly__fear", 10, "fear-avoidance", "1"),
        ("weekly__catastrophizing", 8, "catastrophizing", "0.33"),
        ("weekly__self_efficacy", 4, None, None),
        ("weekly__self_efficacy", 3, "low-self-efficacy", "0"),
        ("weekly__self_efficacy", 0, "low-self-efficacy", "1"),
        ("weekly__support", 1, "social", "0.67"),
        ("weekly__sleep", 9, "sleep", "0.67"),
        ("phq2__total", 2, None, None),
        ("phq2__total", 3, "low-mood", "0"),
        ("phq9__total", 9, None, None),
        ("phq9__total", 27, "low-mood", "1"),
        ("gad2__total", 6, "anxiety", "1"),
        ("gad7__total", 10, "anxiety", "0"),
    ],
)
def test_edges_of_one_factor(
    code: str, value: int, factor: str | None, severity: str | None
) -> None:
    expected = {} if factor is None else {factor: Decimal(severity or 0)}
    assert severities(**{code: value}) == expected


def test_the_long_form_goes_before_the_short_one() -> None:
    assert severities(phq9__total=9, phq2__total=6) == {}
    assert severities(phq9__total=27, phq2__total=0) == {"low-mood": 1}


def test_the_most_severe_comes_first_and_ties_keep_the_order_of_the_pathway() -> None:
    found = severities(
        weekly__fear=8, weekly__sleep=10, weekly__self_efficacy=0, weekly__catastrophizing=8
    )
    assert list(found) == ["low-self-efficacy", "sleep", "fear-avoidance", "catastrophizing"]


@given(scores_of(CODES))
def test_severities_lie_between_0_and_1_and_fall(scores: dict[str, Decimal | None]) -> None:
    found = elevated_factors(RULES, scores)
    assert all(0 <= factor.severity <= 1 for factor in found)
    assert all(a.severity >= b.severity for a, b in pairwise(found))
    assert len({factor.factor for factor in found}) == len(found)


@given(scores_of(CODES))
def test_each_factor_rests_on_an_answer_beyond_its_edge(
    scores: dict[str, Decimal | None],
) -> None:
    sources = {source.code: source for rule in RULES for source in rule.sources}
    for factor in elevated_factors(RULES, scores):
        assert factor.value == scores[factor.code]
        end = sources[factor.code].worst
        assert factor.edge is not None and factor.value is not None
        assert min(factor.edge, end) <= factor.value <= max(factor.edge, end)
        assert factor.title in factor.reason and sources[factor.code].title in factor.reason
        assert (
            f"{factor.value.normalize():f}" in factor.reason and str(factor.edge) in factor.reason
        )
        assert factor.code not in factor.reason, "a clinician reads titles, not codes"


PSEQ = FactorSource("pseq.total", "PSEQ", Decimal(20), False, Decimal(0), Decimal(60), False)
FABQ = FactorSource("fabq.pa", "FABQ", Decimal(14), True, Decimal(0), Decimal(24), True)


@pytest.mark.parametrize(
    ("source", "value", "severity"),
    [
        (PSEQ, 60, None),
        (PSEQ, 21, None),
        (PSEQ, 20, "0"),
        (PSEQ, 10, "0.5"),
        (PSEQ, 0, "1"),
        (FABQ, 0, None),
        (FABQ, 14, None),
        (FABQ, 15, "0.1"),
        (FABQ, 19, "0.5"),
        (FABQ, 24, "1"),
    ],
)
def test_the_direction_of_a_scale_is_respected(
    source: FactorSource, value: int, severity: str | None
) -> None:
    found = source.severity(Decimal(value))
    assert found == (None if severity is None else Decimal(severity))


def test_a_scale_read_the_wrong_way_round_would_say_the_opposite() -> None:
    wrong = dataclasses.replace(PSEQ, higher_is_worse=True)
    assert PSEQ.severity(Decimal(0)) == 1 and wrong.severity(Decimal(0)) is None
    assert PSEQ.severity(Decimal(60)) is None and wrong.severity(Decimal(60)) == 1


@pytest.mark.parametrize(
    ("source", "before", "after", "percent"),
    [(PSEQ, 10, 16, 10), (PSEQ, 16, 10, -10), (FABQ, 24, 12, 50), (FABQ, 12, 24, -50)],
)
def test_a_change_for_the_better_is_positive_whichever_way_the_scale_runs(
    source: FactorSource, before: int, after: int, percent: int
) -> None:
    assert source.improvement(Decimal(before), Decimal(after)) == percent


def test_the_smallest_change_counts_and_only_of_what_was_asked_both_times() -> None:
    rules = [
        FactorRule("low-self-efficacy", "Confidence", (PSEQ,)),
        FactorRule("fear-avoidance", "Fear", (FABQ,)),
    ]
    both = ["low-self-efficacy", "fear-avoidance"]
    before = {"pseq.total": Decimal(10), "fabq.pa": Decimal(24)}
    after = {"pseq.total": Decimal(40), "fabq.pa": Decimal(23)}
    assert least_improvement(rules, both, before, after) == Decimal("4.17")
    assert least_improvement(rules, both[:1], before, after) == 50
    assert least_improvement(rules, both, before, {**after, "fabq.pa": None}) == 50
    assert least_improvement(rules, both, {}, after) is None
    assert least_improvement(rules, [], before, after) is None


@pytest.mark.parametrize(
    ("status", "elevated"), [("off-sick", True), ("adapted", False), ("working", False)]
)
def test_being_off_sick_makes_work_a_factor_by_itself(status: str, elevated: bool) -> None:
    found = elevated_factors(RULES, {"weekly.work": Decimal(0)}, {"context.work_status": status})
    assert [factor.factor for factor in found] == (["work"] if elevated else [])
    assert all("off work" in factor.reason for factor in found)


def test_a_severity_of_nothing_has_no_sign() -> None:
    for found in elevated_factors(RULES, {"weekly.self_efficacy": Decimal(3)}):
        assert not found.severity.is_signed()
