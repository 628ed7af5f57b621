"""What a provider says of a patient before modules begin that are not for everybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import CARE_TEAM, actor
from backend.core.ids import new_id
from backend.core.problems import invalid
from backend.patients.models import ContraindicationAnswer

NO, YES, CLEARED = "no", "yes", "cleared"
ANSWERS = (NO, YES, CLEARED)

# What is asked at enrolment, by the codes that the modules' contraindications have.
QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "unstable-heart-or-lung-disease": "Unstable heart or lung disease",
        "recent-surgery-or-fracture": "Recent surgery or fracture",
        "pregnancy": "Pregnancy",
        "pregnancy-complication": "Complication of pregnancy",
        "severe-osteoporosis": "Severe osteoporosis",
        "ptsd-linked-to-onset": "Post-traumatic stress linked to how the pain began",
        "psychosis-or-dissociation": "Psychosis or dissociation",
        "bipolar-disorder": "Bipolar disorder",
        "epilepsy": "Epilepsy",
        "untreated-sleep-apnoea": "Untreated sleep apnoea",
        "safety-critical-job": "Safety-critical job",
        "domestic-abuse": "Domestic abuse disclosed",
    }
)
# What answers of the patient bring up, for a provider to look at.
REVIEWS: Mapping[str, str] = MappingProxyType(
    {
        "gad7-15-or-more": "Severe anxiety (GAD-7 of 15 or more)",
        "severe-depression": "Severe depression (PHQ-9 of 20 or more)",
        "high-fear": "High fear of movement",
    }
)

_NEWEST = (
    select(
        ContraindicationAnswer.code,
        ContraindicationAnswer.answer,
        ContraindicationAnswer.reason,
        ContraindicationAnswer.at,
    )
    .where(ContraindicationAnswer.patient_id == bindparam("patient_id"))
    .ext(distinct_on(ContraindicationAnswer.code))
    .order_by(
        ContraindicationAnswer.code,
        ContraindicationAnswer.at.desc(),
        ContraindicationAnswer.id.desc(),
    )
)


def answers_of(patient_id: UUID) -> dict[str, str]:
    """The newest answer to each question that was answered, in one query."""
    return {row.code: row.answer for row in session.execute(_NEWEST, {"patient_id": patient_id})}


def said_by(patient_id: UUID) -> list[tuple[datetime, str, str]]:
    """When each answer was given, to which question, and what it said; oldest first."""
    every = select(
        ContraindicationAnswer.at, ContraindicationAnswer.code, ContraindicationAnswer.answer
    ).where(ContraindicationAnswer.patient_id == patient_id)
    ordered = every.order_by(ContraindicationAnswer.at, ContraindicationAnswer.id)
    return [(at, code, said) for at, code, said in session.execute(ordered)]


def answered(patient_id: UUID) -> list[dict[str, object]]:
    """Every question with its newest answer, if there is one."""
    found = {row.code: row for row in session.execute(_NEWEST, {"patient_id": patient_id})}
    return [
        {
            "code": code,
            "question": question,
            "answer": getattr(found.get(code), "answer", None),
            "reason": getattr(found.get(code), "reason", None),
            "at": getattr(found.get(code), "at", None),
        }
        for code, question in {**QUESTIONS, **REVIEWS}.items()
    ]


def has_applied_since(patient_id: UUID, codes: Collection[str], since: datetime) -> bool:
    """Whether one of these was answered with yes after an instant."""
    found = select(ContraindicationAnswer.id).where(
        ContraindicationAnswer.patient_id == patient_id,
        ContraindicationAnswer.code.in_(codes),
        ContraindicationAnswer.answer == YES,
        ContraindicationAnswer.at > since,
    )
    return session.scalar(found.limit(1)) is not None


def answer_all(patient_id: UUID, which_apply: Collection[str]) -> None:
    """Answer every question at once: those named apply, the others do not.

    Raises ``Problem`` 422 for somebody who is not of the care team.
    """
    if actor.role not in CARE_TEAM:
        raise invalid({"contraindications": "A clinician answers this."})
    answer(patient_id, {code: YES if code in which_apply else NO for code in QUESTIONS})


def answer(patient_id: UUID, answers: Mapping[str, str], reason: str | None = None) -> None:
    """Keep a provider's answers beside the earlier ones.

    Raises ``Problem`` 422 where something is cleared without a reason.
    """
    if reason is None and CLEARED in answers.values():
        raise invalid({"reason": "Say why it may go ahead."})
    session.execute(
        insert(ContraindicationAnswer),
        [
            {
                "id": new_id(),
                "practice_id": actor.practice_id,
                "patient_id": patient_id,
                "code": code,
                "answer": said,
                "reason": reason if said == CLEARED else None,
                "at": now(),
                "by_id": actor.id,
            }
            for code, said in answers.items()
        ],
    )
    audit.record(
        "contraindications.answer",
        practice_id=actor.practice_id,
        patient_id=patient_id,
        answers=len(answers),
    )
