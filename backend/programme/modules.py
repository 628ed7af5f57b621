"""What a module is. Plain values, read by ``module_files``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

ENGLISH = "en"
STEP_KINDS = ("text", "story", "this-week", "safety")
VALUE_KINDS = ("number", "scale", "text")


@dataclass(frozen=True)
class QuizOption:
    """One answer to a quiz question, and what a person who chose it reads."""

    text: str
    right: bool
    feedback: str


@dataclass(frozen=True)
class QuizItem:
    """A question with exactly one right option."""

    id: str
    question: str
    options: tuple[QuizOption, ...]

    @property
    def answer(self) -> int:
        """The right option, counted from 0."""
        return next(n for n, option in enumerate(self.options) if option.right)


@dataclass(frozen=True)
class PracticeValue:
    """Something a person may note with their practice.

    ``kind`` is ``number``, ``text``, or ``scale``: a whole number from 0 to ``most``.
    """

    id: str
    label: str
    kind: str
    unit: str | None = None
    most: int | None = None


@dataclass(frozen=True)
class Practice:
    """What to practise, on how many days of a week, and the question on confidence (0-10)."""

    task: str
    planned_days: int
    confidence_question: str
    values: tuple[PracticeValue, ...]


@dataclass(frozen=True)
class Step:
    """A minute or two of a grade's text; ``kind`` is one of ``STEP_KINDS``."""

    kind: str
    title: str
    markdown: str
    html: str


@dataclass(frozen=True)
class Grade:
    """One grade's text in one language. ``minutes`` is reading time."""

    grade: int
    language: str
    title: str
    minutes: int
    objectives: tuple[str, ...]
    steps: tuple[Step, ...]
    quiz: tuple[QuizItem, ...]
    practice: Practice
    next_review: date


@dataclass(frozen=True)
class Prerequisite:
    """A grade of another module to be past before this one begins."""

    module: str
    grade: int


@dataclass(frozen=True)
class Contraindication:
    """A circumstance in which the module is not for everybody, and what then.

    ``action``: ``stop`` (no module), ``clearance`` (a provider says yes first), ``caution`` (do it
    differently), ``route`` (another way of help comes first).
    """

    code: str
    text: str
    action: str


@dataclass(frozen=True)
class Module:
    """One version of a module. ``titles`` and ``texts`` are by language; English is complete.

    ``needs`` names a circumstance of the pathway that must be true of a person; ``modules_done`` is
    how many modules come to their end before this one begins.
    """

    id: str
    version: str
    titles: Mapping[str, str]
    domain: str
    target_factors: tuple[str, ...]
    prerequisites: tuple[Prerequisite, ...]
    contraindications: tuple[Contraindication, ...]
    locked_by_safety_hold: bool
    cautions: str
    progression: str
    texts: Mapping[tuple[int, str], Grade]
    needs: str | None = None
    modules_done: int = 0

    @property
    def title(self) -> str:
        """The English title."""
        return self.titles[ENGLISH]

    @cached_property
    def grades(self) -> Mapping[int, Grade]:
        """Every grade in English, in order."""
        return {n: self.texts[n, ENGLISH] for n, lang in sorted(self.texts) if lang == ENGLISH}

    @cached_property
    def last_grade(self) -> int:
        """The highest grade there is."""
        return max(grade for grade, _ in self.texts)

    def title_in(self, language: str) -> str:
        """The title in a language; the English one where there is none."""
        return self.titles.get(language, self.title)

    def language_of_title(self, language: str) -> str:
        """The language that ``title_in`` answers in."""
        return language if language in self.titles else ENGLISH

    def text_in(self, grade: int, language: str) -> Grade:
        """A grade in a language; in English where there is no translation.

        Raises ``KeyError`` for a grade that the module does not have.
        """
        return self.texts.get((grade, language)) or self.texts[grade, ENGLISH]


Catalogue = Mapping[tuple[str, str], Module]


def newest(catalogue: Catalogue) -> dict[str, Module]:
    """The highest version of each module, by id; what a new plan is made of."""
    by_id: dict[str, Module] = {}
    for module in sorted(catalogue.values(), key=lambda m: _semver(m.version)):
        by_id[module.id] = module
    return by_id


def item_faults(item: QuizItem) -> Iterator[str]:
    """What is wrong with a question as it is written. Pure."""
    right = sum(option.right for option in item.options)
    if right != 1 or len(item.options) < 2:
        yield f"has {right} right options of {len(item.options)}"
    if not all(option.feedback for option in item.options):
        yield "an option has no feedback"


def answer_faults(items: Iterable[QuizItem], answers: Mapping[str, int]) -> dict[str, str]:
    """What is wrong with the answers to a quiz, by field; an option is told by its place from 0.
    Pure."""
    options = {item.id: len(item.options) for item in items}
    faults = {f"answers.{name}": "There is no such question." for name in answers.keys() - options}
    for name, count in options.items():
        if name not in answers:
            faults[f"answers.{name}"] = "This question needs an answer."
        elif not 0 <= answers[name] < count:
            faults[f"answers.{name}"] = f"Choose an option from 0 to {count - 1}."
    return faults


def mark(grade: Grade, answers: Mapping[str, int]) -> int:
    """Percent of a quiz that is right, rounded down; unanswered counts as not right. Pure."""
    right = sum(answers.get(item.id) == item.answer for item in grade.quiz)
    return 100 * right // len(grade.quiz)


def _semver(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
