"""Queueing texts, cancelling them, and who wants none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from backend.core import tenancy
from backend.core.clock import now
from backend.core.crypto import blind_index
from backend.core.database import session
from backend.core.ids import new_id
from backend.messaging import numbers, quiet_hours, states, tasks, templates
from backend.messaging.mail import letters, stopping
from backend.messaging.models import (
    CANCELLED,
    EMAIL,
    EXPIRED,
    OUT,
    PENDING,
    SMS,
    START,
    STOP,
    Communication,
    CommunicationEvent,
    OptOut,
)
from backend.messaging.practice_hours import clock_and_hours
from backend.practices.models import Practice

# How an opt-out came about when whoever has the number is somebody else.
WRONG_NUMBER = "wrong-number"
# How long a text without an end of its own is worth a second try.
PATIENCE = timedelta(days=1)
# Ends the occurrence of a second try.
AGAIN = " (again)"

# Built once: it is on the road of every check-in.
_WAITING_ABOUT = states.moving(
    Communication.status == PENDING,
    Communication.subject_id == any_(bindparam("subject_ids", type_=ARRAY(Uuid()))),
)


@dataclass(frozen=True)
class Recipient:
    """Where a message goes: a number in E.164 (or, by e-mail, an address in ``phone``), and the
    IANA zone whose quiet hours count."""

    practice_id: UUID
    phone: str
    language: str
    time_zone: str
    patient_id: UUID | None = None
    provider_id: UUID | None = None
    channel: str = SMS


@dataclass(frozen=True)
class Text:
    """A text to be sent once.

    ``purpose`` and ``occurrence`` say what for: the same again, to the same number, is not sent.
    ``urgent`` texts do not wait for the end of quiet hours. After ``expires_at`` it is pointless
    and is not sent. ``subject_id`` is what it is about, by which it may be cancelled.
    """

    recipient: Recipient
    purpose: str
    occurrence: str
    template: str
    params: Mapping[str, str]
    urgent: bool = False
    expires_at: datetime | None = None
    subject_id: UUID | None = None


def queue_text(text: Text) -> None:
    """Queue one text; see ``queue_texts``."""
    queue_texts([text])


def queue_texts(texts: Sequence[Text]) -> None:
    """Store texts and their delivery jobs in the session's transaction.

    The number of statements does not grow with the number of texts. A text due in quiet hours waits
    for their end; one that would then be out of date is stored as expired and never sent.
    Raises ``KeyError`` for an unknown template or a missing value.
    """
    if not texts:
        return
    practice_ids = {text.recipient.practice_id for text in texts}
    found = session.scalars(select(Practice).where(Practice.id.in_(practice_ids)))
    practices = {practice.id: practice for practice in found}
    at = now()
    stored = session.execute(
        insert(Communication)
        .on_conflict_do_nothing(
            index_elements=["practice_id", "phone_index", "purpose", "occurrence"]
        )
        .returning(
            Communication.id, Communication.send_after, Communication.status, Communication.urgent
        ),
        [_row(text, practices[text.recipient.practice_id], at) for text in texts],
    )
    waiting = [row for row in stored if row.status == PENDING]
    for urgent in (True, False):
        due = [(row.id, row.send_after) for row in waiting if row.urgent == urgent]
        tasks.queue_deliveries(due, urgent=urgent)


def send_again(failed: Communication, wait: timedelta, because: str) -> bool:
    """Queue a text that has failed once more, as a row of its own; False when it is too late, or
    it was such a second try itself.

    Asked twice it is queued once: the second try has an occurrence of its own.
    """
    at = now()
    send_after = at + wait
    latest = failed.expires_at or failed.created_at + PATIENCE
    if failed.retry_of is not None or failed.body is None or send_after >= latest:
        return False
    kept = {
        name: getattr(failed, name)
        for name in (
            "practice_id", "patient_id", "provider_id", "direction", "channel", "purpose",
            "template", "template_version", "language", "time_zone", "phone", "phone_index",
            "body", "urgent", "subject_id", "segments",
        )
    }  # fmt: skip
    row = {
        **kept,
        "id": new_id(),
        "occurrence": f"{failed.occurrence}{AGAIN}",
        "retry_of": failed.id,
        "status": PENDING,
        "send_after": send_after,
        "expires_at": latest,
        "attempts": 0,
        "created_at": at,
        "updated_at": at,
        "because": because,
    }
    made = session.scalar(
        insert(Communication).values(row).on_conflict_do_nothing().returning(Communication.id)
    )
    if made is not None:
        tasks.queue_deliveries([(made, send_after)], urgent=failed.urgent)
    return True


def take_back_second_try(first: Communication, because: str) -> None:
    """The first try has arrived after all: its second, if it still waits, is not sent."""
    _cancel(Communication.retry_of == first.id, because)


def cancel(
    *,
    patient_ids: Sequence[UUID] = (),
    purpose: str | None = None,
    subject_ids: Sequence[UUID] = (),
    because: str,
) -> None:
    """Cancel what still waits for these patients (of one purpose, if given) or about subjects."""
    if patient_ids:
        theirs = Communication.patient_id.in_(patient_ids)
        _cancel(theirs if purpose is None else theirs & (Communication.purpose == purpose), because)
    if subject_ids:
        states.move_by(
            _WAITING_ABOUT, status=CANCELLED, because=because, subject_ids=list(subject_ids)
        )


def opt_out(phone: str, how: str) -> None:
    """No more texts to this number from any practice, and none that waits. At once."""
    index = blind_index(phone)
    _record_choice(index, STOP, how)
    with tenancy.across_practices():
        _cancel(Communication.phone_index == index, "opted out")


def opt_in(phone: str, how: str) -> None:
    """This number may be sent texts again."""
    _record_choice(blind_index(phone), START, how)


def take_back_wrong_number(phone: str) -> None:
    """Somebody has shown that a number is theirs after all. A stop of any other kind stands."""
    index = blind_index(phone)
    newest = session.scalar(
        select(OptOut)
        .where(OptOut.phone_index == index)
        .order_by(OptOut.at.desc(), OptOut.id.desc())
        .limit(1)
    )
    if newest is not None and (newest.action, newest.how) == (STOP, WRONG_NUMBER):
        _record_choice(index, START, "in-person")


def is_opted_out(phone_index: bytes) -> bool:
    """Whether the newest word from a number was stop."""
    newest = session.scalar(
        select(OptOut.action)
        .where(OptOut.phone_index == phone_index)
        .order_by(OptOut.at.desc(), OptOut.id.desc())
        .limit(1)
    )
    return newest == STOP


def refusing(indexes: Collection[bytes]) -> set[bytes]:
    """Which of some numbers and addresses take none of our reminders: marked, or opted out.

    One query for each of both, however many.
    """
    if not indexes:
        return set()
    newest = (
        select(OptOut.phone_index, OptOut.action)
        .where(OptOut.phone_index.in_(indexes))
        .ext(distinct_on(OptOut.phone_index))
        .order_by(OptOut.phone_index, OptOut.at.desc(), OptOut.id.desc())
    )
    stopped = {index for index, action in session.execute(newest) if action == STOP}
    return stopped | numbers.marked(indexes)


def history(patient_id: UUID, limit: int | None = None) -> list[Communication]:
    """Texts to and from a patient, newest first. The caller records the access."""
    found = select(Communication).where(Communication.patient_id == patient_id)
    newest = found.order_by(Communication.created_at.desc(), Communication.id.desc())
    return list(session.scalars(newest.limit(limit)))


def events_of(communication_ids: Sequence[UUID]) -> dict[UUID, list[CommunicationEvent]]:
    """What happened to each of some texts, oldest first, in one query."""
    query = (
        select(CommunicationEvent)
        .where(CommunicationEvent.communication_id.in_(communication_ids))
        .order_by(CommunicationEvent.at, CommunicationEvent.id)
    )
    found: dict[UUID, list[CommunicationEvent]] = {}
    for event in session.scalars(query):
        found.setdefault(event.communication_id, []).append(event)
    return found


def latest(limit: int) -> list[Communication]:
    """The newest texts of all practices; for the inbox page of a machine without a carrier."""
    with tenancy.across_practices():
        return list(
            session.scalars(select(Communication).order_by(Communication.id.desc()).limit(limit))
        )


def _row(text: Text, practice: Practice, at: datetime) -> dict[str, Any]:
    to = text.recipient
    texts = _templates(to.channel, to.language)
    key = new_id()
    params = templates.fitting(text.params) if to.channel == SMS else dict(text.params)
    if can_be_stopped(to.channel, text.urgent):
        params["stop"] = stopping.address(key)
    body = templates.render(texts.by_name[text.template], params)
    send_after = at
    late = False
    if not text.urgent:
        zone, hours = clock_and_hours(practice, to.time_zone)
        opening = quiet_hours.send_time(at, zone, hours)
        send_after = opening or at
        late = opening is None or (text.expires_at is not None and opening >= text.expires_at)
    return {
        "id": key,
        "practice_id": to.practice_id,
        "patient_id": to.patient_id,
        "provider_id": to.provider_id,
        "direction": OUT,
        "channel": to.channel,
        "purpose": text.purpose,
        "occurrence": text.occurrence,
        "template": text.template,
        "template_version": texts.version,
        "language": to.language,
        "time_zone": to.time_zone,
        "phone": to.phone,
        "phone_index": blind_index(to.phone),
        "body": body,
        "urgent": text.urgent,
        "status": EXPIRED if late else PENDING,
        "send_after": send_after,
        "expires_at": text.expires_at,
        "subject_id": text.subject_id,
        "attempts": 0,
        "segments": templates.segments(body)[1] if to.channel == SMS else 0,
        "created_at": at,
        "updated_at": at,
        "because": "out of date after quiet hours" if late else None,
    }


def template_of(row: Communication) -> templates.Template:
    """The message that a row was written from, as it stands today."""
    assert row.template is not None
    return _templates(row.channel, row.language).by_name[row.template]


def can_be_stopped(channel: str, urgent: bool) -> bool:
    """Whether a message carries a link that ends such messages. A text is answered with STOP."""
    return channel == EMAIL and not urgent


def _templates(channel: str, language: str) -> templates.Templates:
    content = current_app.extensions["settings"].content
    if channel == EMAIL:
        return letters.in_language(content, language)
    return templates.in_language(content, language)


def _cancel(which: ColumnElement[bool], because: str) -> None:
    # Waits for a delivery that holds the row: it has then left and is pending no more.
    states.move_where(Communication.status == PENDING, which, status=CANCELLED, because=because)


def _record_choice(phone_index: bytes, action: str, how: str) -> None:
    if is_opted_out(phone_index) != (action == STOP):
        session.add(OptOut(id=new_id(), phone_index=phone_index, action=action, at=now(), how=how))
        session.flush()
