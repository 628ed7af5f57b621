"""The response index: how likely a person is to take up the programme. Not validated. Pure.

It changes how much human contact is offered, never access; van der Windt (2008) asks to select
those likely to respond, and no published rule does so reliably.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

LOW, MID, HIGH = "low", "mid", "high"
MOST_POINTS = 2


@dataclass(frozen=True)
class Component:
    """A score that earns 0, 1 or 2 points."""

    code: str
    one_from: Decimal
    two_from: Decimal


@dataclass(frozen=True)
class ResponseIndexRule:
    """The components, and from which index (0-10) it is called mid or high."""

    components: tuple[Component, ...]
    mid_from: int
    high_from: int


@dataclass(frozen=True)
class ResponseIndex:
    """Index 0-10 with its level, or ``None`` and why. Provisional: engagement is not yet known."""

    value: Decimal | None
    level: str | None
    points: Mapping[str, int]
    reasons: tuple[str, ...]


def response_index(rule: ResponseIndexRule, scores: Mapping[str, Decimal | None]) -> ResponseIndex:
    """Sum of the components' points, scaled to 0-10."""
    missing = [c.code for c in rule.components if scores.get(c.code) is None]
    if missing:
        return ResponseIndex(None, None, {}, (f"incomplete: {', '.join(missing)}",))
    points = {c.code: _points(c, scores[c.code] or Decimal(0)) for c in rule.components}
    most = MOST_POINTS * len(points)
    value = (Decimal(10) * sum(points.values()) / most).quantize(Decimal("0.1"), ROUND_HALF_UP)
    level = HIGH if value >= rule.high_from else MID if value >= rule.mid_from else LOW
    reasons = tuple(f"{code} gives {earned} of {MOST_POINTS}" for code, earned in points.items())
    return ResponseIndex(value, level, points, (*reasons, "provisional: first week not yet known"))


def _points(component: Component, value: Decimal) -> int:
    return int(value >= component.one_from) + int(value >= component.two_from)
