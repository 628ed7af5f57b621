"""The texts of a check-in: at opening, after two days, after four."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from backend.checkins import schedule
from backend.checkins.models import COMPLETED, OPEN, CheckIn
from backend.core.database import session
from backend.instruments import service as instruments
from backend.messaging import service as messaging
from backend.messaging.models import EMAIL, Communication
from backend.patients import service as patients
from backend.patients.consent import why_no_reminder
from backend.patients.models import ACTIVE, Enrolment
from backend.practices.models import Practice

ANSWER, ANSWER_SHARED = "check-in-answer", "check-in-answer-shared"
TEMPLATES = ("check-in-open", "check-in-reminder-1", "check-in-reminder-2")


def window_of(check_in: CheckIn, enrolment: Enrolment) -> schedule.Window:
    """A check-in's times as they were planned, with its reminders."""
    assert check_in.closes_at is not None
    zone = enrolment.patient.time_zone
    opening = check_in.opens_at.astimezone(ZoneInfo(zone))
    planned = schedule.window(opening.date(), opening.hour, zone)
    return schedule.Window(check_in.opens_at, check_in.closes_at, planned.reminders)


def _template(
    check_in: CheckIn, enrolment: Enrolment, number: int, shared: Collection[bytes]
) -> str:
    if (
        enrolment.reminders_by == EMAIL
        or not enrolment.text_letter
        or instruments.by_text(check_in.battery) is None
    ):
        return TEMPLATES[max(number, 0)]
    return ANSWER_SHARED if enrolment.patient.phone_index in shared else ANSWER


def why_not(text: Communication) -> str | None:
    """Why a check-in's text that is to leave is pointless by now; ``None`` while it is not.

    What ends it cancels the texts that wait; this finds the one that was being planned meanwhile.
    """
    found = session.execute(
        select(CheckIn.status, Enrolment.status, Enrolment.reminders_by)
        .join(Enrolment, Enrolment.id == CheckIn.enrolment_id)
        .where(CheckIn.id == text.subject_id)
    ).one_or_none()
    if found is None:
        return None
    check_in, enrolment, by = found
    if check_in != OPEN:
        return "answered" if check_in == COMPLETED else "window closed"
    if enrolment != ACTIVE:
        return "withdrawn"
    return why_no_reminder(by, text.channel)


def wanted(due: Sequence[tuple[CheckIn, Enrolment]]) -> list[tuple[CheckIn, Enrolment]]:
    """Those of some check-ins whose person takes part, wants reminders, and can be reached.

    A number that texts do not reach, or that said stop, is left out here already; what becomes
    known between planning and sending is asked again when a text is about to leave.
    """
    asked = [
        (check_in, enrolment, at[1])
        for check_in, enrolment in due
        if enrolment.status == ACTIVE and (at := patients.reminded_at(enrolment)) is not None
    ]
    refusing = messaging.refusing({index for _, _, index in asked})
    return [(check_in, e) for check_in, e, index in asked if index not in refusing]


def queue(due: Sequence[tuple[CheckIn, Enrolment]], at: datetime) -> None:
    """Queue one text for each check-in, whichever of its reminders is the newest due.

    An earlier one that still waits, held back by a cap, a carrier or an outage, is cancelled: only
    the newest goes. Each carries a link of its own, or the questions for whoever answers by text;
    the number of statements does not grow with the batch.
    """
    if not due:
        return
    messaging.cancel(
        subject_ids=[check_in.id for check_in, _ in due], because="a newer text takes its place"
    )
    practice_ids = {check_in.practice_id for check_in, _ in due}
    found = session.scalars(select(Practice).where(Practice.id.in_(practice_ids)))
    names = {practice.id: practice.name for practice in found}
    texts, links = [], []
    shared = patients.shared_numbers([e.patient for _, e in due if e.text_letter])
    for check_in, enrolment in due:
        window = window_of(check_in, enrolment)
        number = sum(instant <= at for instant in window.reminders) - 1
        token, link = patients.new_link(
            enrolment.patient, patients.CHECK_IN, window.closes_at, check_in.id
        )
        links.append(link)
        texts.append(
            messaging.Text(
                recipient=patients.reminder_recipient(enrolment),
                purpose="check-in",
                occurrence=f"{check_in.id}:{number}",
                template=_template(check_in, enrolment, number, shared),
                params={
                    "practice": names[check_in.practice_id],
                    "link": patients.link_address("c", token),
                    "letter": enrolment.text_letter or "",
                },
                expires_at=check_in.closes_at,
                subject_id=check_in.id,
            )
        )
    session.add_all(links)
    session.flush()
    messaging.queue_texts(texts)
