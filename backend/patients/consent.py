"""Consent texts as files, consent acts as rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import frontmatter
import nh3
from flask import current_app
from markdown_it import MarkdownIt
from sqlalchemy import func, select

from backend.core import audit, tenancy
from backend.core.clock import now
from backend.core.content import ContentError
from backend.core.database import session
from backend.core.identity import actor
from backend.core.problems import Problem
from backend.messaging import service as messaging
from backend.messaging.models import EMAIL, SMS
from backend.patients.letters import letter_for
from backend.patients.models import ACTIVE, INVITED, WITHDRAWN, Consent, Enrolment, Patient
from backend.patients.models import NO_REMINDERS as NONE

PROGRAMME = "programme"
TEXTS = "texts"
REMINDERS = "reminders"
SMS_ANSWERS = "sms-answers"
ANSWERS = "answers"
# Why a reminder that waits is not sent.
_TURNED_OFF = "texts turned off"
_ANOTHER_WAY = "reminders come in another way now"


@dataclass(frozen=True)
class ConsentText:
    """One version of what a patient is asked to agree to."""

    kind: str
    version: str
    title: str
    markdown: str
    html: str


@cache
def load_text(content: Path, kind: str, language: str) -> ConsentText:
    """The present text. Raises ``ContentError`` when the file is missing or has no version."""
    file = content / "consent" / f"{kind}.{language}.md"
    if not file.is_file():
        raise ContentError(file, "there is no such consent text")
    post = frontmatter.load(str(file))
    try:
        version, title = str(post["version"]), str(post["title"])
    except KeyError as missing:
        raise ContentError(file, f"front matter lacks {missing}") from None
    html = nh3.clean(MarkdownIt("commonmark", {"html": False}).render(post.content))
    return ConsentText(kind, version, title, post.content, html)


def current_text(language: str) -> ConsentText:
    """The programme's consent text in a patient's language."""
    return load_text(current_app.extensions["settings"].content, PROGRAMME, language)


def answers_text(language: str) -> ConsentText:
    """What answering by text means, in a patient's language."""
    return load_text(current_app.extensions["settings"].content, SMS_ANSWERS, language)


def allow_answers(enrolment: Enrolment, version: str, how: str) -> None:
    """Record that check-ins may be answered by text, and give the person a letter on their phone.

    Raises ``Problem`` 409 when the text has changed since it was read, the person does not take
    part, or wants no reminders by text. Allowing it twice is the same as once.
    """
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    text = answers_text(enrolment.patient.language)
    if version != text.version:
        raise Problem(
            409, "consent-text-changed", f"The text is now version {text.version}; read it again."
        )
    if enrolment.status != ACTIVE:
        raise Problem(409, "not-enrolled", "This time in the programme has not begun or has ended.")
    if enrolment.reminders_by != SMS:
        raise Problem(409, "no-texts", "Turn reminders by text on first.")
    if enrolment.text_letter is not None:
        return
    with tenancy.across_practices():
        # Who shares a phone may be with another practice.
        taken = letters_on(enrolment.patient.phone_index)
    enrolment.text_letter = letter_for(enrolment.patient.given_name, taken)
    _write(enrolment, text.version, "given", how, kind=SMS_ANSWERS)
    _record_answers(enrolment, "given", how)


def end_answers(enrolment: Enrolment, how: str) -> None:
    """Record that check-ins are answered by text no more; texts hold a link again."""
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    if enrolment.text_letter is None:
        return
    enrolment.text_letter = None
    text = answers_text(enrolment.patient.language)
    _write(enrolment, text.version, "withdrawn", how, kind=SMS_ANSWERS)
    _record_answers(enrolment, "withdrawn", how)


def letters_on(phone_index: bytes) -> set[str]:
    """The letters that people on a phone have. Nobody else is given one before the commit."""
    key = int.from_bytes(phone_index[:8], signed=True)
    session.execute(select(func.pg_advisory_xact_lock(key)))
    query = (
        select(Enrolment.text_letter)
        .join(Patient, Patient.id == Enrolment.patient_id)
        .where(Patient.phone_index == phone_index, Enrolment.status == ACTIVE)
    )
    return {letter for letter in session.scalars(query) if letter}


def _record_answers(enrolment: Enrolment, action: str, how: str) -> None:
    audit.record(
        f"consent.{action}",
        practice_id=enrolment.practice_id,
        patient_id=enrolment.patient_id,
        kind=SMS_ANSWERS,
        how=how,
    )


def give(enrolment: Enrolment, version: str, how: str) -> None:
    """Record consent and start the enrolment.

    Raises ``Problem`` 409 when the text has changed since it was read, or the enrolment has ended.
    Giving it twice is the same as once.
    """
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    text = current_text(enrolment.patient.language)
    if version != text.version:
        raise Problem(
            409, "consent-text-changed", f"The text is now version {text.version}; read it again."
        )
    if enrolment.status == ACTIVE:
        return
    if enrolment.status != INVITED:
        raise Problem(409, "enrolment-ended", "This time in the programme has ended.")
    _write(enrolment, text.version, "given", how)
    _record_act(enrolment, text.version, "given")
    if enrolment.reminders_by != NONE:
        # The text says that reminders come by text, and that they can be ended by themselves.
        _write(enrolment, text.version, "given", how, kind=TEXTS)
    enrolment.status = ACTIVE
    enrolment.consented_at = now()


def withdraw(enrolment: Enrolment, how: str) -> None:
    """Record withdrawal: the enrolment ends and no further text leaves."""
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    if enrolment.status == WITHDRAWN:
        return
    text = current_text(enrolment.patient.language)
    _write(enrolment, text.version, "withdrawn", how)
    _record_act(enrolment, text.version, "withdrawn")
    if enrolment.status == ACTIVE and enrolment.reminders_by != NONE:
        _write(enrolment, text.version, "withdrawn", how, kind=TEXTS)
    enrolment.status = WITHDRAWN
    enrolment.ended_at = now()
    messaging.cancel(patient_ids=[enrolment.patient_id], because="withdrawn")


def choose_reminders(enrolment: Enrolment, by: str, how: str) -> None:
    """Record how reminders may come: ``sms``, ``email`` or ``none``.

    Those that wait to come in another way are cancelled at once. Sign-in codes are sent all the
    same, for they are asked for. Choosing what is chosen already records nothing. Raises
    ``Problem`` 409 when the enrolment has ended, or there is no e-mail address that was confirmed.
    """
    # What else this request has changed must not be read over.
    session.flush()
    session.refresh(enrolment, with_for_update={"of": Enrolment})
    if enrolment.status not in (INVITED, ACTIVE):
        raise Problem(409, "enrolment-ended", "This time in the programme has ended.")
    if enrolment.reminders_by == by:
        return
    if by == EMAIL and enrolment.patient.email is None:
        raise Problem(409, "no-email", "Give an e-mail address and confirm it first.")
    text = current_text(enrolment.patient.language)
    if enrolment.reminders_by != NONE:
        _write(enrolment, text.version, "withdrawn", how, kind=TEXTS)
    before, enrolment.reminders_by = enrolment.reminders_by, by
    if by != NONE:
        _write(enrolment, text.version, "given", how, kind=TEXTS)
    audit.record(
        "patient.reminders",
        practice_id=enrolment.practice_id,
        patient_id=enrolment.patient_id,
        before=before,
        after=by,
        how=how,
    )
    messaging.cancel(
        patient_ids=[enrolment.patient_id],
        purpose="check-in",
        because=_ended_by(by),
    )


def why_no_reminder(by: str, channel: str) -> str | None:
    """Why a reminder on a channel is not sent to somebody who chose ``by``; ``None`` if it is."""
    return None if by == channel else _ended_by(by)


def _ended_by(by: str) -> str:
    return _TURNED_OFF if by == NONE else _ANOTHER_WAY


def _write(
    enrolment: Enrolment, version: str, action: str, how: str, kind: str = PROGRAMME
) -> None:
    patient = enrolment.patient
    purposes = {TEXTS: REMINDERS, SMS_ANSWERS: ANSWERS}
    by_mail = kind == TEXTS and enrolment.reminders_by == EMAIL
    texts = {
        "channel": EMAIL if by_mail else SMS,
        "phone": patient.email if by_mail else patient.phone,
        "purpose": purposes.get(kind),
    }
    session.add(
        Consent(
            practice_id=enrolment.practice_id,
            patient_id=enrolment.patient_id,
            kind=kind,
            **(texts if kind in purposes else {}),
            text_version=version,
            action=action,
            at=now(),
            by_role=actor.role,
            by_id=actor.id,
            how=how,
        )
    )


def _record_act(enrolment: Enrolment, version: str, action: str) -> None:
    audit.record(
        f"consent.{action}",
        practice_id=enrolment.practice_id,
        patient_id=enrolment.patient_id,
        text_version=version,
        language=enrolment.patient.language,
    )
