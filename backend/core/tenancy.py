"""Which practice's rows the present work may see. PostgreSQL's row-level security holds the line.

Nothing is visible until a practice is entered. Sign-in, webhooks and the worker's ticks look across
practices; they say so with ``across_practices``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import UUID

from flask import g
from sqlalchemy import Connection
from sqlalchemy.exc import InternalError
from sqlalchemy.orm import Session

EVERY_PRACTICE = "*"
GLASS_ROLE = "lumbra_glass"
_GLASS = "SELECT set_config('lumbra.break_glass', %s, true), set_config('lumbra.at', %s, true)"
_SET = "SELECT set_config('lumbra.practice_id', %s, true)"


def current_scope() -> str:
    """The practice's id, ``"*"`` for system work, or ``""`` when nothing may be seen."""
    scope: str = g.get("practice_scope", "")
    return scope


def enter(practice_id: UUID) -> None:
    """From here on, this request or job sees the rows of ``practice_id`` only."""
    _switch(str(practice_id))


@contextmanager
def across_practices() -> Iterator[None]:
    """System work: see every practice's rows until the block ends or a practice is entered."""
    before = current_scope()
    _switch(EVERY_PRACTICE)
    try:
        yield
    finally:
        if current_scope() == EVERY_PRACTICE:
            _switch(before)


def _switch(scope: str) -> None:
    if scope == current_scope():
        return
    g.practice_scope = scope
    session: Session | None = g.get("session")
    if session is not None and session.in_transaction() and session.is_active:
        # What waits to be written belongs to the scope that is entered, not to the one left.
        # A transaction that has failed sees nothing more; the next begins in the new scope.
        with session.no_autoflush, suppress(InternalError):
            session.connection().exec_driver_sql(_SET, (scope,))


@contextmanager
def through_glass(access_id: UUID, at: datetime) -> Iterator[None]:
    """Read one patient of another practice, as long as an access to them stands at ``at``.

    A transaction of its own, by a role that can only select, from few tables, and for which the
    policies show nothing but that patient's rows: PostgreSQL itself holds it to that.
    """
    before, g.practice_scope = current_scope(), ""
    session: Session = g.session
    session.commit()
    try:
        run = session.connection().exec_driver_sql
        run(f"SET LOCAL ROLE {GLASS_ROLE}")
        run(_GLASS, (str(access_id), at.isoformat()))
        yield
        # Role and settings end with the transaction.
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        g.practice_scope = before


def apply_scope(session: Session, transaction: object, connection: Connection) -> None:
    """Session event: every transaction begins by telling PostgreSQL its scope.

    The driver is asked itself: every request begins so, and nobody reads the answer.
    """
    connection.connection.driver_connection.execute(_SET, (current_scope(),))  # type: ignore[union-attr]
