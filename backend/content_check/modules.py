"""Faults of modules: one by one, one against another, and against what has been published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from backend.content_check.figures import figure_faults
from backend.content_check.grades import grade_faults, style_faults, translation_faults, unwritten
from backend.content_check.pages import Written, newest
from backend.content_check.texts import NAMES
from backend.core.content import ContentError
from backend.patients.contraindications import QUESTIONS, REVIEWS
from backend.programme.clearance import ADVICE
from backend.programme.module_releases import published_changes
from backend.programme.modules import ENGLISH


def module_faults(
    content: Path, written: Sequence[Written], factors: frozenset[str] | None, today: date
) -> Iterator[ContentError]:
    """Every fault of every module; matters of style only in the newest version of each."""
    names = {each.shape.id if each.shape else each.name.split("-")[0] for each in written}
    for module in written:
        yield from module.faults
        yield from _own_faults(module, names, factors)
        yield from figure_faults(module)
        yield from _translations(module)
        for page in module.pages:
            yield from grade_faults(page, module)
    for module in newest(written):
        yield from unwritten(module.home / "module.yaml")
        for page in module.pages:
            yield from style_faults(page, today)
    yield from _circles(newest(written))
    try:
        yield from published_changes(content / "modules")
    except ContentError as error:
        yield error


def _own_faults(
    module: Written, names: set[str], factors: frozenset[str] | None
) -> Iterator[ContentError]:
    document, shape = module.document, module.shape
    if document is None or shape is None:
        return
    if shape.version != module.home.name:
        message = f"version {shape.version} lies in the folder {module.home.name}"
        yield document.fault(message, "version")
    if shape.id != module.name.split("-")[0]:
        yield document.fault(f"{shape.id} lies in the folder {module.name}", "id")
    if ENGLISH not in shape.title:
        yield document.fault("has no English title", "title")
    for number, needed in enumerate(shape.prerequisites):
        if needed.module not in names:
            message = f"there is no module {needed.module}"
            yield document.fault(message, "prerequisites", number)
    for number, barring in enumerate(shape.contraindications):
        if barring.action == "clearance" and barring.code not in {*QUESTIONS, *REVIEWS, *ADVICE}:
            message = f"nobody is asked about {barring.code}, so no provider could clear it"
            yield document.fault(message, "contraindications", number)
    for unknown in sorted(set(shape.target_factors) - factors if factors is not None else ()):
        yield document.fault(f"there is no factor {unknown}", "target_factors")
    there = {page.number for page in module.pages if page.language == ENGLISH}
    for number in sorted(set(shape.grades) - there):
        yield document.fault(f"there is no grade-{number}.en.md", "grades")
    for page in module.pages:
        if page.number not in shape.grades:
            yield ContentError(page.path, f"module.yaml has no grade {page.number}", 1)
        elif page.language not in shape.title:
            yield ContentError(page.path, f"module.yaml has no title in {page.language}", 1)


def _translations(module: Written) -> Iterator[ContentError]:
    """A module with a title in a language is there in that language as a whole."""
    if module.document is None or module.shape is None:
        return
    pages = {(page.number, page.language): page for page in module.pages}
    for language in sorted(module.shape.title.keys() - {ENGLISH}):
        for number in module.shape.grades:
            english, page = pages.get((number, ENGLISH)), pages.get((number, language))
            if page is None:
                message = f"grade {number} has no {NAMES.get(language, language)} translation"
                yield module.document.fault(message, "title", language)
            elif english is not None:
                yield from translation_faults(page, english)


def _circles(written: Sequence[Written]) -> Iterator[ContentError]:
    """Modules that come before themselves, told of the first of each circle."""
    needs = {
        each.shape.id: [needed.module for needed in each.shape.prerequisites]
        for each in written
        if each.shape is not None
    }
    for module in written:
        if module.shape is None or module.document is None:
            continue
        circle = _way_back(module.shape.id, needs)
        if circle and min(circle) == module.shape.id:
            message = f"the prerequisites go round in a circle: {', '.join(circle)}"
            yield module.document.fault(message, "prerequisites")


def _way_back(start: str, needs: Mapping[str, Sequence[str]]) -> list[str]:
    """The shortest way from a module through its prerequisites to itself; empty without one."""
    ways = [[start]]
    seen = set()
    while ways:
        way = ways.pop(0)
        for needed in needs.get(way[-1], ()):
            if needed == start:
                return [*way, start]
            if needed not in seen:
                seen.add(needed)
                ways.append([*way, needed])
    return []
