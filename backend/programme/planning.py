"""From risk group and elevated factors to a plan in which every module says why. Pure.

The matrix of risk group by factors is Lumbra's own design, in the pathway: a low risk gets
a brief plan, and a likely non-responder more human contact, never less care (van der Windt 2008).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.programme.modules import Module
from backend.risk.pathway import PlanRule, PlanShape
from backend.risk.profile import ElevatedFactor

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
) -> Plan:
    """The plan for a risk group and its factors, most severe first.

    An elevated factor that no module of the plan targets is named in the notes, so that a provider
    can take it up. Raises ``KeyError`` for an unknown group.
    """
    shape = rule.matrix[group][load(rule, factors)]
    chosen = [Assignment(catalogue[name], None, CORE_REASON) for name in rule.core]
    extra, notes = _for_factors(rule, shape, factors, catalogue)
    if response_level == "low":
        notes.append(rule.more_support)
    return Plan(shape.weeks, shape.support, (*chosen, *extra), tuple(notes))


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
) -> tuple[list[Assignment], list[str]]:
    chosen: list[Assignment] = []
    notes: list[str] = []
    for rank, factor in enumerate(factors):
        names = [*rule.core, *(a.module.id for a in chosen)]
        found = modules_for(factor.factor, catalogue, names)
        if found and rank < rule.top_factors and len(chosen) < shape.factor_modules:
            chosen.append(Assignment(found[0], factor.factor, factor.reason))
        elif not any(factor.factor in catalogue[name].target_factors for name in names):
            lack = (
                f"{found[0].id} has no room in this plan yet" if found else "no module of its own"
            )
            notes.append(f"{factor.reason}: {lack}; take it up with the patient.")
    return chosen, notes
