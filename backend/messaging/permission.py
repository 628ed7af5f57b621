"""Whether a text that waits may leave: asked in the transaction that claims it.

What was true when the text was planned may be so no longer, so everything is asked again: that the
matter still stands, that the number takes texts, the hours and the caps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app
from sqlalchemy import func, or_, select

from backend.core.database import session
from backend.messaging import caps, numbers, quiet_hours, service
from backend.messaging.models import (
    ARRIVED,
    OUT,
    PENDING,
    SUBMITTING,
    UNDERWAY,
    UNKNOWN,
    Communication,
)
from backend.messaging.practice_hours import clock_and_hours
from backend.practices.models import Practice

# What has reached the person, or may have. What surely has not, counts for nothing.
COUNTED = (SUBMITTING, UNKNOWN, *UNDERWAY, *ARRIVED)
# Tells advisory locks of numbers from those that other packages take.
LOCK_SPACE = 0x534D53


@dataclass(frozen=True)
class Leave:
    """Now."""


@dataclass(frozen=True)
class Wait:
    """Not before ``until``."""

    until: datetime
    because: str


@dataclass(frozen=True)
class Cancel:
    """Never."""

    because: str


Verdict = Leave | Wait | Cancel
# Why a text about something is pointless by now; ``None`` while it is not.
StillDue = Callable[[Communication], str | None]


def register(app: Flask, purpose: str, still_due: StillDue) -> None:
    """Let a package above say whether texts of a purpose are still due when they are to leave."""
    app.extensions.setdefault("still-due", {})[purpose] = still_due


def may_leave(row: Communication, at: datetime) -> Verdict:
    """Whether a claimed text may leave at ``at``; the caller holds its row until it is recorded.

    Urgent texts (sign-in codes, tier-1 alerts) ask for neither hours nor caps and count for none,
    and are tried even at a number that texts do not seem to reach.
    Two texts to one number are judged one after the other, so that both cannot pass a cap.
    """
    if service.is_opted_out(row.phone_index):
        return Cancel("opted out")
    still_due: StillDue | None = current_app.extensions.get("still-due", {}).get(row.purpose)
    pointless = still_due(row) if still_due is not None else None
    if pointless is not None:
        return Cancel(pointless)
    if row.urgent:
        return Leave()
    if not numbers.is_usable(row.phone_index):
        return Cancel("texts do not reach this number")
    zone, hours = clock_and_hours(session.get_one(Practice, row.practice_id), row.time_zone)
    opening = quiet_hours.send_time(at, zone, hours)
    if opening is not None and opening > at:
        return Wait(opening, "quiet hours")
    earlier, waiting, people = _others(row, at)
    if people > 1:
        # Those that go first count as gone.
        mine = caps.Waiting(row.subject_id, row.expires_at, str(row.id))
        before = caps.going_before(mine, waiting, earlier)
        earlier += [caps.Earlier(at, each.subject) for each in before]
    free = caps.departure(at, zone, hours, earlier, people, row.subject_id)
    if free is None:
        return Cancel("no room is left for it")
    return Leave() if free <= at else Wait(free, "enough texts for now")


def _others(row: Communication, at: datetime) -> tuple[list[caps.Earlier], list[caps.Waiting], int]:
    """What else left to the number of late, what is due to it, and how many people share it.

    No other text to it is judged until the transaction ends.
    """
    key = int.from_bytes(row.phone_index[:4], signed=True)
    session.execute(select(func.pg_advisory_xact_lock(LOCK_SPACE, key)))
    found = session.execute(
        select(
            Communication.id,
            Communication.send_after,
            Communication.expires_at,
            Communication.submitted_at,
            Communication.status,
            Communication.patient_id,
            Communication.subject_id,
        ).where(
            Communication.phone_index == row.phone_index,
            Communication.direction == OUT,
            Communication.urgent.is_(False),
            Communication.id != row.id,
            or_(
                Communication.submitted_at >= at - caps.LOOKED_BACK,
                Communication.created_at >= at - caps.SHARED_WITHIN,
            ),
        )
    ).all()
    earlier = [
        caps.Earlier(left_at, subject)
        for _, _, _, left_at, status, _, subject in found
        if status in COUNTED and left_at is not None and left_at >= at - caps.LOOKED_BACK
    ]
    waiting = [
        caps.Waiting(subject, until, str(key))
        for key, due, until, _, status, _, subject in found
        if status == PENDING and due <= at and (until is None or until > at)
    ]
    return earlier, waiting, len({each.patient_id for each in found} | {row.patient_id})
