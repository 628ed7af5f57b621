"""The states of an alert and the moves between them. Pure.

``new -> delivered -> acknowledged -> in_progress -> resolved | dismissed``; a closed alert may be
reopened within 14 days. Escalation is a level beside the state, so that an alert that nobody took
up in time keeps the state it is in. Whose it is, is beside the state, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

NEW = "new"
DELIVERED = "delivered"
ACKNOWLEDGED = "acknowledged"
IN_PROGRESS = "in_progress"
RESOLVED = "resolved"
DISMISSED = "dismissed"

ACKNOWLEDGE = "acknowledge"
START = "start"
CONTACT = "contact"
RESOLVE = "resolve"
DISMISS = "dismiss"
REOPEN = "reopen"
ESCALATE = "escalate"
ASSIGN = "assign"
TAKE = "take"
HAND_OVER = "hand-over"
RELEASE = "release"

# Nobody has it in hand yet; or somebody has.
WAITING = (NEW, DELIVERED)
IN_HAND = (ACKNOWLEDGED, IN_PROGRESS)

RESOLUTIONS = (
    "contacted",
    "visit-booked",
    "referred",
    "pathway-changed",
    "already-known",
    "false-alarm",
    "unable-to-reach",
    "no-action",
)
REOPEN_WITHIN = timedelta(days=14)
ATTEMPTS_BEFORE_GIVING_UP = 3

MOVES: dict[tuple[str, str], str] = {
    (NEW, ACKNOWLEDGE): ACKNOWLEDGED,
    (DELIVERED, ACKNOWLEDGE): ACKNOWLEDGED,
    (ACKNOWLEDGED, START): IN_PROGRESS,
    (ACKNOWLEDGED, CONTACT): IN_PROGRESS,
    (IN_PROGRESS, CONTACT): IN_PROGRESS,
    (ACKNOWLEDGED, RESOLVE): RESOLVED,
    (IN_PROGRESS, RESOLVE): RESOLVED,
    (ACKNOWLEDGED, DISMISS): DISMISSED,
    (IN_PROGRESS, DISMISS): DISMISSED,
    (RESOLVED, REOPEN): ACKNOWLEDGED,
    (DISMISSED, REOPEN): ACKNOWLEDGED,
    # From another's hands: whoever takes it goes on where it stands.
    (ACKNOWLEDGED, TAKE): ACKNOWLEDGED,
    (IN_PROGRESS, TAKE): IN_PROGRESS,
    # Whoever is given an alert has not seen it yet: it waits again until it is taken up.
    **{
        (before, action): before if before in WAITING else DELIVERED
        for before in (NEW, DELIVERED, ACKNOWLEDGED, IN_PROGRESS)
        for action in (ASSIGN, HAND_OVER, RELEASE)
    },
}


class IllegalMove(ValueError):
    """The move is not possible now; the message says why."""


@dataclass(frozen=True)
class Situation:
    """What decides whether a move is legal. ``contacts`` counts recorded attempts to reach."""

    status: str
    tier: int
    closed_at: datetime | None
    contacts: int


def move(
    situation: Situation,
    action: str,
    at: datetime,
    note: str | None = None,
    code: str | None = None,
) -> str:
    """The status after ``action``. Raises ``IllegalMove``."""
    after = MOVES.get((situation.status, action))
    if after is None:
        raise IllegalMove(
            f"An alert that is {situation.status.replace('_', ' ')} cannot take: {action}."
        )
    if action == REOPEN:
        _check_reopening(situation, at)
    if action == DISMISS and situation.tier == 1 and situation.contacts == 0:
        raise IllegalMove("A tier 1 alert needs a recorded contact before it is dismissed.")
    if action == RESOLVE:
        _check_resolution(situation, code, note)
    if action in (DISMISS, REOPEN, HAND_OVER) and not note:
        raise IllegalMove("Say why in the note.")
    return after


def _check_reopening(situation: Situation, at: datetime) -> None:
    if situation.closed_at is None or at - situation.closed_at > REOPEN_WITHIN:
        raise IllegalMove(f"It was closed more than {REOPEN_WITHIN.days} days ago.")


def _check_resolution(situation: Situation, code: str | None, note: str | None) -> None:
    if code == "unable-to-reach" and situation.contacts < ATTEMPTS_BEFORE_GIVING_UP:
        raise IllegalMove(
            f"Unable to reach needs {ATTEMPTS_BEFORE_GIVING_UP} recorded attempts; "
            f"there are {situation.contacts}."
        )
    if code == "no-action" and not note:
        raise IllegalMove("Say in the note why no action was needed.")
