"""The factor profile: what is elevated, and how severely."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given

from backend.risk.profile import elevated_factors
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
    worst = {source.code: source.worst for rule in RULES for source in rule.sources}
    for factor in elevated_factors(RULES, scores):
        assert factor.value == scores[factor.code]
        end = worst[factor.code]
        assert min(factor.edge, end) <= factor.value <= max(factor.edge, end)
        assert factor.title in factor.reason and factor.code in factor.reason


def test_a_severity_of_nothing_has_no_sign() -> None:
    for found in elevated_factors(RULES, {"weekly.self_efficacy": Decimal(3)}):
        assert not found.severity.is_signed()
