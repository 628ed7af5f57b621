"""What a test sees behind the API: stored rows, statements sent, and many callers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from backend.core import tenancy
from backend.core.database import Base, session, unit_of_work

Row = TypeVar("Row", bound=Base)
Answer = TypeVar("Answer")

LONGEST_WAIT = 60


def rows(app: Flask, model: type[Row], *conditions: Any) -> Sequence[Row]:
    """Stored rows of every practice, by their time-ordered id."""
    with app.app_context(), tenancy.across_practices():
        query = select(model).where(*conditions)
        return session.scalars(query.order_by(getattr(model, "id", None))).all()


@contextmanager
def behind(app: Flask) -> Iterator[Session]:
    """A session that may change every practice's rows; one commit at the end."""
    with app.app_context(), tenancy.across_practices(), unit_of_work():
        yield session
        session.flush()


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    """What each call returns when all begin together, each in a thread of its own."""
    gate = threading.Barrier(len(calls))

    def through(call: Callable[[], Answer]) -> Answer:
        gate.wait(LONGEST_WAIT)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result(LONGEST_WAIT) for each in [pool.submit(through, c) for c in calls]]


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL statements that the application sends while the block runs."""
    engine = app.extensions["database"].engine
    seen: list[str] = []

    def note(
        connection: object,
        cursor: object,
        statement: str,
        values: object,
        context: object,
        many: bool,
    ) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
