"""What a module is. Plain values, read by ``module_files``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class QuizItem:
    """A question with one right option (``answer`` counts from 0) and a sentence that explains."""

    id: str
    question: str
    options: tuple[str, ...]
    answer: int
    explain: str


@dataclass(frozen=True)
class PracticeValue:
    """Something a person may note with their practice; ``kind`` is number or text."""

    id: str
    label: str
    kind: str
    unit: str | None = None


@dataclass(frozen=True)
class Practice:
    """What to practise, on how many days of a week, and the question on confidence (0-10)."""

    task: str
    planned_days: int
    confidence_question: str
    values: tuple[PracticeValue, ...]


@dataclass(frozen=True)
class Grade:
    """One grade's text in one language. ``minutes`` is reading time a week."""

    grade: int
    title: str
    minutes: int
    objectives: tuple[str, ...]
    quiz: tuple[QuizItem, ...]
    practice: Practice
    markdown: str
    html: str
    next_review: date


@dataclass(frozen=True)
class Module:
    """One version of a module. ``prerequisites`` are modules to be past grade 1 first."""

    id: str
    version: str
    title: str
    domain: str
    target_factors: tuple[str, ...]
    prerequisites: tuple[str, ...]
    locked_by_safety_hold: bool
    cautions: str
    grades: Mapping[int, Grade]

    @property
    def last_grade(self) -> int:
        """The highest grade there is."""
        return max(self.grades)


Catalogue = Mapping[tuple[str, str], Module]


def newest(catalogue: Catalogue) -> dict[str, Module]:
    """The highest version of each module, by id; what a new plan is made of."""
    by_id: dict[str, Module] = {}
    for module in sorted(catalogue.values(), key=lambda m: _semver(m.version)):
        by_id[module.id] = module
    return by_id


def mark(grade: Grade, answers: Mapping[str, int]) -> int:
    """Percent of a quiz that is right, rounded down; unanswered counts as not right. Pure."""
    right = sum(answers.get(item.id) == item.answer for item in grade.quiz)
    return 100 * right // len(grade.quiz)


def _semver(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
