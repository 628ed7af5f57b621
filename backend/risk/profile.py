"""The factor profile: which modifiable prognostic factors are elevated, and how severely. Pure.

Thresholds come from the pathway; the severity formula is Lumbra's own design. Each source says
which way is worse: a scale read the wrong way round would treat the confident and miss the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

TWO_PLACES = Decimal("0.01")


@dataclass(frozen=True)
class FactorSource:
    """A score that speaks of a factor, elevated from ``edge`` to the worse end.

    ``beyond``: the edge itself is not elevated yet ("over 14"). ``lowest`` and ``highest`` are the
    ends of the scale.
    """

    code: str
    title: str
    edge: Decimal
    beyond: bool
    lowest: Decimal
    highest: Decimal
    higher_is_worse: bool

    @property
    def worst(self) -> Decimal:
        """The worse end of the scale."""
        return self.highest if self.higher_is_worse else self.lowest

    def severity(self, value: Decimal) -> Decimal | None:
        """0 at the edge to 1 at the worst end; ``None`` when the factor is not elevated."""
        past = value - self.edge if self.higher_is_worse else self.edge - value
        if past < 0 or (self.beyond and past == 0):
            return None
        span = abs(self.worst - self.edge)
        return min(past / span, Decimal(1)).quantize(TWO_PLACES, ROUND_HALF_UP)

    def improvement(self, before: Decimal, after: Decimal) -> Decimal:
        """Change for the better, in percent of the scale's range; negative when worse."""
        change = before - after if self.higher_is_worse else after - before
        return (100 * change / (self.highest - self.lowest)).quantize(TWO_PLACES, ROUND_HALF_UP)


@dataclass(frozen=True)
class AnswerSource:
    """An answer that makes a factor elevated by itself, such as being off sick."""

    link: str
    title: str
    answers: tuple[Any, ...]
    severity: Decimal


@dataclass(frozen=True)
class FactorRule:
    """A factor and what speaks of it: the first score that was answered, and any such answer."""

    factor: str
    title: str
    sources: tuple[FactorSource, ...]
    answers: tuple[AnswerSource, ...] = ()


@dataclass(frozen=True)
class ElevatedFactor:
    """An elevated factor; ``severity`` runs from 0 at the edge to 1 at the worst.

    ``code`` is the score (or the question), ``value`` and ``edge`` are ``None`` for an answer in
    words.
    """

    factor: str
    title: str
    code: str
    value: Decimal | None
    edge: Decimal | None
    severity: Decimal
    because: str = ""

    @property
    def reason(self) -> str:
        """One sentence that a provider can check."""
        return f"{self.title}: {self.because or self.code}"


def elevated_factors(
    rules: Sequence[FactorRule],
    scores: Mapping[str, Decimal | None],
    answers: Mapping[str, Any] | None = None,
) -> list[ElevatedFactor]:
    """Elevated factors, the most severe first; ties in the order of the rules."""
    found = [
        factor for rule in rules if (factor := _elevated(rule, scores, answers or {})) is not None
    ]
    return sorted(found, key=lambda factor: -factor.severity)


def least_improvement(
    rules: Sequence[FactorRule],
    factors: Sequence[str],
    before: Mapping[str, Decimal | None],
    after: Mapping[str, Decimal | None],
) -> Decimal | None:
    """The smallest change for the better among some factors, in percent of the scale's range.

    Each is measured by the first of its scores that is known both times; ``None`` without any.
    """
    changes = [
        source.improvement(old, new)
        for rule in rules
        if rule.factor in factors
        for source, old, new in _both(rule, before, after)[:1]
    ]
    return min(changes, default=None)


def _both(
    rule: FactorRule,
    before: Mapping[str, Decimal | None],
    after: Mapping[str, Decimal | None],
) -> list[tuple[FactorSource, Decimal, Decimal]]:
    pairs = ((s, before.get(s.code), after.get(s.code)) for s in rule.sources)
    return [(s, old, new) for s, old, new in pairs if old is not None and new is not None]


def _elevated(
    rule: FactorRule, scores: Mapping[str, Decimal | None], answers: Mapping[str, Any]
) -> ElevatedFactor | None:
    found = [*_by_score(rule, scores), *_by_answer(rule, answers)]
    return max(found, key=lambda factor: factor.severity, default=None)


def _by_score(rule: FactorRule, scores: Mapping[str, Decimal | None]) -> list[ElevatedFactor]:
    for source in rule.sources:
        value = scores.get(source.code)
        if value is not None:
            severity = source.severity(value)
            break
    else:
        return []
    if severity is None:
        return []
    words = "over" if source.beyond else "or more" if source.higher_is_worse else "or less"
    edge = f"over {source.edge}" if source.beyond else f"{source.edge} {words}"
    because = f"{source.title} is {value.normalize():f} (elevated: {edge})"
    return [
        ElevatedFactor(rule.factor, rule.title, source.code, value, source.edge, severity, because)
    ]


def _by_answer(rule: FactorRule, answers: Mapping[str, Any]) -> list[ElevatedFactor]:
    return [
        ElevatedFactor(rule.factor, rule.title, a.link, None, None, a.severity, a.title)
        for a in rule.answers
        if a.link in answers and answers[a.link] in a.answers
    ]
