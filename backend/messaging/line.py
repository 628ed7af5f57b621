"""The sender's line: one row that all workers share, with its next free turn and its circuit.

A fault of the account stops the line. Texts then stay pending, nothing is tried again and again,
and the line opens when the carrier says that the account is sound, when a text arrives after all,
or when an operator says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backend.core.clock import now
from backend.core.database import session
from backend.messaging import pacing, tasks
from backend.messaging.carrier_codes import action_for
from backend.messaging.models import PENDING, Communication, SenderLine

PROBE_EVERY = timedelta(minutes=1)
# A line that the carrier finds too busy rests for so long.
REST = timedelta(minutes=1)


@dataclass(frozen=True)
class Stopped:
    """Why a line stands still, and since when."""

    sender: str
    code: int | None
    since: datetime


def is_held(sender: str, urgent: bool) -> bool:
    """Whether a text must stay where it is because the line is stopped.

    Where no question to the carrier can show that a fault has passed, urgent texts are tried:
    one that arrives shows it.
    """
    found = session.execute(
        select(SenderLine.stopped_at, SenderLine.stopped_code).where(SenderLine.sender == sender)
    ).first()
    if found is None or found.stopped_at is None:
        return False
    return not urgent or action_for(found.stopped_code).probed


def take_turn(sender: str, segments: int, urgent: bool, latest: datetime | None) -> datetime:
    """The instant at which a text may leave; it is taken unless it lies after ``latest``.

    The row stays locked until the transaction ends: let it end soon.
    """
    at = now()
    line = _locked(sender)
    rate = current_app.extensions["settings"].sms_segments_per_second
    turn, free_at = pacing.turn(line.free_at, at, segments, rate, urgent)
    if latest is None or turn < latest:
        line.free_at = free_at
    return turn


def slow_down(sender: str, until: datetime) -> None:
    """Let nothing but urgent texts leave before an instant."""
    line = _locked(sender)
    line.free_at = max(line.free_at, until)


def stop(sender: str, code: int | None) -> None:
    """Stop the line and tell the operator; a line that is stopped keeps its first reason."""
    line = _locked(sender)
    if line.stopped_at is not None:
        return
    at = now()
    line.stopped_at, line.stopped_code = at, code
    line.probe_at = at + PROBE_EVERY if action_for(code).probed else None
    alarm("line-stopped", code=code, opens_itself=line.probe_at is not None)


def reopen(sender: str, because: str) -> bool:
    """Open a stopped line; returns whether it was stopped. Urgent texts go at once, and the sweep
    finds the others."""
    line = _locked(sender)
    if line.stopped_at is None:
        return False
    line.stopped_at = line.stopped_code = line.probe_at = None
    current_app.extensions["log"].warning("sms-line-open", because=because)
    waiting = session.execute(
        select(Communication.id, Communication.send_after).where(
            Communication.status == PENDING, Communication.urgent, Communication.send_after <= now()
        )
    )
    tasks.queue_deliveries([(row.id, row.send_after) for row in waiting], urgent=True)
    return True


def stopped() -> list[Stopped]:
    """The lines that stand still."""
    found = session.scalars(select(SenderLine).where(SenderLine.stopped_at.is_not(None)))
    return [
        Stopped(line.sender, line.stopped_code, line.stopped_at)
        for line in found
        if line.stopped_at is not None
    ]


def trouble() -> str | None:
    """What an operator must know of the lines, in words without a number; None when all is well."""
    found = [f"stopped by {line.code} since {line.since.isoformat()}" for line in stopped()]
    return "; ".join(found) or None


def probe_due() -> Sequence[str]:
    """Senders whose carrier is to be asked now; each is then left for a minute."""
    at = now()
    due = session.scalars(
        select(SenderLine)
        .where(SenderLine.stopped_at.is_not(None), SenderLine.probe_at <= at)
        .with_for_update(skip_locked=True)
    ).all()
    for line in due:
        line.probe_at = at + PROBE_EVERY
    return [line.sender for line in due]


def alarm(kind: str, **detail: object) -> None:
    """Something an operator must act on. Told where operators look: the log, at level error."""
    current_app.extensions["log"].error("sms-alarm", alarm=kind, **detail)


def _locked(sender: str) -> SenderLine:
    query = select(SenderLine).where(SenderLine.sender == sender).with_for_update()
    query = query.execution_options(populate_existing=True)
    line = session.scalar(query)
    if line is None:
        session.execute(
            insert(SenderLine).values(sender=sender, free_at=now()).on_conflict_do_nothing()
        )
        line = session.scalars(query).one()
    return line
