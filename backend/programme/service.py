"""The programme's door for other packages: plans, reading, practice, and the weekly step."""

from __future__ import annotations

from backend.programme.adaptation import Progress, adapt
from backend.programme.choices import (
    approve,
    choose_aim,
    declare_flare,
    rate_ladder,
    restrict_sleep,
)
from backend.programme.engagement import done_since, engagement_of, tasks_of
from backend.programme.goal_setting import Goals, Reached, goals_of, set_goal, tell_attainment
from backend.programme.graded import Quota, Rungs, Standing
from backend.programme.plans import (
    ActivityView,
    PlanView,
    catalogue,
    make_plan,
    newest_modules,
    note,
    plan_for_providers,
    plan_next_review,
    plan_of,
    take_due_reviews,
    with_standings,
)
from backend.programme.practice import BACKDATE_DAYS, log_practice
from backend.programme.reading import QuizResult, answer_quiz, open_activity
from backend.programme.told import Moment, Notebook

__all__ = [
    "BACKDATE_DAYS",
    "ActivityView",
    "Goals",
    "Moment",
    "Notebook",
    "PlanView",
    "Progress",
    "QuizResult",
    "Quota",
    "Reached",
    "Rungs",
    "Standing",
    "adapt",
    "answer_quiz",
    "approve",
    "catalogue",
    "choose_aim",
    "declare_flare",
    "done_since",
    "engagement_of",
    "goals_of",
    "log_practice",
    "make_plan",
    "newest_modules",
    "note",
    "open_activity",
    "plan_for_providers",
    "plan_next_review",
    "plan_of",
    "rate_ladder",
    "restrict_sleep",
    "set_goal",
    "take_due_reviews",
    "tasks_of",
    "tell_attainment",
    "with_standings",
]
