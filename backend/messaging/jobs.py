"""What the clock and the queue call."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from sqlalchemy import func, select

from backend.core import tenancy
from backend.core.clock import now
from backend.core.database import session
from backend.messaging import delivery, line, states, tasks, watch
from backend.messaging.models import (
    ARRIVED,
    CLAIMED,
    EXPIRED,
    OUT,
    PENDING,
    SMS,
    SUBMITTING,
    UNDERWAY,
    UNKNOWN,
    Communication,
)
from backend.messaging.tasks import deliver_text, reconcile_text
from backend.messaging.watch import Lately

__all__ = [
    "deliver_due",
    "deliver_text",
    "forget_words",
    "reconcile_text",
    "sweep",
    "watch_delivery",
]

LATE = timedelta(minutes=2)
# After a day the carrier's record will say no more; the text stays unknown.
ASKED_FOR = timedelta(days=1)
# What is looked at to tell whether delivery is well: six hours, less the time a report takes.
WATCHED = timedelta(hours=6)
REPORTED_BY = timedelta(minutes=30)
LOOK_EVERY = timedelta(minutes=10)
_UNREPORTED = ("accepted", "scheduled", "queued")
# A worker holds a claimed text for a second.
FORGOTTEN = timedelta(seconds=30)
# Reports come within seconds; a phone that is switched off may take a day.
SILENT, HOPELESS = timedelta(hours=1), timedelta(days=3)


def sweep(limit: int) -> int:
    """Find what fell by the wayside: a lost job, a crash between two transactions, a lost report.

    1. Pending beyond its last useful moment: expired.
    2. Claimed by a worker that has gone: pending again, for nothing has left.
    3. Pending, due for two minutes and not gone: a new job; a job too many finds the row taken.
       While the line is stopped they wait.
    4. Submitting for longer than any answer takes: unknown.
    5. Unknown for two minutes: a job that asks the carrier.
    6. With the carrier, and nothing heard for an hour: a job that asks the carrier.
    7. A stopped line: a job that asks the carrier whether it may be opened.
    Each step handles at most ``limit`` rows and none of them again within two minutes. Returns how
    many in all.
    """
    steps = (_expire, _reclaim, _requeue, _doubt, _ask, _look_up)
    handled = sum(step(limit) for step in steps)
    tasks.queue_probes(line.probe_due())
    return handled


def forget_words(limit: int) -> int:
    """Delete the words of texts, in and out, that are older than the settings say.

    That a text was sent, when, of which kind and how it fared is kept.
    """
    days = current_app.extensions["settings"].message_days
    ids = states.take(
        Communication.body.is_not(None),
        Communication.created_at < now() - timedelta(days=days),
        order=Communication.created_at,
        limit=limit,
    )
    states.forget_words(ids)
    return len(ids)


def watch_delivery(limit: int) -> int:
    """Tell the operator, in the log, when delivery falls or the carrier reports nothing more.

    Looks every few minutes, not at every tick; ``/metrics`` looks whenever it is asked.
    """
    at, last = now(), current_app.extensions.get("delivery-watched-at")
    if last is not None and at - last < LOOK_EVERY:
        return 0
    current_app.extensions["delivery-watched-at"] = at
    for alarm in watch.alarms(lately()):
        current_app.extensions["log"].error("sms-alarm", alarm=alarm)
    return 0


def lately() -> Lately:
    """What the carrier took in the last hours, and what it has said of it since."""
    at = now()
    reported = Communication.status.not_in(_UNREPORTED)
    query = select(
        func.count(),
        func.count().filter(reported),
        func.count().filter(Communication.status.in_(ARRIVED)),
        func.count().filter(Communication.error_code == watch.FILTERED),
    ).where(
        Communication.direction == OUT,
        Communication.channel == SMS,
        Communication.body.is_not(None),
        Communication.created_at > at - WATCHED,
        Communication.sid.is_not(None),
        Communication.submitted_at < at - REPORTED_BY,
    )
    return Lately(*session.execute(query).one())


def deliver_due(limit: int) -> int:
    """Send, in this process, at most ``limit`` texts that are due; returns how many were tried.

    For a clock that is moved: the queue goes by the database's. Commits as it goes.
    """
    with tenancy.across_practices():
        due = session.scalars(
            select(Communication.id)
            .where(Communication.status == PENDING, Communication.send_after <= now())
            .order_by(Communication.send_after)
            .limit(limit)
        ).all()
        for communication_id in due:
            delivery.deliver(communication_id)
    return len(due)


def _expire(limit: int) -> int:
    ids = states.take(
        Communication.status == PENDING,
        Communication.expires_at <= now(),
        order=Communication.expires_at,
        limit=limit,
    )
    states.move_all(ids, EXPIRED, "out of date")
    return len(ids)


def _reclaim(limit: int) -> int:
    ids = states.take(
        Communication.status == CLAIMED,
        Communication.updated_at <= now() - FORGOTTEN,
        order=Communication.updated_at,
        limit=limit,
    )
    states.move_all(ids, PENDING, "the worker that had it is gone")
    tasks.queue_deliveries((key, now()) for key in ids)
    return len(ids)


def _requeue(limit: int) -> int:
    if line.stopped():
        return 0
    at = now()
    ids = states.take(
        Communication.status == PENDING,
        Communication.send_after <= at - LATE,
        Communication.updated_at <= at - LATE,
        order=Communication.send_after,
        limit=limit,
    )
    states.touch(ids)
    tasks.queue_deliveries((key, at) for key in ids)
    return len(ids)


def _doubt(limit: int) -> int:
    wait = 2 * current_app.extensions["settings"].twilio_timeout_seconds + 30
    ids = states.take(
        Communication.status == SUBMITTING,
        Communication.submitted_at <= now() - timedelta(seconds=wait),
        order=Communication.submitted_at,
        limit=limit,
    )
    states.move_all(ids, UNKNOWN, "no answer from the carrier was written down")
    return len(ids)


def _ask(limit: int) -> int:
    at = now()
    ids = states.take(
        Communication.status == UNKNOWN,
        Communication.updated_at <= at - LATE,
        Communication.submitted_at >= at - ASKED_FOR,
        order=Communication.updated_at,
        limit=limit,
    )
    states.touch(ids)
    tasks.queue_reconciliations(ids)
    return len(ids)


def _look_up(limit: int) -> int:
    at = now()
    ids = states.take(
        Communication.status.in_(UNDERWAY),
        Communication.updated_at <= at - SILENT,
        Communication.submitted_at >= at - HOPELESS,
        order=Communication.updated_at,
        limit=limit,
    )
    states.touch(ids)
    tasks.queue_look_ups(ids)
    return len(ids)
