"""The door of the package: what other packages may ask of a patient's risk, and have kept.

Each use case has a room of its own; behind this door they know one another.
"""

from __future__ import annotations

from backend.risk.assessments import Source, supersede_response
from backend.risk.baseline import Baseline, assess_baseline, circumstances
from backend.risk.course import (
    Course,
    CoursePoint,
    TrendPoint,
    assess,
    course_of,
    is_late,
    restart,
    trend,
)
from backend.risk.followed_pathway import DEFAULT, default_pathway, pathway
from backend.risk.holds import (
    clear_hold,
    danger_in_words,
    find_danger,
    hold,
    holds_of,
    open_hold,
)
from backend.risk.standing import Standing, groups, latest, standings
from backend.risk.weeks import Week, weeks_since

__all__ = [
    "DEFAULT",
    "Baseline",
    "Course",
    "CoursePoint",
    "Source",
    "Standing",
    "TrendPoint",
    "Week",
    "assess",
    "assess_baseline",
    "circumstances",
    "clear_hold",
    "course_of",
    "danger_in_words",
    "default_pathway",
    "find_danger",
    "groups",
    "hold",
    "holds_of",
    "is_late",
    "latest",
    "open_hold",
    "pathway",
    "restart",
    "standings",
    "supersede_response",
    "trend",
    "weeks_since",
]
