"""What an indicator is, and one figure of it. Plain values, read by ``indicator_files``. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from uuid import UUID

WHOLE = "all"
SHARE, COUNT = "share", "count"
BOTH, NUMERATOR, REST, CHAIN, APART = "both", "numerator", "rest", "chain", "apart"
ADDING = (BOTH, NUMERATOR, REST, CHAIN, APART)
# Of a standard normal distribution, for 95 %.
Z = 1.959964


@dataclass(frozen=True)
class PartRule:
    """How the parts whose names begin with ``prefix`` add up: one of ``ADDING``."""

    prefix: str
    title: str
    of: str


@dataclass(frozen=True)
class Indicator:
    """One version of a definition. ``sql`` is the whole statement that counts it."""

    id: str
    version: str
    title: str
    numerator: str
    denominator: str
    unit: str
    source: str
    does_not_tell: str
    parts: tuple[PartRule, ...]
    sql: str

    def rule_of(self, part: str) -> PartRule | None:
        """How a part adds up; ``None`` of the whole."""
        return next((rule for rule in self.parts if part.startswith(rule.prefix)), None)


@dataclass(frozen=True)
class Period:
    """Whole days of a practice's calendar, ``until`` not included."""

    since: date
    until: date


@dataclass(frozen=True)
class Figure:
    """One number of an indicator, of one practice (``None``: all together) and period.

    A ``share`` has numerator and denominator, a ``count`` a numerator alone; ``mean``, ``sd`` and
    the like have a ``value`` over as many as the denominator says. ``hidden``: too few.
    """

    practice_id: UUID | None
    period: int
    indicator: str
    part: str
    measure: str
    numerator: int | None
    denominator: int | None
    value: Decimal | None = None
    hidden: bool = False

    @property
    def percent(self) -> Decimal | None:
        """0 to 100, to one place; ``None`` where there is nothing to be a part of."""
        if self.measure != SHARE or self.numerator is None or not self.denominator:
            return None
        return _one_place(Decimal(100) * self.numerator / self.denominator)

    @property
    def interval(self) -> tuple[Decimal, Decimal] | None:
        """The 95 % interval of the percentage (Wilson 1927), to one place."""
        if self.percent is None or self.numerator is None or not self.denominator:
            return None
        return wilson(self.numerator, self.denominator)

    def without_numerator(self) -> Figure:
        """The same, its numerator and value kept back."""
        return replace(self, numerator=None, value=None, hidden=True)

    def withheld(self) -> Figure:
        """The same, all of it kept back."""
        return replace(self, numerator=None, denominator=None, value=None, hidden=True)


def wilson(numerator: int, denominator: int) -> tuple[Decimal, Decimal]:
    """The 95 % score interval of a share, in percent to one place (Wilson 1927).

    Raises ``ZeroDivisionError`` without a denominator.
    """
    share = numerator / denominator
    spread = Z * Z / denominator
    middle = share + spread / 2
    half = Z * sqrt(share * (1 - share) / denominator + spread / (4 * denominator))
    low, high = ((middle + sign * half) / (1 + spread) for sign in (-1, 1))
    return _one_place(Decimal(100 * max(low, 0))), _one_place(Decimal(100 * min(high, 1)))


def _one_place(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)
