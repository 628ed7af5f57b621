"""Which alerts are due."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.alerts.rules import AlertFacts, merge, triggers
from tests.shipped import PATHWAY

RULES = PATHWAY.alerts.rules
LABEL = PATHWAY.label

any_facts = st.builds(
    AlertFacts,
    danger=st.sampled_from([None, "emergency", "self_harm", "same_day", "soon"]),
    risk_group=st.sampled_from([None, "low", "medium", "high"]),
    newly_stratified=st.sampled_from([None, False, True]),
    phq9_total=st.none() | st.integers(0, 27).map(Decimal),
    decision=st.sampled_from(
        [None, "stable", "improving", "not_improving", "rising", "rising_fast"]
    ),
    stuck_marks=st.none() | st.integers(0, 4),
    silent_days=st.none() | st.integers(0, 60),
    evidence=st.just({"score": 61.0}),
)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"danger": "emergency"}, [("red-flag", 1)]),
        ({"danger": "same_day"}, [("red-flag", 1)]),
        ({"danger": "self_harm"}, [("self-harm", 1)]),
        ({"danger": "soon"}, [("red-flag-soon", 3)]),
        ({"risk_group": "high", "newly_stratified": True}, [("high-risk", 2)]),
        ({"risk_group": "high", "newly_stratified": False}, []),
        ({"risk_group": "high"}, []),
        ({"risk_group": "medium", "newly_stratified": True}, []),
        ({"phq9_total": Decimal(19)}, []),
        ({"phq9_total": Decimal(20)}, [("severe-low-mood", 2)]),
        ({"decision": "rising"}, [("rising", 2)]),
        ({"decision": "rising_fast"}, [("rising", 2)]),
        ({"decision": "not_improving"}, [("not-improving", 3)]),
        ({"decision": "stable"}, []),
        ({"stuck_marks": 1}, []),
        ({"stuck_marks": 2}, [("stuck", 3)]),
        ({"risk_group": "high", "silent_days": 13}, []),
        ({"risk_group": "high", "silent_days": 14}, [("silent", 3)]),
        ({"risk_group": "low", "silent_days": 60}, []),
        (
            {"danger": "self_harm", "phq9_total": Decimal(27)},
            [("self-harm", 1), ("severe-low-mood", 2)],
        ),
    ],
    ids=lambda value: (
        ",".join(f"{k}={v}" for k, v in value.items()) or "nothing"
        if isinstance(value, dict)
        else ""
    ),
)
def test_what_is_due(facts: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    found = triggers(AlertFacts(**facts), RULES, LABEL)
    assert [(trigger.rule_id, trigger.tier) for trigger in found] == expected


@given(any_facts)
def test_danger_always_raises_an_alert_whatever_else_is_known(facts: AlertFacts) -> None:
    tiers = {trigger.tier for trigger in triggers(facts, RULES, LABEL)}
    assert (1 in tiers) == (facts.danger in ("emergency", "self_harm", "same_day"))


@given(any_facts)
def test_every_alert_says_why_and_by_which_rules(facts: AlertFacts) -> None:
    for trigger in triggers(facts, RULES, LABEL):
        assert trigger.rule_version == LABEL
        assert trigger.title and trigger.suggestions and trigger.evidence["source"]
        assert trigger.evidence["score"] == 61.0
        for reason in trigger.evidence["because"]:
            assert reason["value"] == getattr(facts, reason["fact"])


@given(st.integers(1, 3), st.integers(1, 3))
def test_new_evidence_may_raise_the_tier_and_never_lowers_it(tier: int, again: int) -> None:
    merged = merge(tier, again)
    assert merged in (tier, again)
    assert merged <= tier and merged <= again
