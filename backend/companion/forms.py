"""From what a browser sends to typed answers, and faults in words. Pure but for their language.

What cannot be read is passed on as it came, so that the service that takes it finds the fault. The
service names it to a program, in English; here it is named to a person, in their language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

import phonenumbers

from backend.companion.speech import gettext
from backend.core.ids import new_id
from backend.instruments.definitions import LONGEST_TEXT, Group, Item
from backend.instruments.questionnaires import Questionnaire, enabled
from backend.programme.modules import Grade

YES_NO = {"yes": True, "no": False}
_KEY = re.compile(r"[0-9a-f-]{36}")
_CODE = re.compile(r"[0-9]{6}")
_WHOLE = re.compile(r"[0-9]{1,4}")
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?")


@dataclass(frozen=True)
class Section:
    """Groups of questions that stand open, or that the yes/no question ``opener`` opens."""

    opener: str | None
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class PracticeNote:
    """One day's practice as it was written; ``faults`` by field."""

    day: date | None
    done: bool | None
    confidence: int | None
    values: Mapping[str, Any]
    faults: dict[str, str] = field(default_factory=dict)
    pain_after: int | None = None
    pain_lasted: bool | None = None


def sections(asked: Questionnaire) -> list[Section]:
    """The questionnaire in its order, with what hangs on one question kept together."""

    def opener(group: Group) -> str | None:
        return asked.behind.get(group.items[0].link_id)

    return [Section(key, tuple(groups)) for key, groups in groupby(asked.groups, opener)]


def answers(form: Mapping[str, str], asked: Questionnaire) -> dict[str, Any]:
    """Answers by link id: an option's code, a whole number, or true and false.

    Questions left blank, and those whose opening question is not answered yes, are left out. A yes
    below an opening question counts as a yes to that one too: no sign of danger may be lost to it.
    """
    given = {
        link: _typed(item, form[f"a.{link}"])
        for link, item in asked.items.items()
        if form.get(f"a.{link}", "").strip()
    }
    for link, opener in asked.behind.items():
        if given.get(link) is True:
            given[opener] = True
    is_open = {item.link_id for item in enabled(asked, given)}
    return {link: value for link, value in given.items() if link in is_open}


def quiz_answers(form: Mapping[str, str], grade: Grade) -> dict[str, int]:
    """The chosen option of each question, counted from 0."""
    return {
        item.id: int(form[f"q.{item.id}"])
        for item in grade.quiz
        if _WHOLE.fullmatch(form.get(f"q.{item.id}", ""))
    }


def practice_note(form: Mapping[str, str], grade: Grade) -> PracticeNote:
    """A day's practice, with what is missing or cannot be read."""
    faults = {}
    day = _day(form.get("day", ""))
    if day is None:
        faults["day"] = gettext("Choose a day.")
    done = YES_NO.get(form.get("done", ""))
    if done is None:
        faults["done"] = gettext("Choose yes or no.")
    said = form.get("confidence", "")
    confidence = int(said) if _WHOLE.fullmatch(said) and int(said) <= 10 else None
    if said and confidence is None:
        faults["confidence"] = out_of(0, 10)
    values: dict[str, Any] = {}
    for value in grade.practice.values:
        text = form.get(f"v.{value.id}", "").replace("\0", "").strip()
        if text:
            values[value.id] = text if value.kind == "text" else number(text)
    said = form.get("pain_after", "")
    pain = int(said) if _WHOLE.fullmatch(said) and int(said) <= 10 else None
    if said and pain is None:
        faults["pain_after"] = out_of(0, 10)
    lasted = YES_NO.get(form.get("pain_lasted", ""))
    return PracticeNote(day, done, confidence, values, faults, pain, lasted)


def answer_faults(
    errors: Iterable[str], asked: Questionnaire, given: Mapping[str, Any]
) -> dict[str, str]:
    """What to do about each question that the service found fault with, by link id."""
    links = [name.removeprefix("answers.") for name in errors]
    return {
        link: _misfit(asked.items[link]) if link in given else _needs_an_answer()
        for link in links
        if link in asked.items
    }


def quiz_faults(errors: Iterable[str]) -> dict[str, str]:
    """The same for the questions of a quiz."""
    return {name.removeprefix("answers."): _needs_an_answer() for name in errors}


def practice_faults(errors: Iterable[str], grade: Grade) -> dict[str, str]:
    """The same for the fields of a practice note."""
    kinds = {f"values.{value.id}": value.kind for value in grade.practice.values}
    faults = {}
    for name in errors:
        if name == "day":
            faults[name] = gettext("Choose a day from the list.")
        elif kinds.get(name) == "number":
            faults[name.removeprefix("values.")] = gettext("Give a number.")
        else:
            faults[name.removeprefix("values.")] = _too_long()
    return faults


def key(text: str | None) -> str:
    """The form's own idempotency key, or a fresh one when it has none."""
    return text if text and _KEY.fullmatch(text) else str(new_id())


def code(text: str) -> str | None:
    """Six digits, however they were spaced."""
    digits = re.sub(r"[\s-]", "", text)
    return digits if _CODE.fullmatch(digits) else None


def phone(text: str, region: str | None) -> str | None:
    """A number in E.164. ``region`` (``GB``) reads numbers written without a country code."""
    try:
        number = phonenumbers.parse(text[:40], region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _typed(item: Item, text: str) -> Any:
    if item.type == "string":
        return text.replace("\0", "").strip()
    if item.type == "boolean":
        return YES_NO.get(text, text)
    if item.type == "integer" and _WHOLE.fullmatch(text):
        return int(text)
    return text


def _misfit(item: Item) -> str:
    if item.type == "integer" and item.minimum is not None and item.maximum is not None:
        return out_of(item.minimum, item.maximum)
    if item.type == "boolean":
        return gettext("Choose yes or no.")
    if item.type == "string":
        return _too_long()
    return gettext("Choose one of the answers.")


def _needs_an_answer() -> str:
    return gettext("This question needs an answer.")


def out_of(lowest: int, highest: int) -> str:
    """What to do about a number that lies outside."""
    return gettext(
        "Choose a number from %(lowest)s to %(highest)s.", lowest=lowest, highest=highest
    )


def whole(text: str) -> int | None:
    """A whole number as people write it, if it is one."""
    return int(text) if _WHOLE.fullmatch(text) else None


def _too_long() -> str:
    return gettext("Write up to %(most)s characters.", most=LONGEST_TEXT)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def number(text: str) -> float | int | str:
    """A number as people write it; what is none, as it came."""
    plain = text.replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        return text
    return float(plain) if "." in plain else int(plain)
