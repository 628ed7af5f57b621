"""Reading instruments and batteries.

An instrument is a FHIR R4 Questionnaire, and beside it a declarative scoring file. The engine
interprets both; no instrument has Python of its own. A folder of ``content/instruments`` holds
``questionnaire.json``, ``scoring.yaml`` and ``vectors.yaml`` (the scores its authors give to known
answers, which ``flask content check`` and the tests replay).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from backend.core.content import ContentError
from backend.instruments.definitions import (
    ANCHORS,
    MAXIMUM,
    METHODS,
    MINIMUM,
    TYPES,
    DangerItem,
    Group,
    Instrument,
    Item,
    Scale,
)
from backend.instruments.questionnaires import Battery, Part


def load_instruments(folder: Path) -> dict[str, Instrument]:
    """Every instrument by id. Raises ``ContentError`` that names the file and the fault."""
    found = {}
    for home in sorted(p for p in folder.iterdir() if p.is_dir()):
        instrument = _load(home)
        if instrument.id != home.name:
            raise ContentError(home, f"holds the instrument {instrument.id}")
        found[instrument.id] = instrument
    return found


def _load(home: Path) -> Instrument:
    questionnaire = _read_json(home / "questionnaire.json")
    file = home / "scoring.yaml"
    scoring = _read_yaml(file)
    try:
        instrument = _build(questionnaire, scoring)
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        raise ContentError(file, f"{type(error).__name__}: {error}") from None
    for fault in _instrument_faults(instrument):
        raise ContentError(file, fault)
    return instrument


def _build(questionnaire: Mapping[str, Any], scoring: Mapping[str, Any]) -> Instrument:
    value_sets = {
        name: {str(code): Decimal(str(points)) for code, points in points_by_code.items()}
        for name, points_by_code in scoring.get("values", {}).items()
    }
    return Instrument(
        id=questionnaire["id"],
        version=questionnaire["version"],
        title=questionnaire["title"],
        copyright=questionnaire["copyright"],
        groups=tuple(_groups(questionnaire["item"])),
        scoring_version=scoring["version"],
        source=scoring["source"],
        terms=scoring["terms"],
        verified=scoring["verified"],
        values={link: value_sets[name] for link, name in scoring.get("items", {}).items()},
        scales=tuple(_scale(each) for each in scoring["scales"]),
        danger=tuple(_danger(each) for each in scoring.get("danger", [])),
    )


def _groups(items: list[Mapping[str, Any]]) -> Iterator[Group]:
    for item in items:
        if item["type"] == "group":
            yield Group(item["linkId"], item["text"], tuple(_item(i) for i in item["item"]))
        else:
            yield Group(item["linkId"], "", (_item(item),))


def _item(item: Mapping[str, Any]) -> Item:
    extensions = {each["url"]: each for each in item.get("extension", [])}
    anchors = None
    if ANCHORS in extensions:
        ends = {e["url"]: e["valueString"] for e in extensions[ANCHORS]["extension"]}
        anchors = (ends["low"], ends["high"])
    codings = [option["valueCoding"] for option in item.get("answerOption", [])]
    return Item(
        link_id=item["linkId"],
        text=item["text"],
        type=item["type"],
        options=tuple((coding["code"], coding["display"]) for coding in codings),
        minimum=extensions[MINIMUM]["valueInteger"] if MINIMUM in extensions else None,
        maximum=extensions[MAXIMUM]["valueInteger"] if MAXIMUM in extensions else None,
        anchors=anchors,
    )


def _scale(scale: Mapping[str, Any]) -> Scale:
    lowest, highest = scale["range"]
    return Scale(
        code=scale["code"],
        title=scale["title"],
        method=scale["method"],
        items=tuple(scale["items"]),
        lowest=Decimal(str(lowest)),
        highest=Decimal(str(highest)),
        higher_is_worse={"higher-worse": True, "higher-better": False}[scale["direction"]],
        prorate_missing=scale.get("prorate_missing", 0),
        bands=tuple((Decimal(str(b["from"])), b["band"]) for b in scale.get("bands", [])),
    )


def _danger(danger: Mapping[str, Any]) -> DangerItem:
    return DangerItem(
        link_id=danger["item"],
        level=danger["level"],
        answers=tuple(danger["answers"]),
        only_with_another=danger.get("only_with_another", False),
    )


def _instrument_faults(instrument: Instrument) -> Iterator[str]:
    items = {item.link_id: item for item in instrument.items}
    if len(items) != len(instrument.items):
        yield "a linkId occurs twice"
    for item in items.values():
        if item.type not in TYPES:
            yield f"{item.link_id}: type {item.type} is not one of {', '.join(TYPES)}"
        if item.type == "choice" and not item.options:
            yield f"{item.link_id}: a choice needs answer options"
        if item.type == "integer" and (item.minimum is None or item.maximum is None):
            yield f"{item.link_id}: an integer needs minValue and maxValue"
    for link_id, points in instrument.values.items():
        if link_id not in items:
            yield f"values for {link_id}, which is not asked"
        elif {code for code, _ in items[link_id].options} != set(points):
            yield f"{link_id}: values do not match the answer options"
    for scale in instrument.scales:
        if scale.method not in METHODS:
            yield f"{scale.code}: method {scale.method} is not one of {', '.join(METHODS)}"
        for link_id in scale.items:
            if link_id not in items:
                yield f"{scale.code} uses {link_id}, which is not asked"
            elif items[link_id].type == "choice" and link_id not in instrument.values:
                yield f"{scale.code} uses {link_id}, which has no values"
        if [low for low, _ in scale.bands] != sorted(low for low, _ in scale.bands):
            yield f"{scale.code}: bands do not rise"
    for danger in instrument.danger:
        if danger.link_id not in items:
            yield f"danger names {danger.link_id}, which is not asked"


def _read_json(file: Path) -> Mapping[str, Any]:
    try:
        loaded: Mapping[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ContentError(file, f"cannot be read: {error}") from None
    return loaded


def _read_yaml(file: Path) -> Mapping[str, Any]:
    try:
        loaded: Mapping[str, Any] = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContentError(file, f"cannot be read: {error}") from None
    return loaded


def load_batteries(file: Path, instruments: Mapping[str, Instrument]) -> dict[str, Battery]:
    """Every battery by id. Raises ``ContentError`` when a part names what there is not."""
    try:
        loaded = yaml.safe_load(file.read_text())
        batteries = {
            name: Battery(name, loaded["version"], each["title"], tuple(map(_part, each["parts"])))
            for name, each in loaded["batteries"].items()
        }
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ContentError(file, f"{type(error).__name__}: {error}") from None
    for battery in batteries.values():
        for fault in _battery_faults(battery, instruments):
            raise ContentError(file, f"{battery.id}: {fault}")
    return batteries


def _part(part: Mapping[str, Any]) -> Part:
    rotate = part.get("rotate", {"of": [], "take": 0})
    return Part(
        alternate=tuple(part.get("alternate") or [part["instrument"]]),
        omit=frozenset(part.get("omit", [])),
        behind=part.get("behind"),
        always=tuple(part.get("always", [])),
        rotate=tuple(rotate["of"]),
        take=int(rotate["take"]),
    )


def _battery_faults(battery: Battery, instruments: Mapping[str, Instrument]) -> Iterator[str]:
    for part in battery.parts:
        for name in part.alternate:
            if name not in instruments:
                yield f"there is no instrument {name}"
                continue
            known = {item.link_id for item in instruments[name].items}
            named = {
                *part.omit,
                *part.always,
                *part.rotate,
                *([part.behind] if part.behind else []),
            }
            for link in sorted(named - known):
                yield f"{name} does not ask {link}"
        if part.take > len(part.rotate):
            yield "takes more items in turn than there are"
