"""The factor profile: which modifiable prognostic factors are elevated, and how severely. Pure.

Thresholds come from the pathway; the severity formula is Lumbra's own design.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

TWO_PLACES = Decimal("0.01")


@dataclass(frozen=True)
class FactorSource:
    """A score that speaks of a factor. ``edge`` is where it becomes elevated and ``worst`` the end
    of the scale beyond it; ``worst`` below ``edge`` means that lower is worse."""

    code: str
    edge: Decimal
    worst: Decimal


@dataclass(frozen=True)
class FactorRule:
    """A factor and the scores that speak of it; the first that was answered counts."""

    factor: str
    title: str
    sources: tuple[FactorSource, ...]


@dataclass(frozen=True)
class ElevatedFactor:
    """An elevated factor; ``severity`` runs from 0 at the edge to 1 at the worst."""

    factor: str
    title: str
    code: str
    value: Decimal
    edge: Decimal
    severity: Decimal

    @property
    def reason(self) -> str:
        """One sentence that a provider can check."""
        return (
            f"{self.title}: {self.code} is {self.value.normalize():f} (elevated from {self.edge})"
        )


def elevated_factors(
    rules: Sequence[FactorRule], scores: Mapping[str, Decimal | None]
) -> list[ElevatedFactor]:
    """Elevated factors, the most severe first; ties in the order of the rules."""
    found = [factor for rule in rules if (factor := _elevated(rule, scores)) is not None]
    return sorted(found, key=lambda factor: -factor.severity)


def _elevated(rule: FactorRule, scores: Mapping[str, Decimal | None]) -> ElevatedFactor | None:
    for source in rule.sources:
        value = scores.get(source.code)
        if value is not None:
            break
    else:
        return None
    severity = (value - source.edge) / (source.worst - source.edge)
    if severity < 0:
        return None
    # Nothing divided by a falling scale is minus nothing in Decimal.
    severity = min(abs(severity), Decimal(1)).quantize(TWO_PLACES, ROUND_HALF_UP)
    return ElevatedFactor(rule.factor, rule.title, source.code, value, source.edge, severity)
