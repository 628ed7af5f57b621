"""The door of quality: training and competence, consultations, and who leads whose care."""

from __future__ import annotations

from backend.quality.care_leads import assign, lead_of, leader
from backend.quality.consultations import (
    checklist,
    get,
    of_patient,
    practice_fidelity,
    rate,
    record,
)
from backend.quality.learning import (
    answer_quiz,
    decide,
    my_topics,
    portrait,
    record_training,
    set_mentor,
    topic,
)
from backend.quality.texts import texts

__all__ = [
    "answer_quiz",
    "assign",
    "checklist",
    "decide",
    "get",
    "lead_of",
    "leader",
    "my_topics",
    "of_patient",
    "portrait",
    "practice_fidelity",
    "rate",
    "record",
    "record_training",
    "set_mentor",
    "texts",
    "topic",
]
