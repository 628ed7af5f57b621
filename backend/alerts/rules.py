"""When an alert is due, from facts and the pathway's rules. Pure.

Tiers and rules are the pathway's, each with its source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from backend.risk.pathway import AlertRule, Condition


@dataclass(frozen=True)
class AlertFacts:
    """What is known at the moment of asking; what is not known is ``None``.

    ``evidence`` is what a provider needs to judge it: values, thresholds, last occasions.
    """

    danger: str | None = None
    risk_group: str | None = None
    newly_stratified: bool | None = None
    phq9_total: Decimal | None = None
    decision: str | None = None
    stuck_marks: int | None = None
    silent_days: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trigger:
    """A rule whose conditions hold."""

    rule_id: str
    rule_version: str
    tier: int
    title: str
    suggestions: tuple[str, ...]
    evidence: Mapping[str, Any]


def triggers(facts: AlertFacts, rules: Sequence[AlertRule], version: str) -> list[Trigger]:
    """Every rule that holds, in the order of the pathway."""
    return [
        Trigger(
            rule_id=rule.id,
            rule_version=version,
            tier=rule.tier,
            title=rule.title,
            suggestions=rule.suggestions,
            evidence={
                **facts.evidence,
                "because": _because(rule.when, facts),
                "source": rule.source,
            },
        )
        for rule in rules
        if all(_holds(condition, facts) for condition in rule.when)
    ]


def merge(tier: int, again: int) -> int:
    """The tier of an open alert after new evidence: it may rise (1 is highest), never fall."""
    return min(tier, again)


def _holds(condition: Condition, facts: AlertFacts) -> bool:
    value = getattr(facts, condition.fact)
    if value is None:
        return False
    if condition.at_least is not None:
        return bool(value >= condition.at_least)
    return value in condition.values


def _because(conditions: Iterable[Condition], facts: AlertFacts) -> list[dict[str, Any]]:
    return [
        {
            "fact": condition.fact,
            "value": _plain(getattr(facts, condition.fact)),
            **(
                {"at_least": _plain(condition.at_least)}
                if condition.at_least is not None
                else {"one_of": list(condition.values)}
            ),
        }
        for condition in conditions
    ]


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
