"""Batteries: instruments put together for one occasion, and whether answers fit what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from backend.instruments.definitions import (
    ANCHORS,
    MAXIMUM,
    MINIMUM,
    DangerItem,
    Group,
    Instrument,
    Item,
)

LONGEST_KEY = 100


@dataclass(frozen=True)
class Part:
    """Some questions of an instrument, or of one of several in turn."""

    alternate: tuple[str, ...]
    omit: frozenset[str] = frozenset()
    behind: str | None = None
    always: tuple[str, ...] = ()
    rotate: tuple[str, ...] = ()
    take: int = 0


@dataclass(frozen=True)
class Battery:
    """What is asked on one kind of occasion."""

    id: str
    version: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Questionnaire:
    """What one person is asked on one occasion. ``behind`` maps a question to the yes/no question
    that opens it."""

    battery: str
    version: str
    title: str
    instruments: tuple[str, ...]
    groups: tuple[Group, ...]
    behind: Mapping[str, str]
    danger: tuple[DangerItem, ...]
    copyright: str = field(default="")

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """All questions by link id, in their order."""
        return {item.link_id: item for group in self.groups for item in group.items}


def compose(
    battery: Battery, instruments: Mapping[str, Instrument], occasion: int
) -> Questionnaire:
    """What a battery asks on its ``occasion``-th time (from 1). Pure."""
    used: list[Instrument] = []
    groups: list[Group] = []
    behind: dict[str, str] = {}
    for part in battery.parts:
        instrument = instruments[part.alternate[(occasion - 1) % len(part.alternate)]]
        used.append(instrument)
        wanted = _wanted(part, instrument, occasion)
        for group in instrument.groups:
            items = tuple(item for item in group.items if item.link_id in wanted)
            if items:
                groups.append(replace(group, items=items))
        if part.behind:
            behind.update({link: part.behind for link in wanted if link != part.behind})
    asked = {item.link_id for group in groups for item in group.items}
    return Questionnaire(
        battery=battery.id,
        version=f"urn:lumbra:questionnaire:{battery.id}|{battery.version}",
        title=battery.title,
        instruments=tuple(instrument.id for instrument in used),
        groups=tuple(groups),
        behind=behind,
        danger=tuple(d for i in used for d in i.danger if d.link_id in asked),
        copyright=" ".join(dict.fromkeys(i.copyright for i in used)),
    )


def enabled(asked: Questionnaire, answers: Mapping[str, Any]) -> Iterator[Item]:
    """The questions that are open, given the answers so far."""
    for item in asked.items.values():
        opener = asked.behind.get(item.link_id)
        if opener is None or answers.get(opener) is True:
            yield item


def check_answers(asked: Questionnaire, answers: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a set of answers, by link id; empty when it can be scored. Pure."""
    faults = {
        link[:LONGEST_KEY]: "This question is not asked here."
        for link in answers
        if link not in asked.items
    }
    is_open = {item.link_id for item in enabled(asked, answers)}
    for link, item in asked.items.items():
        answer = answers.get(link)
        if answer is None:
            if link in is_open:
                faults[link] = "This question needs an answer."
        elif link not in is_open:
            faults[link] = f"This is only asked after a yes to {asked.behind[link]}."
        elif (message := _misfit(item, answer)) is not None:
            faults[link] = message
    return faults


def fitting(asked: Questionnaire, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that fit their own question, whether or not that question was open. Pure."""
    return {
        link: answer
        for link, answer in answers.items()
        if link in asked.items and answer is not None and _misfit(asked.items[link], answer) is None
    }


def as_fhir(asked: Questionnaire) -> dict[str, Any]:
    """The questionnaire as a FHIR R4 resource."""
    url, _, version = asked.version.partition("|")
    return {
        "resourceType": "Questionnaire",
        "url": url,
        "version": version,
        "title": asked.title,
        "status": "active",
        "copyright": asked.copyright,
        "item": [_group_as_fhir(group, asked.behind) for group in asked.groups],
    }


def _wanted(part: Part, instrument: Instrument, occasion: int) -> set[str]:
    if part.rotate:
        start = (occasion - 1) * part.take
        turn = [part.rotate[(start + n) % len(part.rotate)] for n in range(part.take)]
        return {*part.always, *turn}
    return {item.link_id for item in instrument.items} - part.omit


def _misfit(item: Item, answer: Any) -> str | None:
    if item.type == "choice":
        codes = [code for code, _ in item.options]
        return None if answer in codes else f"Choose one of: {', '.join(codes)}."
    if item.type == "boolean":
        return None if isinstance(answer, bool) else "Answer true or false."
    assert item.minimum is not None and item.maximum is not None
    fits = type(answer) is int and item.minimum <= answer <= item.maximum
    return None if fits else f"Give a whole number from {item.minimum} to {item.maximum}."


def _group_as_fhir(group: Group, behind: Mapping[str, str]) -> dict[str, Any]:
    items = [_item_as_fhir(item, behind.get(item.link_id)) for item in group.items]
    if not group.stem:
        return items[0]
    return {"linkId": group.link_id, "text": group.stem, "type": "group", "item": items}


def _item_as_fhir(item: Item, opener: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "linkId": item.link_id,
        "text": item.text,
        "type": item.type,
        "required": True,
    }
    if opener is not None:
        made["enableWhen"] = [{"question": opener, "operator": "=", "answerBoolean": True}]
    if item.options:
        made["answerOption"] = [
            {"valueCoding": {"code": code, "display": words}} for code, words in item.options
        ]
    if item.minimum is not None:
        made["extension"] = [
            {"url": MINIMUM, "valueInteger": item.minimum},
            {"url": MAXIMUM, "valueInteger": item.maximum},
        ]
        if item.anchors:
            low, high = item.anchors
            ends = [{"url": "low", "valueString": low}, {"url": "high", "valueString": high}]
            made["extension"].append({"url": ANCHORS, "extension": ends})
    return made
