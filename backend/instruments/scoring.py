"""Answers to scores: a value, or the reason why there is none. Never a guess. Pure.

What does not depend on the answers is prepared once for each instrument: these few lines run on
every check-in, and on a hundred thousand of them when history is scored again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from backend.instruments.definitions import Answer, Instrument, Scale

FOUR_PLACES = Decimal("0.0001")
ONE = Decimal(1)
ZERO = Decimal(0)
HUNDRED = Decimal(100)
NO_TABLE = "no table: the licence holder's table of values is not here"


@dataclass(frozen=True)
class Score:
    """One scale's value within its range, or ``reason`` (``incomplete: items 3, 7``)."""

    instrument: str
    instrument_version: str
    scoring_version: str
    code: str
    value: Decimal | None
    reason: str | None
    band: str | None = None


@dataclass(frozen=True)
class _Item:
    """What an item's answers are worth in one scale."""

    link_id: str
    kind: type
    points: Mapping[Answer, Decimal]
    highest: Decimal


@dataclass(frozen=True)
class _Prepared:
    """A scale with the points of its items looked up."""

    scale: Scale
    items: tuple[_Item, ...]
    links: frozenset[str]
    may_be_missing: int


def score(
    instrument: Instrument, answers: Mapping[str, Answer], asked: Set[str] | None = None
) -> list[Score]:
    """Every scale of an instrument that was asked for, in the order of its scoring file.

    ``asked`` are the link ids that were put to the person (default: all); a scale none of whose
    items was asked has no score, not even an incomplete one.
    """
    found = []
    for prepared in _prepare(instrument):
        if asked is None or not prepared.links.isdisjoint(asked):
            value, reason = _value(prepared, answers)
            found.append(
                Score(
                    instrument.id,
                    instrument.version,
                    instrument.scoring_version,
                    prepared.scale.code,
                    value,
                    reason,
                    None if value is None else _band(prepared.scale, value),
                )
            )
    return found


@lru_cache(maxsize=256)
def _prepare(instrument: Instrument) -> tuple[_Prepared, ...]:
    kinds = {
        item.link_id: {"choice": str, "integer": int, "boolean": bool}[item.type]
        for item in instrument.items
        if item.type != "string"
    }

    def item(scale: Scale, link: str) -> _Item:
        points = instrument.points[link]
        low, high = min(points.values()), max(points.values())
        if link in scale.reversed:
            points = {answer: low + high - value for answer, value in points.items()}
        return _Item(link, kinds[link], points, high)

    return tuple(
        _Prepared(
            scale,
            tuple(item(scale, link) for link in scale.items),
            frozenset(scale.items),
            scale.may_be_missing,
        )
        for scale in instrument.scales
    )


def _value(prepared: _Prepared, answers: Mapping[str, Answer]) -> tuple[Decimal | None, str | None]:
    known: list[Decimal] = []
    missing: list[str] = []
    outside: list[str] = []
    for item in prepared.items:
        answer = answers.get(item.link_id)
        if answer is None:
            missing.append(item.link_id)
            continue
        points = _points(item, answer)
        if points is None:
            outside.append(item.link_id)
        else:
            known.append(points)
    if missing and (len(missing) > prepared.may_be_missing or not (known or outside)):
        return None, f"incomplete: {_named(missing)}"
    if outside:
        return None, f"out of range: {_named(outside)}"
    return _computed(prepared, known, missing)


def _points(item: _Item, answer: Answer) -> Decimal | None:
    # True == 1 and 5.0 == 5 in Python: an answer must be of the question's own kind.
    if type(answer) is item.kind:
        return item.points.get(answer)
    # Codes such as "1" lose their quotes easily on the way through YAML or a spreadsheet.
    return item.points.get(str(answer)) if item.kind is str and type(answer) is int else None


def _computed(
    prepared: _Prepared, known: list[Decimal], missing: list[str]
) -> tuple[Decimal | None, str | None]:
    scale = prepared.scale
    total = sum(known, ZERO)
    counted = len(known)
    if missing and scale.missing_as is not None:
        total += scale.missing_as * len(missing)
        counted += len(missing)
    if scale.method == "mean":
        return (total / counted).quantize(FOUR_PLACES, ROUND_HALF_UP), None
    if scale.method == "percent":
        unanswered = set(missing) if scale.missing_as is None else ()
        most = sum((i.highest for i in prepared.items if i.link_id not in unanswered), ZERO)
        return (HUNDRED * total / most).quantize(FOUR_PLACES, ROUND_HALF_UP), None
    if counted < len(prepared.items):
        total = (total / counted * len(prepared.items)).quantize(ONE, ROUND_HALF_UP)
    return _looked_up(scale, total) if scale.method == "table" else (total, None)


def _looked_up(scale: Scale, total: Decimal) -> tuple[Decimal | None, str | None]:
    if not scale.table:
        return None, NO_TABLE
    if total not in scale.table:
        return None, f"out of range: the table has no value for a sum of {total}"
    return scale.table[total], None


def _band(scale: Scale, value: Decimal) -> str | None:
    reached = None
    for lowest, name in scale.bands:
        if value < lowest:
            break
        reached = name
    return reached


def _named(links: Sequence[str]) -> str:
    numbers = ", ".join(link.rpartition(".")[2] for link in links)
    return f"item {numbers}" if len(links) == 1 else f"items {numbers}"
