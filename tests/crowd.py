"""Many people at once, with check-ins and alerts, without the weeks it takes to get there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import insert

from backend.alerts import service as alerts
from backend.alerts.models import Alert
from backend.checkins.models import OPEN, SCHEDULED, WEEKLY, CheckIn
from backend.core.clock import now
from backend.core.crypto import blind_index
from backend.core.ids import new_id
from backend.patients.models import ACTIVE, Enrolment, Patient
from backend.risk import service as risk
from backend.risk.decisions import Assessment, State, decide
from tests.backstage import behind

LENGTH = timedelta(days=6, hours=13, minutes=59)


def crowd(
    app: Flask,
    practice_id: UUID,
    count: int,
    opens_at: datetime,
    status: str = SCHEDULED,
    prefix: str = "+4477008",
) -> Sequence[UUID]:
    """``count`` people in London whose first check-in opens at ``opens_at``; their ids."""
    ids = [new_id() for _ in range(count)]
    enrolled = {patient_id: new_id() for patient_id in ids}
    with behind(app) as session:
        at = now()
        shared = {"practice_id": practice_id}
        session.execute(
            insert(Patient),
            [
                {
                    **shared,
                    "id": key,
                    "given_name": "Ann",
                    "family_name": f"Crowd{n}",
                    "phone": f"{prefix}{n:05d}",
                    "phone_index": blind_index(f"{prefix}{n:05d}"),
                    "language": "en",
                    "time_zone": "Europe/London",
                    "created_at": at,
                }
                for n, key in enumerate(ids)
            ],
        )
        session.execute(
            insert(Enrolment),
            [
                {
                    **shared,
                    "id": enrolled[key],
                    "patient_id": key,
                    "status": ACTIVE,
                    "checkin_weekday": 1,
                    "checkin_hour": 10,
                    "enrolled_at": at,
                    "consented_at": at,
                }
                for key in ids
            ],
        )
        session.execute(
            insert(CheckIn),
            [
                {
                    **shared,
                    "id": new_id(),
                    "patient_id": key,
                    "enrolment_id": enrolled[key],
                    "kind": WEEKLY,
                    "battery": WEEKLY,
                    "occasion": 1,
                    "status": status,
                    "opens_at": opens_at,
                    "closes_at": opens_at + LENGTH,
                    "next_reminder_at": opens_at if status == OPEN else None,
                    "call_at": opens_at + timedelta(hours=120) if status == OPEN else None,
                }
                for key in ids
            ],
        )
    return ids


def raise_alert(app: Flask, practice_id: UUID, patient_id: UUID, **facts: Any) -> list[Alert]:
    """What the pathway's rules make of some facts about a patient."""
    with behind(app):
        state, new = known_and_new(**facts)
        decisions = decide(risk.pathway(practice_id).rule_book, state, new)
        return alerts.raise_for(practice_id, patient_id, decisions)


def known_and_new(**facts: Any) -> tuple[State, Assessment]:
    """Facts by name, sorted into what was known before and what a set of answers gave."""
    new = {field.name for field in fields(Assessment)}
    return (
        State(**{name: value for name, value in facts.items() if name not in new}),
        Assessment(**{name: value for name, value in facts.items() if name in new}),
    )


# Facts by the tier of the alert that they give rise to.
OF_TIER: dict[int, dict[str, Any]] = {
    1: {"danger": "emergency"},
    2: {"decision": "rising"},
    3: {"stuck_marks": 2},
}
