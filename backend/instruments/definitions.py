"""What an instrument is: a FHIR R4 Questionnaire, and beside it a declarative scoring file.

The engine interprets both; no instrument has Python of its own. A folder of ``content/instruments``
holds ``questionnaire.json``, ``scoring.yaml`` and ``vectors.yaml`` (the scores its authors give to
known answers, which the tests replay).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from backend.core.content import ContentError

MINIMUM = "http://hl7.org/fhir/StructureDefinition/minValue"
MAXIMUM = "http://hl7.org/fhir/StructureDefinition/maxValue"
ANCHORS = "urn:lumbra:anchors"
TYPES = ("choice", "integer", "boolean")
METHODS = ("sum", "mean")

Answer = str | int | bool


@dataclass(frozen=True)
class Item:
    """One question. ``options`` are (code, words); ``minimum`` and ``maximum`` bound an integer."""

    link_id: str
    text: str
    type: str
    options: tuple[tuple[str, str], ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    anchors: tuple[str, str] | None = None


@dataclass(frozen=True)
class Group:
    """Questions that share a stem; ``stem`` is empty for a question that stands alone."""

    link_id: str
    stem: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Scale:
    """How one value comes from items.

    ``prorate_missing`` is the number of unanswered items that the authors allow to be filled with
    the mean of the others; 0 means that all are needed. ``bands`` are (lowest value, name), rising.
    """

    code: str
    title: str
    method: str
    items: tuple[str, ...]
    lowest: Decimal
    highest: Decimal
    higher_is_worse: bool
    prorate_missing: int = 0
    bands: tuple[tuple[Decimal, str], ...] = ()


@dataclass(frozen=True)
class DangerItem:
    """An answer that calls for help by itself, and how soon."""

    link_id: str
    level: str
    answers: tuple[Answer, ...]
    only_with_another: bool = False


@dataclass(frozen=True)
class Instrument:
    """A questionnaire with its scoring. ``values`` maps an item's answer codes to points."""

    id: str
    version: str
    title: str
    copyright: str
    groups: tuple[Group, ...]
    scoring_version: str
    source: str
    terms: str
    verified: bool
    values: Mapping[str, Mapping[str, Decimal]]
    scales: tuple[Scale, ...]
    danger: tuple[DangerItem, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """All questions in their order."""
        return tuple(item for group in self.groups for item in group.items)


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
    for fault in _faults(instrument):
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


def _faults(instrument: Instrument) -> Iterator[str]:
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
