"""What a patient would see change between two versions of a module."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from backend.content_check.plain_text import sentences
from backend.core.content import ContentError
from backend.core.schema import LANGUAGES
from backend.programme.module_files import load_module
from backend.programme.modules import Grade, Module

# What a reader needs around a change to find it.
AROUND = 1
Parts = dict[str, list[str]]


def find(content: Path, named: str) -> Path:
    """The folder that is meant by ``M04@1.0.0`` or by its path. Raises ``ContentError``."""
    module_id, at, version = named.partition("@")
    folders = (
        sorted((content / "modules").glob(f"{module_id}-*/{version}")) if at else [Path(named)]
    )
    for folder in folders:
        if (folder / "module.yaml").is_file():
            return folder
    raise ContentError(named, "there is no such version of a module")


def differences(before: Path, after: Path) -> Iterator[str]:
    """Lines to read, page by page and step by step; none when a patient would see no change.

    Raises ``ContentError`` when a version cannot be read.
    """
    old, new = load_module(before / "module.yaml"), load_module(after / "module.yaml")
    yield from _changed("titles", _titles(old), _titles(new))
    keys = [(grade, language) for grade in range(1, 5) for language in LANGUAGES]
    for key in keys:
        name = f"grade {key[0]}, {key[1]}"
        was, becomes = old.texts.get(key), new.texts.get(key)
        if was is None and becomes is not None:
            yield from (f"== {name}: is new, {becomes.title!r}", "")
        elif was is not None and becomes is None:
            yield from (f"== {name}: is gone, {was.title!r}", "")
        elif was is not None and becomes is not None:
            yield from _page(name, _parts(was), _parts(becomes))
    yield from _figures(before, after)


def _page(name: str, was: Parts, becomes: Parts) -> Iterator[str]:
    for part in [*becomes, *(each for each in was if each not in becomes)]:
        yield from _changed(f"{name}: {part}", was.get(part, []), becomes.get(part, []))


def _changed(name: str, was: list[str], becomes: list[str]) -> Iterator[str]:
    if was == becomes:
        return
    mark = " (new)" if not was else " (gone)" if not becomes else ""
    yield f"== {name}{mark}"
    # The first two lines name files, and here there are none.
    for line in list(difflib.unified_diff(was, becomes, n=AROUND, lineterm=""))[2:]:
        yield "   ..." if line.startswith("@@") else f" {line[0]} {line[1:]}"
    yield ""


def _titles(module: Module) -> list[str]:
    return [f"{language}: {module.titles[language]}" for language in sorted(module.titles)]


def _parts(grade: Grade) -> Parts:
    """What a page says, by the part of it that says it."""
    found: Parts = {"head": [grade.title, f"{grade.minutes} minutes", *grade.objectives]}
    for number, step in enumerate(grade.steps, 1):
        # By number, so that a step with a new title is shown as a change and not as two steps.
        found[f"step {number}"] = [f"[{step.kind}] {step.title}", *sentences(step.html)]
    for item in grade.quiz:
        found[f"question {item.id}"] = [
            item.question,
            *(
                line
                for option in item.options
                for line in (
                    f"{'(right) ' if option.right else ''}{option.text}",
                    f"  {option.feedback}",
                )
            ),
        ]
    practice = grade.practice
    found["practice"] = [
        practice.task,
        f"on {practice.planned_days} days of a week",
        practice.confidence_question,
        *(
            ", ".join(str(each) for each in (v.label, v.kind, v.unit, v.most) if each is not None)
            for v in practice.values
        ),
    ]
    return found


def _figures(before: Path, after: Path) -> Iterator[str]:
    was, becomes = (
        {file.name: file.read_bytes() for file in home.glob("figures/*.svg")}
        for home in (before, after)
    )
    for name in sorted(was.keys() | becomes.keys()):
        if was.get(name) != becomes.get(name):
            told = "is new" if name not in was else "is gone" if name not in becomes else "changed"
            yield f"== picture {name}: {told}"
