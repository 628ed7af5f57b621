"""What providers learn: topics with their text, quiz and cases, and how a quiz is marked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from backend.programme.modules import QuizItem, Step


@dataclass(frozen=True)
class Question:
    """One question. ``safety``: it asks what to do in danger, where every answer must be right."""

    item: QuizItem
    safety: bool = False


@dataclass(frozen=True)
class Case:
    """A patient's story, with one question to think over; it does not count."""

    story: str
    item: QuizItem


@dataclass(frozen=True)
class RolePlay:
    """What is practised with others, and what a rater looks for (each 0, 1 or 2)."""

    task: str
    rated: tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    """One topic at one version. ``minutes`` for text, quiz, cases and the talk about them."""

    id: str
    version: str
    title: str
    minutes: int
    objectives: tuple[str, ...]
    steps: tuple[Step, ...]
    quiz: tuple[Question, ...]
    cases: tuple[Case, ...]
    roleplay: RolePlay | None
    sources: tuple[str, ...]
    verified: bool
    next_review: date


@dataclass(frozen=True)
class Marked:
    """A quiz that was marked: percent right, of all and of the questions on danger alone."""

    percent: Decimal
    safety_percent: Decimal | None
    right: Mapping[str, bool]


def mark(topic: Topic, answers: Mapping[str, int]) -> Marked:
    """Mark answers without ``modules.answer_faults``."""
    right = {q.item.id: q.item.options[answers[q.item.id]].right for q in topic.quiz}
    danger = [right[q.item.id] for q in topic.quiz if q.safety]
    return Marked(_percent([*right.values()]), _percent(danger) if danger else None, right)


def _percent(right: Sequence[bool]) -> Decimal:
    return (Decimal(100 * sum(right)) / len(right)).quantize(Decimal("0.1"), ROUND_HALF_UP)
