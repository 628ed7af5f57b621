"""How a practice's texts fared: sent, delivered, failed by code, answered, stopped, paid for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, Integer, and_, cast, func, literal, select

from backend.checkins.models import CheckIn
from backend.checkins.reminders import TEMPLATES
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.messaging.models import (
    ARRIVED,
    CANCELLED,
    CLAIMED,
    EXPIRED,
    FAILED,
    OUT,
    PENDING,
    REJECTED,
    SMS,
    STOP,
    SUBMITTING,
    UNKNOWN,
    UNSENT,
    Communication,
    OptOut,
)

# What each last word means to whoever reads the page.
FAILURES = frozenset({REJECTED, FAILED, "undelivered", "canceled"})
NOT_SENT = frozenset({CANCELLED, EXPIRED, UNSENT})
WAITING = frozenset({PENDING, CLAIMED, SUBMITTING})
SOON, LATER = timedelta(hours=24), timedelta(hours=72)


@dataclass(frozen=True)
class Answered:
    """Reminders of one kind whose 72 hours are over, and how many were answered within 24 and 72.

    ``number`` 0 is the text at the opening of a check-in, 1 and 2 the reminders after it.
    """

    number: int
    template: str
    sent: int
    within_24_hours: int
    within_72_hours: int


@dataclass(frozen=True)
class Texts:
    """A practice's texts made in ``[since, until)``, by what became of them.

    ``failed_by_code`` are the carrier's error codes, most frequent first. ``segments`` is what the
    carrier bills; ``cost`` is ``None`` without a price. ``stopped`` counts numbers that said stop
    among ``numbers`` that were texted.
    """

    since: datetime
    until: datetime
    sent: int
    delivered: int
    on_the_way: int
    failed: int
    in_doubt: int
    waiting: int
    not_sent: int
    failed_by_code: Mapping[int, int]
    answered: list[Answered]
    replies: int
    numbers: int
    stopped: int
    segments: int
    cost: float | None
    currency: str


def texts(since: datetime, until: datetime) -> Texts:
    """The actor's practice's texts. Four queries, whatever their number."""
    settings = current_app.extensions["settings"]
    mine = and_(
        Communication.practice_id == actor.practice_id,
        Communication.channel == SMS,
        Communication.created_at >= since,
        Communication.created_at < until,
    )
    counted: dict[str, int] = {}
    segments, replies = 0, 0
    by_status = select(
        Communication.direction,
        Communication.status,
        func.count(),
        func.sum(Communication.segments).filter(Communication.submitted_at.is_not(None)),
    ).where(mine)
    query = by_status.group_by(Communication.direction, Communication.status)
    for direction, status, count, billed in session.execute(query):
        if direction != OUT:
            replies += count
            continue
        counted[status] = count
        segments += billed if status not in (REJECTED, *NOT_SENT) and billed else 0
    total = sum(counted.values())
    arrived, failed, doubt, waiting, unsent = (
        sum(counted.get(status, 0) for status in group)
        for group in (ARRIVED, FAILURES, {UNKNOWN}, WAITING, NOT_SENT)
    )
    numbers, stopped = _numbers(mine, since, until)
    price = settings.segment_price
    audit.record("texts.read", practice_id=actor.practice_id)
    return Texts(
        since=since,
        until=until,
        sent=total - waiting - unsent,
        delivered=arrived,
        on_the_way=total - arrived - failed - doubt - waiting - unsent,
        failed=failed,
        in_doubt=doubt,
        waiting=waiting,
        not_sent=unsent,
        failed_by_code=_codes(mine),
        answered=_answered(actor.practice_id, since, until),
        replies=replies,
        numbers=numbers,
        stopped=stopped,
        segments=segments,
        cost=None if price is None else price * segments,
        currency=settings.segment_currency,
    )


def _codes(mine: ColumnElement[bool]) -> dict[int, int]:
    query = (
        select(Communication.error_code, func.count())
        .where(
            mine,
            Communication.direction == OUT,
            Communication.status.in_(FAILURES),
            Communication.error_code.is_not(None),
        )
        .group_by(Communication.error_code)
        .order_by(func.count().desc(), Communication.error_code)
    )
    return {code: count for code, count in session.execute(query) if code is not None}


def _numbers(mine: ColumnElement[bool], since: datetime, until: datetime) -> tuple[int, int]:
    """Numbers that were texted, and those of them that said stop in the period."""
    texted = (
        select(Communication.phone_index)
        .distinct()
        .where(mine, Communication.direction == OUT)
        .subquery()
    )
    said_stop = (
        select(literal(1))
        .where(
            OptOut.phone_index == texted.c.phone_index,
            OptOut.action == STOP,
            OptOut.at >= since,
            OptOut.at < until,
        )
        .exists()
    )
    query = select(func.count(), func.count().filter(said_stop)).select_from(texted)
    numbers, stopped = session.execute(query).one()
    return numbers, stopped


def _answered(practice_id: UUID, since: datetime, until: datetime) -> list[Answered]:
    number = cast(func.split_part(Communication.occurrence, ":", 2), Integer)
    lag = CheckIn.completed_at - Communication.submitted_at
    query = (
        select(
            number,
            func.count(),
            func.count().filter(lag.between(timedelta(0), SOON)),
            func.count().filter(lag.between(timedelta(0), LATER)),
        )
        .join(CheckIn, CheckIn.id == Communication.subject_id)
        .where(
            Communication.practice_id == practice_id,
            Communication.created_at >= since,
            Communication.created_at < until,
            Communication.direction == OUT,
            Communication.template.in_(TEMPLATES),
            Communication.status.not_in([*FAILURES, *NOT_SENT, *WAITING]),
            Communication.submitted_at <= now() - LATER,
        )
        .group_by(number)
        .order_by(number)
    )
    return [
        Answered(place, TEMPLATES[max(place, 0)], sent, soon, later)
        for place, sent, soon, later in session.execute(query)
    ]
