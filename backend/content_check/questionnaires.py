"""Faults of ``questionnaire.json``: what is asked, in which words, in which languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backend.content_check.shapes import Path, Questionnaire, Scoring, listed, mapping
from backend.core.content import ContentError, Document
from backend.instruments.definitions import MAXIMUM, MINIMUM

TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
LOINC = "http://loinc.org"
# Our own words are there in these besides English; a validated instrument's come from its owners.
LANGUAGES = {"nl": "Dutch", "es": "Spanish"}
# The codes that somebody has looked up. Every other thing has a code of our own.
SURE = frozenset(
    (
        *("44249-1", "44261-6", "55758-7", "69737-5", "70274-6", "72514-3"),
        *("44250-9", "44255-8", "44259-0", "44254-1", "44251-7"),
        *("44258-2", "44252-5", "44253-3", "44260-8"),
        *("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"),
    )
)


def questionnaire_faults(
    document: Document, asked: Questionnaire, scoring: Scoring | None
) -> Iterator[ContentError]:
    """Every fault, with its line."""
    if asked.id != document.file.parent.name:
        message = f"id is {asked.id}, but the folder is {document.file.parent.name}"
        yield document.fault(message, "id")
    yield from _item_faults(document, asked)
    yield from _code_faults(document)
    if scoring is not None and scoring.wording == "structure":
        yield from _words_that_may_not_be_shipped(document)
    if scoring is not None and scoring.wording == "ship":
        yield from _words_that_are_lacking(document, asked)
    if scoring is not None and scoring.ours:
        yield from _translations_that_are_lacking(document)


def _item_faults(document: Document, asked: Questionnaire) -> Iterator[ContentError]:
    met = set()
    for path, item in asked.all_items():
        if item.link_id in met:
            yield document.fault(f"linkId {item.link_id} is used twice", *path, "linkId")
        met.add(item.link_id)
        low, high = item.bound(MINIMUM), item.bound(MAXIMUM)
        if item.type == "group" and not item.item:
            yield document.fault(f"{item.link_id}: a group needs questions", *path)
        if item.type == "choice" and not item.options:
            yield document.fault(f"{item.link_id}: a choice needs answer options", *path)
        if item.type == "integer" and (low is None or high is None):
            yield document.fault(f"{item.link_id}: a number needs minValue and maxValue", *path)
        elif low is not None and high is not None and low >= high:
            message = f"{item.link_id}: minValue {low} is not below maxValue {high}"
            yield document.fault(message, *path, "extension")


def _code_faults(document: Document) -> Iterator[ContentError]:
    for path, part in parts(document.value):
        if part.get("system") == LOINC and str(part.get("code")) not in SURE:
            message = f"LOINC code {part.get('code')} is not on the list of codes we are sure of"
            yield document.fault(message, *path, "code")


def _words_that_may_not_be_shipped(document: Document) -> Iterator[ContentError]:
    for path, _, key in _words(document.value):
        if key != "title":
            message = (
                f"{_place(document.value, path)} has words, but they may not be shipped "
                "(scoring.yaml: wording: structure)"
            )
            yield document.fault(message, *path, key)


def _words_that_are_lacking(document: Document, asked: Questionnaire) -> Iterator[ContentError]:
    for path, item in asked.questions():
        if not item.text:
            message = f"{item.link_id} has no text (scoring.yaml: wording: ship)"
            yield document.fault(message, *path)
        for number, option in enumerate(item.options):
            if not option.coding.display:
                message = f"{item.link_id}: the answer {option.coding.code} has no words"
                yield document.fault(message, *path, "answerOption", number)


def _translations_that_are_lacking(document: Document) -> Iterator[ContentError]:
    for path, part, key in _words(document.value):
        said = translations(part, key)
        for language, name in LANGUAGES.items():
            if not said.get(language, "").strip():
                place = _place(document.value, path)
                message = f"{place}: {part[key]!r} has no {name} translation ({language})"
                yield document.fault(message, *path, key)


def translations(part: Mapping[str, Any], key: str) -> dict[str, str]:
    """What the translation extension says of a text, by language."""
    found: dict[str, str] = {}
    for extension in map(mapping, listed(mapping(part.get(f"_{key}")).get("extension"))):
        if extension.get("url") == TRANSLATION:
            ends = [mapping(each) for each in listed(extension.get("extension"))]
            language = [end.get("valueCode") for end in ends if end.get("url") == "lang"]
            content = [end.get("valueString") for end in ends if end.get("url") == "content"]
            found.update(zip(map(str, language), map(str, content), strict=False))
    return found


def _words(value: Any) -> Iterator[tuple[Path, Mapping[str, Any], str]]:
    """Everything that a person reads: title, questions, stems, answers and anchors."""
    for path, part in parts(value):
        if not path and "title" in part:
            yield path, part, "title"
        if "linkId" in part and "text" in part:
            yield path, part, "text"
        if "valueCoding" in path[-1:] and "display" in part:
            yield path, part, "display"
        if part.get("url") in ("low", "high") and "valueString" in part:
            yield path, part, "valueString"


def parts(value: Any, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every mapping within a value, with where it stands."""
    if isinstance(value, Mapping):
        yield path, value
        for key, inner in value.items():
            yield from parts(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from parts(inner, (*path, number))


def _place(value: Any, path: Path) -> str:
    """The linkId of the question or group that a part belongs to."""
    place = "title"
    for step in path:
        value = value[step]
        if isinstance(value, Mapping) and "linkId" in value:
            place = str(value["linkId"])
    return place
