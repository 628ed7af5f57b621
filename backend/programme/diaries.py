"""What a person writes down beside the note of a day, and what fits into it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

TEXT, LINE, SCALE, NUMBER, CHOICE, TIME, DATE = (
    "text", "line", "scale", "number", "choice", "time", "date",
)  # fmt: skip
KINDS = (TEXT, LINE, SCALE, NUMBER, CHOICE, TIME, DATE)
LONGEST = {TEXT: 2000, LINE: 200}
FURTHEST_DAYS = 400
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")

Words = Mapping[str, str]


@dataclass(frozen=True)
class Option:
    """One answer to choose, in every language."""

    code: str
    label: Words


@dataclass(frozen=True)
class Field:
    """One thing to write down.

    ``kind``: ``text`` (2000 characters), ``line`` (200), ``scale`` (a whole number from 0 to
    ``most``), ``number`` (from ``lowest`` to ``highest``), ``choice``, ``time`` (``23:15``) or
    ``date`` (``2026-12-24``).
    """

    id: str
    kind: str
    label: Words
    required: bool = False
    most: int | None = None
    lowest: int | None = None
    highest: int | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Diary:
    """The diary of one module.

    A ``document`` is kept in versions. ``day_field`` names the date that an entry is of, once that
    day has come; ``counts`` the answers that make an entry practice of its day, all of them where
    it is empty.
    """

    id: str
    module: str
    title: Words
    fields: tuple[Field, ...]
    document: bool = False
    day_field: str | None = None
    counts: Mapping[str, tuple[str, ...]] | None = None

    def is_practice(self, values: Mapping[str, Any]) -> bool:
        """Whether an entry says that something was practised."""
        return all(values.get(name) in codes for name, codes in (self.counts or {}).items())

    def day_of(self, values: Mapping[str, Any], written: date) -> date:
        """The day that an entry is of: the one it names if that has come, else when it was
        written."""
        if self.day_field is None:
            return written
        return min(date.fromisoformat(values[self.day_field]), written)


def said(diary: Diary, language: str) -> dict[str, Any]:
    """The diary in one language."""
    return {
        "id": diary.id,
        "title": diary.title[language],
        "document": diary.document,
        "fields_": [
            {
                "id": field.id,
                "kind": field.kind,
                "label": field.label[language],
                "required": field.required,
                "most": field.most,
                "lowest": field.lowest,
                "highest": field.highest,
                "options": [{"code": o.code, "label": o.label[language]} for o in field.options],
            }
            for field in diary.fields
        ],
    }


def faults(diary: Diary, values: Mapping[str, Any], today: date) -> dict[str, str]:
    """What is wrong with the values of an entry, by field; empty when they fit."""
    known = {field.id: field for field in diary.fields}
    found = {f"values.{name}": "This is not asked here." for name in values.keys() - known}
    for name, field in known.items():
        value = values.get(name)
        if value is None or value == "":
            if field.required:
                found[f"values.{name}"] = "This needs an answer."
        elif (fault := _fault(field, value, today)) is not None:
            found[f"values.{name}"] = fault
    return found


def _fault(field: Field, value: Any, today: date) -> str | None:
    if field.kind in LONGEST:
        most = LONGEST[field.kind]
        fits = isinstance(value, str) and len(value) <= most and bool(value.strip())
        return None if fits else f"Write up to {most} characters."
    if field.kind == SCALE:
        fits = type(value) is int and 0 <= value <= (field.most or 0)
        return None if fits else f"Give a whole number from 0 to {field.most}."
    if field.kind == NUMBER:
        assert field.lowest is not None and field.highest is not None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = is_number and field.lowest <= value <= field.highest
        return None if fits else f"Give a number from {field.lowest} to {field.highest}."
    if field.kind == CHOICE:
        codes = [option.code for option in field.options]
        return None if value in codes else f"Choose one of: {', '.join(codes)}."
    if field.kind == TIME:
        fits = isinstance(value, str) and _TIME.fullmatch(value) is not None
        return None if fits else "Give a time such as 23:15."
    return _date_fault(value, today)


def _date_fault(value: Any, today: date) -> str | None:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return "Give a date such as 2026-12-24."
    if abs(day - today) > timedelta(days=FURTHEST_DAYS):
        return "Choose a day within a year."
    return None
