"""How a patient signs in: a link or a phone number, then a one-time code by text."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hmac import compare_digest, digest

from flask import current_app
from sqlalchemy import func, select

from backend.core import sessions, tenancy
from backend.core.clock import now
from backend.core.crypto import blind_index, keyring, token_hash
from backend.core.database import session
from backend.core.identity import PATIENT
from backend.core.ids import new_id
from backend.core.problems import Problem
from backend.messaging import service as messaging
from backend.patients import service
from backend.patients.models import ACTIVE, INVITED, AccessLink, Enrolment, Patient, SignInCode

CODE_DIGITS = 6


def find_link(token: str) -> AccessLink | None:
    """The link a token belongs to, while it is neither used nor out of date."""
    with tenancy.across_practices():
        return session.scalar(
            select(AccessLink).where(
                AccessLink.token_hash == token_hash(token),
                AccessLink.used_at.is_(None),
                AccessLink.expires_at > now(),
            )
        )


def language_of(link: AccessLink) -> str:
    """The language of the person whom a link was texted to."""
    with tenancy.across_practices():
        return session.get_one(Patient, link.patient_id).language


def send_code(*, phone: str | None = None, link: str | None = None) -> None:
    """Text a one-time code. Says nothing of whether the person is known.

    A shared phone gets one code for each person on it; the code tells them apart.
    """
    with tenancy.across_practices():
        for patient in _candidates(phone, link):
            if _codes_in_last_hour(patient) < current_app.extensions["settings"].codes_per_hour:
                _send(patient)
        # Written while every practice is in sight, since nobody is signed in yet.
        session.flush()
        session.commit()


def sign_in(
    code: str, *, phone: str | None = None, link: str | None = None, device: str | None = None
) -> sessions.Tokens:
    """Exchange a one-time code for a device session. Raises ``Problem`` 401.

    A code is void after a few wrong tries, after its time, and after its first use.
    """
    settings = current_app.extensions["settings"]
    with tenancy.across_practices():
        patients = {p.id: p for p in _candidates(phone, link)}
        open_codes = session.scalars(
            select(SignInCode)
            .where(
                SignInCode.patient_id.in_(patients),
                SignInCode.used_at.is_(None),
                SignInCode.expires_at > now(),
                SignInCode.attempts < settings.code_attempts,
            )
            .order_by(SignInCode.created_at.desc())
            .with_for_update()
        ).all()
        for row in open_codes:
            if compare_digest(row.code_hash, _hash(row, code)):
                row.used_at = now()
                patient = patients[row.patient_id]
                _use_invitation(link)
                session.flush()
                return sessions.open_session(
                    patient.id,
                    patient.practice_id,
                    PATIENT,
                    timedelta(days=settings.patient_session_days),
                    device,
                )
        for row in open_codes:
            row.attempts += 1
        # The answer is a refusal, but the count must stand.
        session.commit()
    raise Problem(
        401, "code-refused", "This code is not right or is out of date. Ask for a new one."
    )


def _candidates(phone: str | None, link: str | None) -> list[Patient]:
    current = (
        select(Patient)
        .join(Enrolment, Enrolment.patient_id == Patient.id)
        .where(Enrolment.status.in_((INVITED, ACTIVE)))
    )
    if link is not None:
        found = find_link(link)
        if found is None:
            return []
        return list(session.scalars(current.where(Patient.id == found.patient_id)))
    if phone is not None:
        return list(session.scalars(current.where(Patient.phone_index == blind_index(phone))))
    return []


def _codes_in_last_hour(patient: Patient) -> int:
    return (
        session.scalar(
            select(func.count()).where(
                SignInCode.patient_id == patient.id,
                SignInCode.created_at > now() - timedelta(hours=1),
            )
        )
        or 0
    )


def _send(patient: Patient) -> None:
    settings = current_app.extensions["settings"]
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    row = SignInCode(
        id=new_id(),
        practice_id=patient.practice_id,
        patient_id=patient.id,
        code_hash=b"",
        created_at=now(),
        expires_at=now() + timedelta(minutes=settings.code_minutes),
    )
    row.code_hash = _hash(row, code)
    session.add(row)
    messaging.queue_text(
        messaging.Text(
            recipient=service.recipient(patient),
            purpose="sign-in-code",
            occurrence=str(row.id),
            template="sign-in-code",
            params={"name": patient.given_name, "code": code},
            urgent=True,
            expires_at=row.expires_at,
        )
    )


def _use_invitation(token: str | None) -> None:
    link = find_link(token) if token else None
    if link is not None and link.purpose == service.INVITATION:
        link.used_at = now()


def _hash(row: SignInCode, code: str) -> bytes:
    # Keyed and salted by the row: six digits alone could be tried out from a stolen table.
    return digest(keyring().index, row.id.bytes + code.encode(), "sha256")
