"""Texts in the words of the pages: what each was for and how it went. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

STATUSES = {
    "pending": "Waiting to be sent",
    "claimed": "About to be sent",
    "submitting": "Being handed to the carrier",
    "unknown": "In doubt: it may have left or not; the carrier's record is being asked",
    "unsent": "Not sent: it never reached the carrier",
    "accepted": "Taken by the carrier",
    "scheduled": "Taken by the carrier",
    "queued": "Taken by the carrier",
    "sending": "Leaving the carrier",
    "sent": "Sent; no word yet that it arrived",
    "delivered": "Arrived",
    "read": "Arrived, and was read",
    "undelivered": "Did not arrive",
    "failed": "Failed",
    "canceled": "Cancelled by the carrier",
    "rejected": "Refused by the carrier",
    "cancelled": "Not sent: no longer needed",
    "expired": "Not sent: out of date",
    "received": "Received",
}
PURPOSES = {
    "invitation": "Invitation",
    "check-in": "Check-in",
    "plan-reminder": "Reminder of the plan",
    "sign-in-code": "Sign-in code",
    "reply": "A message from the patient",
}
TEMPLATES = {
    "check-in-open": "Check-in is open",
    "check-in-reminder-1": "Check-in, first reminder",
    "check-in-reminder-2": "Check-in, second reminder",
}


@dataclass(frozen=True)
class Step:
    """Something that happened to a text."""

    at: datetime
    words: str


@dataclass(frozen=True)
class Letter:
    """A text, ready to read. ``words`` only of what the patient wrote, while they are kept."""

    at: datetime
    what: str
    status: str
    code: int | None
    words: str | None
    steps: list[Step]


def letter(row: Any, events: Sequence[Any]) -> Letter:
    """A communication with its events."""
    incoming = row.direction == "in"
    return Letter(
        at=row.created_at,
        what=TEMPLATES.get(row.template or "") or _named(PURPOSES.get(row.purpose, row.purpose)),
        status=STATUSES.get(row.status, row.status),
        code=row.error_code,
        words=row.body if incoming else None,
        steps=[Step(event.at, _step(event)) for event in events],
    )


def percent(part: int, whole: int) -> str:
    """``82 % (41 of 50)``; of nothing, a dash."""
    return f"{round(100 * part / whole)} % ({part} of {whole})" if whole else "-"


def template(name: str) -> str:
    """What a template is called."""
    return TEMPLATES.get(name, _named(name))


def _step(event: Any) -> str:
    words = STATUSES.get(event.status, event.status)
    detail = event.detail or {}
    because = f" ({detail['because']})" if detail.get("because") else ""
    code = f", code {detail['code']}" if detail.get("code") else ""
    return f"{words}{because}{code}"


def _named(name: str) -> str:
    return name.replace("-", " ").capitalize()
