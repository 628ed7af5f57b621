"""Many people at once, in the state in which a test needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import insert

from backend.checkins.models import OPEN, WEEKLY, CheckIn
from backend.core import tenancy
from backend.core.clock import now
from backend.core.crypto import blind_index
from backend.core.database import session, unit_of_work
from backend.core.identity import PATIENT
from backend.core.ids import new_id
from backend.patients.models import ACTIVE, Enrolment, Patient
from backend.practices import service as practices
from tests.e2e.processes import numbers
from tests.world import Caller


@dataclass(kw_only=True)
class Person(Caller):
    """A patient with an open weekly check-in. ``reminded_at`` is when its text is due."""

    phone: str
    check_in_id: UUID
    reminded_at: datetime


def with_open_check_ins(
    app: Flask, zone: str, due_in: Sequence[float], practice: str = "Hill Surgery"
) -> list[Person]:
    """One person for each of ``due_in``: the seconds from now at which their reminder is due."""
    with app.app_context(), tenancy.across_practices(), unit_of_work():
        owner = practices.create_practice(practice, "GB", zone, "+441632960001").id
        at = now()
        people = [
            Person(
                id=new_id(),
                practice_id=owner,
                role=PATIENT,
                phone=phone,
                check_in_id=new_id(),
                reminded_at=at + timedelta(seconds=due),
            )
            for phone, due in zip(numbers(), due_in, strict=False)
        ]
        session.execute(insert(Patient), [_patient(p, n, zone) for n, p in enumerate(people)])
        enrolled = {person.id: new_id() for person in people}
        session.execute(insert(Enrolment), [_enrolment(p, enrolled[p.id], at) for p in people])
        session.execute(insert(CheckIn), [_check_in(p, enrolled[p.id], at) for p in people])
    return people


def _patient(person: Person, number: int, zone: str) -> dict[str, object]:
    return {
        "id": person.id,
        "practice_id": person.practice_id,
        "given_name": "Ann",
        "family_name": f"Example{number}",
        "phone": person.phone,
        "phone_index": blind_index(person.phone),
        "language": "en",
        "time_zone": zone,
        "created_at": now(),
    }


def _enrolment(person: Person, key: UUID, at: datetime) -> dict[str, object]:
    return {
        "id": key,
        "practice_id": person.practice_id,
        "patient_id": person.id,
        "status": ACTIVE,
        "checkin_weekday": 1,
        "checkin_hour": 10,
        "enrolled_at": at - timedelta(days=10),
        "consented_at": at - timedelta(days=10),
    }


def _check_in(person: Person, enrolment_id: UUID, at: datetime) -> dict[str, object]:
    return {
        "id": person.check_in_id,
        "practice_id": person.practice_id,
        "patient_id": person.id,
        "enrolment_id": enrolment_id,
        "kind": WEEKLY,
        "battery": WEEKLY,
        "occasion": 1,
        "status": OPEN,
        "opens_at": at - timedelta(hours=1),
        "closes_at": at + timedelta(days=5),
        "next_reminder_at": person.reminded_at,
    }
