"""Rules that can never hold: every one is found, and no other is accused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backend.content_check.rules import CHANGES, NEVER_NEGATIVE, SCORES, rule_faults
from backend.core.content import Document
from backend.risk.decisions import FACTS
from tests.shipped import SCORE_CODES

RANGES = {code: (scale.lowest, scale.highest) for code, scale in SCORE_CODES.items()}
WEEKS = range(13)
TESTS = {
    "at_least": lambda value, bound: value >= bound,
    "at_most": lambda value, bound: value <= bound,
    "below": lambda value, bound: value < bound,
    "in": lambda value, bound: value in bound,
}


def told(when: list[Any]) -> list[str]:
    """What is said of a rule with these conditions."""
    text = yaml.safe_dump({"rules": [{"id": "r", "when": when}]})
    document = Document(Path("p.yaml"), text, yaml.safe_load(text))
    return [error.message for error in rule_faults(document, RANGES)]


def holds(part: Mapping[str, Any], week: int) -> bool:
    """Whether a part holds in a week."""
    if "any" in part:
        return any(holds(each, week) for each in part["any"])
    if "all" in part:
        return all(holds(each, week) for each in part["all"])
    [(test, bound)] = [(k, v) for k, v in part.items() if k != "fact"]
    return bool(TESTS[test](week, bound))


bounds = st.one_of(
    st.tuples(st.just("at_least"), st.integers(1, 10)),
    st.tuples(st.just("at_most"), st.integers(1, 10)),
    st.tuples(st.just("below"), st.integers(1, 10)),
    st.tuples(st.just("in"), st.lists(st.integers(1, 10), min_size=1, max_size=3, unique=True)),
)
conditions = bounds.map(lambda bound: {"fact": "week", bound[0]: bound[1]})
ways = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(lambda p: {"any": p}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda p: {"all": p}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


@given(when=st.lists(ways, min_size=1, max_size=3))
def test_a_rule_is_told_never_to_hold_exactly_when_no_week_makes_it_hold(when: list[Any]) -> None:
    reachable = any(all(holds(part, week) for part in when) for week in WEEKS)
    assert any("rule r can never hold" in message for message in told(when)) != reachable


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ([{"fact": "phq9_total", "at_least": 27}], None),
        ([{"fact": "phq9_total", "at_least": 27.5}], "at least 27.5; it goes from 0 to 27"),
        ([{"fact": "phq9_total", "below": 1}], None),
        ([{"fact": "phq9_total", "below": 0}], "below 0; it goes from 0 to 27"),
        ([{"fact": "phq9_total", "at_most": 0}], None),
        ([{"fact": "phq9_total", "at_most": -1}], "at most -1; it goes from 0 to 27"),
        ([{"fact": "rmdq_fall", "at_least": 24}], None),
        ([{"fact": "rmdq_fall", "at_least": 25}], "at least 25; it goes from -24 to 24"),
        ([{"fact": "global_change", "in": [7]}], None),
        ([{"fact": "global_change", "in": [8]}], "never 8; it goes from 1 to 7"),
        ([{"fact": "silent_days", "at_least": 4000}], None),
        ([{"fact": "silent_days", "below": 0}], "below 0; it starts at 0"),
        ([{"fact": "danger", "in": ["later"]}], "danger is never later, only emergency"),
        ([{"fact": "newly_stratified", "in": ["yes"]}], "never yes, only true, false"),
        ([{"fact": "week", "at_least": "four"}], "compared with four, which is no number"),
        ([{"fact": "week", "in": 4}], "week needs a list after in"),
        ([{"fact": "risk_group", "in": ["low"]}, {"fact": "risk_group", "in": ["high"]}], "cannot"),
    ],
)
def test_a_threshold_is_held_against_the_range_of_its_fact(
    when: list[Any], message: str | None
) -> None:
    found = told(when)
    assert len(found) == (message is not None)
    assert message is None or message in found[0]


def test_every_fact_named_here_is_one_that_rules_may_ask_for() -> None:
    assert {*SCORES, *CHANGES, *NEVER_NEGATIVE} <= FACTS.keys()
    assert {*SCORES.values(), *CHANGES.values()} <= RANGES.keys()
    assert all(isinstance(end, Decimal) for ends in RANGES.values() for end in ends)
