"""Words that can make pain worse, in the texts that we write for patients.

``content/wording/nocebo.<language>.yaml`` lists them: a pattern, why, and what to say instead. The
questionnaires are left alone, for their words are their authors', and so are the safety texts:
they must name a danger by its name, and the clinical safety officer signs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field

from backend.content_check.pages import Written, newest
from backend.content_check.shapes import Shape, Text, shaped
from backend.core.content import ContentError, Document
from backend.core.schema import LANGUAGES
from backend.programme.modules import ENGLISH

FOLDERS = ("feedback", "messages", "mail")
Ready = TypeVar("Ready")
_OF_A_PICTURE = re.compile(r"-([a-z]{2})\.svg")
_TITLE = re.compile(r"^title:.*(?:\n[ \t]+.*)*|^\s+title:.*", re.MULTILINE)


class PatternShape(Shape):
    """One way of saying it. ``pattern`` is a regular expression for whole words in any case;
    ``spared`` are sentences of ours in which it is named to be answered."""

    pattern: Text
    why: Text
    instead: Text
    spared: list[Text] = Field(default_factory=list)


class WordingShape(Shape):
    """A list for one language."""

    version: Text
    verified: bool
    patterns: Annotated[list[PatternShape], Field(min_length=1)]


@dataclass(frozen=True)
class Unwanted:
    """A pattern that is ready to be looked for."""

    pattern: re.Pattern[str]
    why: str
    instead: str
    spared: tuple[re.Pattern[str], ...] = ()

    def found(self, text: str) -> Iterator[re.Match[str]]:
        """Where a text says it."""
        spared = [each.span() for pattern in self.spared for each in pattern.finditer(text)]
        for match in self.pattern.finditer(text):
            if not any(start <= match.start() and match.end() <= end for start, end in spared):
                yield match


def wording_faults(content: Path, written: Sequence[Written]) -> Iterator[ContentError]:
    """Every such word, with its file and line; and what is wrong with the lists."""
    lists: dict[str, list[Unwanted]] = {}
    for language in LANGUAGES:
        found = list(_list(content / "wording" / f"nocebo.{language}.yaml"))
        yield from (each for each in found if isinstance(each, ContentError))
        lists[language] = [each for each in found if isinstance(each, Unwanted)]
    for file, language, text in _texts(content, newest(written)):
        for line, message in _found(text, tuple(lists.get(language, ()))):
            yield ContentError(file, message, line)


@cache
def _found(text: str, wanted: tuple[Unwanted, ...]) -> tuple[tuple[int, str], ...]:
    """The lines and what to say of them."""
    return tuple(
        (
            text.count("\n", 0, match.start()) + 1,
            f'"{" ".join(match[0].split())}" {unwanted.why}; say {unwanted.instead}',
        )
        for unwanted in wanted
        for match in unwanted.found(text)
    )


def _list(file: Path) -> Iterator[Unwanted | ContentError]:
    def ready(each: PatternShape) -> Unwanted:
        pattern = re.compile(rf"\b(?:{_spaced(each.pattern)})\b", re.IGNORECASE)
        spared = tuple(re.compile(_spaced(re.escape(said))) for said in each.spared)
        return Unwanted(pattern, each.why, each.instead, spared)

    return pattern_list(file, WordingShape, ready)


def pattern_list(
    file: Path, shape: type[Shape], ready: Callable[[Any], Ready]
) -> Iterator[Ready | ContentError]:
    """The ``patterns`` of a list, ready to be looked for, and what is wrong with the list.

    ``ready`` takes one of them in its shape, and raises ``re.error`` for what is no regular
    expression.
    """
    try:
        document = Document.read(file)
    except ContentError as error:
        yield error
        return
    found, faults = shaped(document, shape)
    yield from faults
    for number, each in enumerate(getattr(found, "patterns", ())):
        try:
            yield ready(each)
        except re.error as error:
            message = f"the pattern cannot be read: {error.msg}"
            yield document.fault(message, "patterns", number, "pattern")


def _spaced(pattern: str) -> str:
    """A space stands for any, for a sentence may be broken over lines."""
    return re.sub(r"\\? ", r"\\s+", pattern)


def _texts(content: Path, modules: Sequence[Written]) -> Iterator[tuple[Path, str, str]]:
    """What patients read, with its language; what they do not read is blank, line for line."""
    for language in LANGUAGES:
        for folder in FOLDERS:
            yield from _read(content / folder / f"{language}.yaml", language)
        for file in sorted((content / "consent").glob(f"*.{language}.md")):
            yield from _read(file, language)
    for module in modules:
        for page in module.pages:
            yield from _read(page.path, page.language)
        for file in sorted(module.home.glob("figures/*.svg")):
            named = _OF_A_PICTURE.search(file.name)
            known = named is not None and named[1] in LANGUAGES
            yield from _read(file, named[1] if named and known else ENGLISH)
    # The titles that stand in one file for all languages.
    titled = [module.home / "module.yaml" for module in modules]
    for file in (content / "pathways" / "batteries.yaml", *titled):
        for _, _, text in _read(file, ENGLISH):
            for language in LANGUAGES:
                yield file, language, _blank(text, _TITLE)


def _read(file: Path, language: str) -> Iterator[tuple[Path, str, str]]:
    if not file.is_file():
        return  # Whoever needs the file says so.
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".yaml":
        text = re.sub(r"(?m)^\s*#.*$", "", text)
    yield file, language, text


def _blank(text: str, kept: re.Pattern[str]) -> str:
    """Only what matches, each part on the lines where it stands."""
    out, end = [], 0
    for match in kept.finditer(text):
        out += ["\n" * text.count("\n", end, match.start()), match[0]]
        end = match.end()
    return "".join(out)
