"""Whether the two files of an instrument agree with themselves and with each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backend.core.content import ContentError, Document
from backend.instruments.definitions import (
    METHODS,
    OPERATORS,
    TYPES,
    Condition,
    Gate,
    Instrument,
    Item,
    Scale,
)

ORDERING = (">", "<", ">=", "<=")
# Every answer of a number has its points in a table; nobody is asked for a number of seconds.
WIDEST_RANGE = 1000


@dataclass(frozen=True)
class Paths:
    """Where questions stand in the questionnaire, and scales in the scoring file."""

    items: dict[str, tuple[str | int, ...]]
    scales: dict[str, tuple[str | int, ...]]


def instrument_faults(
    questionnaire: Document, scoring: Document, instrument: Instrument, paths: Paths
) -> Iterator[ContentError]:
    """Every fault, with its line."""
    items = {item.link_id: item for item in instrument.items}
    for item in items.values():
        for fault in _item_faults(item):
            yield questionnaire.fault(f"{item.link_id}: {fault}", *paths.items[item.link_id])
    for link, fault in _gate_faults(instrument):
        yield questionnaire.fault(f"{link}: {fault}", *paths.items[link], "enableWhen")
    for link, points in instrument.values.items():
        if link not in items:
            yield scoring.fault(f"values for {link}, which is not asked", "items", link)
        elif {option.code for option in items[link].options} != set(points):
            yield scoring.fault(f"{link}: values do not match the answer options", "items", link)
    codes = [scale.code for scale in instrument.scales]
    for scale in instrument.scales:
        path = paths.scales[scale.code]
        if codes.count(scale.code) > 1:
            yield scoring.fault(f"{scale.code} occurs twice", *path)
        for key, fault in _scale_faults(scale, items, instrument):
            yield scoring.fault(f"{scale.code}: {fault}", *path, key)
    for number, danger in enumerate(instrument.danger):
        if danger.link_id not in items:
            fault = f"danger names {danger.link_id}, which is not asked"
            yield scoring.fault(fault, "danger", number)
    if instrument.wording not in ("ship", "structure"):
        yield scoring.fault("wording is either ship or structure", "wording")


def _item_faults(item: Item) -> Iterator[str]:
    if item.type not in TYPES:
        yield f"type {item.type} is not one of {', '.join(TYPES)}"
    if item.type == "choice" and not item.options:
        yield "a choice needs answer options"
    if item.type == "integer":
        if type(item.minimum) is not int or type(item.maximum) is not int:
            yield "an integer needs minValue and maxValue"
        elif not 0 < item.maximum - item.minimum <= WIDEST_RANGE:
            yield f"minValue lies below maxValue, by {WIDEST_RANGE} at most"


def _gate_faults(instrument: Instrument) -> Iterator[tuple[str, str]]:
    earlier: dict[str, Item] = {}
    for group in instrument.groups:
        for item in group.items:
            gates = [gate for gate in (group.gate, item.gate) if gate]
            for condition in (c for gate in gates for c in gate.conditions):
                for fault in _condition_faults(condition, earlier):
                    yield item.link_id, fault
            if len(gates) > 1 and any(_is_choice_of_several(gate) for gate in gates):
                yield item.link_id, "conditions of the group and its own cannot be joined by any"
        earlier.update({item.link_id: item for item in group.items})


def _is_choice_of_several(gate: Gate) -> bool:
    return gate.any_of and len(gate.conditions) > 1


def _condition_faults(condition: Condition, earlier: dict[str, Item]) -> Iterator[str]:
    question, operator, answer = condition.question, condition.operator, condition.answer
    if question not in earlier:
        yield f"enableWhen names {question}, which is not asked before it"
        return
    asked = earlier[question]
    if operator not in OPERATORS:
        yield f"operator {operator} is not one of {', '.join(OPERATORS)}"
    elif operator == "exists":
        if not isinstance(answer, bool):
            yield "exists is asked with answerBoolean"
    elif operator in ORDERING and asked.type != "integer":
        yield f"{operator} compares numbers, and {question} is none"
    elif asked.type == "choice" and answer not in {option.code for option in asked.options}:
        yield f"{question} has no answer {answer}"


def _scale_faults(
    scale: Scale, items: dict[str, Item], instrument: Instrument
) -> Iterator[tuple[str, str]]:
    if scale.method not in METHODS:
        yield "method", f"method {scale.method} is not one of {', '.join(METHODS)}"
    for link in scale.items:
        if link not in items:
            yield "items", f"uses {link}, which is not asked"
        elif items[link].type == "choice" and link not in instrument.values:
            yield "items", f"uses {link}, which has no values"
        elif items[link].type == "string":
            yield "items", f"uses {link}, which is free text and never scored"
    if not scale.items or len(set(scale.items)) < len(scale.items):
        yield "items", "needs items, each once"
    for link in sorted(scale.reversed - set(scale.items)):
        yield "reversed", f"reverses {link}, which it does not use"
    if not scale.lowest < scale.highest:
        yield "range", "the range does not rise"
    if scale.prorate_missing and (scale.at_least_answered or scale.missing_as is not None):
        yield "prorate_missing", "prorate_missing stands alone"
    if scale.at_least_answered > len(scale.items) or scale.prorate_missing >= len(scale.items):
        yield "items", "has fewer items than it needs answers"
    if scale.at_least_answered and scale.method in ("sum", "table") and scale.missing_as is None:
        yield "at_least_answered", "a sum over fewer answers would be a guess"
    yield from _band_faults(scale)


def _band_faults(scale: Scale) -> Iterator[tuple[str, str]]:
    edges = [low for low, _ in scale.bands]
    if edges != sorted(set(edges)):
        yield "bands", "bands do not rise"
    elif edges and not (edges[0] == scale.lowest and edges[-1] <= scale.highest):
        yield "bands", "bands do not cover the range"
