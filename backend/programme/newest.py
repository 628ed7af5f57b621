"""Keeping what has one value for each key, such as a day: what was told last counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.core.database import Base, session, table_of

# What is known of a row from the first time on, and is no part of what a newer one says.
_FIXED = ("id", "practice_id", "patient_id", "activity_id")


def keep_newest(model: type[Base], key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows in one statement. Of all with the same ``key`` the one told last stays, by its
    ``at`` and, where two were told at the same instant, its ``event_id``: the order of arrival is
    of no matter."""
    newest: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda each: (each["at"], each["event_id"])):
        newest[tuple(row[name] for name in key)] = row
    if not newest:
        return
    table = table_of(model)
    new = upsert(table).values([dict(row) for row in newest.values()])
    told, known = new.excluded, table.c
    session.execute(
        new.on_conflict_do_update(
            index_elements=list(key),
            set_={name: told[name] for name in rows[0] if name not in key and name not in _FIXED},
            where=tuple_(told["at"], told["event_id"]) > tuple_(known["at"], known["event_id"]),
        )
    )
