"""Reading a module and answering its quiz."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.core.clock import now
from backend.core.database import session
from backend.core.problems import invalid
from backend.programme import modules
from backend.programme.models import ModuleReading, QuizAttempt
from backend.programme.modules import Grade
from backend.programme.plans import ActivityView, own_activity, record, standing_of
from backend.risk import service as risk


@dataclass(frozen=True)
class QuizResult:
    """Percent right, and for each question whether it was and why."""

    percent: int
    passed: bool
    items: list[dict[str, Any]]


def open_activity(activity_id: UUID) -> ActivityView:
    """The signed-in patient's activity with its text and where it stands; the reading is recorded,
    once a day.

    Raises ``Problem`` 404, or 409 when it is locked or its turn has not come.
    """
    view = own_activity(activity_id)
    at = now()
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    read = select(ModuleReading.id).where(
        ModuleReading.activity_id == activity_id,
        ModuleReading.grade == view.activity.grade,
        ModuleReading.at >= today,
    )
    if session.scalar(read.limit(1)) is None:
        session.add(
            ModuleReading(
                practice_id=view.activity.practice_id,
                patient_id=view.activity.patient_id,
                activity_id=activity_id,
                grade=view.activity.grade,
                at=at,
            )
        )
    record("activity.read", view.activity)
    return replace(view, standing=standing_of(view))


def answer_quiz(activity_id: UUID, answers: Mapping[str, int]) -> QuizResult:
    """Mark a quiz and keep the attempt. Raises ``Problem`` 404, 409 or 422."""
    view = own_activity(activity_id)
    faults = quiz_faults(view.grade, answers)
    if faults:
        raise invalid(faults)
    percent = modules.mark(view.grade, answers)
    session.add(
        QuizAttempt(
            practice_id=view.activity.practice_id,
            patient_id=view.activity.patient_id,
            activity_id=activity_id,
            grade=view.activity.grade,
            answers=dict(answers),
            percent=percent,
            at=now(),
        )
    )
    record("activity.quiz", view.activity)
    return QuizResult(
        percent,
        percent >= risk.pathway(view.activity.practice_id).progression.quiz_percent,
        [
            {
                "id": item.id,
                "right": item.options[answers[item.id]].right,
                "feedback": item.options[answers[item.id]].feedback,
            }
            for item in view.grade.quiz
        ],
    )


def quiz_faults(grade: Grade, answers: Mapping[str, int]) -> dict[str, str]:
    """What is wrong with the answers to a quiz, by field. Pure."""
    options = {item.id: len(item.options) for item in grade.quiz}
    faults = {f"answers.{name}": "There is no such question." for name in answers.keys() - options}
    for name, count in options.items():
        if name not in answers:
            faults[f"answers.{name}"] = "This question needs an answer."
        elif not 0 <= answers[name] < count:
            faults[f"answers.{name}"] = f"Choose an option from 0 to {count - 1}."
    return faults
