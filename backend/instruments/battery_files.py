"""Reading batteries: what is asked when, from ``content/pathways/batteries.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import lcm
from pathlib import Path
from typing import Any

from backend.core.content import Document
from backend.instruments.definitions import ENGLISH, Battery, Gate, Instrument, Part
from backend.instruments.questionnaires import Questionnaire, compose

DIGIT = 10


@dataclass(frozen=True)
class Batteries:
    """Every battery by id, and which one the n-th weekly check-in uses instead of ``weekly``."""

    by_id: Mapping[str, Battery]
    weekly_by_occasion: Mapping[int, str]


def load_batteries(file: Path, instruments: Mapping[str, Instrument]) -> Batteries:
    """Every battery. Raises ``ContentError`` when one asks what there is not, or too much."""
    document = Document.read(file)
    with document.reading():
        version, said = document.value["version"], dict(document.value["batteries"])
        by_occasion = dict(document.value.get("weekly_by_occasion", {}))
    by_id = {}
    for name, each in said.items():
        with document.reading("batteries", name):
            by_id[name] = _battery(name, version, each)
    for battery in by_id.values():
        for fault, path in _battery_faults(battery, instruments):
            raise document.fault(f"{battery.id}: {fault}", "batteries", battery.id, *path)
    for battery in by_id.values():
        other = by_id.get(battery.by_text or "")
        if battery.by_text and (other is None or other.digits_at_most is None):
            fault = f"{battery.id}: {battery.by_text} is no battery that digits answer"
            raise document.fault(fault, "batteries", battery.id, "by_text")
    for occasion, name in by_occasion.items():
        if type(occasion) is not int or occasion < 1 or name not in by_id:
            fault = f"week {occasion} uses the battery {name}, which there is not"
            raise document.fault(fault, "weekly_by_occasion", occasion)
    return Batteries(by_id, by_occasion)


def _battery(name: str, version: str, said: Mapping[str, Any]) -> Battery:
    title = said["title"]
    at_most, digits = said.get("at_most"), said.get("digits_at_most")
    return Battery(
        id=name,
        version=version,
        titles={ENGLISH: title} if isinstance(title, str) else {ENGLISH: title[ENGLISH], **title},
        parts=tuple(map(_part, said["parts"])),
        at_most=None if at_most is None else int(at_most),
        digits_at_most=None if digits is None else int(digits),
        by_text=said.get("by_text"),
    )


def _part(part: Mapping[str, Any]) -> Part:
    rotate = part.get("rotate", {"of": [], "take": 0})
    return Part(
        alternate=tuple(part.get("alternate") or [part["instrument"]]),
        omit=frozenset(part.get("omit", [])),
        behind=part.get("behind"),
        always=tuple(part.get("always", [])),
        rotate=tuple(rotate["of"]),
        take=int(rotate["take"]),
        when_worded=part.get("when_worded", False),
    )


Fault = tuple[str, tuple[str | int, ...]]


def cycle(battery: Battery) -> int:
    """After how many occasions a battery asks the same again. Pure."""
    return lcm(*(n for p in battery.parts for n in (len(p.alternate), len(p.rotate)) if n))


def _battery_faults(battery: Battery, instruments: Mapping[str, Instrument]) -> Iterator[Fault]:
    for number, part in enumerate(battery.parts):
        for name in part.alternate:
            faults = (
                _part_faults(part, instruments[name])
                if name in instruments
                else [f"there is no instrument {name}"]
            )
            for fault in faults:
                yield fault, ("parts", number)
        if part.take > len(part.rotate):
            yield "takes more items in turn than there are", ("parts", number, "rotate")
    for occasion in range(1, cycle(battery) + 1):
        yield from _limit_faults(battery, compose(battery, instruments, occasion), occasion)


def _part_faults(part: Part, instrument: Instrument) -> Iterator[str]:
    items = {item.link_id: item for item in instrument.items}
    opener = [part.behind] if part.behind else []
    for link in sorted({*part.omit, *part.always, *part.rotate, *opener} - items.keys()):
        yield f"{instrument.id} does not ask {link}"
    if not instrument.worded and not part.when_worded:
        yield f"the wording of {instrument.id} is not here; say when_worded: true"
    gates = [gate for group in instrument.groups for gate in (group.gate,) if gate]
    gates += [item.gate for item in instrument.items if item.gate]
    if part.behind and any(_is_choice_of_several(gate) for gate in gates):
        yield f"{instrument.id} joins conditions by any and cannot stand behind another"


def _is_choice_of_several(gate: Gate) -> bool:
    return gate.any_of and len(gate.conditions) > 1


def _limit_faults(battery: Battery, asked: Questionnaire, occasion: int) -> Iterator[Fault]:
    to_all = [link for link in asked.items if link not in asked.behind and link not in asked.gates]
    if battery.at_most is not None and len(to_all) > battery.at_most:
        fault = f"asks {len(to_all)} questions of everybody on occasion {occasion}"
        yield f"{fault}, more than {battery.at_most}", ("at_most",)
    if battery.digits_at_most is None:
        return
    if len(asked.items) > battery.digits_at_most:
        fault = f"asks for {len(asked.items)} digits, more than {battery.digits_at_most}"
        yield fault, ("digits_at_most",)
    for item in asked.items.values():
        if item.type != "integer" or item.maximum is None or item.maximum > DIGIT:
            yield f"{item.link_id} is not answered by a number from 0 to 10", ("digits_at_most",)
