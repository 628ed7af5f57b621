"""Reading a module, where to go on with it, and answering its quiz."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.core.clock import now
from backend.core.database import session
from backend.core.ids import new_id
from backend.core.problems import invalid
from backend.programme import modules
from backend.programme.adaptation import answered_quiz
from backend.programme.models import ModuleReading, QuizAttempt, ReadingPosition
from backend.programme.modules import Module
from backend.programme.newest import keep_newest
from backend.programme.plans import ActivityView, own_activity, record, standing_of
from backend.risk import service as risk


@dataclass(frozen=True)
class QuizResult:
    """Percent right, and for each question whether it was and why."""

    percent: int
    passed: bool
    items: list[dict[str, Any]]


def open_activity(activity_id: UUID) -> ActivityView:
    """The signed-in patient's activity with its text, where it stands and where they go on reading;
    the reading is recorded, once a day.

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
    position = _position_in(view)
    return replace(view, standing=standing_of(view), position=position)


def _position_in(view: ActivityView) -> int | None:
    query = select(ReadingPosition.step).where(
        ReadingPosition.activity_id == view.activity.id,
        ReadingPosition.grade == view.activity.grade,
    )
    return session.scalar(query)


def keep_position(activity_id: UUID, grade: int, step: int, at: datetime) -> None:
    """Keep where the signed-in patient goes on with a text; what was told last counts.

    Raises ``Problem`` 404, 409 or 422.
    """
    view = own_activity(activity_id)
    faults = position_faults(view.module, grade, step)
    if faults:
        raise invalid(faults)
    row = {
        "id": new_id(),
        "practice_id": view.activity.practice_id,
        "patient_id": view.activity.patient_id,
        "activity_id": activity_id,
        "grade": grade,
        "step": step,
        "at": at,
        "event_id": new_id(),
    }
    keep_positions([row])
    record("activity.position", view.activity)


def keep_positions(rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down where people go on; of the same activity what was told last stays."""
    keep_newest(ReadingPosition, ("activity_id",), rows)


def position_faults(module: Module, grade: int, step: int) -> dict[str, str]:
    """What is wrong with a place in a module's text, by field. Pure."""
    if grade not in module.grades:
        return {"grade": f"This module has the grades 1 to {module.last_grade}."}
    most = len(module.grades[grade].steps)
    return {} if 1 <= step <= most else {"step": f"This text has the steps 1 to {most}."}


def answer_quiz(activity_id: UUID, answers: Mapping[str, int]) -> QuizResult:
    """Mark a quiz and keep the attempt. Raises ``Problem`` 404, 409 or 422."""
    view = own_activity(activity_id)
    faults = modules.answer_faults(view.grade.quiz, answers)
    if faults:
        raise invalid(faults)
    percent = modules.mark(view.grade, answers)
    attempt = QuizAttempt(
        id=new_id(),
        practice_id=view.activity.practice_id,
        patient_id=view.activity.patient_id,
        activity_id=activity_id,
        grade=view.activity.grade,
        answers=dict(answers),
        percent=percent,
        at=now(),
    )
    session.add(attempt)
    answered_quiz(view.activity, attempt)
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
