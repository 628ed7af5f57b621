"""How a communication moves: one place that changes its status and writes its history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Update, bindparam, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from backend.core.clock import now
from backend.core.database import session, table_of
from backend.core.ids import new_id
from backend.messaging.models import Communication, CommunicationEvent

_COMMUNICATION = table_of(Communication)
_INSERT_EVENT = insert(table_of(CommunicationEvent))

# Callbacks come late, twice and out of order: a status never goes down, and of two last words on
# delivery the first stands (Twilio: outbound message status in status callbacks).
RANKS = {
    "accepted": 0,
    "scheduled": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "delivered": 4,
    "undelivered": 4,
    "failed": 4,
    "canceled": 4,
    "read": 5,
}
_BEFORE = dict.fromkeys(("pending", "claimed", "submitting", "unknown", "unsent"), -1)
# Our own last words (rejected, cancelled, expired) are not taken back by a report.
_OURS = 6


def rises(current: str, reported: str) -> bool:
    """Whether a status the carrier reports is news after the present one."""
    present = _BEFORE.get(current, RANKS.get(current, _OURS))
    return RANKS[reported] > present


def lock(communication_id: UUID, *, skip_locked: bool = False) -> Communication | None:
    """The row, held until the transaction ends; None when there is none (or it is held)."""
    return session.scalar(
        select(Communication)
        .where(Communication.id == communication_id)
        .with_for_update(skip_locked=skip_locked)
        .execution_options(populate_existing=True)
    )


def move(row: Communication, status: str, because: str | None = None, **detail: Any) -> None:
    """Change one row's status and write it down."""
    row.status = status
    row.because = because
    row.updated_at = now()
    if because is not None:
        detail["because"] = because
    note(row, status, **detail)


def note(row: Communication, status: str, **detail: Any) -> None:
    """Write down what was heard of a communication without changing it."""
    session.add(
        CommunicationEvent(
            id=new_id(),
            practice_id=row.practice_id,
            communication_id=row.id,
            at=now(),
            status=status,
            detail=detail or None,
        )
    )


def take(
    *conditions: ColumnElement[bool], order: InstrumentedAttribute[Any], limit: int | None = None
) -> Sequence[UUID]:
    """Ids of rows that fit, held until the transaction ends.

    With a limit, what another transaction holds is left out; without one, it is waited for.
    """
    return session.scalars(
        select(Communication.id)
        .where(*conditions)
        .order_by(order)
        .limit(limit)
        .with_for_update(skip_locked=limit is not None)
    ).all()


def move_all(ids: Sequence[UUID], status: str, because: str) -> None:
    """Change many rows at once, with their history; the caller holds them."""
    if ids:
        move_where(Communication.id.in_(ids), status=status, because=because)


def moving(*conditions: ColumnElement[bool]) -> Update:
    """The statement of ``move_by`` for rows that fit, to be built once where many need it."""
    return (
        update(_COMMUNICATION)
        .where(*conditions)
        .values(
            status=bindparam("moved_to"),
            because=bindparam("moved_because"),
            updated_at=bindparam("moved_at"),
        )
        .returning(_COMMUNICATION.c.id, _COMMUNICATION.c.practice_id)
    )


def move_where(*conditions: ColumnElement[bool], status: str, because: str) -> None:
    """Change all rows that fit, with their history; waits for those that others hold."""
    move_by(moving(*conditions), status=status, because=because)


def move_by(statement: Update, *, status: str, because: str, **values: Any) -> None:
    """As ``move_where``, by a statement made before, with ``values`` for what it leaves open."""
    at = now()
    session.flush()
    moved = {"moved_to": status, "moved_because": because, "moved_at": at}
    changed = session.connection().execute(statement, {**moved, **values}).all()
    if not changed:
        return
    session.execute(
        _INSERT_EVENT,
        [
            {
                "id": new_id(),
                "practice_id": practice_id,
                "communication_id": communication_id,
                "at": at,
                "status": status,
                "detail": {"because": because},
            }
            for communication_id, practice_id in changed
        ],
    )


def touch(ids: Sequence[UUID]) -> None:
    """Mark rows as looked at just now."""
    if ids:
        session.execute(
            update(Communication)
            .where(Communication.id.in_(ids))
            .values(updated_at=now())
            .execution_options(synchronize_session=False)
        )


def forget_words(ids: Sequence[UUID]) -> None:
    """Delete what was written in these texts; the caller holds them."""
    if ids:
        session.execute(
            update(Communication)
            .where(Communication.id.in_(ids))
            .values(body=None, answer=None)
            .execution_options(synchronize_session=False)
        )
