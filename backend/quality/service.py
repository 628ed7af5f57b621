"""The door of quality: training and competence, consultations, and who leads whose care."""

from __future__ import annotations

from backend.quality.alert_budget import budget
from backend.quality.care_leads import assign, lead_of, leader
from backend.quality.consultations import (
    checklist,
    get,
    of_patient,
    practice_fidelity,
    rate,
    record,
    to_observe,
)
from backend.quality.learning import (
    answer_quiz,
    decide,
    last_try,
    my_topics,
    portrait,
    record_training,
    set_mentor,
    team,
    topic,
)
from backend.quality.overview import overview
from backend.quality.texts import texts

__all__ = [
    "answer_quiz",
    "assign",
    "budget",
    "checklist",
    "decide",
    "get",
    "last_try",
    "lead_of",
    "leader",
    "my_topics",
    "of_patient",
    "overview",
    "portrait",
    "practice_fidelity",
    "rate",
    "record",
    "record_training",
    "set_mentor",
    "team",
    "texts",
    "to_observe",
    "topic",
]
