"""Reading ``content/inbound/danger-words.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from backend.core.content import Document
from backend.core.schema import LANGUAGES
from backend.risk.danger_words import PHRASE, DangerWords
from backend.risk.safety import EMERGENCY, SELF_HARM

FILE = "danger-words.yaml"
LEVELS = (EMERGENCY, SELF_HARM)


@cache
def load_danger_words(content: Path) -> DangerWords:
    """The phrases. Raises ``ContentError`` when a level lacks a language, or a phrase cannot be
    found in a text."""
    document = Document.read(content / "inbound" / FILE)
    with document.reading():
        version = str(document.value["version"])
        levels = {level: dict(document.value[level]) for level in LEVELS}
    phrases: dict[str, tuple[str, ...]] = {}
    for level, by_language in levels.items():
        if set(LANGUAGES) != by_language.keys():
            raise document.fault(f"{level} must list exactly {', '.join(LANGUAGES)}", level)
        for language, listed in by_language.items():
            _check(document, level, language, listed)
        phrases[level] = tuple(phrase for listed in by_language.values() for phrase in listed)
    return DangerWords(version, phrases)


def _check(document: Document, level: str, language: str, listed: object) -> None:
    if not isinstance(listed, list) or not listed:
        raise document.fault(f"{level}.{language} must list phrases", level, language)
    for number, phrase in enumerate(listed):
        if not isinstance(phrase, str) or not PHRASE.fullmatch(phrase):
            fault = (
                f"{level}.{language}: write {phrase!r} in lower case without accents,"
                " apostrophes or other signs than * and ..."
            )
            raise document.fault(fault, level, language, number)
