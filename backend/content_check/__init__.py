"""``flask content check``: everything that clinicians write, read and held against itself.

The checks look at the files as they are written, so that one run names every fault with its line.
Then all is read the way the application reads it; what that refuses and no check has named is told
as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from backend.checkins import feedback
from backend.content_check import pathways
from backend.content_check.instruments import Pair, read_pairs, shared_faults
from backend.content_check.messages import message_faults
from backend.content_check.modules import module_faults
from backend.content_check.pages import read_modules
from backend.content_check.pathways import Known, battery_faults, known
from backend.content_check.texts import translation_faults
from backend.content_check.wording import wording_faults
from backend.core.content import ContentError, Document
from backend.core.schema import LANGUAGES
from backend.evaluation import indicator_files
from backend.instruments.releases import unreleased_changes
from backend.instruments.service import load_library
from backend.messaging import templates
from backend.messaging.jurisdiction_files import load_jurisdictions
from backend.messaging.mail import letters
from backend.patients import consent
from backend.programme import diary_files, module_files
from backend.quality import training_files
from backend.risk import danger_word_files
from backend.risk.pathway_files import load_pathway, names
from backend.risk.service import DEFAULT

BATTERIES = "batteries.yaml"
T = TypeVar("T")


def faults(content: Path, now: datetime) -> list[str]:
    """Every fault found, as ``file:line: fault`` by file and line; empty when all is sound."""
    found = list(_checked(content, now.date()))
    named = {_subject(content, error) for error in found}
    found += [error for error in _refused(content) if _subject(content, error) not in named]
    return in_lines(content, found)


def pathway_faults(content: Path, name: str) -> list[str]:
    """Every fault of one pathway; that of the files it speaks of is not told."""
    offered, _ = _offered(content, read_pairs(content / "instruments", date.min))
    found = list(_pathway(content, name, offered))
    return in_lines(content, found or _tried(partial(load_pathway, content, name))[1])


def in_lines(content: Path, found: Iterable[ContentError]) -> list[str]:
    """Faults as ``file:line: fault``, each once, by file and line."""
    unique = {(error.file, error.line or 0, error.message) for error in found}
    return [_told(content, *each) for each in sorted(unique)]


def _told(content: Path, file: str, line: int, message: str) -> str:
    path = Path(file)
    if path.is_relative_to(content):
        path = path.relative_to(content.parent)
    return f"{path}:{line}: {message}" if line else f"{path}: {message}"


def _subject(content: Path, error: ContentError) -> Path:
    """What a fault is about: a file, or the folder of an instrument or of a version of a module,
    whose files go together."""
    file = Path(error.file)
    if file.is_relative_to(content / "modules"):
        return content.joinpath(*file.relative_to(content).parts[:3])
    return file.parent if file.parent.parent == content / "instruments" else file


def _checked(content: Path, today: date) -> Iterator[ContentError]:
    pairs = read_pairs(content / "instruments", today)
    for pair in pairs:
        yield from pair.faults
    yield from shared_faults(pairs)
    yield from _unreleased(partial(unreleased_changes, content / "instruments"))
    yield from _unreleased(partial(indicator_files.unreleased_changes, content))
    offered, batteries = _offered(content, pairs)
    yield from batteries
    for name in _pathway_names(content):
        yield from _pathway(content, name, offered)
    written = read_modules(content)
    yield from module_faults(content, written, _factors(content), today)
    yield from translation_faults(content)
    yield from wording_faults(content, written)
    yield from message_faults(content, _titles(content))


def _offered(content: Path, pairs: Sequence[Pair]) -> tuple[Known, list[ContentError]]:
    """What instruments and batteries offer, and the faults of the batteries."""
    document, unread = _tried(partial(Document.read, content / "pathways" / BATTERIES))
    if document is None:
        return known(pairs, None), unread
    offered = known(pairs, document.value)
    return offered, list(battery_faults(document, offered))


def _pathway(content: Path, name: str, offered: Known) -> Iterator[ContentError]:
    document, unread = _tried(partial(Document.read, content / "pathways" / f"{name}.yaml"))
    yield from unread
    catalogue, _ = _tried(partial(module_files.load_modules, content))
    modules = None if catalogue is None else frozenset(each.id for each in catalogue.values())
    if document is not None:
        yield from pathways.pathway_faults(document, offered, modules)


def _pathway_names(content: Path) -> list[str]:
    """The pathways there are, and the one that there must be."""
    return sorted({DEFAULT, *names(content)})


def _factors(content: Path) -> frozenset[str] | None:
    """The factors of all pathways; ``None`` when one cannot be read."""
    found: set[str] = set()
    for name in _pathway_names(content):
        rules, _ = _tried(partial(load_pathway, content, name))
        if rules is None:
            return None
        found |= {factor.factor for factor in rules.factors}
    return frozenset(found)


def _titles(content: Path) -> list[str]:
    """What modules are called, in every language."""
    catalogue, _ = _tried(partial(module_files.load_modules, content))
    return sorted({title for each in (catalogue or {}).values() for title in each.titles.values()})


def _unreleased(changes: Callable[[], Iterator[ContentError]]) -> Iterator[ContentError]:
    """Files that say something new under an old version."""
    try:
        yield from changes()
    except ContentError as error:
        yield error


def _refused(content: Path) -> Iterator[ContentError]:
    """What the application itself would not read: the first fault of each reading."""
    readings: list[Callable[[], object]] = [
        partial(load_library, content),
        partial(module_files.load_modules, content),
        partial(diary_files.load_diaries, content),
        partial(load_jurisdictions, content),
        *(partial(load_pathway, content, name) for name in _pathway_names(content)),
        partial(danger_word_files.load_danger_words, content),
        partial(training_files.load_topics, content),
        partial(training_files.load_checklist, content),
        partial(training_files.load_competence, content),
        partial(indicator_files.load_indicators, content),
    ]
    for language in LANGUAGES:
        readings += [
            partial(feedback.load_texts, content, language),
            partial(consent.load_text, content, consent.PROGRAMME, language),
            partial(consent.load_text, content, consent.SMS_ANSWERS, language),
            partial(templates.in_language, content, language),
            partial(letters.in_language, content, language),
        ]
    for reading in readings:
        yield from _tried(reading)[1]


def _tried(reading: Callable[[], T]) -> tuple[T | None, list[ContentError]]:
    try:
        return reading(), []
    except ContentError as error:
        return None, [error]
