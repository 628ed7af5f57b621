"""Faults of a grade's page: its steps, its quiz, its minutes, and how it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from backend.content_check.module_shapes import GradeShape, QuizShape
from backend.content_check.pages import Page, Written
from backend.content_check.plain_text import prose, words
from backend.content_check.readability import measure, too_hard
from backend.content_check.shapes import Path as Place
from backend.core.content import ContentError
from backend.core.schema import LANGUAGES
from backend.programme.modules import ENGLISH

# Two minutes at the pace of a person who reads with care.
STEP_WORDS = 260
WORDS_A_MINUTE = 130
# Nobody reads at one pace: so far the minutes may lie from what the words say.
LEEWAY = 0.5
QUIZ = (3, 5)
NEEDED = {"story": "a worked story ({.story})", "this-week": "a thing to do ({.this-week})"}
# What the scaffold leaves for the author.
UNWRITTEN = "TO DO"

Fault = tuple[str, Place]


def grade_faults(page: Page, home: Written) -> Iterator[ContentError]:
    """What is wrong with a page whatever its age: the application could not use it."""
    if page.shape is not None:
        for message, place in (*_named(page, page.shape, home), *_quiz(page.shape)):
            yield page.file.front.fault(message, *place)
        for value in page.shape.practice.values:
            if (value.kind == "scale") != (value.most is not None):
                message = f"{value.id}: a scale, and only a scale, says its most"
                yield page.file.front.fault(message, "practice", "values")


def style_faults(page: Page, today: date) -> Iterator[ContentError]:
    """What an author mends before a page is published."""
    if page.shape is not None:
        if page.shape.next_review < today:
            message = f"the review was due on {page.shape.next_review}"
            yield page.file.front.fault(message, "next_review")
        for message, place in (*_quiz_style(page.shape), *_minutes(page, page.shape)):
            yield page.file.front.fault(message, *place)
    yield from _step_faults(page)
    yield from unwritten(page.path)
    hard = too_hard(measure(page.prose, page.language), page.language) if page.words else None
    if hard is not None:
        yield ContentError(page.path, hard, page.file.text_line)


def _named(page: Page, shape: GradeShape, home: Written) -> Iterator[Fault]:
    """The front matter says what file it is."""
    if page.language not in LANGUAGES:
        yield f"there are no pages in the language {page.language}", ("locale",)
    said = {"grade": (shape.grade, page.number), "locale": (shape.locale, page.language)}
    if home.shape is not None:
        said["module_id"] = (shape.module_id, home.shape.id)
        said["version"] = (shape.version, home.shape.version)
    for key, (here, there) in said.items():
        if here != there:
            yield f"{key} is {here}, but the file is one of {there}", (key,)


def _quiz(shape: GradeShape) -> Iterator[Fault]:
    for number, item in enumerate(shape.quiz):
        right = sum(option.right for option in item.options)
        if right != 1:
            message = f"{item.id}: has {right} right options of {len(item.options)}"
            yield message, ("quiz", number, "options")


def _quiz_style(shape: GradeShape) -> Iterator[Fault]:
    least, most = QUIZ
    if not least <= len(shape.quiz) <= most:
        yield f"asks {len(shape.quiz)} questions; a quiz has {least} to {most}", ("quiz",)
    elif all(map(_longest_is_right, shape.quiz)):
        message = "the right option is the longest one of every question, which gives it away"
        yield message, ("quiz",)


def _longest_is_right(item: QuizShape) -> bool:
    """Whether the right option is longer than every other."""
    right = max((len(o.text) for o in item.options if o.right), default=0)
    return right > max((len(o.text) for o in item.options if not o.right), default=0)


def _minutes(page: Page, shape: GradeShape) -> Iterator[Fault]:
    said, read = shape.minutes, page.words / WORDS_A_MINUTE
    if page.words and not (1 - LEEWAY) * said <= read <= (1 + LEEWAY) * said:
        minutes = max(1, round(read))
        told = f"{minutes} minute{'s' if minutes > 1 else ''}"
        message = f"{page.words} words are about {told}, not {said}"
        yield message, ("minutes",)


def _step_faults(page: Page) -> Iterator[ContentError]:
    starts = page.lines if len(page.lines) == len(page.steps) else ()
    for number, step in enumerate(page.steps):
        count = words(prose(step.html))
        if count > STEP_WORDS:
            line = starts[number] if starts else page.file.text_line
            message = (
                f"the step {step.title!r} has {count} words, more than {STEP_WORDS}: divide it"
            )
            yield ContentError(page.path, message, line)
    kinds = {step.kind for step in page.steps}
    for kind, name in NEEDED.items():
        if page.steps and kind not in kinds:
            yield ContentError(page.path, f"has no step with {name}", page.file.text_line)


def unwritten(file: Path) -> Iterator[ContentError]:
    """Places where the scaffold still speaks."""
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if re.search(rf"\b{UNWRITTEN}\b", line):
            yield ContentError(file, f"is not written yet: {_short(line)}", number)


def _short(line: str) -> str:
    said = line.strip()
    return said if len(said) <= 60 else f"{said[:57]}..."


# Numbers for which another language has a word of its own.
SPOKEN = {
    "15": ("kwartier", "cuarto de hora"),
    "30": ("half uur", "halfuur", "media hora"),
    "90": ("anderhalf uur", "hora y media"),
}


def numbers(page: Page) -> set[str]:
    """The numbers that a page speaks of, in digits; 7,5 in Dutch is the English 7.5."""
    said = page.prose
    found = {each.replace(",", ".") for each in re.findall(r"\d+(?:[.,:]\d+)*", said)}
    return found | {n for n, names in SPOKEN.items() if any(name in said for name in names)}


def translation_faults(page: Page, english: Page) -> Iterator[ContentError]:
    """What a translation asks otherwise than the English page, or leaves out of it."""
    assert page.language != ENGLISH
    if page.shape is not None and english.shape is not None and _asked(page) != _asked(english):
        yield ContentError(page.path, "does not ask the same as the English text", 1)
    elif page.steps and (lost := numbers(english) - numbers(page)):
        told = ", ".join(sorted(lost, key=lambda n: (len(n), n)))
        message = f"the English text speaks of {told}, this one does not"
        yield ContentError(page.path, message, page.file.text_line)


def _asked(page: Page) -> tuple[object, ...]:
    assert page.shape is not None
    return (
        [(item.id, [option.right for option in item.options]) for item in page.shape.quiz],
        [(value.id, value.kind, value.most) for value in page.shape.practice.values],
        page.shape.practice.planned_days,
        [step.kind for step in page.steps],
    )
