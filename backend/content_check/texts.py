"""Faults of the texts in several languages, and of modules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from backend.core.content import ContentError, Document
from backend.core.schema import LANGUAGES
from backend.patients import consent
from backend.programme import modules
from backend.programme.modules import Catalogue, Grade, Module

ORIGINAL = "en"
NAMES = {"nl": "Dutch", "es": "Spanish"}
FOLDERS = ("messages", "safety", "feedback")
# Numbers to call stand in the English file alone, and so does what is no text.
NOT_TRANSLATED = frozenset({"version", "verified", "purpose", "countries"})


def translation_faults(content: Path) -> Iterator[ContentError]:
    """What English says and another language does not."""
    for language in (each for each in LANGUAGES if each != ORIGINAL):
        name = NAMES.get(language, language)
        for folder in FOLDERS:
            original, other = (content / folder / f"{each}.yaml" for each in (ORIGINAL, language))
            yield from _lacking(original, other, name)
        text = content / "consent" / f"{consent.PROGRAMME}.{language}.md"
        if not text.is_file():
            yield ContentError(text, f"there is no {name} translation")


def _lacking(original: Path, other: Path, name: str) -> Iterator[ContentError]:
    if not other.is_file():
        yield ContentError(other, f"there is no {name} translation")
        return
    try:
        said, again = Document.read(original), Document.read(other)
    except ContentError:
        return  # Whoever reads the file says so.
    for path in _texts(said.value, ()):
        value = again.value
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if not isinstance(value, str) or not value.strip():
            yield again.fault(f"{'.'.join(path)} has no {name} translation", *path)


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        if key in NOT_TRANSLATED:
            continue
        if isinstance(inner, str):
            yield (*path, str(key))
        else:
            yield from _texts(inner, (*path, str(key)))


def module_faults(
    content: Path, catalogue: Catalogue, factors: frozenset[str] | None, today: date
) -> Iterator[ContentError]:
    """Modules that need what there is not, and reviews that are overdue."""
    names = {module.id for module in catalogue.values()}
    folders = {
        (str(said.get("id")), str(said.get("version"))): document
        for file in sorted((content / "modules").glob("*/*/module.yaml"))
        for document in (Document.read(file),)
        for said in (document.value,)
    }
    for module in catalogue.values():
        document = folders[module.id, module.version]
        for missing in sorted({needed.module for needed in module.prerequisites} - names):
            yield document.fault(f"there is no module {missing}", "prerequisites")
        for unknown in sorted(set(module.target_factors) - factors if factors is not None else ()):
            yield document.fault(f"there is no factor {unknown}", "target_factors")
        yield from _module_translations(module, document)
    for module in modules.newest(catalogue).values():
        home = folders[module.id, module.version].file.parent
        for grade in module.grades.values():
            if grade.next_review < today:
                for file in sorted(home.glob(f"grade-{grade.grade}.*.md")):
                    message = f"the review was due on {grade.next_review}"
                    yield ContentError(file, message, _line(file, "next_review"))


def _module_translations(module: Module, document: Document) -> Iterator[ContentError]:
    """A module with a title in a language is there in that language as a whole."""
    for language in sorted(module.titles.keys() - {ORIGINAL}):
        for number, english in module.grades.items():
            text = module.texts.get((number, language))
            file = document.file.parent / f"grade-{number}.{language}.md"
            if text is None:
                name = NAMES.get(language, language)
                yield document.fault(f"grade {number} has no {name} translation", "title", language)
            elif _asked(text) != _asked(english):
                yield ContentError(file, "does not ask the same as the English text", 1)


def _asked(text: Grade) -> tuple[object, ...]:
    return (
        [(item.id, item.answer, len(item.options)) for item in text.quiz],
        [(value.id, value.kind, value.most) for value in text.practice.values],
        text.practice.planned_days,
        [step.kind for step in text.steps],
    )


def _line(file: Path, key: str) -> int | None:
    """The line of a key in the front matter of a Markdown file."""
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if re.match(rf"{key}\s*:", line):
            return number
    return None
