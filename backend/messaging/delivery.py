"""Sending: claim the row, speak to the carrier, write down what it said.

The carrier is spoken to between two transactions and never inside one. A crash in between leaves
the row ``submitting``; the sweep calls it ``unknown``, and the carrier's own record decides.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from backend.core import tenancy
from backend.core.clock import now
from backend.core.database import session, unit_of_work
from backend.messaging import quiet_hours, service, states, tasks
from backend.messaging.models import (
    ACCEPTED,
    CANCELLED,
    EXPIRED,
    FAILED,
    PENDING,
    REJECTED,
    SUBMITTING,
    UNKNOWN,
    Communication,
)
from backend.messaging.sms import transport
from backend.messaging.sms.transport import Accepted, InDoubt, Outcome, Rejected, Retry
from backend.practices.models import Practice

MAX_ATTEMPTS = 5
BACKOFF_BASE_SECONDS = 1.0
BACKOFF_CAP_SECONDS = 60.0
# How long a fault that is not the number's may keep a text waiting, and the carrier hold it.
PATIENCE = timedelta(days=1)
LONGEST_VALID_SECONDS = 3600
SHORTEST_VALID_SECONDS = 5
UNSUBSCRIBED = 21610
CALLBACK_PATH = "/v1/webhooks/twilio/status"


@dataclass(frozen=True)
class Parcel:
    """What the carrier is given."""

    to: str
    body: str
    valid_seconds: int


def deliver(communication_id: UUID) -> None:
    """Send one text if it is pending and due; does nothing otherwise, so a job may run twice."""
    # Built before the row is claimed: a crash while the carrier's SDK loads leaves no doubt.
    carrier = transport()
    parcel = _claim(communication_id)
    if parcel is None:
        return
    outcome = carrier.send(
        parcel.to, parcel.body, callback_url(communication_id), parcel.valid_seconds
    )
    _record(communication_id, outcome)


def reconcile(communication_id: UUID) -> None:
    """Look an ``unknown`` text up in the carrier's record.

    Found: it is accepted. Not found: it stays unknown, and is not sent again.
    """
    with _system_work():
        row = states.lock(communication_id)
        if row is None or row.status != UNKNOWN or row.body is None:
            return
        to, body, since = row.phone, row.body, row.submitted_at or row.created_at
        taken = _known_sids(row, since)
    sid = transport().find(to, body, since, taken)
    with _system_work():
        row = states.lock(communication_id)
        if row is None or row.status != UNKNOWN:
            return
        if sid is None:
            row.updated_at = now()
            return
        row.sid = sid
        states.move(row, ACCEPTED, found=True)


def callback_url(communication_id: UUID) -> str:
    """Where the carrier reports on a text. The id alone says nothing of the person."""
    public = current_app.extensions["settings"].public_url
    return f"{public}{CALLBACK_PATH}?communication={communication_id}"


def backoff(attempt: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds before the next try: exponential with full jitter, from 1 s, capped at 60 s."""
    return chance() * min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2.0 ** (attempt - 1))


@contextmanager
def _system_work() -> Iterator[None]:
    # The commit, and the flush before it, need every practice still in sight.
    with tenancy.across_practices(), unit_of_work():
        yield


def _claim(communication_id: UUID) -> Parcel | None:
    with _system_work():
        row = states.lock(communication_id, skip_locked=True)
        at = now()
        if row is None or row.status != PENDING or row.send_after > at or row.body is None:
            return None
        if row.expires_at is not None and row.expires_at <= at:
            states.move(row, EXPIRED, "out of date")
            return None
        if service.is_opted_out(row.phone_index):
            states.move(row, CANCELLED, "opted out")
            return None
        if not row.urgent and _put_off(row, at):
            return None
        row.attempts += 1
        row.submitted_at = at
        states.move(row, SUBMITTING, attempt=row.attempts)
        return Parcel(row.phone, row.body, _valid_seconds(row.expires_at, at))


def _put_off(row: Communication, at: datetime) -> bool:
    practice = session.get_one(Practice, row.practice_id)
    opening = quiet_hours.send_time(at, row.time_zone, practice.quiet_from, practice.quiet_until)
    if opening <= at:
        return False
    _send_later(row, opening, "quiet hours")
    return True


def _send_later(row: Communication, when: datetime, because: str) -> None:
    if row.expires_at is not None and when >= row.expires_at:
        states.move(row, EXPIRED, f"out of date after: {because}")
        return
    row.send_after = when
    states.move(row, PENDING, because)
    tasks.queue_deliveries([(row.id, when)])


def _valid_seconds(expires_at: datetime | None, at: datetime) -> int:
    left = LONGEST_VALID_SECONDS if expires_at is None else int((expires_at - at).total_seconds())
    return max(SHORTEST_VALID_SECONDS, min(LONGEST_VALID_SECONDS, left))


def _record(communication_id: UUID, outcome: Outcome) -> None:
    with _system_work():
        row = states.lock(communication_id)
        if row is None:
            return
        if row.status not in (SUBMITTING, UNKNOWN):
            # A callback was quicker than the answer.
            if isinstance(outcome, Accepted) and row.sid is None:
                row.sid = outcome.sid
            return
        match outcome:
            case Accepted(sid, status):
                row.sid = sid
                states.move(row, status if status in states.RANKS else ACCEPTED)
            case InDoubt():
                states.move(row, UNKNOWN, "no clear answer from the carrier")
            case Retry(after):
                _try_again(row, after)
            case Rejected(code, None):
                _refuse(row, code)
            case Rejected(code, float() as after):
                _wait_out(row, code, after)


def _try_again(row: Communication, after: float | None) -> None:
    if row.attempts >= MAX_ATTEMPTS:
        states.move(row, FAILED, "the carrier could not be reached", attempts=row.attempts)
        return
    pause = backoff(row.attempts) if after is None else after
    _send_later(row, now() + timedelta(seconds=pause), "the carrier could not be reached")


def _refuse(row: Communication, code: int | None) -> None:
    row.error_code = code
    states.move(row, REJECTED, "refused by the carrier", code=code)
    current_app.extensions["log"].warning("sms-rejected", id=str(row.id), code=code)
    if code == UNSUBSCRIBED:
        session.flush()
        service.opt_out(row.phone, "carrier")


def _wait_out(row: Communication, code: int | None, after: float) -> None:
    # A fault of the account is no fault of the number: it costs the text no attempt.
    row.error_code = code
    row.attempts -= 1
    current_app.extensions["log"].error("sms-account-fault", code=code)
    if now() - row.created_at > PATIENCE:
        states.move(row, FAILED, "the carrier refused our account", code=code)
        return
    _send_later(row, now() + timedelta(seconds=after), "the carrier refused our account")


def _known_sids(row: Communication, since: datetime) -> list[str]:
    # A day back: the carrier's clock is not ours, and the same words may have been sent before.
    found = select(Communication.sid).where(
        Communication.phone_index == row.phone_index,
        Communication.created_at >= since - PATIENCE,
        Communication.sid.is_not(None),
    )
    return [sid for sid in session.scalars(found) if sid]
