"""Reading the files of modules for the check: as they are written, whole or broken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from backend.content_check.module_shapes import GradeShape, ModuleShape
from backend.content_check.plain_text import prose, words
from backend.content_check.shapes import shaped
from backend.core.content import ContentError, Document
from backend.programme.grade_files import GradeFile
from backend.programme.module_text import steps
from backend.programme.modules import Step

_NAME = re.compile(r"grade-(\d+)\.([a-z]{2})\.md")


@dataclass(frozen=True)
class Page:
    """One grade in one language. ``lines`` are those on which its steps begin.

    ``shape`` and ``steps`` are empty where the file is not in its shape.
    """

    number: int
    language: str
    file: GradeFile
    shape: GradeShape | None
    steps: tuple[Step, ...]
    lines: tuple[int, ...]

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.front.file

    @cached_property
    def prose(self) -> str:
        """All that is read."""
        return "\n".join(prose(step.html) for step in self.steps)

    @property
    def words(self) -> int:
        """How many words are read."""
        return words(self.prose)


@dataclass(frozen=True)
class Written:
    """One version of a module as it is written, with the faults that reading it showed."""

    home: Path
    document: Document | None
    shape: ModuleShape | None
    pages: tuple[Page, ...]
    faults: tuple[ContentError, ...]

    @property
    def name(self) -> str:
        """The folder's name, such as ``M04-steady-steps``."""
        return self.home.parent.name

    @property
    def order(self) -> tuple[int, ...]:
        """The version of the folder, to be compared."""
        parts = self.home.name.split(".")
        return tuple(int(part) for part in parts) if all(p.isdigit() for p in parts) else ()


def read_modules(content: Path) -> list[Written]:
    """Every version of every module."""
    return [_read(file) for file in sorted((content / "modules").glob("*/*/module.yaml"))]


def newest(written: Sequence[Written]) -> list[Written]:
    """The newest version of each: what new plans are made of."""
    found: dict[str, Written] = {}
    for each in sorted(written, key=lambda each: each.order):
        found[each.name] = each
    return [found[name] for name in sorted(found)]


def _read(file: Path) -> Written:
    faults: list[ContentError] = []
    document, shape = None, None
    try:
        document = Document.read(file)
        shape, unshaped = shaped(document, ModuleShape)
        faults += unshaped
    except ContentError as error:
        faults.append(error)
    pages = tuple(_pages(file.parent, faults))
    return Written(file.parent, document, shape, pages, tuple(faults))


def _pages(home: Path, faults: list[ContentError]) -> Iterator[Page]:
    for file in sorted(home.glob("grade-*.md")):
        named = _NAME.fullmatch(file.name)
        if named is None:
            faults.append(ContentError(file, "must be named like grade-1.en.md"))
            continue
        try:
            grade = GradeFile.read(file)
        except ContentError as error:
            faults.append(error)
            continue
        shape, unshaped = shaped(grade.front, GradeShape)
        faults += unshaped
        made: tuple[Step, ...] = ()
        try:
            made = steps(grade.text, "figures")
        except ValueError as error:
            faults.append(ContentError(file, str(error), grade.text_line))
        yield Page(int(named[1]), named[2], grade, shape, made, tuple(_headings(grade)))


def _headings(grade: GradeFile) -> Iterator[int]:
    for number, line in enumerate(grade.text.splitlines(), grade.text_line):
        if line.startswith("## "):
            yield number
