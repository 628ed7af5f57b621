"""Plans: from risk group and elevated factors to modules that each say why."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.programme.planning import Plan, load, make_plan, modules_for
from backend.risk.pathway import GROUPS
from backend.risk.profile import ElevatedFactor
from tests.shipped import MODULES, PATHWAY

RULE = PATHWAY.plan
FACTORS = [rule.factor for rule in PATHWAY.factors]
CORE = list(RULE.core)
# One more module for every factor, so that a plan is short of room and not of modules.
MANY = MODULES | {
    f"X{number}": replace(MODULES["M06"], id=f"X{number}", target_factors=(factor,))
    for number, factor in enumerate(FACTORS)
}


def elevated(factor: str, severity: str = "0.3") -> ElevatedFactor:
    """An elevated factor of some severity."""
    return ElevatedFactor(factor, factor, "code", Decimal(8), Decimal(7), Decimal(severity))


def plan(group: str, *factors: ElevatedFactor, level: str | None = "high") -> Plan:
    """The shipped pathway's plan."""
    return make_plan(RULE, group, factors, level, MODULES)


profiles = st.lists(
    st.builds(
        elevated, st.sampled_from(FACTORS), st.decimals(0, 1, places=2).map(lambda d: f"{d:f}")
    ),
    unique_by=lambda factor: factor.factor,
).map(lambda found: sorted(found, key=lambda factor: -factor.severity))


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ((), "none"),
        (("0",), "some"),
        (("0.59",), "some"),
        (("0.6",), "many"),
        (("0.3", "0.3"), "some"),
        (("0.3", "0.3", "0"), "many"),
    ],
)
def test_load(severities: tuple[str, ...], expected: str) -> None:
    factors = [elevated(FACTORS[n], severity) for n, severity in enumerate(severities)]
    assert load(RULE, factors) == expected


@pytest.mark.parametrize(
    ("group", "factors", "weeks", "extra"),
    [
        ("low", (), 4, []),
        ("low", (elevated("fear-avoidance"),), 4, ["M06"]),
        ("medium", (), 8, []),
        ("medium", (elevated("fear-avoidance"),), 8, ["M06"]),
        ("medium", (elevated("fear-avoidance", "0.9"),), 12, ["M06"]),
        ("high", (elevated("fear-avoidance"),), 12, ["M06"]),
        ("high", (), 12, []),
    ],
)
def test_plan(
    group: str, factors: tuple[ElevatedFactor, ...], weeks: int, extra: list[str]
) -> None:
    made = plan(group, *factors)
    assert made.weeks == weeks
    assert [assignment.module.id for assignment in made.assignments] == CORE + extra


@given(st.sampled_from(GROUPS), profiles)
def test_every_module_stands_once_and_says_why(group: str, factors: list[ElevatedFactor]) -> None:
    made = plan(group, *factors)
    ids = [assignment.module.id for assignment in made.assignments]
    assert ids[: len(CORE)] == CORE
    assert len(set(ids)) == len(ids)
    by_factor = {factor.factor: factor for factor in factors}
    for assignment in made.assignments:
        assert assignment.reason
        if assignment.factor is not None:
            assert assignment.factor in assignment.module.target_factors
            assert assignment.reason == by_factor[assignment.factor].reason


@given(st.sampled_from(GROUPS), profiles)
def test_a_plan_never_holds_more_factor_modules_than_its_cell_allows(
    group: str, factors: list[ElevatedFactor]
) -> None:
    shape = RULE.matrix[group][load(RULE, factors)]
    made = make_plan(RULE, group, factors, "high", MANY)
    room = min(shape.factor_modules, RULE.top_factors, len(factors))
    assert len(made.assignments) - len(CORE) == room
    assert (made.weeks, made.support) == (shape.weeks, shape.support)


@given(st.sampled_from(GROUPS), profiles)
def test_a_top_factor_without_a_module_is_named_in_the_notes(
    group: str, factors: list[ElevatedFactor]
) -> None:
    made = plan(group, *factors)
    served = {factor for a in made.assignments for factor in a.module.target_factors}
    for factor in factors[: RULE.top_factors]:
        noted = any(factor.reason in note for note in made.notes)
        assert noted == (factor.factor not in served)


@given(profiles)
def test_more_risk_never_means_a_shorter_plan(factors: list[ElevatedFactor]) -> None:
    weeks = [plan(group, *factors).weeks for group in GROUPS]
    assert all(a <= b for a, b in pairwise(weeks))


@given(st.sampled_from(GROUPS), profiles)
def test_a_likely_non_responder_gets_more_contact_and_no_less_care(
    group: str, factors: list[ElevatedFactor]
) -> None:
    usual, hesitant = plan(group, *factors), plan(group, *factors, level="low")
    assert hesitant.assignments == usual.assignments
    assert hesitant.weeks == usual.weeks
    assert set(hesitant.notes) - set(usual.notes) == {RULE.more_support}


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(KeyError):
        plan("unknown")


def test_modules_for_a_factor_leave_out_what_is_in_the_plan() -> None:
    both = [module.id for module in modules_for("low-self-efficacy", MODULES, [])]
    assert both == ["M03", "M04"]
    assert [m.id for m in modules_for("low-self-efficacy", MODULES, ["M03"])] == ["M04"]
    assert modules_for("low-self-efficacy", MODULES, both) == []
