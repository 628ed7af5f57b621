"""Whose consultations are to be observed next. Pure.

At least one in five consultations with high-risk patients, early and late in the programme, and of
every provider; one in ten of those by two raters (as in PACT, Godfrey 2020; the shares are Lumbra's
own defaults).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

EARLY, LATE = "early", "late"
STRATA = (EARLY, LATE)


@dataclass(frozen=True)
class SamplingRule:
    """Percent of consultations to observe, and of the observed ones to rate twice. Consultations up
    to ``early_days`` after enrolment are early."""

    observed_percent: int
    double_percent: int
    early_days: int


@dataclass(frozen=True)
class Held:
    """One provider's consultations of a stratum: held, observed, and observed by two."""

    provider: str
    stratum: str
    held: int
    observed: int
    double: int


@dataclass(frozen=True)
class Due:
    """How a provider's stratum stands, and whether the next consultation is to be observed."""

    provider: str
    stratum: str
    held: int
    observed: int
    percent: Decimal | None
    observe_next: bool


def sampling(rule: SamplingRule, counts: Iterable[Held]) -> list[Due]:
    """Every provider's strata; first those that are furthest behind."""
    found = [
        Due(
            each.provider,
            each.stratum,
            each.held,
            each.observed,
            share(each.observed, each.held),
            100 * each.observed < rule.observed_percent * (each.held + 1),
        )
        for each in counts
    ]
    behind = {
        id(due): due.observed - Decimal(rule.observed_percent * (due.held + 1)) / 100
        for due in found
    }
    return sorted(found, key=lambda due: (behind[id(due)], due.provider, due.stratum))


def rate_twice(rule: SamplingRule, counts: Sequence[Held]) -> bool:
    """Whether the next observed consultation is to be rated by two."""
    observed, double = sum(c.observed for c in counts), sum(c.double for c in counts)
    return 100 * double < rule.double_percent * (observed + 1)


def share(part: int, whole: int) -> Decimal | None:
    """Percent; ``None`` of nothing."""
    if whole == 0:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)
