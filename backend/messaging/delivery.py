"""Sending: claim the row, speak to the carrier, write down what it said.

The carrier is spoken to between two transactions and never inside one. A crash in between leaves
the row ``submitting``; the sweep calls it ``unknown``, and the carrier's own record decides.
"""

from __future__ import annotations

import random
import time
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
from backend.messaging import (
    budget,
    failures,
    line,
    numbers,
    pacing,
    permission,
    service,
    states,
    tasks,
)
from backend.messaging.carrier_codes import SLOW_DOWN, STOP_LINE, action_for
from backend.messaging.channels import transport_of
from backend.messaging.mail import stopping
from backend.messaging.models import (
    ACCEPTED,
    ARRIVED,
    CANCELLED,
    CLAIMED,
    EMAIL,
    EXPIRED,
    FAILED,
    PENDING,
    REJECTED,
    SMS,
    SUBMITTING,
    UNDERWAY,
    UNKNOWN,
    UNSENT,
    Communication,
)
from backend.messaging.permission import Cancel, Wait
from backend.messaging.sms import transport
from backend.messaging.sms.transport import (
    Accepted,
    InDoubt,
    Outcome,
    Outgoing,
    Rejected,
    Report,
    Retry,
    Transport,
    Unanswered,
)
from backend.practices.models import Practice

# Quick tries; then one each quarter of an hour (urgent: each minute) until it is out of date.
QUICK_ATTEMPTS = 5
MOST_ATTEMPTS = 100
PARKED = timedelta(minutes=15)
BACKOFF_BASE_SECONDS = 1.0
BACKOFF_CAP_SECONDS = 60.0
LONGEST_VALID_SECONDS = 3600
SHORTEST_VALID_SECONDS = 5
# A worker that was stopped for longer than this between claiming and sending does not send.
LEASE = timedelta(seconds=30)
# After so long, what the carrier's record lacks has never reached it.
SURELY_UNSENT = timedelta(minutes=30)
URGENT_SURELY_UNSENT = timedelta(minutes=2)
# How far back the same words may have been sent before: the carrier's clock is not ours.
SAME_WORDS = timedelta(days=1)
CALLBACK_PATH = "/v1/webhooks/twilio/status"


@dataclass(frozen=True)
class Claim:
    """A row that this worker alone may send, in its ``attempt``, from ``turn`` on."""

    channel: str
    attempt: int
    turn: datetime
    message: Outgoing | None


def deliver(communication_id: UUID) -> None:
    """Send one text if it is pending and due; does nothing otherwise, so a job may run twice.

    1. Claim it, when nothing speaks against it and the sender's rate lets it leave now or within
       a second; with a later turn it goes back to the queue.
    2. Wait for the turn, and look again whether it may leave.
    3. Speak to the carrier, outside any transaction.
    4. Write down what it said.
    """
    # Built before the row is claimed: a crash while the carrier's SDK loads leaves no doubt.
    transport()
    claim = _claim(communication_id)
    if claim is None:
        return
    carrier = transport_of(claim.channel)
    message = claim.message
    if message is None:
        time.sleep(max(0.0, (claim.turn - now()).total_seconds()))
        message = _submit(communication_id, claim)
    if message is None or now() - claim.turn > LEASE:
        # What is left submitting is found by the sweep, and the carrier's record decides.
        return
    _record(communication_id, carrier.send(message), carrier)


def reconcile(communication_id: UUID) -> None:
    """Look an ``unknown`` text up in the carrier's record.

    Found: it goes on as the record says. Not in the record half an hour after it would have left:
    it is ``unsent``, and sent once more if it is still of use. A record that cannot be read decides
    nothing.
    """
    with _system_work():
        row = states.lock(communication_id)
        if row is None or row.status != UNKNOWN or row.body is None:
            return
        to, body, since = row.phone, row.body, row.submitted_at or row.created_at
        taken, channel = _known_sids(row, since), row.channel
    carrier = transport_of(channel)
    asked = now()
    try:
        found = carrier.find(to, body, since, taken)
    except Unanswered:
        return
    with _system_work():
        row = states.lock(communication_id)
        if row is None or row.status != UNKNOWN:
            return
        if found is not None:
            row.sid = found.sid
            states.move(row, ACCEPTED, found=True)
            report(row, found, carrier.sender)
            return
        row.updated_at = now()
        if asked - since >= (URGENT_SURELY_UNSENT if row.urgent else SURELY_UNSENT):
            states.move(row, UNSENT, "the carrier's record does not have it")
            budget.refund(row)
            failures.resend(row)


def catch_up(communication_id: UUID) -> None:
    """Ask the carrier how a text fares whose reports have not come."""
    with _system_work():
        row = states.lock(communication_id)
        is_heard_of = row is not None and row.channel == SMS and row.status in UNDERWAY
        sid = row.sid if row is not None and is_heard_of else None
    if sid is None:
        return
    carrier = transport()
    try:
        found = carrier.look_up(sid)
    except Unanswered:
        return
    with _system_work():
        row = states.lock(communication_id)
        if row is not None and found is not None and row.status != found.status:
            report(row, found, carrier.sender)


def probe(sender: str) -> None:
    """Open a stopped line when the carrier says that the account may send."""
    carrier = transport()
    if carrier.sender == sender and carrier.is_open():
        with _system_work():
            line.reopen(sender, "the carrier says that the account may send")


def report(row: Communication, heard: Report, sender: str | None) -> None:
    """Take what the carrier says of a text that is locked: late, twice and out of order are all
    harmless. A status without a rank is written down and changes nothing."""
    status, code = heard.status, heard.code
    if row.status == status:
        return
    if status not in states.RANKS or not states.rises(row.status, status):
        states.note(row, status[:50], kept=row.status, code=code)
        return
    row.error_code = code if code is not None else row.error_code
    states.move(row, status, code=code)
    session.flush()
    if status in ARRIVED:
        numbers.confirm(row.phone_index)
        service.take_back_second_try(row, "the first has arrived")
        if sender is not None and line.is_held(sender, urgent=False):
            line.reopen(sender, "a text has arrived")
    elif status in _LOST:
        failures.follow(row, code, sender)


_LOST = frozenset({"undelivered", "failed"})


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


def _claim(communication_id: UUID) -> Claim | None:
    with _system_work():
        row = states.lock(communication_id, skip_locked=True)
        at = now()
        if row is None or row.status != PENDING or row.send_after > at:
            return None
        if not _may_leave(row, at):
            return None
        sender = transport_of(row.channel).sender
        if sender is not None and line.is_held(sender, row.urgent):
            # It stays as it is; the sweep asks again when the line is open.
            return None
        turn = _turn(row, at, sender)
        if turn is None:
            return None
        row.turn_at = None
        row.attempts += 1
        if turn <= at:
            return Claim(row.channel, row.attempts, turn, _leave(row, at))
        states.move(row, CLAIMED, attempt=row.attempts)
        return Claim(row.channel, row.attempts, turn, None)


def _submit(communication_id: UUID, claim: Claim) -> Outgoing | None:
    """Let a claimed text leave, if it is still this worker's and nothing has come in between."""
    with _system_work():
        row = states.lock(communication_id)
        if row is None or row.status != CLAIMED or row.attempts != claim.attempt:
            return None
        at = now()
        return _leave(row, at) if _may_leave(row, at) else None


def _may_leave(row: Communication, at: datetime) -> bool:
    if row.body is None:
        return False
    if row.expires_at is not None and row.expires_at <= at:
        states.move(row, EXPIRED, "out of date")
        return False
    match permission.may_leave(row, at):
        case Cancel(because):
            states.move(row, CANCELLED, because)
            return False
        case Wait(until, because):
            _send_later(row, until, because)
            return False
        case _:
            return True


def _turn(row: Communication, at: datetime, sender: str | None) -> datetime | None:
    """When a text may leave; None when it has been put off."""
    if sender is None or pacing.is_ours(row.turn_at, at):
        return at
    turn = line.take_turn(sender, row.segments, row.urgent, row.expires_at)
    if row.expires_at is not None and turn >= row.expires_at:
        states.move(row, EXPIRED, "out of date before the sender is free")
        return None
    if turn - at <= pacing.HOLD:
        return turn
    row.turn_at = row.send_after = turn
    row.updated_at = at
    tasks.queue_deliveries([(row.id, turn)])
    return None


def _leave(row: Communication, at: datetime) -> Outgoing | None:
    practice = session.get_one(Practice, row.practice_id)
    if not budget.charge(row, practice):
        _send_later(row, budget.next_month(at, practice.time_zone), budget.OVER)
        return None
    row.submitted_at = at
    states.move(row, SUBMITTING, attempt=row.attempts)
    assert row.body is not None
    return Outgoing(
        to=row.phone,
        body=row.body,
        callback_url=callback_url(row.id),
        valid_seconds=_valid_seconds(row.expires_at, at),
        reference=str(row.retry_of or row.id),
        urgent=row.urgent,
        subject=service.template_of(row).subject if row.channel == EMAIL else "",
        stop=stopping.address(row.id) if service.can_be_stopped(row.channel, row.urgent) else None,
    )


def _send_later(row: Communication, when: datetime, because: str) -> None:
    if row.expires_at is not None and when >= row.expires_at:
        states.move(row, EXPIRED, f"out of date after: {because}")
        return
    row.send_after, row.turn_at = when, None
    states.move(row, PENDING, because)
    tasks.queue_deliveries([(row.id, when)])


def _valid_seconds(expires_at: datetime | None, at: datetime) -> int:
    left = LONGEST_VALID_SECONDS if expires_at is None else int((expires_at - at).total_seconds())
    return max(SHORTEST_VALID_SECONDS, min(LONGEST_VALID_SECONDS, left))


def _record(communication_id: UUID, outcome: Outcome, carrier: Transport) -> None:
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
            case Retry(after, crowded):
                _try_again(row, after, carrier.sender if crowded else None)
            case Rejected(code):
                _refuse(row, code, carrier.sender)
        if isinstance(outcome, Retry | Rejected):
            # Last, as when a text leaves: the sender's row is locked before the practice's.
            budget.refund(row)


def _try_again(row: Communication, after: float | None, crowded: str | None) -> None:
    if row.attempts >= MOST_ATTEMPTS:
        states.move(row, FAILED, "the carrier could not be reached", attempts=row.attempts)
        failures.follow(row, None, None)
        return
    at = now()
    if row.attempts < QUICK_ATTEMPTS or row.urgent:
        pause = timedelta(seconds=backoff(row.attempts) if after is None else after)
    else:
        pause = PARKED
    if crowded is not None and after is not None:
        line.slow_down(crowded, at + timedelta(seconds=after))
    _send_later(row, at + pause, "the carrier could not be reached")


def _refuse(row: Communication, code: int | None, sender: str | None) -> None:
    row.error_code = code
    current_app.extensions["log"].warning("sms-rejected", id=str(row.id), code=code)
    action = action_for(code)
    if action.kind == STOP_LINE and sender is not None:
        # A fault of the account is no fault of the number: it costs the text no attempt.
        row.attempts -= 1
        states.move(row, PENDING, "the carrier refused our account", code=code)
        line.stop(sender, code)
    elif action.kind == SLOW_DOWN and sender is not None and action.wait is not None:
        row.attempts -= 1
        line.slow_down(sender, now() + line.REST)
        _send_later(row, now() + action.wait, "the carrier's queue is full")
    else:
        states.move(row, REJECTED, "refused by the carrier", code=code)
        failures.follow(row, code, sender)


def _known_sids(row: Communication, since: datetime) -> list[str]:
    found = select(Communication.sid).where(
        Communication.phone_index == row.phone_index,
        Communication.created_at >= since - SAME_WORDS,
        Communication.sid.is_not(None),
    )
    return [sid for sid in session.scalars(found) if sid]
