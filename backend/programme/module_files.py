"""Reading modules: one folder a version, in it one Markdown file a grade and language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import frontmatter
import yaml

from backend.core.content import ContentError
from backend.core.schema import LANGUAGES
from backend.programme.module_text import pictures, steps
from backend.programme.modules import (
    ENGLISH,
    VALUE_KINDS,
    Catalogue,
    Contraindication,
    Grade,
    Module,
    Practice,
    PracticeValue,
    Prerequisite,
    QuizItem,
    QuizOption,
    item_faults,
    newest,
)

_SEMVER = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")
_PICTURE = re.compile(r"[a-z0-9-]{1,60}\.svg")
FIGURES_AT = "/figures/{module}/{version}"
_UNREADABLE = (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError)


@cache
def load_modules(content: Path) -> Catalogue:
    """Every version of every module, by id and version.

    Raises ``ContentError`` that names the file and the fault.
    """
    found = {}
    for file in sorted((content / "modules").glob("*/*/module.yaml")):
        module = load_module(file)
        found[module.id, module.version] = module
    return found


@cache
def load_newest(content: Path) -> Mapping[str, Module]:
    """The highest version of each module, by id. Raises ``ContentError`` as ``load_modules``."""
    return newest(load_modules(content))


def figure(content: Path, module_id: str, version: str, name: str) -> Path | None:
    """The file of a picture, if there is one of these names."""
    wanted = re.fullmatch(r"M\d\d", module_id) and _SEMVER.fullmatch(version)
    if not wanted or not _PICTURE.fullmatch(name):
        return None
    found = (content / "modules").glob(f"{module_id}-*/{version}/figures/{name}")
    return next(found, None)


def load_module(file: Path) -> Module:
    """One version of a module, from its ``module.yaml``. Raises ``ContentError``."""
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        version = str(raw["version"])
        if version != file.parent.name:
            raise ContentError(file, f"version {version} lies in the folder {file.parent.name}")
        return Module(
            id=raw["id"],
            version=version,
            titles=dict(raw["title"]),
            domain=raw["domain"],
            target_factors=tuple(raw["target_factors"]),
            prerequisites=tuple(Prerequisite(**each) for each in raw["prerequisites"]),
            contraindications=tuple(Contraindication(**each) for each in raw["contraindications"]),
            locked_by_safety_hold=bool(raw["locked_by_safety_hold"]),
            cautions=raw["cautions"],
            progression=raw["progression"],
            needs=raw.get("needs"),
            modules_done=raw.get("modules_done", 0),
            texts={(text.grade, text.language): text for text in _texts(file, raw)},
        )
    except ContentError:
        raise
    except _UNREADABLE as error:
        raise ContentError(file, f"{type(error).__name__}: {error}") from None


def _texts(file: Path, raw: Mapping[str, Any]) -> Iterator[Grade]:
    for grade in raw["grades"]:
        for language in LANGUAGES:
            text = file.parent / f"grade-{grade}.{language}.md"
            if language == ENGLISH or text.exists():
                yield _load_grade(text, raw, grade, language)


def _load_grade(file: Path, module: Mapping[str, Any], grade: int, language: str) -> Grade:
    try:
        post = frontmatter.load(str(file))
        meta: Mapping[str, Any] = post.metadata
        said = meta["module_id"], str(meta["version"]), meta["grade"], meta["locale"]
        if said != (module["id"], str(module["version"]), grade, language):
            raise ContentError(file, f"says it is {said}")
        for name in pictures(post.content):
            if not (file.parent / "figures" / name).is_file():
                raise ContentError(file, f"there is no picture figures/{name}")
        made = Grade(
            grade=grade,
            language=language,
            title=meta["title"],
            minutes=meta["minutes"],
            objectives=tuple(meta["objectives"]),
            steps=steps(
                post.content,
                FIGURES_AT.format(module=module["id"], version=module["version"]),
            ),
            quiz=tuple(quiz_item(item) for item in meta["quiz"]),
            practice=_practice(meta["practice"]),
            next_review=meta["next_review"],
        )
    except ContentError:
        raise
    except _UNREADABLE as error:
        raise ContentError(file, f"{type(error).__name__}: {error}") from None
    for fault in _faults(made, meta):
        raise ContentError(file, fault)
    return made


def _faults(grade: Grade, meta: Mapping[str, Any]) -> Iterator[str]:
    if not grade.steps or not grade.quiz:
        yield "needs a text and a quiz"
    for item in grade.quiz:
        yield from (f"quiz {item.id}: {fault}" for fault in item_faults(item))
    for value in grade.practice.values:
        if value.kind not in VALUE_KINDS:
            yield f"practice {value.id}: kind {value.kind} is none of {', '.join(VALUE_KINDS)}"
        if (value.kind == "scale") != (value.most is not None):
            yield f"practice {value.id}: a scale, and only a scale, says its most"
    if not isinstance(grade.next_review, date):
        yield "next_review must be a date, such as 2027-11-23"
    if not meta.get("reviewed_by"):
        yield "has no reviewer"


def quiz_item(raw: Mapping[str, Any]) -> QuizItem:
    """A question with its options, from front matter. Raises ``KeyError`` for what is missing."""
    return QuizItem(
        id=raw["id"],
        question=raw["question"],
        options=tuple(
            QuizOption(str(each["text"]), each.get("right", False) is True, each["feedback"])
            for each in raw["options"]
        ),
    )


def _practice(raw: Mapping[str, Any]) -> Practice:
    return Practice(
        task=raw["task"],
        planned_days=raw["planned_days"],
        confidence_question=raw["confidence_question"],
        values=tuple(PracticeValue(**each) for each in raw["values"]),
    )
