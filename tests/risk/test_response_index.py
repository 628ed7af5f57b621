"""The response index."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.risk.response_index import ResponseIndex, response_index
from tests.shipped import PATHWAY

RULE = PATHWAY.response_index
CODES = [component.code for component in RULE.components]


def index(*values: int | None) -> ResponseIndex:
    """The index of answers 0-10 in the order of the components."""
    scores = {
        code: None if value is None else Decimal(value)
        for code, value in zip(CODES, values, strict=True)
    }
    return response_index(RULE, scores)


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
    assert CODES[gap] in found.reasons[0]


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
