"""STarT Back groups."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from backend.instruments.scoring import score
from backend.risk.stratification import (
    OneCutRule,
    StartBackRule,
    StratificationRule,
    answered,
    stratify,
)
from tests.shipped import INSTRUMENTS, PATHWAY, answers_to

BOTH = PATHWAY.stratification
RULE = StartBackRule("STarT Back", "sbst.total", "sbst.psychosocial", 3, 4)
OREBRO = OneCutRule("Örebro short form", "ompsq-sf.total", 50, "low")
SBST = INSTRUMENTS["sbst"]


def group(total: int | None, psychosocial: int | None) -> str | None:
    """The group of two scores."""
    scores = {
        code: None if value is None else Decimal(value)
        for code, value in ((RULE.total, total), (RULE.psychosocial, psychosocial))
    }
    return stratify(RULE, scores).group


@pytest.mark.parametrize(
    ("total", "psychosocial", "expected"),
    [
        (0, 0, "low"),
        (3, 0, "low"),
        (3, 3, "low"),
        (4, 0, "medium"),
        (4, 3, "medium"),
        (4, 4, "high"),
        (5, 5, "high"),
        (7, 3, "medium"),
        (9, 5, "high"),
        (None, 4, None),
        (9, None, None),
        (None, None, None),
    ],
)
def test_group(total: int | None, psychosocial: int | None, expected: str | None) -> None:
    assert group(total, psychosocial) == expected


def test_scores_that_are_not_there_are_incomplete() -> None:
    assert stratify(RULE, {}).group is None
    assert stratify(RULE, {}).reasons == ("STarT Back: incomplete",)


def test_start_back_as_published_assigns_the_group() -> None:
    assert BOTH.assigning == "sbst"
    assert BOTH.methods["sbst"] == RULE


def test_the_reasons_are_those_of_the_tool_with_its_numbers_and_cuts() -> None:
    scores = {"sbst.total": Decimal("7.0000"), "sbst.psychosocial": Decimal(4)}
    assert stratify(RULE, scores).reasons == (
        "STarT Back total 7 is over 3",
        "psychosocial 4 is 4 or more",
    )


@pytest.mark.parametrize(
    ("total", "expected"), [(1, "low"), (37, "low"), (49, "low"), (50, "high"), (100, "high")]
)
def test_the_oerebro_form_has_one_cut(total: int, expected: str) -> None:
    found = stratify(OREBRO, {"ompsq-sf.total": Decimal(total)})
    assert found.group == expected
    assert found.reasons[0].startswith(f"Örebro short form total {total} is ")


def test_two_tools_are_told_apart_and_never_averaged() -> None:
    rule = StratificationRule("ompsq-sf", {"sbst": RULE, "ompsq-sf": OREBRO})
    scores = {"sbst.total": Decimal(9), "sbst.psychosocial": Decimal(5)}
    assert answered(rule, scores) == ("sbst",)
    assert stratify(rule.methods[rule.assigning], scores).group is None
    both: dict[str, Decimal | None] = {**scores, "ompsq-sf.total": Decimal(10)}
    assert answered(rule, both) == ("sbst", "ompsq-sf")
    assert {name: stratify(rule.methods[name], both).group for name in rule.methods} == {
        "sbst": "high",
        "ompsq-sf": "low",
    }


@given(answers_to(SBST.items))
def test_every_complete_questionnaire_has_one_group_by_hills_rule(answers: dict[str, Any]) -> None:
    agreed = [answers[f"sbst.{n}"] in ("agree", "very-much", "extremely") for n in range(1, 10)]
    total, psychosocial = sum(agreed), sum(agreed[4:])
    expected = "low" if total <= 3 else "high" if psychosocial >= 4 else "medium"
    found = stratify(RULE, {each.code: each.value for each in score(SBST, answers)})
    assert found.group == expected
    assert found.reasons


def test_a_higher_score_never_gives_a_lower_group() -> None:
    order = ("low", "medium", "high")
    for psychosocial in range(6):
        groups = [order.index(group(total, psychosocial) or "") for total in range(10)]
        assert all(a <= b for a, b in pairwise(groups))
    for total in range(10):
        groups = [order.index(group(total, psychosocial) or "") for psychosocial in range(6)]
        assert all(a <= b for a, b in pairwise(groups))
