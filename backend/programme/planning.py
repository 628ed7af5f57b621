"""From risk group and elevated factors to a plan in which every module says why. Pure.

The matrix of risk group by factors is Lumbra's own design, in the pathway: a low risk gets
a brief plan, and a likely non-responder more human contact, never less care (van der Windt 2008).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from backend.programme.modules import Module
from backend.risk.pathway import PlanRule, PlanShape
from backend.risk.profile import ElevatedFactor

CLOSING_REASON = (
    "Part of every plan for this risk group: steady days, a plan for flare-ups, keeping on."
)
CORE_REASON = "Core of every plan: what to expect, how pain works, goals and steady activity."
MANY = 3


@dataclass(frozen=True)
class Assignment:
    """One module of a plan. ``factor`` is the one that earned it; ``None`` for the core."""

    module: Module
    factor: str | None
    reason: str


@dataclass(frozen=True)
class Plan:
    """A proposal; the provider may change it with a reason."""

    weeks: int
    support: str
    assignments: tuple[Assignment, ...]
    notes: tuple[str, ...]


def make_plan(
    rule: PlanRule,
    group: str,
    factors: Sequence[ElevatedFactor],
    response_level: str | None,
    catalogue: Mapping[str, Module],
    circumstances: Set[str] = frozenset(),
) -> Plan:
    """The plan for a risk group and its factors, most severe first.

    The core comes first, then the modules that factors have earned, then one for a domain that is
    missing, then those that keep the gains. An elevated factor that no module of the plan targets
    is named in the notes, so that a provider can take it up. Raises ``KeyError`` for an unknown
    group.
    """
    shape = rule.matrix[group][load(rule, factors)]
    known = fitting(catalogue, circumstances)
    chosen = [Assignment(known[name], None, CORE_REASON) for name in rule.core]
    chosen += _for_factors(rule, shape, factors, known)
    if group in rule.covered_groups:
        chosen += _for_domains(rule, chosen, factors, known)
    present = {assignment.module.id for assignment in chosen}
    last = [name for name in rule.closing[group] if name not in present]
    chosen += [Assignment(known[name], None, CLOSING_REASON) for name in last]
    notes = _uncovered(chosen, factors, known)
    if response_level == "low":
        notes.append(rule.more_support)
    return Plan(shape.weeks, shape.support, tuple(chosen), tuple(notes))


def fitting(catalogue: Mapping[str, Module], circumstances: Set[str]) -> dict[str, Module]:
    """The modules that suit a person: a module may need something to be true of them."""
    return {name: module for name, module in catalogue.items() if suits(module, circumstances)}


def suits(module: Module, circumstances: Set[str]) -> bool:
    """Whether what a module needs is true of a person."""
    return module.needs is None or module.needs in circumstances


def load(rule: PlanRule, factors: Sequence[ElevatedFactor]) -> str:
    """``none``, ``some`` (1-2) or ``many`` (3 or more, or one very severe)."""
    if not factors:
        return "none"
    very_high = any(factor.severity >= rule.very_high_severity for factor in factors)
    return "many" if len(factors) >= MANY or very_high else "some"


def modules_for(
    factor: str, catalogue: Mapping[str, Module], already: Sequence[str]
) -> list[Module]:
    """Modules that target a factor and are not in the plan yet, in the order of their ids."""
    return [
        module
        for name, module in sorted(catalogue.items())
        if factor in module.target_factors and name not in already
    ]


def _for_factors(
    rule: PlanRule,
    shape: PlanShape,
    factors: Sequence[ElevatedFactor],
    catalogue: Mapping[str, Module],
) -> list[Assignment]:
    chosen: list[Assignment] = []
    earned = 0
    for factor in factors[: rule.top_factors]:
        names = [*rule.core, *(a.module.id for a in chosen)]
        found = modules_for(factor.factor, catalogue, names)
        if found and earned < shape.factor_modules:
            earned += 1
            chosen += with_what_it_builds_on(
                found[0], factor.factor, factor.reason, names, catalogue
            )
    return chosen


def with_what_it_builds_on(
    module: Module,
    factor: str | None,
    reason: str,
    already: Sequence[str],
    catalogue: Mapping[str, Module],
) -> list[Assignment]:
    """A module that joins a plan, after those it builds on which the plan does not hold."""
    before = [
        catalogue[needed.module]
        for needed in module.prerequisites
        if needed.module not in already and needed.module in catalogue
    ]
    ahead = f"{reason}; it prepares for {module.title}"
    return [
        *(Assignment(each, factor, ahead) for each in before),
        Assignment(module, factor, reason),
    ]


def _for_domains(
    rule: PlanRule,
    chosen: Sequence[Assignment],
    factors: Sequence[ElevatedFactor],
    catalogue: Mapping[str, Module],
) -> list[Assignment]:
    present = {assignment.module.domain for assignment in chosen}
    added = []
    for domain, name in rule.coverage.items():
        if domain in present or name not in catalogue:
            continue
        module = catalogue[name]
        earning = [f for f in factors if f.factor in module.target_factors]
        added.append(
            Assignment(module, earning[0].factor, earning[0].reason)
            if earning
            else Assignment(module, None, f"So that the plan has its {domain} side as well.")
        )
    return added


def _uncovered(
    chosen: Sequence[Assignment], factors: Sequence[ElevatedFactor], catalogue: Mapping[str, Module]
) -> list[str]:
    served = {factor for a in chosen for factor in a.module.target_factors}
    names = [a.module.id for a in chosen]
    notes = []
    for factor in factors:
        if factor.factor in served:
            continue
        found = modules_for(factor.factor, catalogue, names)
        lack = f"{found[0].id} has no room in this plan yet" if found else "no module of its own"
        notes.append(f"{factor.reason}: {lack}; take it up with the patient.")
    return notes
