"""How far a consultation followed the programme, from a checklist. Pure.

The order explore, inform, plan is that of the minimal intervention strategy (Jellema 2005); the
items, their scores and the bands are Lumbra's own defaults, in ``content/training``. People rate
themselves higher than others do, so that the ratings of an observer and of oneself are never mixed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

NOT_DONE, PARTLY, WELL = 0, 1, 2
SCORES = (NOT_DONE, PARTLY, WELL)
HIGH, MODERATE, LOW = "high", "moderate", "low"
OBSERVER, SELF = "observer", "self"
SOURCES = (OBSERVER, SELF)


@dataclass(frozen=True)
class ChecklistItem:
    """One thing to do in a consultation, or to leave undone."""

    id: str
    part: str
    text: str


@dataclass(frozen=True)
class Checklist:
    """What is looked for in a consultation, and how it counts.

    ``safety_item`` not done holds the value at ``safety_cap`` at most. Each of ``prohibited`` that
    was done takes ``penalty`` points off. With fewer than ``fewest`` applicable items there is no
    value. The value (0-100) is high from ``high_from``, moderate from ``moderate_from``.
    """

    version: str
    items: tuple[ChecklistItem, ...]
    prohibited: tuple[ChecklistItem, ...]
    safety_item: str
    fewest: int
    penalty: int
    safety_cap: int
    high_from: int
    moderate_from: int


@dataclass(frozen=True)
class Fidelity:
    """0-100 with its band, or ``None`` and why. ``taken_off``: points lost by prohibited items."""

    value: Decimal | None
    band: str | None
    applicable: int
    points: int
    taken_off: int
    capped: bool
    reason: str | None


def faults(
    checklist: Checklist, scores: Mapping[str, int | None], prohibited: Set[str]
) -> dict[str, str]:
    """What is wrong with a filled-in checklist, by field; empty when it can be counted.

    Every item is scored 0 (not done), 1 (partly) or 2 (done well), or ``None`` (not applicable).
    """
    known = {item.id for item in checklist.items}
    found = {f"scores.{name}": "There is no such item." for name in scores.keys() - known}
    for name in sorted(known):
        if name not in scores:
            found[f"scores.{name}"] = "Score this item, or mark it as not applicable."
        elif scores[name] is not None and scores[name] not in SCORES:
            found[f"scores.{name}"] = "Choose 0 (not done), 1 (partly) or 2 (done well)."
    for name in prohibited - {item.id for item in checklist.prohibited}:
        found[f"prohibited.{name}"] = "There is no such item."
    return found


def fidelity(
    checklist: Checklist, scores: Mapping[str, int | None], prohibited: Set[str] = frozenset()
) -> Fidelity:
    """The value of a checklist without ``faults``; what does not apply is left out of it."""
    counted = [score for score in scores.values() if score is not None]
    points, taken_off = sum(counted), checklist.penalty * len(prohibited)
    if len(counted) < checklist.fewest:
        reason = f"{len(counted)} items applied; {checklist.fewest} are needed"
        return Fidelity(None, None, len(counted), points, taken_off, False, reason)
    value = Decimal(100 * max(0, points - taken_off)) / (WELL * len(counted))
    value = value.quantize(Decimal("0.1"), ROUND_HALF_UP)
    unsafe = scores[checklist.safety_item] == NOT_DONE
    capped = unsafe and value > checklist.safety_cap
    value = Decimal(checklist.safety_cap) if capped else value
    return Fidelity(value, band(checklist, value), len(counted), points, taken_off, capped, None)


def band(checklist: Checklist, value: Decimal) -> str:
    """High, moderate or low."""
    if value >= checklist.high_from:
        return HIGH
    return MODERATE if value >= checklist.moderate_from else LOW


@dataclass(frozen=True)
class Agreement:
    """How far two raters agree: percent of items alike (0-100), and weighted kappa (-1 to 1).

    ``kappa`` is ``None`` where it is not defined: without items, or with one score throughout.
    """

    items: int
    percent: Decimal | None
    kappa: Decimal | None


def agreement(pairs: Sequence[tuple[int, int]]) -> Agreement:
    """Percent agreement and linearly weighted kappa (Cohen 1968) of two raters' item scores."""
    if not pairs:
        return Agreement(0, None, None)
    alike = Decimal(100 * sum(one == other for one, other in pairs)) / len(pairs)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    apart = sum(abs(one - other) for one, other in pairs) * len(pairs)
    by_chance = sum(
        abs(one - other) * n * m for one, n in first.items() for other, m in second.items()
    )
    kappa = None if by_chance == 0 else 1 - Decimal(apart) / by_chance
    return Agreement(len(pairs), _round(alike, "0.1"), kappa and _round(kappa, "0.01"))


def _round(value: Decimal, to: str) -> Decimal:
    return value.quantize(Decimal(to), ROUND_HALF_UP)
