"""The texts of a check-in: at opening, after two days, after four."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from backend.checkins import schedule
from backend.checkins.models import CheckIn
from backend.core.database import session
from backend.messaging import service as messaging
from backend.patients import service as patients
from backend.patients.models import Enrolment
from backend.practices.models import Practice

TEMPLATES = ("check-in-open", "check-in-reminder-1", "check-in-reminder-2")


def window_of(check_in: CheckIn, enrolment: Enrolment) -> schedule.Window:
    """A check-in's times as they were planned, with its reminders."""
    assert check_in.closes_at is not None
    zone = enrolment.patient.time_zone
    opening = check_in.opens_at.astimezone(ZoneInfo(zone))
    planned = schedule.window(opening.date(), opening.hour, zone)
    return schedule.Window(check_in.opens_at, check_in.closes_at, planned.reminders)


def queue(due: Sequence[tuple[CheckIn, Enrolment]], at: datetime) -> None:
    """Queue one text for each check-in, whichever of its reminders is the newest due.

    Each carries a link of its own; the number of statements does not grow with the batch.
    """
    if not due:
        return
    practice_ids = {check_in.practice_id for check_in, _ in due}
    found = session.scalars(select(Practice).where(Practice.id.in_(practice_ids)))
    names = {practice.id: practice.name for practice in found}
    texts, links = [], []
    for check_in, enrolment in due:
        window = window_of(check_in, enrolment)
        number = sum(instant <= at for instant in window.reminders) - 1
        token, link = patients.new_link(
            enrolment.patient, patients.CHECK_IN, window.closes_at, check_in.id
        )
        links.append(link)
        texts.append(
            messaging.Text(
                recipient=patients.recipient(enrolment.patient),
                purpose="check-in",
                occurrence=f"{check_in.id}:{number}",
                template=TEMPLATES[max(number, 0)],
                params={
                    "practice": names[check_in.practice_id],
                    "link": patients.link_address("c", token),
                },
                expires_at=check_in.closes_at,
                subject_id=check_in.id,
            )
        )
    session.add_all(links)
    session.flush()
    messaging.queue_texts(texts)
