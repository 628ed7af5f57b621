"""The response index."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.programme import planning
from backend.risk.pathway import GROUPS
from backend.risk.response_index import Component, PointSource, ResponseIndex, response_index
from tests.shipped import MODULES, PATHWAY

RULE = PATHWAY.response_index

TITLES = [component.title for component in RULE.components]
# The questions of our own behind the components; the last stands in for PSEQ.
CODES = [component.sources[-1].code for component in RULE.components]


def index(*values: int | None, engaged: int | None = None) -> ResponseIndex:
    """The index of answers 0-10 in the order of the components."""
    scores = {
        code: None if value is None else Decimal(value)
        for code, value in zip(CODES, values, strict=True)
    }
    return response_index(RULE, scores, engaged)


@pytest.mark.parametrize(
    ("answers", "value", "level"),
    [
        ((0, 0, 0, 0), "0", "low"),
        ((3, 3, 3, 3), "0", "low"),
        ((4, 4, 4, 3), "3.8", "low"),
        ((4, 4, 4, 4), "5", "mid"),
        ((6, 6, 6, 6), "5", "mid"),
        ((7, 7, 4, 0), "6.3", "mid"),
        ((7, 7, 4, 4), "7.5", "high"),
        ((10, 10, 10, 10), "10", "high"),
    ],
)
def test_index_and_level(answers: tuple[int, ...], value: str, level: str) -> None:
    found = index(*answers)
    assert (found.value, found.level) == (Decimal(value), level)


@pytest.mark.parametrize("gap", range(len(CODES)), ids=CODES)
def test_one_answer_missing_gives_a_reason_and_no_value(gap: int) -> None:
    answers: list[int | None] = [10] * len(CODES)
    answers[gap] = None
    found = index(*answers)
    assert (found.value, found.level) == (None, None)
    assert TITLES[gap] in found.reasons[0]


answer = st.integers(0, 10)


@given(st.tuples(answer, answer, answer, answer), st.integers(0, 3), answer)
def test_a_higher_answer_never_lowers_it(answers: tuple[int, ...], which: int, other: int) -> None:
    better = list(answers)
    better[which] = max(other, answers[which])
    before, after = index(*answers).value, index(*better).value
    assert before is not None and after is not None
    assert 0 <= before <= after <= 10


def test_it_says_that_it_is_provisional() -> None:
    assert any("provisional" in reason for reason in index(5, 5, 5, 5).reasons)
    assert index(5, 5, 5, 5).provisional


@pytest.mark.parametrize(
    ("answers", "engaged", "value", "level"),
    [
        ((4, 4, 4, 4), 0, "4", "mid"),
        ((4, 4, 4, 4), 1, "5", "mid"),
        ((4, 4, 4, 4), 2, "5", "mid"),
        ((4, 4, 4, 4), 3, "6", "mid"),
        ((4, 4, 4, 0), 0, "3", "low"),
        ((7, 7, 7, 4), 0, "7", "high"),
        ((0, 0, 0, 0), 7, "2", "low"),
        ((10, 10, 10, 10), 3, "10", "high"),
    ],
)
def test_after_the_first_week_engagement_is_the_fifth_component(
    answers: tuple[int, ...], engaged: int, value: str, level: str
) -> None:
    found = index(*answers, engaged=engaged)
    assert (found.value, found.level) == (Decimal(value), level)
    assert not found.provisional
    assert not any("provisional" in reason for reason in found.reasons)


PSEQ = Component(
    "Confidence",
    (
        PointSource("pseq.total", Decimal(21), Decimal(40)),
        PointSource("weekly.self_efficacy", Decimal(4), Decimal(7)),
    ),
)


@pytest.mark.parametrize(("pseq", "points"), [(20, 0), (21, 1), (39, 1), (40, 2), (None, 2)])
def test_pseq_counts_where_it_was_asked_and_our_own_question_stands_in(
    pseq: int | None, points: int
) -> None:
    rule = dataclasses.replace(RULE, components=(PSEQ,))
    scores = {
        "weekly.self_efficacy": Decimal(10),
        "pseq.total": None if pseq is None else Decimal(pseq),
    }
    assert dict(response_index(rule, scores).points) == {"pseq.total": points}


@pytest.mark.parametrize("group", GROUPS)
def test_the_same_risk_gets_more_support_when_response_is_unlikely_and_never_less_care(
    group: str,
) -> None:
    plans = {
        level: planning.make_plan(PATHWAY.plan, group, [], level, MODULES)
        for level in ("low", "mid", "high")
    }
    care = {(p.weeks, p.support, tuple(a.module.id for a in p.assignments)) for p in plans.values()}
    assert len(care) == 1, "nobody is refused a module, a week or a call"
    assert plans["low"].assignments
    assert PATHWAY.plan.more_support in plans["low"].notes
    assert set(plans["high"].notes) < set(plans["low"].notes)
    assert plans["mid"].notes == plans["high"].notes
