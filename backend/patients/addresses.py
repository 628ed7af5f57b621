"""Changing a patient's phone number or e-mail address: a code to the new one first.

Until it is confirmed nothing else is sent to it, and everything goes on to the old one. A number
may be proved to the practice in person instead.
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
from backend.messaging import mail, numbers
from backend.messaging import service as messaging
from backend.messaging.models import EMAIL, SMS
from backend.patients import consent, service
from backend.patients.models import INVITED, NO_REMINDERS, AddressChange, Enrolment, Patient
from backend.patients.sign_in import CODE_DIGITS
from backend.practices.models import Practice

BY_CODE = "code"
IN_PERSON = "in-person"
PURPOSE = "number"
TEMPLATES = {SMS: "number-code", EMAIL: "address-code"}
ACTIONS = {SMS: "patient.phone", EMAIL: "patient.email"}


def works(patient: Patient) -> bool:
    """Whether texts reach a patient, as far as is known; if not, the app asks for the number."""
    return patient.phone_refused_at is None and numbers.is_usable(patient.phone_index)


def email_works(patient: Patient) -> bool | None:
    """Whether e-mails reach a patient, as far as is known; ``None`` without an address."""
    return None if patient.email_index is None else numbers.is_usable(patient.email_index)


def ask_to_change(enrolment: Enrolment, channel: str, address: str) -> None:
    """Send a code to the new number or e-mail address; an earlier one of that kind is void.

    The present one may be given again, to show that it works. Raises ``Problem`` 429 when too
    many codes were asked for within the hour, and 409 when no e-mail can leave here.
    """
    if channel == EMAIL and not mail.is_offered():
        raise Problem(409, "no-email", "No e-mail can be sent from here.")
    settings = current_app.extensions["settings"]
    patient = enrolment.patient
    session.flush()
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    since = now() - timedelta(hours=1)
    query = select(func.count()).where(
        AddressChange.patient_id == patient.id, AddressChange.created_at > since
    )
    if (session.scalar(query) or 0) >= settings.codes_per_hour:
        raise Problem(429, "too-many-codes", "Wait an hour before asking for another code.")
    _void(patient, channel)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    row = AddressChange(
        id=new_id(),
        practice_id=patient.practice_id,
        patient_id=patient.id,
        channel=channel,
        address=address,
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
            recipient=replace(service.recipient(patient), phone=address, channel=channel),
            purpose=PURPOSE,
            occurrence=str(row.id),
            template=TEMPLATES[channel],
            params={"practice": _practice_name(patient), "code": code},
            urgent=True,
            expires_at=row.expires_at,
        )
    )
    audit.record(f"{ACTIONS[channel]}-code", practice_id=patient.practice_id, patient_id=patient.id)


def confirm(enrolment: Enrolment, channel: str, code: str) -> None:
    """The code that came to the new number or address: from now on it is the patient's.

    Raises ``Problem`` 409 when the code is wrong, used, tried too often or out of date.
    """
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    row = session.scalar(
        select(AddressChange)
        .where(
            AddressChange.patient_id == enrolment.patient_id,
            AddressChange.channel == channel,
            AddressChange.used_at.is_(None),
            AddressChange.expires_at > now(),
            AddressChange.attempts < current_app.extensions["settings"].code_attempts,
        )
        .order_by(AddressChange.created_at.desc())
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
    if channel == EMAIL:
        _change_email(enrolment, row.address)
    else:
        _change(enrolment, row.address, BY_CODE)


def forget_email(enrolment: Enrolment) -> None:
    """The patient wants no e-mail address here any more; reminders by e-mail end with it."""
    session.flush()
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    patient = enrolment.patient
    _void(patient, EMAIL)
    if patient.email is None:
        return
    if enrolment.reminders_by == EMAIL:
        consent.choose_reminders(enrolment, NO_REMINDERS, how="e-mail address taken back")
    _write_email(patient, None)


def change_in_person(enrolment: Enrolment, phone: str) -> None:
    """A provider has seen that the number is the patient's; no code is needed."""
    session.flush()
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    _void(enrolment.patient, SMS)
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


def _change_email(enrolment: Enrolment, address: str) -> None:
    patient = enrolment.patient
    numbers.confirm(blind_index(address))
    if patient.email == address:
        return
    if patient.email is not None:
        # What waits goes to the old address; its links are to open nothing more.
        messaging.cancel(
            patient_ids=[patient.id], purpose="check-in", because="e-mail address changed"
        )
        service.void_links(patient)
    _write_email(patient, address)


def _write_email(patient: Patient, address: str | None) -> None:
    patient.email = address
    patient.email_index = None if address is None else blind_index(address)
    audit.record(
        "patient.email",
        practice_id=patient.practice_id,
        patient_id=patient.id,
        given=address is not None,
    )


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


def _void(patient: Patient, channel: str) -> None:
    session.execute(
        update(AddressChange)
        .where(
            AddressChange.patient_id == patient.id,
            AddressChange.channel == channel,
            AddressChange.used_at.is_(None),
        )
        .values(used_at=now())
    )


def _practice_name(patient: Patient) -> str:
    return session.get_one(Practice, patient.practice_id).name


def _hash(row: AddressChange, code: str) -> bytes:
    # Keyed and salted by the row, as that of a sign-in code.
    return digest(keyring().index, row.id.bytes + code.encode(), "sha256")
