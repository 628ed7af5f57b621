"""The programme's door for other packages: plans, reading, practice, and the weekly step."""

from __future__ import annotations

from backend.programme.adaptation import Progress, adapt
from backend.programme.engagement import engagement_of, tasks_of
from backend.programme.plans import (
    ActivityView,
    PlanView,
    catalogue,
    make_plan,
    note,
    plan_next_review,
    plan_of,
    take_due_reviews,
)
from backend.programme.practice import BACKDATE_DAYS, log_practice
from backend.programme.reading import QuizResult, answer_quiz, open_activity

__all__ = [
    "BACKDATE_DAYS",
    "ActivityView",
    "PlanView",
    "Progress",
    "QuizResult",
    "adapt",
    "answer_quiz",
    "catalogue",
    "engagement_of",
    "log_practice",
    "make_plan",
    "note",
    "open_activity",
    "plan_next_review",
    "plan_of",
    "take_due_reviews",
    "tasks_of",
]
