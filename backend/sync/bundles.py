"""What an app keeps to work without a connection: modules and questionnaires, named by their hash.

A bundle is one version of a module, or one questionnaire, in one language, with all that is needed
to show and to answer it. Its name is the SHA-256 of its bytes, so it never changes and may be kept
for good; what is published later has another name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app

from backend.core.schema import LANGUAGES
from backend.instruments import service as instruments
from backend.instruments.questionnaires import as_fhir
from backend.programme import service as programme
from backend.programme.modules import Grade, Module

MODULE = "module"
QUESTIONNAIRE = "questionnaire"
_FIGURE = re.compile(r"/figures/[A-Za-z0-9./-]+\.svg")


@dataclass(frozen=True)
class Bundle:
    """The bytes of a bundle (JSON in UTF-8) and their SHA-256 in hexadecimal digits."""

    sha256: str
    content: bytes


def find(sha256: str) -> Bundle | None:
    """The bundle of a name, if the content of today has it."""
    settings = current_app.extensions["settings"]
    return _all(settings.content, settings.wording, settings.commercial).get(sha256)


def of_module(module: Module, language: str) -> Bundle:
    """A module's version in a language; English where there is no translation."""
    settings = current_app.extensions["settings"]
    return _of_module(
        settings.content, module.id, module.version, module.language_of_title(language)
    )


def of_questionnaire(battery: str, occasion: int, language: str) -> Bundle:
    """What a battery asks on an occasion, in full: nothing is left out for having been asked."""
    settings = current_app.extensions["settings"]
    wanted = (settings.content, settings.wording, settings.commercial)
    return _of_questionnaire(*wanted, battery, occasion, language)


@cache
def _all(content: Path, wording: Path | None, commercial: bool) -> Mapping[str, Bundle]:
    # Each is made once, when the first of any is asked for.
    return {bundle.sha256: bundle for bundle in _every(content, wording, commercial)}


def _every(content: Path, wording: Path | None, commercial: bool) -> Iterator[Bundle]:
    for module in programme.catalogue().values():
        for language in module.titles:
            yield _of_module(content, module.id, module.version, language)
    for language in LANGUAGES:
        for battery, occasion in instruments.every_occasion():
            yield _of_questionnaire(content, wording, commercial, battery, occasion, language)


@cache
def _of_module(content: Path, module_id: str, version: str, language: str) -> Bundle:
    module = programme.catalogue()[module_id, version]
    return _bundle(MODULE, language, _module(module, language))


@cache
def _of_questionnaire(
    content: Path,
    wording: Path | None,
    commercial: bool,
    battery: str,
    occasion: int,
    language: str,
) -> Bundle:
    asked = instruments.questionnaire(battery, occasion, language)
    return _bundle(QUESTIONNAIRE, language, as_fhir(asked))


def _bundle(kind: str, language: str, content: Mapping[str, Any]) -> Bundle:
    whole = {"kind": kind, "language": language, "content": content}
    written = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    data = written.encode()
    return Bundle(hashlib.sha256(data).hexdigest(), data)


def _module(module: Module, language: str) -> dict[str, Any]:
    grades = [module.text_in(number, language) for number in module.grades]
    pictures = {found for g in grades for step in g.steps for found in _FIGURE.findall(step.html)}
    return {
        "id": module.id,
        "version": module.version,
        "title": module.title_in(language),
        "domain": module.domain,
        "progression": module.progression,
        "grades": [_grade(grade) for grade in grades],
        "figures": sorted(pictures),
    }


def _grade(grade: Grade) -> dict[str, Any]:
    # The quiz has its right answers and what to say to each, for it is marked without a connection.
    told = asdict(grade)
    told.pop("next_review")
    return told
