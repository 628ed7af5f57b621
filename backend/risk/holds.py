"""Danger first: red flags among the answers, and the hold that stands until they are seen to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from backend.core import audit
from backend.core.clock import now
from backend.core.content import ContentError
from backend.core.database import session
from backend.core.identity import actor
from backend.core.problems import not_found
from backend.instruments.questionnaires import Questionnaire
from backend.risk import safety
from backend.risk.assessments import Source
from backend.risk.danger_word_files import load_danger_words
from backend.risk.models import SafetyHold


def find_danger(asked: Questionnaire, answers: Mapping[str, Any]) -> safety.Finding:
    """The red flags among sound answers. Pure."""
    flags = (
        safety.RedFlag(d.link_id, d.level, d.answers, d.only_with_another) for d in asked.danger
    )
    return safety.find(flags, answers)


def danger_in_words(words: str) -> str | None:
    """What plain words of a patient's own suggest: ``emergency``, ``self_harm`` or None.

    A list that cannot be read finds nothing, and the operator is told: opt-outs must go on.
    """
    settings = current_app.extensions["settings"]
    try:
        return load_danger_words(settings.content).level(words)
    except ContentError as error:
        current_app.extensions["log"].error("danger-words-unreadable", file=error.file)
        return None


def open_hold(patient_id: UUID) -> SafetyHold | None:
    """The safety hold that stands, if any."""
    return session.scalar(
        select(SafetyHold).where(
            SafetyHold.patient_id == patient_id, SafetyHold.cleared_at.is_(None)
        )
    )


def holds_of(patient_id: UUID) -> Sequence[SafetyHold]:
    """Every safety hold there was, oldest first."""
    query = select(SafetyHold).where(SafetyHold.patient_id == patient_id)
    return session.scalars(query.order_by(SafetyHold.opened_at)).all()


def hold(source: Source, finding: safety.Finding) -> None:
    """Let the programme stand still until a provider clears it; a standing hold stays as it is."""
    if open_hold(source.patient_id) is not None:
        return
    session.add(
        SafetyHold(
            practice_id=source.practice_id,
            patient_id=source.patient_id,
            response_id=source.response_id,
            level=finding.level,
            items=list(finding.items),
            opened_at=now(),
        )
    )
    session.flush()


def clear_hold(patient_id: UUID, reason: str) -> SafetyHold:
    """A provider has seen to it: the programme goes on. Raises ``Problem`` 404 when none stands."""
    found = session.scalar(
        select(SafetyHold)
        .where(
            SafetyHold.patient_id == patient_id,
            SafetyHold.practice_id == actor.practice_id,
            SafetyHold.cleared_at.is_(None),
        )
        .with_for_update()
    )
    if found is None:
        raise not_found("safety hold")
    found.cleared_at = now()
    found.cleared_by = actor.id
    found.reason = reason
    audit.record(
        "safety-hold.clear",
        practice_id=found.practice_id,
        patient_id=patient_id,
        entity="safety-hold",
        entity_id=found.id,
    )
    session.flush()
    return found
