"""How much there is to read, and how easy each page is: what ``content check`` tells at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backend.content_check.pages import Page, newest, read_modules
from backend.content_check.readability import Reading, measure
from backend.core.schema import LANGUAGES
from backend.programme.modules import ENGLISH


@dataclass(frozen=True)
class Row:
    """One page: its words, the minutes that it says, and how easy it is."""

    module: str
    grade: int
    language: str
    words: int
    minutes: int
    reading: Reading


def rows(content: Path) -> list[Row]:
    """Every page of the newest version of every module."""
    return [
        _row(module.name.split("-")[0], page)
        for module in newest(read_modules(content))
        for page in module.pages
    ]


def summary(found: list[Row]) -> Iterator[str]:
    """Modules, grades, words, minutes and languages, in lines."""
    english = [row for row in found if row.language == ENGLISH]
    modules = len({row.module for row in found})
    yield f"{modules} modules, {len(english)} grades, {len(found)} pages"
    for language in LANGUAGES:
        own = [row for row in found if row.language == language]
        if own:
            words, minutes = sum(r.words for r in own), sum(r.minutes for r in own)
            of = len({row.module for row in own})
            yield (
                f"  {language}: {of} modules, {len(own)} pages, {words:,} words, "
                f"{minutes} minutes, {_readings(own)}"
            )


def table(found: list[Row]) -> Iterator[str]:
    """One line a page; the school grade is an English measure."""
    yield "module  grade  language  words  minutes  reading ease  school grade"
    for row in found:
        grade = "" if row.reading.grade is None else f"{row.reading.grade:.1f}"
        yield (
            f"{row.module:6}  {row.grade:5}  {row.language:8}  {row.words:5}  {row.minutes:7}  "
            f"{row.reading.ease:12.0f}  {grade:>12}"
        ).rstrip()


def _row(module: str, page: Page) -> Row:
    minutes = page.shape.minutes if page.shape else 0
    reading = measure(page.prose, page.language)
    return Row(module, page.number, page.language, page.words, minutes, reading)


def _readings(own: list[Row]) -> str:
    eases = [row.reading.ease for row in own]
    told = f"reading ease {min(eases):.0f} to {max(eases):.0f}"
    grades = [row.reading.grade for row in own if row.reading.grade is not None]
    return told + (f", school grade {min(grades):.1f} to {max(grades):.1f}" if grades else "")
