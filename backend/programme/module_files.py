"""Reading modules: one folder a version, in it one Markdown file a grade."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import frontmatter
import nh3
import yaml
from markdown_it import MarkdownIt

from backend.core.content import ContentError
from backend.programme.modules import (
    Catalogue,
    Grade,
    Module,
    Practice,
    PracticeValue,
    QuizItem,
)

LANGUAGE = "en"


@cache
def load_modules(content: Path) -> Catalogue:
    """Every version of every module, by id and version.

    Raises ``ContentError`` that names the file and the fault.
    """
    found = {}
    for file in sorted((content / "modules").glob("*/*/module.yaml")):
        module = _load(file)
        found[module.id, module.version] = module
    return found


def _load(file: Path) -> Module:
    try:
        raw = yaml.safe_load(file.read_text())
        version = str(raw["version"])
        if version != file.parent.name:
            raise ContentError(file, f"version {version} lies in the folder {file.parent.name}")
        return Module(
            id=raw["id"],
            version=version,
            title=raw["title"][LANGUAGE],
            domain=raw["domain"],
            target_factors=tuple(raw["target_factors"]),
            prerequisites=tuple(raw["prerequisites"]),
            locked_by_safety_hold=bool(raw["locked_by_safety_hold"]),
            cautions=raw["cautions"],
            grades={
                grade: _load_grade(file.parent / f"grade-{grade}.{LANGUAGE}.md", raw, grade)
                for grade in raw["grades"]
            },
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, ContentError):
            raise
        raise ContentError(file, f"{type(error).__name__}: {error}") from None


def _load_grade(file: Path, module: Mapping[str, Any], grade: int) -> Grade:
    try:
        post = frontmatter.load(str(file))
        meta: Mapping[str, Any] = post.metadata
        said = meta["module_id"], str(meta["version"]), meta["grade"], meta["locale"]
        if said != (module["id"], str(module["version"]), grade, LANGUAGE):
            raise ContentError(file, f"says it is {said}")
        made = Grade(
            grade=grade,
            title=meta["title"],
            minutes=meta["minutes"],
            objectives=tuple(meta["objectives"]),
            quiz=tuple(_quiz_item(item) for item in meta["quiz"]),
            practice=_practice(meta["practice"]),
            markdown=post.content,
            html=nh3.clean(MarkdownIt("commonmark", {"html": False}).render(post.content)),
            next_review=meta["next_review"],
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, ContentError):
            raise
        raise ContentError(file, f"{type(error).__name__}: {error}") from None
    for item in made.quiz:
        if not 0 <= item.answer < len(item.options):
            raise ContentError(file, f"quiz {item.id}: there is no option {item.answer}")
    if not made.quiz or not made.markdown.strip():
        raise ContentError(file, "needs a text and a quiz")
    if not isinstance(made.next_review, date):
        raise ContentError(file, "next_review must be a date, such as 2027-11-19")
    if not meta.get("reviewed_by"):
        raise ContentError(file, "has no reviewer")
    return made


def _quiz_item(raw: Mapping[str, Any]) -> QuizItem:
    return QuizItem(
        id=raw["id"],
        question=raw["question"],
        options=tuple(str(option) for option in raw["options"]),
        answer=raw["answer"],
        explain=raw["explain"],
    )


def _practice(raw: Mapping[str, Any]) -> Practice:
    return Practice(
        task=raw["task"],
        planned_days=raw["planned_days"],
        confidence_question=raw["confidence_question"],
        values=tuple(PracticeValue(**each) for each in raw["values"]),
    )
