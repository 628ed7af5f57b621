"""Reading instruments.

An instrument is a FHIR R4 Questionnaire, and beside it a declarative scoring file:
``questionnaire.json`` and ``scoring.yaml`` in a folder of ``content/instruments``. The engine
interprets both; no instrument has Python of its own. Texts are read in one language: a practice's
own wording first, then the translation in the questionnaire, then English.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from backend.core.content import ContentError, Document
from backend.instruments.definitions import (
    ANCHORS,
    ENGLISH,
    MAXIMUM,
    MINIMUM,
    Condition,
    DangerItem,
    Gate,
    Group,
    Instrument,
    Item,
    Option,
    Scale,
)
from backend.instruments.instrument_faults import Paths, instrument_faults
from backend.instruments.wording_files import Wording, load_tables, load_wording

QUESTIONNAIRE = "questionnaire.json"
SCORING = "scoring.yaml"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
DIRECTIONS = {"higher-worse": True, "higher-better": False}


@dataclass(frozen=True)
class _Words:
    """Where the texts of one instrument come from, the first that has one."""

    language: str
    own: Wording
    own_english: Wording
    ships: bool

    def text(self, link_id: str, element: Mapping[str, Any], key: str = "text") -> str:
        """The words of a question, group or title; empty when nobody may show them."""
        own = self.own.texts.get(link_id)
        return own or self._shipped(element, key, self.own_english.texts.get(link_id))

    def option(self, link_id: str, coding: Mapping[str, Any]) -> str:
        own = self.own.option(link_id, coding["code"])
        english = self.own_english.option(link_id, coding["code"])
        return own or self._shipped(coding, "display", english)

    def anchors(self, link_id: str, extension: Mapping[str, Any]) -> tuple[str, str]:
        own = self.own.anchors.get(link_id) or self.own_english.anchors.get(link_id)
        if own:
            return own
        ends = {each["url"]: each for each in extension["extension"]}
        low, high = (self._shipped(ends[end], "valueString", None) for end in ("low", "high"))
        return low, high

    def _shipped(self, element: Mapping[str, Any], key: str, english: str | None) -> str:
        translated = _translation(element, key, self.language) if self.ships else None
        shipped = element.get(key, "") if self.ships else ""
        text = translated or english or shipped
        if not isinstance(text, str):
            raise ValueError(f"{text!r} is no text")
        return text


def load_instruments(
    folder: Path, *, wording: Path | None = None, commercial: bool = False, language: str = ENGLISH
) -> dict[str, Instrument]:
    """Every instrument by id.

    ``wording`` is the folder of a practice's own wording. A ``commercial`` deployer gets no wording
    of an instrument that is free for non-commercial use only, unless that folder has it.
    Raises ``ContentError`` that names file, line and fault.
    """
    found = {}
    for home in sorted(p for p in folder.iterdir() if p.is_dir()):
        instrument = _load(home, wording, commercial, language)
        if instrument.id != home.name:
            raise ContentError(home / QUESTIONNAIRE, f"holds the instrument {instrument.id}")
        found[instrument.id] = instrument
    for instrument in found.values():
        for fault in _same_question_faults(instrument, found):
            document = Document.read(folder / instrument.id / SCORING)
            raise document.fault(fault, "same_question")
    return found


def _load(home: Path, wording: Path | None, commercial: bool, language: str) -> Instrument:
    questionnaire = Document.read(home / QUESTIONNAIRE)
    scoring = Document.read(home / SCORING)
    own = load_wording(wording, home.name, language)
    with scoring.reading():
        words = _Words(
            language=language,
            own=own,
            own_english=own if language == ENGLISH else load_wording(wording, home.name, ENGLISH),
            ships=not (commercial and scoring.value.get("non_commercial", False)),
        )
    paths = Paths({}, {})
    groups = tuple(_groups(questionnaire, words, paths))
    scales = tuple(_scales(scoring, load_tables(wording, home.name), paths))
    instrument = _instrument(questionnaire, scoring, words, groups, scales)
    for fault in instrument_faults(questionnaire, scoring, instrument, paths):
        raise fault
    for supplied in (words.own, words.own_english):
        _check_supplied(supplied, instrument)
    return instrument


def _instrument(
    questionnaire: Document,
    scoring: Document,
    words: _Words,
    groups: tuple[Group, ...],
    scales: tuple[Scale, ...],
) -> Instrument:
    asked, said = questionnaire.value, scoring.value
    with questionnaire.reading():
        named = {key: asked[key] for key in ("id", "version", "copyright")}
        title = words.text("title", asked, "title") or asked["title"]
    with scoring.reading("values"):
        value_sets = {
            name: {str(code): _number(points) for code, points in by_code.items()}
            for name, by_code in said.get("values", {}).items()
        }
    with scoring.reading("items"):
        values = {link: value_sets[name] for link, name in said.get("items", {}).items()}
    with scoring.reading("danger"):
        danger = tuple(_danger(each) for each in said.get("danger", []))
    with scoring.reading():
        return Instrument(
            **named,
            title=title,
            groups=groups,
            scoring_version=said["version"],
            source=said["source"],
            terms=said["terms"],
            verified=said["verified"],
            values=values,
            scales=scales,
            danger=danger,
            language=words.language,
            wording=said["wording"],
            non_commercial=said.get("non_commercial", False),
            same_question=dict(said.get("same_question", {})),
        )


def _groups(document: Document, words: _Words, paths: Paths) -> Iterator[Group]:
    with document.reading("item"):
        top = list(document.value["item"])
    for number, item in enumerate(top):
        path: tuple[str | int, ...] = ("item", number)
        with document.reading(*path):
            if item["type"] != "group":
                yield Group(item["linkId"], "", (_item(document, item, words, paths, path),))
                continue
            inner = enumerate(item["item"])
            gate, stem = _gate(item), words.text(item["linkId"], item)
            items = tuple(
                _item(document, each, words, paths, (*path, "item", n)) for n, each in inner
            )
            yield Group(item["linkId"], stem, items, gate)


def _item(
    document: Document,
    item: Mapping[str, Any],
    words: _Words,
    paths: Paths,
    path: tuple[str | int, ...],
) -> Item:
    with document.reading(*path):
        link = item["linkId"]
        if link in paths.items:
            raise document.fault(f"linkId {link} occurs twice", *path, "linkId")
        paths.items[link] = path
        extensions = {each["url"]: each for each in item.get("extension", [])}
        codings = [option["valueCoding"] for option in item.get("answerOption", [])]
        return Item(
            link_id=link,
            text=words.text(link, item),
            type=item["type"],
            options=tuple(
                Option(c["code"], words.option(link, c), c.get("system", "")) for c in codings
            ),
            minimum=extensions[MINIMUM]["valueInteger"] if MINIMUM in extensions else None,
            maximum=extensions[MAXIMUM]["valueInteger"] if MAXIMUM in extensions else None,
            anchors=words.anchors(link, extensions[ANCHORS]) if ANCHORS in extensions else None,
            prefix=item.get("prefix", ""),
            required=item.get("required", True),
            codes=tuple(item.get("code", [])),
            gate=_gate(item),
        )


def _gate(item: Mapping[str, Any]) -> Gate | None:
    conditions = tuple(_condition(each) for each in item.get("enableWhen", []))
    if not conditions:
        return None
    return Gate(conditions, {"any": True, "all": False}[item.get("enableBehavior", "all")])


def _condition(condition: Mapping[str, Any]) -> Condition:
    [(kind, value)] = [(k, v) for k, v in condition.items() if k.startswith("answer")]
    system = value.get("system", "") if kind == "answerCoding" else None
    answer: dict[str, Any] = {
        "answerBoolean": value,
        "answerInteger": value,
        "answerDecimal": value,
        "answerString": value,
    }
    if kind == "answerCoding":
        answer[kind] = value["code"]
    if kind == "answerDecimal":
        answer[kind] = _number(value)
    return Condition(condition["question"], condition["operator"], answer[kind], system)


def _scales(
    document: Document, tables: Mapping[str, Mapping[Decimal, Decimal]], paths: Paths
) -> Iterator[Scale]:
    with document.reading("scales"):
        scales = list(document.value["scales"])
    for number, scale in enumerate(scales):
        with document.reading("scales", number):
            paths.scales[scale["code"]] = ("scales", number)
            yield _scale(scale, tables.get(scale["code"], {}))


def _scale(scale: Mapping[str, Any], table: Mapping[Decimal, Decimal]) -> Scale:
    lowest, highest = scale["range"]
    missing_as = scale.get("missing_as")
    return Scale(
        code=scale["code"],
        title=scale["title"],
        method=scale["method"],
        items=tuple(scale["items"]),
        lowest=_number(lowest),
        highest=_number(highest),
        higher_is_worse=DIRECTIONS[scale["direction"]],
        prorate_missing=int(scale.get("prorate_missing", 0)),
        bands=tuple((_number(band["from"]), band["band"]) for band in scale.get("bands", [])),
        reversed=frozenset(scale.get("reversed", [])),
        missing_as=None if missing_as is None else _number(missing_as),
        at_least_answered=int(scale.get("at_least_answered", 0)),
        loinc=scale.get("loinc"),
        table=table,
    )


def _danger(danger: Mapping[str, Any]) -> DangerItem:
    return DangerItem(
        link_id=danger["item"],
        level=danger["level"],
        answers=tuple(danger["answers"]),
        only_with_another=danger.get("only_with_another", False),
    )


def _check_supplied(wording: Wording, instrument: Instrument) -> None:
    """A practice's words for what is not asked are a slip of the pen."""
    known = {item.link_id for item in instrument.items} | {g.link_id for g in instrument.groups}
    for link in (*wording.texts, *wording.anchors):
        if link not in known | {"title"} and wording.document:
            raise wording.document.fault(f"{instrument.id} does not ask {link}", link)


def _same_question_faults(instrument: Instrument, known: Mapping[str, Instrument]) -> Iterator[str]:
    items = {item.link_id: item for each in known.values() for item in each.items}
    own = {item.link_id for item in instrument.items}
    for link, other in instrument.same_question.items():
        if link not in own or other not in items:
            yield f"{link if link not in own else other} is not asked"
        elif _answers_to(items[link]) != _answers_to(items[other]):
            yield f"{link} and {other} are not answered in the same way"


def _answers_to(item: Item) -> tuple[object, ...]:
    return (item.type, item.minimum, item.maximum, tuple(o.code for o in item.options))


def _translation(element: Mapping[str, Any], key: str, language: str) -> str | None:
    for extension in element.get(f"_{key}", {}).get("extension", []):
        if extension["url"] == TRANSLATION:
            parts = {each["url"]: each for each in extension["extension"]}
            if parts["lang"]["valueCode"] == language:
                content: str = parts["content"]["valueString"]
                return content
    return None


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None
