"""FHIR R4 QuestionnaireResponses: the answers in one, and one made of answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.instruments.definitions import Answer

MEDIA_TYPE = "application/fhir+json"
COMPLETED = "completed"
STATUSES = ("in-progress", COMPLETED, "amended", "entered-in-error", "stopped")


@dataclass(frozen=True)
class Reading:
    """What a resource holds: ``answers`` by link id, and what could not be read, by field.

    Both may be there: an answer that calls for help counts whatever is wrong with its neighbours.
    """

    answers: Mapping[str, Answer]
    faults: Mapping[str, str]


class Unreadable(ValueError):
    """An answer that is none of the kinds we take; its message says what to send."""


def from_fhir(resource: Mapping[str, Any]) -> Reading:
    """The answers of a QuestionnaireResponse, at whatever depth its items lie. Pure.

    A coding counts by its code, a whole decimal as a whole number. An item without an answer is not
    answered. Refused, each by name: several answers to a question, a question that comes twice,
    other kinds of values, a status other than ``completed``, an ``authored`` without time or
    offset. What was ``entered-in-error`` is no answer at all.
    """
    faults: dict[str, str] = {}
    status = resource.get("status")
    if status != COMPLETED:
        faults["status"] = f"Send the answers when they are {COMPLETED}."
    if "authored" in resource and authored(resource) is None:
        faults["authored"] = "Give date and time with an offset, like 2026-09-01T10:00:00Z."
    given: dict[str, list[Any]] = {}
    if status != "entered-in-error":
        for link_id, values in _answered(resource.get("item"), "item", faults):
            given.setdefault(link_id, []).extend(values)
    answers: dict[str, Answer] = {}
    for link_id, values in given.items():
        try:
            answers[link_id] = _only(values)
        except Unreadable as unreadable:
            faults[f"answers.{link_id}"] = str(unreadable)
    return Reading(answers, faults)


def authored(resource: Mapping[str, Any]) -> datetime | None:
    """When the person answered, if the resource says so with a time and an offset. Pure."""
    try:
        at = datetime.fromisoformat(resource["authored"])
    except (KeyError, TypeError, ValueError):
        return None
    # The first and the last year have hours that no other zone can show.
    return at if at.tzinfo is not None and 1 < at.year < 9999 else None


def as_fhir(
    answers: Mapping[str, Answer], questionnaire: Mapping[str, Any], authored_at: datetime
) -> dict[str, Any]:
    """Answers as a completed FHIR R4 QuestionnaireResponse to a FHIR R4 Questionnaire. Pure.

    Its items nest as the questions do; what was not answered is left out, and so is an answer to
    what the questionnaire does not ask.
    """
    resource: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{questionnaire['url']}|{questionnaire['version']}",
        "status": COMPLETED,
        "authored": authored_at.isoformat(),
    }
    if items := _items(questionnaire["item"], answers):
        resource["item"] = items
    return resource


def _answered(items: Any, place: str, faults: dict[str, str]) -> Iterator[tuple[str, list[Any]]]:
    """Every item with its answers, however deep."""
    for n, item in enumerate(_list(items, place, faults)):
        here = f"{place}[{n}]"
        if not isinstance(item, Mapping):
            faults[here] = "Give an item."
            continue
        values = _list(item.get("answer"), f"{here}.answer", faults)
        link_id = item.get("linkId")
        if not isinstance(link_id, str) or not link_id:
            faults[f"{here}.linkId"] = "Say which question this is."
        elif values:
            yield link_id, values
        yield from _answered(item.get("item"), f"{here}.item", faults)
        for m, value in enumerate(values):
            if isinstance(value, Mapping):
                yield from _answered(value.get("item"), f"{here}.answer[{m}].item", faults)


def _list(value: Any, place: str, faults: dict[str, str]) -> list[Any]:
    if value is None or isinstance(value, list):
        return value or []
    faults[place] = "Give a list."
    return []


def _only(values: list[Any]) -> Answer:
    if len(values) > 1:
        raise Unreadable("Give one answer.")
    [answer] = values
    kinds = [key for key in answer if key.startswith("value")] if isinstance(answer, dict) else []
    if len(kinds) != 1:
        raise Unreadable("Give one value.")
    return _value(kinds[0], answer[kinds[0]])


def _value(kind: str, value: Any) -> Answer:
    match kind, value:
        case "valueCoding", {"code": str(code)}:
            return code
        case "valueCoding", _:
            raise Unreadable("Give the code of an option.")
        case "valueBoolean", bool():
            return value
        case "valueBoolean", _:
            raise Unreadable("Answer true or false.")
        case "valueString", str():
            return value
        case "valueString", _:
            raise Unreadable("Give a text.")
        case "valueInteger" | "valueDecimal", bool():
            raise Unreadable("Give a whole number.")
        case "valueInteger" | "valueDecimal", int():
            return value
        case "valueDecimal", float() if value.is_integer():
            return int(value)
        case "valueInteger" | "valueDecimal", _:
            raise Unreadable("Give a whole number.")
    raise Unreadable(
        "Answer with valueCoding, valueInteger, valueDecimal, valueBoolean or valueString."
    )


def _items(
    questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Answer]
) -> list[dict[str, Any]]:
    made = []
    for question in questions:
        link_id = question["linkId"]
        item = {key: question[key] for key in ("linkId", "text") if key in question}
        inner = _items(question.get("item", ()), answers)
        if question["type"] == "group":
            if inner:
                made.append({**item, "item": inner})
            continue
        if link_id in answers:
            answer = _answer(question, answers[link_id])
            if inner:
                answer["item"] = inner
            made.append({**item, "answer": [answer]})
    return made


def _answer(question: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    if question["type"] == "choice":
        codings = [option["valueCoding"] for option in question["answerOption"]]
        known = (coding for coding in codings if coding["code"] == answer)
        return {"valueCoding": next(known, {"code": answer})}
    if question["type"] == "boolean":
        return {"valueBoolean": answer}
    return {"valueInteger" if question["type"] == "integer" else "valueString": answer}
