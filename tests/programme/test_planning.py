"""Plans: from risk group and elevated factors to modules that each say why."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.programme.planning import Assignment, Plan, load, make_plan, modules_for
from backend.risk.pathway import GROUPS
from backend.risk.profile import ElevatedFactor
from tests.shipped import MODULES, PATHWAY

RULE = PATHWAY.plan
FACTORS = [rule.factor for rule in PATHWAY.factors]
CORE = list(RULE.core)
# Pacing comes after the modules that face a fear; it is not to be read as a reason to avoid.
LAST = ["M05", "M16", "M17"]
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
        ("low", (), 4, ["M16"]),
        ("low", (elevated("fear-avoidance"),), 4, ["M06", "M16"]),
        ("low", (elevated("anxiety"),), 4, ["M07", "M09", "M16"]),
        ("medium", (), 8, ["M13", *LAST]),
        ("medium", (elevated("fear-avoidance"),), 8, ["M06", "M13", *LAST]),
        ("medium", (elevated("fear-avoidance", "0.9"),), 12, ["M06", "M13", *LAST]),
        ("medium", (elevated("social"),), 8, ["M13", *LAST]),
        ("high", (elevated("fear-avoidance"),), 12, ["M06", "M13", *LAST]),
        ("high", (), 12, ["M13", *LAST]),
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
            assert assignment.reason.startswith(by_factor[assignment.factor].reason)
            assert serves(assignment) or "it prepares for" in assignment.reason


def serves(assignment: Assignment) -> bool:
    """Whether a module works on the factor that earned it, not on what comes before it."""
    return assignment.factor in assignment.module.target_factors


@given(st.sampled_from(GROUPS), profiles)
def test_nothing_stands_before_what_it_builds_on(group: str, factors: list[ElevatedFactor]) -> None:
    ids = [assignment.module.id for assignment in plan(group, *factors).assignments]
    for place, name in enumerate(ids):
        assert {needed.module for needed in MODULES[name].prerequisites} <= set(ids[:place])


@given(st.sampled_from(GROUPS), profiles)
def test_a_plan_never_holds_more_factor_modules_than_its_cell_allows(
    group: str, factors: list[ElevatedFactor]
) -> None:
    shape = RULE.matrix[group][load(RULE, factors)]
    made = make_plan(RULE, group, factors, "high", MANY)
    room = min(shape.factor_modules, RULE.top_factors, len(factors))
    covering = set(RULE.coverage.values())
    earned = [a for a in made.assignments[len(CORE) :] if serves(a)]
    assert room <= len(earned) <= room + 1
    assert sum(a.module.id not in covering for a in earned) <= room
    assert (made.weeks, made.support) == (shape.weeks, shape.support)


@given(st.sampled_from(GROUPS), profiles)
def test_a_top_factor_without_a_module_is_named_in_the_notes(
    group: str, factors: list[ElevatedFactor]
) -> None:
    made = plan(group, *factors)
    served = {factor for a in made.assignments for factor in a.module.target_factors}
    # Nobody is known to have a job here, so the module on work has no place.
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


@given(st.sampled_from(GROUPS), profiles)
def test_a_plan_beyond_low_risk_has_a_somatic_a_psychological_and_a_social_side(
    group: str, factors: list[ElevatedFactor]
) -> None:
    domains = {a.module.domain for a in plan(group, *factors).assignments}
    assert domains >= {"somatic", "psychological"}
    assert group == "low" or "social" in domains


def test_a_low_risk_without_a_factor_gets_five_modules_at_most() -> None:
    assert len(plan("low").assignments) <= 5


def test_the_module_on_work_needs_a_job() -> None:
    work = [elevated("work")]
    for circumstances, expected in ((frozenset(), False), (frozenset({"employed"}), True)):
        made = make_plan(RULE, "low", work, "high", MODULES, circumstances)
        assert ("M14" in [a.module.id for a in made.assignments]) is expected
        assert bool(made.notes) is not expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("working", True),
        ("adapted", True),
        ("off-sick", True),
        ("not-employed", False),
        (None, False),
    ],
)
def test_who_has_a_job_is_told_by_the_baseline(status: str | None, expected: bool) -> None:
    found = RULE.circumstances_of({"context.work_status": status})
    assert found == ({"employed"} if expected else set())


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(KeyError):
        plan("unknown")


def test_modules_for_a_factor_leave_out_what_is_in_the_plan() -> None:
    both = [module.id for module in modules_for("low-self-efficacy", MODULES, [])]
    assert both == ["M02", "M03", "M04", "M12"]
    assert [m.id for m in modules_for("low-self-efficacy", MODULES, both[:3])] == ["M12"]
    assert modules_for("low-self-efficacy", MODULES, both) == []
