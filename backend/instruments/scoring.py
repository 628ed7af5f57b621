"""Answers to scores: a value, or the reason why there is none. Never a guess. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from backend.instruments.definitions import Answer, Instrument, Item, Scale

FOUR_PLACES = Decimal("0.0001")


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


def score(
    instrument: Instrument, answers: Mapping[str, Answer], asked: Set[str] | None = None
) -> list[Score]:
    """Every scale of an instrument that was asked for, in the order of its scoring file.

    ``asked`` are the link ids that were put to the person (default: all); a scale none of whose
    items was asked has no score, not even an incomplete one.
    """
    return [
        _score(instrument, scale, answers)
        for scale in instrument.scales
        if asked is None or not asked.isdisjoint(scale.items)
    ]


def _score(instrument: Instrument, scale: Scale, answers: Mapping[str, Answer]) -> Score:
    value, reason = _value(instrument, scale, answers)
    return Score(
        instrument=instrument.id,
        instrument_version=instrument.version,
        scoring_version=instrument.scoring_version,
        code=scale.code,
        value=value,
        reason=reason,
        band=None if value is None else _band(scale, value),
    )


def _value(
    instrument: Instrument, scale: Scale, answers: Mapping[str, Answer]
) -> tuple[Decimal | None, str | None]:
    items = {item.link_id: item for item in instrument.items}
    missing = [link for link in scale.items if answers.get(link) is None]
    if len(missing) > scale.prorate_missing:
        return None, f"incomplete: items {_numbers(missing)}"
    points = {
        link: _points(instrument, items[link], answers[link])
        for link in scale.items
        if link not in missing
    }
    outside = [link for link, value in points.items() if value is None]
    if outside:
        return None, f"out of range: items {_numbers(outside)}"
    known = [value for value in points.values() if value is not None]
    mean = sum(known, Decimal(0)) / len(known)
    if scale.method == "mean":
        return mean.quantize(FOUR_PLACES, ROUND_HALF_UP), None
    if missing:
        return (mean * len(scale.items)).quantize(Decimal(1), ROUND_HALF_UP), None
    return sum(known, Decimal(0)), None


def _points(instrument: Instrument, item: Item, answer: Answer) -> Decimal | None:
    if item.type == "choice":
        return instrument.values[item.link_id].get(str(answer))
    if isinstance(answer, str):
        return None
    value = Decimal(int(answer))
    if item.type == "integer":
        assert item.minimum is not None and item.maximum is not None
        return value if item.minimum <= value <= item.maximum else None
    return value


def _band(scale: Scale, value: Decimal) -> str | None:
    reached = [name for lowest, name in scale.bands if value >= lowest]
    return reached[-1] if reached else None


def _numbers(links: list[str]) -> str:
    return ", ".join(_last_parts(links))


def _last_parts(links: list[str]) -> Iterator[str]:
    return (link.rpartition(".")[2] for link in links)
