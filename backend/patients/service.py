"""Enrolling patients, inviting them, and finding them again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import func, select, update

from backend.core import audit
from backend.core.clock import now
from backend.core.crypto import blind_index, new_token, token_hash
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.pagination import decode_cursor, encode_cursor
from backend.core.problems import Problem, not_found
from backend.messaging import service as messaging
from backend.messaging.models import EMAIL, SMS, Communication
from backend.patients.contraindications import answer_all
from backend.patients.models import ACTIVE, INVITED, AccessLink, Enrolment, Patient, SignInCode
from backend.practices.models import Practice

INVITATION = "invitation"
CHECK_IN = "check-in"


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor of the next page when there are more."""

    items: list[Enrolment]
    next_cursor: str | None


def enrol(
    *,
    given_name: str,
    family_name: str,
    phone: str,
    language: str,
    time_zone: str,
    checkin_weekday: int,
    checkin_hour: int,
    contraindications: Collection[str] | None = None,
) -> Enrolment:
    """Enrol a person at the actor's practice and text them an invitation.

    ``contraindications`` are those that apply, none of them where it is empty; ``None``: not asked
    yet. Raises ``Problem`` 409 when the same person (name and phone) is enrolled there already, and
    422 when somebody who is not of the care team answers for contraindications.
    """
    _refuse_twice(given_name, family_name, phone)
    at = now()
    patient = Patient(
        id=new_id(),
        practice_id=actor.practice_id,
        given_name=given_name,
        family_name=family_name,
        phone=phone,
        phone_index=blind_index(phone),
        language=language,
        time_zone=time_zone,
        created_at=at,
    )
    enrolment = Enrolment(
        id=new_id(),
        practice_id=actor.practice_id,
        patient_id=patient.id,
        patient=patient,
        status=INVITED,
        checkin_weekday=checkin_weekday,
        checkin_hour=checkin_hour,
        enrolled_by=actor.id,
        enrolled_at=at,
    )
    session.add_all([patient, enrolment])
    session.flush()
    audit.record(
        "patient.enrol",
        practice_id=patient.practice_id,
        patient_id=patient.id,
        entity="enrolment",
        entity_id=enrolment.id,
    )
    if contraindications is not None:
        answer_all(patient.id, contraindications)
    invite(enrolment)
    return enrolment


def invite(enrolment: Enrolment) -> None:
    """Text the invitation link; an earlier one becomes void.

    Raises ``Problem`` 409 once the person has joined.
    """
    if enrolment.status != INVITED:
        raise Problem(409, "already-joined", "This person has joined already.")
    patient = enrolment.patient
    session.execute(
        update(AccessLink)
        .where(
            AccessLink.patient_id == patient.id,
            AccessLink.purpose == INVITATION,
            AccessLink.used_at.is_(None),
        )
        .values(used_at=now())
    )
    messaging.cancel(
        patient_ids=[patient.id], purpose="invitation", because="a newer text takes its place"
    )
    life = timedelta(days=current_app.extensions["settings"].invitation_days)
    token, link = new_link(patient, INVITATION, now() + life)
    session.add(link)
    session.flush()
    practice = session.get_one(Practice, patient.practice_id)
    messaging.queue_text(
        messaging.Text(
            recipient=recipient(patient),
            purpose="invitation",
            occurrence=str(link.id),
            template="invitation",
            params={
                "practice": practice.name,
                "link": link_address("i", token),
            },
            expires_at=link.expires_at,
        )
    )
    audit.record("patient.invite", practice_id=patient.practice_id, patient_id=patient.id)


def new_link(
    patient: Patient, purpose: str, expires_at: datetime, occasion_id: UUID | None = None
) -> tuple[str, AccessLink]:
    """A token for a link and the row that keeps its hash; the caller stores the row."""
    token = new_token()
    link = AccessLink(
        id=new_id(),
        practice_id=patient.practice_id,
        patient_id=patient.id,
        purpose=purpose,
        occasion_id=occasion_id,
        token_hash=token_hash(token),
        expires_at=expires_at,
        created_at=now(),
    )
    return token, link


def link_address(kind: str, token: str) -> str:
    """The address in a text message: ``i`` for an invitation, ``c`` for a check-in."""
    return f"{current_app.extensions['settings'].public_url}/{kind}/{token}"


def recipient(patient: Patient) -> messaging.Recipient:
    """Where a patient's texts go."""
    return messaging.Recipient(
        practice_id=patient.practice_id,
        phone=patient.phone,
        language=patient.language,
        time_zone=patient.time_zone,
        patient_id=patient.id,
    )


def reminded_at(enrolment: Enrolment) -> tuple[str, bytes] | None:
    """The channel that reminders come by, and the index of where they go; ``None``: none come."""
    patient = enrolment.patient
    if enrolment.reminders_by == EMAIL:
        return None if patient.email_index is None else (EMAIL, patient.email_index)
    return (SMS, patient.phone_index) if enrolment.reminders_by == SMS else None


def reminder_recipient(enrolment: Enrolment) -> messaging.Recipient:
    """Where a patient's reminders go: to the number, or to the e-mail address."""
    patient = enrolment.patient
    to = recipient(patient)
    if enrolment.reminders_by == EMAIL and patient.email is not None:
        return replace(to, phone=patient.email, channel=EMAIL)
    return to


def find(patient_id: UUID) -> Enrolment:
    """A patient's newest enrolment at the actor's practice. Raises ``Problem`` 404."""
    enrolment = session.scalar(
        select(Enrolment)
        .where(Enrolment.patient_id == patient_id, Enrolment.practice_id == actor.practice_id)
        .order_by(Enrolment.enrolled_at.desc())
        .limit(1)
    )
    if enrolment is None:
        raise not_found("patient")
    return enrolment


def at_number(phone_index: bytes) -> list[Enrolment]:
    """Everybody in the programme whose phone this is, of every practice that is in sight."""
    query = (
        select(Enrolment)
        .join(Patient, Patient.id == Enrolment.patient_id)
        .where(Patient.phone_index == phone_index, Enrolment.status.in_((INVITED, ACTIVE)))
        .order_by(Enrolment.practice_id, Enrolment.id)
    )
    return list(session.scalars(query))


def shared_numbers(some: Sequence[Patient]) -> set[bytes]:
    """Which numbers of these patients are also somebody else's, at a practice that is in sight."""
    if not some:
        return set()
    query = (
        select(Patient.phone_index)
        .join(Enrolment, Enrolment.patient_id == Patient.id)
        .where(
            Patient.phone_index.in_({patient.phone_index for patient in some}),
            Enrolment.status.in_((INVITED, ACTIVE)),
        )
        .group_by(Patient.phone_index)
        .having(func.count() > 1)
    )
    return set(session.scalars(query))


def newest_of(patient_id: UUID) -> Enrolment | None:
    """A person's newest time in the programme, ended or not, at a practice that is in sight."""
    query = select(Enrolment).where(Enrolment.patient_id == patient_id)
    return session.scalar(query.order_by(Enrolment.enrolled_at.desc()).limit(1))


def refuse_number(enrolment: Enrolment) -> None:
    """The number is another person's by now: links that were texted to it open nothing more."""
    patient = enrolment.patient
    patient.phone_refused_at = now()
    void_links(patient)
    audit.record("patient.phone-refused", practice_id=patient.practice_id, patient_id=patient.id)


def void_links(patient: Patient) -> None:
    """Links and codes that were texted to a patient open nothing more."""
    for model in (AccessLink, SignInCode):
        session.execute(
            update(model)
            .where(model.patient_id == patient.id, model.used_at.is_(None))
            .values(used_at=now())
        )


def change_language(enrolment: Enrolment, language: str) -> None:
    """Speak another language to a patient from now on; texts that wait stay as they are."""
    patient = enrolment.patient
    if patient.language == language:
        return
    before, patient.language = patient.language, language
    audit.record(
        "patient.language",
        practice_id=patient.practice_id,
        patient_id=patient.id,
        before=before,
        after=language,
    )


def change_rhythm(
    enrolment: Enrolment, weekday: int | None = None, hour: int | None = None
) -> None:
    """Move the weekly check-in to another weekday (Monday 0) or hour of the patient's own day.

    The check-in that is planned already stays where it is; those after it follow.
    """
    before = {"weekday": enrolment.checkin_weekday, "hour": enrolment.checkin_hour}
    after = {
        "weekday": before["weekday"] if weekday is None else weekday,
        "hour": before["hour"] if hour is None else hour,
    }
    if before == after:
        return
    enrolment.checkin_weekday, enrolment.checkin_hour = after["weekday"], after["hour"]
    audit.record(
        "patient.rhythm",
        practice_id=enrolment.practice_id,
        patient_id=enrolment.patient_id,
        before=before,
        after=after,
    )


def why_not_invited(text: Communication) -> str | None:
    """Why an invitation that is to leave is pointless by now; ``None`` while it is not."""
    current = select(Enrolment.status).where(
        Enrolment.patient_id == text.patient_id, Enrolment.status.in_((INVITED, ACTIVE))
    )
    status = session.scalar(current)
    if status == INVITED:
        return None
    return "joined already" if status else "withdrawn"


def list_enrolments(limit: int, cursor: str | None) -> Page:
    """The practice's patients, newest first, by pages."""
    query = (
        select(Enrolment)
        .where(Enrolment.practice_id == actor.practice_id)
        .order_by(Enrolment.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(Enrolment.id < UUID(decode_cursor("patients", cursor)[0]))
    rows = list(session.scalars(query))
    more = len(rows) > limit
    rows = rows[:limit]
    audit.record(
        "patient.list",
        practice_id=actor.practice_id,
        patients=[str(row.patient_id) for row in rows],
    )
    return Page(rows, encode_cursor("patients", str(rows[-1].id)) if more else None)


def _refuse_twice(given_name: str, family_name: str, phone: str) -> None:
    index = blind_index(phone)
    # Names are encrypted, so no unique index can tell: who enrols this phone comes one by one.
    key = int.from_bytes(index[:8], signed=True)
    session.execute(select(func.pg_advisory_xact_lock(key)))
    same_phone = select(Enrolment).where(
        Enrolment.practice_id == actor.practice_id,
        Enrolment.status.in_(("invited", "active")),
        Enrolment.patient_id.in_(select(Patient.id).where(Patient.phone_index == index)),
    )
    name = (given_name.casefold(), family_name.casefold())
    for enrolment in session.scalars(same_phone):
        patient = enrolment.patient
        if (patient.given_name.casefold(), patient.family_name.casefold()) == name:
            raise Problem(
                409,
                "already-enrolled",
                "This person is enrolled already.",
                patient_id=str(patient.id),
            )
