"""The programme's door for other packages: plans, reading, practice, and the weekly step."""

from __future__ import annotations

from backend.programme.adaptation import (
    Progress,
    adapt,
    refold,
    review,
)
from backend.programme.choices import (
    approve,
    choose_aim,
    declare_flare,
    rate_ladder,
    restrict_sleep,
)
from backend.programme.doses import PatientDose, PracticeDose, dose_of_patient, dose_of_practice
from backend.programme.engagement import done_since, engagement_of, tasks_of
from backend.programme.entries import Entries, Entry, Use, diary_for, diary_of, entries_of
from backend.programme.entries import change as change_entry
from backend.programme.entries import keep as keep_entry
from backend.programme.entries import remove as remove_entry
from backend.programme.entries import use_of as diaries_of
from backend.programme.goal_setting import Goals, Reached, goals_of, set_goal, tell_attainment
from backend.programme.graded import Quota, Rungs, Standing
from backend.programme.news import Change, changes_of
from backend.programme.plan_changes import change_plan
from backend.programme.plans import (
    ActivityView,
    PlanView,
    catalogue,
    decisions_of,
    make_plan,
    newest_modules,
    note,
    plan_for_providers,
    plan_next_review,
    plan_of,
    standings_in,
    take_due_reviews,
    with_standings,
)
from backend.programme.practice import BACKDATE_DAYS, log_practice
from backend.programme.reading import QuizResult, answer_quiz, keep_position, open_activity
from backend.programme.told import Moment, Notebook

__all__ = [
    "BACKDATE_DAYS",
    "ActivityView",
    "Change",
    "Entries",
    "Entry",
    "Goals",
    "Moment",
    "Notebook",
    "PatientDose",
    "PlanView",
    "PracticeDose",
    "Progress",
    "QuizResult",
    "Quota",
    "Reached",
    "Rungs",
    "Standing",
    "Use",
    "adapt",
    "answer_quiz",
    "approve",
    "catalogue",
    "change_entry",
    "change_plan",
    "changes_of",
    "choose_aim",
    "decisions_of",
    "declare_flare",
    "diaries_of",
    "diary_for",
    "diary_of",
    "done_since",
    "dose_of_patient",
    "dose_of_practice",
    "engagement_of",
    "entries_of",
    "goals_of",
    "keep_entry",
    "keep_position",
    "log_practice",
    "make_plan",
    "newest_modules",
    "note",
    "open_activity",
    "plan_for_providers",
    "plan_next_review",
    "plan_of",
    "rate_ladder",
    "refold",
    "remove_entry",
    "restrict_sleep",
    "review",
    "set_goal",
    "standings_in",
    "take_due_reviews",
    "tasks_of",
    "tell_attainment",
    "with_standings",
]
