"""Reading the diaries of the modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from backend.core.content import ContentError
from backend.core.schema import LANGUAGES
from backend.programme.diaries import CHOICE, DATE, KINDS, NUMBER, SCALE, Diary, Field, Option

_UNREADABLE = (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError)


@cache
def load_diaries(content: Path) -> Mapping[str, Diary]:
    """The diary of each module that has one, by module.

    Raises ``ContentError`` that names the fault.
    """
    file = content / "diaries.yaml"
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        found = [_diary(each) for each in raw["diaries"]]
    except _UNREADABLE as error:
        raise ContentError(file, f"{type(error).__name__}: {error}") from None
    for diary in found:
        for fault in _faults(diary):
            raise ContentError(file, f"{diary.id}: {fault}")
    by_module = {diary.module: diary for diary in found}
    if len(by_module) < len(found) or len({d.id for d in found}) < len(found):
        raise ContentError(file, "two diaries have the same id, or are of the same module")
    return by_module


def _diary(raw: Mapping[str, Any]) -> Diary:
    rest = {**raw, "fields": tuple(_field(each) for each in raw["fields"])}
    if "counts" in raw:
        rest["counts"] = {name: tuple(codes) for name, codes in raw["counts"].items()}
    return Diary(**rest)


def _field(raw: Mapping[str, Any]) -> Field:
    options = tuple(Option(**each) for each in raw.get("options", ()))
    return Field(**{**raw, "options": options})


def _faults(diary: Diary) -> Iterator[str]:
    fields = {field.id: field for field in diary.fields}
    words = [("title", diary.title), *((field.id, field.label) for field in diary.fields)]
    words += [(o.code, o.label) for field in diary.fields for o in field.options]
    for name, said in words:
        if [language for language in LANGUAGES if not str(said.get(language, "")).strip()]:
            yield f"{name} is not said in every language"
    if len(fields) < len(diary.fields):
        yield "a field comes twice"
    for field in diary.fields:
        if field.kind not in KINDS:
            yield f"{field.id}: kind {field.kind} is none of {', '.join(KINDS)}"
        if (field.kind == SCALE) != (field.most is not None):
            yield f"{field.id}: a scale, and only a scale, says its most"
        if (field.kind == NUMBER) != (field.lowest is not None and field.highest is not None):
            yield f"{field.id}: a number, and only a number, says its lowest and highest"
        if (field.kind == CHOICE) != bool(field.options):
            yield f"{field.id}: a choice, and only a choice, has options"
    day = fields.get(diary.day_field or "")
    if diary.day_field and (day is None or day.kind != DATE or not day.required):
        yield "day_field names no date that is required"
    for name, codes in (diary.counts or {}).items():
        known = {option.code for option in fields[name].options} if name in fields else set()
        if not set(codes) <= known:
            yield f"counts: {name} has no such options"
