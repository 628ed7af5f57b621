"""What follows when a text has failed, whether the carrier said so at once or in a report."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app

from backend.core.clock import now
from backend.core.database import session
from backend.messaging import carrier_codes, line, numbers, service
from backend.messaging.carrier_codes import (
    MARK,
    OPT_OUT,
    SLOW_DOWN,
    STOP_LINE,
    action_for,
)
from backend.messaging.models import Communication


def follow(row: Communication, code: int | None, sender: str | None) -> None:
    """Do what the code's line of the table says; ``row`` has its last status already.

    Told twice it is done once, but for counting one set of texts, which counts once by its subject.
    """
    action = action_for(code)
    session.flush()
    if action.kind == OPT_OUT:
        service.opt_out(row.phone, "carrier")
    elif action.kind == STOP_LINE and sender is not None:
        line.stop(sender, code)
    elif action.kind == SLOW_DOWN and sender is not None:
        line.slow_down(sender, now() + line.REST)
    elif action.kind == MARK and action.condition is not None and code is not None:
        numbers.mark(row.phone_index, action.condition, code)
    if action.unreached and code is not None:
        numbers.set_failed(row.phone_index, row.subject_id or row.id, code)
    wait = carrier_codes.retry_wait(action, row.urgent)
    again = wait is not None and service.send_again(row, wait, f"tried again after {code}")
    if row.urgent and not again:
        _an_urgent_text_failed(row, code)


def resend(row: Communication) -> None:
    """The carrier's record says that a text never came: send it once more."""
    again = service.send_again(row, timedelta(0), "the first never reached the carrier")
    if row.urgent and not again:
        _an_urgent_text_failed(row, None)


def _an_urgent_text_failed(row: Communication, code: int | None) -> None:
    # A code can be asked for again, and an alert stands in the console and climbs; somebody must
    # know all the same.
    current_app.extensions["log"].error(
        "urgent-text-failed", id=str(row.id), purpose=row.purpose, code=code
    )
