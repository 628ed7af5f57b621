"""The database as its owner sees it: past row-level security, and past the application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg


def ask(database: str, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement and commit; its rows, if it has any."""
    plain = database.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain) as connection:
        cursor = connection.execute(statement, values)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []
