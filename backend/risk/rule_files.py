"""Reading rules: the one language in which a pathway says when something is due.

A rule holds when all its conditions hold. A condition is a fact with ``in`` (a list), ``at_least``,
``at_most`` or ``below``; ``any`` and ``all`` hold further conditions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from backend.risk.decisions import FACTS
from backend.risk.pathway import KINDS, AllOf, AnyOf, Condition, Rule, RuleBook, When

BOUNDS = ("at_least", "at_most", "below")
WITH_TIER = frozenset({"alert", "step-up", "hand-over", "call", "non-engagement"})
KEYS = {"id", "kind", "tier", "title", "when", "suggestions", "for_patient", "source"}


def read_rules(version: str, raw: Sequence[Mapping[str, Any]]) -> RuleBook:
    """The rules of a pathway. Raises ``ValueError``, ``KeyError`` or ``TypeError`` by the fault."""
    rules = tuple(_rule(each) for each in raw)
    ids = [rule.id for rule in rules]
    for rule_id in ids:
        if ids.count(rule_id) > 1:
            raise ValueError(f"two rules have the id {rule_id}")
    return RuleBook(version, rules)


def _rule(raw: Mapping[str, Any]) -> Rule:
    name, kind, tier = raw["id"], raw["kind"], raw.get("tier")
    for key in raw.keys() - KEYS:
        raise ValueError(f"rule {name}: there is no {key} in a rule")
    if kind not in KINDS:
        raise ValueError(f"rule {name}: there is no kind {kind}")
    if kind in WITH_TIER and tier is None:
        raise ValueError(f"rule {name}: {kind} raises an alert and needs a tier")
    if tier not in (None, 1, 2, 3):
        raise ValueError(f"rule {name}: tier {tier} is not 1, 2 or 3")
    if not raw["when"]:
        raise ValueError(f"rule {name}: it has no condition")
    return Rule(
        id=name,
        kind=kind,
        tier=tier,
        title=raw["title"],
        when=AllOf(tuple(_when(name, each) for each in raw["when"])),
        suggestions=tuple(raw["suggestions"]),
        for_patient=raw.get("for_patient"),
        source=raw["source"],
    )


def _when(rule: str, raw: Mapping[str, Any]) -> When:
    if set(raw) == {"any"}:
        return AnyOf(tuple(_when(rule, each) for each in raw["any"]))
    if set(raw) == {"all"}:
        return AllOf(tuple(_when(rule, each) for each in raw["all"]))
    fact = raw["fact"]
    if fact not in FACTS:
        raise ValueError(f"rule {rule}: there is no fact {fact}")
    tests = raw.keys() - {"fact"}
    if len(tests) != 1 or not tests <= {"in", *BOUNDS}:
        raise ValueError(f"rule {rule}: {fact} needs one of in, {', '.join(BOUNDS)}")
    if "in" in raw:
        return Condition(fact, values=_values(rule, fact, raw["in"]))
    if not FACTS[fact].is_number:
        raise ValueError(f"rule {rule}: {fact} is no number, use in")
    at_least, at_most, below = (
        Decimal(str(raw[bound])) if bound in raw else None for bound in BOUNDS
    )
    return Condition(fact, at_least=at_least, at_most=at_most, below=below)


def _values(rule: str, fact: str, raw: Any) -> tuple[Any, ...]:
    if not isinstance(raw, list) or not raw:
        raise TypeError(f"rule {rule}: {fact} needs a list")
    known = FACTS[fact].words
    for value in raw:
        if known and value not in known:
            raise ValueError(f"rule {rule}: {fact} is never {value}")
    return tuple(raw)
