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
class PointSource:
    """A score that earns 0, 1 or 2 points."""

    code: str
    one_from: Decimal
    two_from: Decimal


@dataclass(frozen=True)
class Component:
    """A part of the index; the first of its scores that was answered counts."""

    title: str
    sources: tuple[PointSource, ...]

    @property
    def code(self) -> str:
        """The name under which its points are stored."""
        return self.sources[0].code


@dataclass(frozen=True)
class FirstWeek:
    """Days with a completed task among the first ``days``: known only after them."""

    title: str
    days: int
    one_from: int
    two_from: int


@dataclass(frozen=True)
class ResponseIndexRule:
    """The components, and from which index (0-10) it is called mid or high."""

    components: tuple[Component, ...]
    first_week: FirstWeek
    mid_from: int
    high_from: int

    @property
    def codes(self) -> tuple[str, ...]:
        """Every score it may look at."""
        return tuple(source.code for c in self.components for source in c.sources)


@dataclass(frozen=True)
class ResponseIndex:
    """Index 0-10 with its level, or ``None`` and why. Provisional until the first week is over."""

    value: Decimal | None
    level: str | None
    points: Mapping[str, int]
    reasons: tuple[str, ...]
    provisional: bool


def response_index(
    rule: ResponseIndexRule,
    scores: Mapping[str, Decimal | None],
    engaged_days: int | None = None,
) -> ResponseIndex:
    """Sum of the components' points, scaled to 0-10.

    ``engaged_days``: days with a completed task in the first week; ``None`` before it is over.
    """
    read = {c: _read(c, scores) for c in rule.components}
    missing = [c.title for c, found in read.items() if found is None]
    if missing:
        return ResponseIndex(
            None, None, {}, (f"incomplete: {', '.join(missing)}",), engaged_days is None
        )
    points: dict[str, int] = {}
    reasons: list[str] = []
    for component, found in read.items():
        assert found is not None
        source, value = found
        earned = int(value >= source.one_from) + int(value >= source.two_from)
        points[component.code] = earned
        reasons.append(_reason(component.title, value, earned, source))
    if engaged_days is not None:
        week = rule.first_week
        earned = int(engaged_days >= week.one_from) + int(engaged_days >= week.two_from)
        points["first_week"] = earned
        reasons.append(_reason(week.title, Decimal(engaged_days), earned, week))
    else:
        reasons.append("provisional: first week not yet known")
    most = MOST_POINTS * len(points)
    value = (Decimal(10) * sum(points.values()) / most).quantize(Decimal("0.1"), ROUND_HALF_UP)
    level = HIGH if value >= rule.high_from else MID if value >= rule.mid_from else LOW
    return ResponseIndex(value, level, points, tuple(reasons), engaged_days is None)


def _read(
    component: Component, scores: Mapping[str, Decimal | None]
) -> tuple[PointSource, Decimal] | None:
    for source in component.sources:
        value = scores.get(source.code)
        if value is not None:
            return source, value
    return None


def _reason(title: str, value: Decimal, earned: int, edges: PointSource | FirstWeek) -> str:
    return (
        f"{title} {value.normalize():f} gives {earned} of {MOST_POINTS} "
        f"(1 from {edges.one_from}, 2 from {edges.two_from})"
    )
