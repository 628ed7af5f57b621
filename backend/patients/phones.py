"""Changing a patient's phone number: a code to the new number first, or proof in person.

Until the new number is confirmed nothing else is sent to it, and everything goes on to the old one.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from hmac import compare_digest, digest

from flask import current_app
from sqlalchemy import func, select, update

from backend.core import audit
from backend.core.clock import now
from backend.core.crypto import blind_index, keyring
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem
from backend.messaging import numbers
from backend.messaging import service as messaging
from backend.patients import consent, service
from backend.patients.models import INVITED, Enrolment, Patient, PhoneChange
from backend.patients.sign_in import CODE_DIGITS
from backend.practices.models import Practice

BY_CODE = "code"
IN_PERSON = "in-person"
PURPOSE = "number"


def works(patient: Patient) -> bool:
    """Whether texts reach a patient, as far as is known; if not, the app asks for the number."""
    return patient.phone_refused_at is None and numbers.is_usable(patient.phone_index)


def ask_to_change(enrolment: Enrolment, phone: str) -> None:
    """Text a code to the new number; an earlier one is void.

    The present number may be given again, to show that it works. Raises ``Problem`` 429 when too
    many codes were asked for within the hour.
    """
    settings = current_app.extensions["settings"]
    patient = enrolment.patient
    session.flush()
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    since = now() - timedelta(hours=1)
    query = select(func.count()).where(
        PhoneChange.patient_id == patient.id, PhoneChange.created_at > since
    )
    if (session.scalar(query) or 0) >= settings.codes_per_hour:
        raise Problem(429, "too-many-codes", "Wait an hour before asking for another code.")
    _void(patient)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    row = PhoneChange(
        id=new_id(),
        practice_id=patient.practice_id,
        patient_id=patient.id,
        phone=phone,
        phone_index=blind_index(phone),
        code_hash=b"",
        created_at=now(),
        expires_at=now() + timedelta(minutes=settings.code_minutes),
        asked_by_role=actor.role,
        asked_by=actor.id,
    )
    row.code_hash = _hash(row, code)
    session.add(row)
    session.flush()
    messaging.queue_text(
        messaging.Text(
            recipient=replace(service.recipient(patient), phone=phone),
            purpose=PURPOSE,
            occurrence=str(row.id),
            template="number-code",
            params={"practice": _practice_name(patient), "code": code},
            urgent=True,
            expires_at=row.expires_at,
        )
    )
    audit.record("patient.phone-code", practice_id=patient.practice_id, patient_id=patient.id)


def confirm(enrolment: Enrolment, code: str) -> None:
    """The code that came to the new number: from now on it is the patient's.

    Raises ``Problem`` 409 when the code is wrong, used, tried too often or out of date.
    """
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    row = session.scalar(
        select(PhoneChange)
        .where(
            PhoneChange.patient_id == enrolment.patient_id,
            PhoneChange.used_at.is_(None),
            PhoneChange.expires_at > now(),
            PhoneChange.attempts < current_app.extensions["settings"].code_attempts,
        )
        .order_by(PhoneChange.created_at.desc())
        .limit(1)
        .with_for_update()
    )
    if row is None or not compare_digest(row.code_hash, _hash(row, code)):
        if row is not None:
            row.attempts += 1
            # The answer is a refusal, but the count must stand.
            session.commit()
        raise Problem(
            409, "code-refused", "This code is not right or is out of date. Ask for a new one."
        )
    row.used_at = now()
    _change(enrolment, row.phone, BY_CODE)


def change_in_person(enrolment: Enrolment, phone: str) -> None:
    """A provider has seen that the number is the patient's; no code is needed."""
    session.flush()
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    _void(enrolment.patient)
    _change(enrolment, phone, IN_PERSON)
    messaging.take_back_wrong_number(phone)


def _change(enrolment: Enrolment, phone: str, how: str) -> None:
    patient = enrolment.patient
    old, was_theirs = patient.phone, patient.phone_refused_at is None
    numbers.confirm(blind_index(phone))
    patient.phone_refused_at = None
    audit.record(
        "patient.phone",
        practice_id=patient.practice_id,
        patient_id=patient.id,
        how=how,
        changed=old != phone,
    )
    if old == phone:
        return
    messaging.cancel(patient_ids=[patient.id], because="number changed")
    service.void_links(patient)
    # They agreed to answer from the old number; another may be shared with somebody else.
    consent.end_answers(enrolment, how="number changed")
    if was_theirs:
        _tell_old(patient)
    patient.phone, patient.phone_index = phone, blind_index(phone)
    session.flush()
    if enrolment.status == INVITED:
        service.invite(enrolment)


def _tell_old(patient: Patient) -> None:
    messaging.queue_text(
        messaging.Text(
            recipient=service.recipient(patient),
            purpose=PURPOSE,
            occurrence=str(new_id()),
            template="number-changed",
            params={"practice": _practice_name(patient)},
            urgent=True,
            expires_at=now() + timedelta(days=1),
        )
    )


def _void(patient: Patient) -> None:
    session.execute(
        update(PhoneChange)
        .where(PhoneChange.patient_id == patient.id, PhoneChange.used_at.is_(None))
        .values(used_at=now())
    )


def _practice_name(patient: Patient) -> str:
    return session.get_one(Practice, patient.practice_id).name


def _hash(row: PhoneChange, code: str) -> bytes:
    # Keyed and salted by the row, as that of a sign-in code.
    return digest(keyring().index, row.id.bytes + code.encode(), "sha256")
