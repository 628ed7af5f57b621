"""Risk groups: STarT Back (Hill 2008) or the Örebro short form (Linton 2011). Pure.

A group comes from a questionnaire; it is no diagnosis and no probability. The two tools agree
poorly on groups, so one of them assigns and the other is kept beside it. They are never averaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

LOW, MEDIUM, HIGH = "low", "medium", "high"


@dataclass(frozen=True)
class StartBackRule:
    """Total up to ``low_up_to``: low. Otherwise psychosocial of ``high_from``: high, or medium."""

    title: str
    total: str
    psychosocial: str
    low_up_to: int
    high_from: int

    @property
    def codes(self) -> tuple[str, ...]:
        """The scores it needs."""
        return self.total, self.psychosocial


@dataclass(frozen=True)
class OneCutRule:
    """Total of ``high_from`` or more: high. The tool has no second cut; below it: ``otherwise``."""

    title: str
    total: str
    high_from: int
    otherwise: str

    @property
    def codes(self) -> tuple[str, ...]:
        """The scores it needs."""
        return (self.total,)


@dataclass(frozen=True)
class StratificationRule:
    """The tools by name, and the one that assigns the group."""

    assigning: str
    methods: Mapping[str, StartBackRule | OneCutRule]

    @property
    def codes(self) -> tuple[str, ...]:
        """The scores of every tool."""
        return tuple(code for method in self.methods.values() for code in method.codes)


@dataclass(frozen=True)
class Stratum:
    """``low``, ``medium`` or ``high``; ``None`` when a score is missing, and why."""

    group: str | None
    reasons: tuple[str, ...]


def stratify(rule: StartBackRule | OneCutRule, scores: Mapping[str, Decimal | None]) -> Stratum:
    """The group by one tool. Incomplete is incomplete: no group is guessed."""
    if any(scores.get(code) is None for code in rule.codes):
        return Stratum(None, (f"{rule.title}: incomplete",))
    total = _number(scores, rule.total)
    if isinstance(rule, OneCutRule):
        if total >= rule.high_from:
            return Stratum(HIGH, (f"{rule.title} total {total} is {rule.high_from} or more",))
        return Stratum(rule.otherwise, (f"{rule.title} total {total} is under {rule.high_from}",))
    psychosocial = _number(scores, rule.psychosocial)
    if total <= rule.low_up_to:
        return Stratum(LOW, (f"{rule.title} total {total} is {rule.low_up_to} or less",))
    beyond = f"{rule.title} total {total} is over {rule.low_up_to}"
    if psychosocial >= rule.high_from:
        return Stratum(HIGH, (beyond, f"psychosocial {psychosocial} is {rule.high_from} or more"))
    return Stratum(MEDIUM, (beyond, f"psychosocial {psychosocial} is under {rule.high_from}"))


def answered(rule: StratificationRule, scores: Mapping[str, Decimal | None]) -> tuple[str, ...]:
    """The tools of which something was asked: a score, or the reason why there is none."""
    return tuple(
        name for name, method in rule.methods.items() if any(c in scores for c in method.codes)
    )


def _number(scores: Mapping[str, Decimal | None], code: str) -> Decimal:
    value = scores[code]
    assert value is not None
    # "7", not "7.0000" as the database gives it back.
    return Decimal(f"{value.normalize():f}")
