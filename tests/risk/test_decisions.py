"""What is due, by every rule of the shipped pathway: just below, at and above each bound."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.risk.decisions import FACTS, Assessment, Decision, State, decide, facts
from tests.crowd import known_and_new
from tests.shipped import PATHWAY

BOOK = PATHWAY.rule_book
KIND = {rule.id: rule.kind for rule in BOOK.rules}


def due(**known: Any) -> list[str]:
    """The rules that hold, by id."""
    return [decision.rule for decision in decide(BOOK, *known_and_new(**known))]


def scores(known: Mapping[str, Any]) -> dict[str, Any]:
    """Whole numbers as the scores that they are."""
    decimal = {"phq9_total", "rmdq", "pain", "global_change", "least_factor_change"}
    return {
        name: Decimal(value)
        if value is not None
        and (name in decimal or name.startswith("rmdq_") or name == "pain_previous")
        and name != "rmdq_previous_age"
        else value
        for name, value in known.items()
    }


WORSE = {"rmdq_baseline": 12, "rmdq_best": 10, "rmdq_previous": 10, "rmdq_previous_age": 21}
WEEK_4 = {
    "week": 4,
    "rmdq_baseline": 20,
    "rmdq_best": 19,
    "rmdq_previous": 19,
    "rmdq_previous_age": 7,
    "dose_percent": 50,
}
WEEK_6 = {**WEEK_4, "week": 6, "rmdq": 15, "risk_group": "medium"}
WELL = {"rmdq_baseline": 2, "rmdq_best": 2, "rmdq_previous": 2, "pain_previous": 1}

TABLE: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    # Danger
    ({"danger": "emergency"}, ["red-flag"]),
    ({"danger": "same_day"}, ["red-flag"]),
    ({"danger": "self_harm"}, ["self-harm"]),
    ({"danger": "soon"}, ["red-flag-soon"]),
    # Text messages
    ({"text": "emergency"}, ["danger-text"]),
    ({"text": "self_harm"}, ["danger-text"]),
    ({"text": "maybe_stop"}, ["maybe-stop"]),
    ({"text": "wrong_number"}, ["wrong-number"]),
    ({"danger": "self_harm", "phq9_total": 27}, ["self-harm", "severe-low-mood"]),
    # Groups: at the start, and R-RISKUP
    ({"new_group": "high"}, ["high-risk"]),
    ({"new_group": "medium"}, []),
    ({"new_group": "low"}, []),
    ({"risk_group": "high"}, []),
    ({"risk_group": "low", "new_group": "low"}, []),
    ({"risk_group": "low", "new_group": "medium"}, ["risk-up-medium"]),
    ({"risk_group": "low", "new_group": "high"}, ["risk-up-high"]),
    ({"risk_group": "medium", "new_group": "high"}, ["risk-up-high"]),
    ({"risk_group": "medium", "new_group": "medium"}, []),
    ({"risk_group": "high", "new_group": "high"}, []),
    ({"risk_group": "high", "new_group": "medium"}, []),
    ({"risk_group": "medium", "new_group": None}, []),
    # Mood and course
    ({"phq9_total": 19}, []),
    ({"phq9_total": 20}, ["severe-low-mood"]),
    ({"decision": "rising"}, ["rising"]),
    ({"decision": "rising_fast"}, ["rising"]),
    ({"decision": "not_improving"}, ["not-improving"]),
    ({"decision": "stable"}, []),
    ({"decision": "improving"}, []),
    # R-WORSE, once: 5 points and 30 % above the best
    ({**WORSE, "rmdq": 14}, []),
    ({**WORSE, "rmdq": 15}, ["worse-once"]),
    ({**WORSE, "rmdq_best": 18, "rmdq_previous": 18, "rmdq": 23}, []),  # 28 %
    ({**WORSE, "rmdq_best": 18, "rmdq_previous": 18, "rmdq": 24}, ["worse-once"]),  # 33 %
    ({**WORSE, "rmdq_best": 1, "rmdq_previous": 1, "rmdq": 5}, []),  # 400 %, 4 points
    ({**WORSE, "rmdq_best": 0, "rmdq_previous": 0, "rmdq": 4}, []),
    ({**WORSE, "rmdq_best": 0, "rmdq_previous": 0, "rmdq": 5}, ["worse-once"]),
    # R-WORSE, held by the next set
    ({**WORSE, "rmdq_best_earlier": 10, "rmdq_previous": 14, "rmdq": 15}, ["worse-once"]),
    ({**WORSE, "rmdq_best_earlier": 10, "rmdq_previous": 15, "rmdq": 14}, []),
    ({**WORSE, "rmdq_best_earlier": 10, "rmdq_previous": 15, "rmdq": 15}, ["worse", "worse-once"]),
    # R-WORSE, said by the patient
    ({**WORSE, "rmdq": 15, "global_change": 4}, ["worse-once"]),
    ({**WORSE, "rmdq": 15, "global_change": 5}, ["worse", "worse-once"]),
    ({**WORSE, "rmdq": 14, "global_change": 7}, []),
    # R-NONRESP: under 30 % and under 2 points, from 4 or more, of the last 14 days, with the dose
    (WEEK_4, ["non-response"]),
    ({**WEEK_4, "week": 3}, []),
    ({**WEEK_4, "week": 5}, []),
    ({**WEEK_4, "rmdq_previous": 18}, []),
    ({**WEEK_4, "rmdq_baseline": 4, "rmdq_previous": 3}, ["non-response"]),  # 25 %
    ({**WEEK_4, "rmdq_baseline": 3, "rmdq_previous": 3}, []),
    ({**WEEK_4, "rmdq_previous_age": 14}, ["non-response"]),
    ({**WEEK_4, "rmdq_previous_age": 15}, []),
    ({**WEEK_4, "rmdq_previous": None, "rmdq_previous_age": None}, []),
    ({**WEEK_4, "rmdq_baseline": None}, []),
    # The guard of an adequate dose
    ({**WEEK_4, "dose_percent": 49}, ["non-engagement"]),
    ({**WEEK_4, "dose_percent": 0}, ["non-engagement"]),
    ({**WEEK_4, "dose_percent": 49, "rmdq_previous": 18}, []),
    ({**WEEK_4, "dose_percent": None}, []),
    # R-NONRESP2: still under 30 %, and medium or high risk or a factor unchanged
    (WEEK_6, ["non-response-6"]),
    ({**WEEK_6, "risk_group": "high"}, ["non-response-6"]),
    ({**WEEK_6, "risk_group": "low"}, []),
    ({**WEEK_6, "risk_group": None}, []),
    ({**WEEK_6, "rmdq": 14}, []),  # 30 %
    ({**WEEK_6, "week": 7}, []),
    ({**WEEK_6, "dose_percent": 49}, ["non-engagement"]),
    ({**WEEK_6, "risk_group": "low", "dose_percent": 49}, ["non-engagement"]),
    (
        {**WEEK_6, "risk_group": "low", "least_factor_change": 9},
        ["non-response-6", "factor-unchanged"],
    ),
    ({**WEEK_6, "risk_group": "low", "least_factor_change": 10}, []),
    # R-FACTOR
    ({"week": 6, "least_factor_change": 10}, []),
    ({"week": 6, "least_factor_change": 9}, ["factor-unchanged"]),
    ({"week": 12, "least_factor_change": -50}, ["factor-unchanged"]),
    ({"week": 7, "least_factor_change": 0}, []),
    ({"week": 6, "least_factor_change": None}, []),
    # R-STUCK
    ({"stuck_marks": 1}, []),
    ({"stuck_marks": 2}, ["stuck"]),
    ({"stuck_marks": 3}, ["stuck"]),
    # R-EARLY
    ({"plan_days": 13, "tasks_7_days": 0}, []),
    ({"plan_days": 14, "tasks_7_days": 0}, ["early-reminder"]),
    ({"plan_days": 16, "tasks_7_days": 0}, ["early-reminder"]),
    ({"plan_days": 17, "tasks_7_days": 0}, ["early-call"]),
    ({"plan_days": 27, "tasks_7_days": 0}, ["early-call"]),
    ({"plan_days": 28, "tasks_7_days": 0}, []),
    ({"plan_days": 14, "tasks_7_days": 1}, []),
    ({"plan_days": 17, "tasks_7_days": 1}, []),
    ({"plan_days": 14, "tasks_7_days": None}, []),
    # Silence
    ({"risk_group": "high", "silent_days": 13}, []),
    ({"risk_group": "high", "silent_days": 14}, ["silent"]),
    ({"risk_group": "low", "silent_days": 60}, []),
    ({"silent_after_rise": True, "silent_days": 13}, []),
    ({"silent_after_rise": True, "silent_days": 14}, ["silent-after-rise"]),
    ({"silent_after_rise": False, "silent_days": 60}, []),
    # Unanswered for 120 hours: medium or high risk, or two missed sets in a row
    ({"risk_group": "high", "unanswered_hours": 119}, []),
    ({"risk_group": "high", "unanswered_hours": 120}, ["unanswered"]),
    ({"risk_group": "medium", "unanswered_hours": 120, "missed_sets": 0}, ["unanswered"]),
    ({"risk_group": "low", "unanswered_hours": 120, "missed_sets": 1}, []),
    ({"risk_group": "low", "unanswered_hours": 120, "missed_sets": 2}, ["unanswered"]),
    ({"unanswered_hours": 130, "missed_sets": 2}, ["unanswered"]),
    ({"unanswered_hours": 119, "missed_sets": 9}, []),
    ({"risk_group": "high", "missed_sets": 9}, []),
    # R-STEPDOWN: two sets
    ({**WELL, "rmdq": 2, "pain": 1}, ["step-down"]),
    ({**WELL, "rmdq": 3, "pain": 1}, []),
    ({**WELL, "rmdq": 2, "pain": 2}, []),
    ({**WELL, "rmdq_previous": 3, "rmdq": 0, "pain": 0}, []),
    ({**WELL, "pain_previous": 2, "rmdq": 0, "pain": 0}, []),
    ({**WELL, "rmdq_previous": None, "rmdq": 0, "pain": 0}, []),
    ({**WELL, "pain_previous": None, "rmdq": 0, "pain": 0}, []),
    ({**WELL, "rmdq": None, "pain": 0}, []),
    ({**WELL, "rmdq": 0, "pain": None}, []),
]


@pytest.mark.parametrize(
    ("known", "expected"),
    TABLE,
    ids=[",".join(f"{k}={v}" for k, v in known.items()) or "nothing" for known, _ in TABLE],
)
def test_what_is_due(known: dict[str, Any], expected: list[str]) -> None:
    assert due(**scores(known)) == expected


def test_every_rule_of_the_pathway_is_in_the_table() -> None:
    assert {rule for _, expected in TABLE for rule in expected} == set(KIND)


def test_what_each_rule_asks_for() -> None:
    assert KIND["non-response"] == "step-up"
    assert KIND["non-response-6"] == "hand-over"
    assert KIND["non-engagement"] == "non-engagement"
    assert KIND["worse"] == KIND["worse-once"] == "red-flag-check"
    assert KIND["factor-unchanged"] == "swap"
    assert KIND["early-reminder"] == "remind"
    assert KIND["early-call"] == KIND["stuck"] == KIND["silent"] == KIND["unanswered"] == "call"
    assert KIND["step-down"] == "step-down"


def test_tiers_are_those_of_the_programme() -> None:
    tiers = {rule.id: rule.tier for rule in BOOK.rules}
    of = {tier: {name for name, each in tiers.items() if each == tier} for tier in (1, 2, 3, None)}
    assert of == {
        1: {"red-flag", "self-harm", "danger-text"},
        2: {
            "high-risk",
            "risk-up-high",
            "severe-low-mood",
            "rising",
            "worse",
            "non-response-6",
            "silent-after-rise",
            "maybe-stop",
        },
        3: {
            "red-flag-soon",
            "risk-up-medium",
            "not-improving",
            "non-response",
            "non-engagement",
            "stuck",
            "early-call",
            "silent",
            "unanswered",
            "wrong-number",
        },
        None: {"worse-once", "factor-unchanged", "early-reminder", "step-down"},
    }


def one(rule: str, **known: Any) -> Decision:
    [found] = [d for d in decide(BOOK, *known_and_new(**scores(known))) if d.rule == rule]
    return found


def test_a_reason_names_titles_numbers_and_thresholds() -> None:
    found = one("non-response", **WEEK_4)
    assert found.reason == (
        "Week of the programme: 4; "
        "Roland-Morris score at the start: 20, which is 4 or more; "
        "Newest Roland-Morris score: 7 days old, which is 14 or less; "
        "Roland-Morris fall since the start: 5 %, which is under 30; "
        "Roland-Morris fall since the start: 1 point, which is under 2; "
        "Part of the programme received: 50 %, which is 50 or more."
    )
    assert found.version == PATHWAY.label
    assert found.inputs["rmdq_fall"] == 1.0
    assert found.inputs["dose_percent"] == 50


def test_a_reason_of_alternatives_names_the_one_that_holds() -> None:
    held = one("worse", **{**WORSE, "rmdq_best_earlier": 10, "rmdq_previous": 15, "rmdq": 16})
    assert "two sets in a row: 5 points" in held.reason and "own view" not in held.reason
    said = one("worse", **{**WORSE, "rmdq": 16, "global_change": 6})
    assert "own view" in said.reason and "two sets in a row" not in said.reason


# --- Properties ---

small = st.none() | st.integers(0, 24).map(Decimal)
states = st.builds(
    State,
    week=st.none() | st.integers(1, 60),
    risk_group=st.sampled_from([None, "low", "medium", "high"]),
    rmdq_baseline=small,
    rmdq_best=small,
    rmdq_previous=small,
    rmdq_previous_age=st.none() | st.integers(0, 400),
    rmdq_best_earlier=small,
    pain_previous=st.none() | st.integers(0, 10).map(Decimal),
    dose_percent=st.none() | st.integers(0, 100),
    tasks_7_days=st.none() | st.integers(0, 7),
    plan_days=st.none() | st.integers(0, 60),
    stuck_marks=st.none() | st.integers(0, 4),
    silent_days=st.none() | st.integers(0, 60),
    silent_after_rise=st.sampled_from([None, False, True]),
    unanswered_hours=st.none() | st.integers(0, 200),
    missed_sets=st.none() | st.integers(0, 5),
)
assessments = st.builds(
    Assessment,
    danger=st.sampled_from([None, "emergency", "self_harm", "same_day", "soon"]),
    new_group=st.sampled_from([None, "low", "medium", "high"]),
    phq9_total=st.none() | st.integers(0, 27).map(Decimal),
    decision=st.sampled_from(
        [None, "stable", "improving", "not_improving", "rising", "rising_fast"]
    ),
    rmdq=small,
    pain=st.none() | st.integers(0, 10).map(Decimal),
    global_change=st.none() | st.integers(1, 7).map(Decimal),
    least_factor_change=st.none() | st.integers(-100, 100).map(Decimal),
)
BETTER_OR_WORSE = {"worse", "worse-once", "step-down", "risk-up-high", "risk-up-medium", "rising"}
FIELDS = [
    *((State, field.name) for field in dataclasses.fields(State)),
    *((Assessment, field.name) for field in dataclasses.fields(Assessment)),
]


@given(states, assessments)
def test_the_same_facts_always_give_the_same_decisions(state: State, new: Assessment) -> None:
    again = decide(BOOK, dataclasses.replace(state), dataclasses.replace(new))
    assert decide(BOOK, state, new) == again


@given(states, assessments)
def test_every_decision_says_why_and_by_which_rules(state: State, new: Assessment) -> None:
    found = facts(state, new)
    assert found.keys() <= FACTS.keys()
    known = {k: float(v) if isinstance(v, Decimal) else v for k, v in found.items()}
    for decision in decide(BOOK, state, new):
        assert decision.version == PATHWAY.label
        assert decision.title and decision.suggestions and decision.source and decision.because
        for reason in decision.because:
            assert reason["value"] == known[reason["fact"]]
            assert FACTS[reason["fact"]].title in decision.reason
        assert decision.inputs == known


@given(states, assessments)
def test_danger_always_raises_an_alert_whatever_else_is_known(
    state: State, new: Assessment
) -> None:
    tiers = {decision.tier for decision in decide(BOOK, state, new)}
    assert (1 in tiers) == (new.danger in ("emergency", "self_harm", "same_day"))


@given(states, assessments, st.sampled_from(FIELDS))
def test_forgetting_a_fact_never_makes_anything_due(
    state: State, new: Assessment, forgotten: tuple[type, str]
) -> None:
    owner, name = forgotten
    if owner is State:
        # A group that was never known is what the start looks like; the road always knows it.
        if name == "risk_group" and new.new_group is not None:
            return
        less = dataclasses.replace(state, **{name: None}), new
    else:
        less = state, dataclasses.replace(new, **{name: None})
    before, after = ({d.rule for d in decide(BOOK, *each)} for each in ((state, new), less))
    if name in ("rmdq", "new_group"):
        # Without a new set the newest one known speaks; it can make nobody better or worse.
        assert not (after - before) & BETTER_OR_WORSE
    else:
        assert after <= before


@given(states)
def test_without_new_answers_nobody_is_better_or_worse(state: State) -> None:
    assert not BETTER_OR_WORSE & {d.rule for d in decide(BOOK, state, Assessment())}


@given(states, assessments, st.integers(0, 24))
def test_a_worse_disability_never_takes_back_that_somebody_is_worse(
    state: State, new: Assessment, more: int
) -> None:
    if new.rmdq is None:
        return
    worse = dataclasses.replace(new, rmdq=min(Decimal(24), new.rmdq + more))
    before, after = ({d.rule for d in decide(BOOK, state, each)} for each in (new, worse))
    assert {"worse", "worse-once"} & before <= after


@given(states, assessments)
def test_little_use_is_never_called_non_response(state: State, new: Assessment) -> None:
    rules = {decision.rule for decision in decide(BOOK, state, new)}
    if state.dose_percent is None or state.dose_percent < 50:
        assert not {"non-response", "non-response-6"} & rules
    else:
        assert "non-engagement" not in rules
