"""Faults of the texts in several languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from backend.core.content import ContentError, Document
from backend.core.schema import LANGUAGES
from backend.patients import consent

ORIGINAL = "en"
NAMES = {"nl": "Dutch", "es": "Spanish"}
FOLDERS = ("messages", "mail", "safety", "feedback")
# Numbers to call stand in the English file alone, and so does what is no text.
NOT_TRANSLATED = frozenset({"version", "verified", "purpose", "countries"})


def translation_faults(content: Path) -> Iterator[ContentError]:
    """What English says and another language does not."""
    for language in (each for each in LANGUAGES if each != ORIGINAL):
        name = NAMES.get(language, language)
        for folder in FOLDERS:
            original, other = (content / folder / f"{each}.yaml" for each in (ORIGINAL, language))
            yield from _lacking(original, other, name)
        for kind in (consent.PROGRAMME, consent.SMS_ANSWERS):
            text = content / "consent" / f"{kind}.{language}.md"
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
