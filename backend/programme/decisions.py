"""Keeping what was decided about plans: rows are added, and what is no longer true is marked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.core.clock import now
from backend.core.database import session
from backend.programme.models import Adaptation
from backend.programme.progress import BY_PROVIDERS

Row = Mapping[str, Any]


def keep_decisions(rows: Sequence[Row]) -> None:
    """Add decisions; what was decided of the same occurrence before stays as it is."""
    if rows:
        session.flush()
        session.execute(
            upsert(Adaptation)
            .values(rows)
            .on_conflict_do_nothing(
                index_elements=["activity_id", "rule", "occurrence"],
                index_where=and_(
                    Adaptation.occurrence.is_not(None), Adaptation.superseded_at.is_(None)
                ),
            )
        )


def keep_only(care_plan_id: UUID, rows: Sequence[Row]) -> None:
    """Add the decisions of a whole history, oldest first, and mark those that are not among them.

    What is there as it is here is not touched, and what providers decided stands.
    """
    session.flush()
    wanted: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        wanted.setdefault((row["activity_id"], row["rule"], row["occurrence"]), row)
    kept = select(
        Adaptation.id,
        Adaptation.activity_id,
        Adaptation.rule,
        Adaptation.occurrence,
        Adaptation.decision,
        Adaptation.inputs,
        Adaptation.at,
    ).where(
        Adaptation.care_plan_id == care_plan_id,
        Adaptation.superseded_at.is_(None),
        Adaptation.decision.not_in(BY_PROVIDERS),
    )
    untrue = []
    for each in session.execute(kept):
        name = (each.activity_id, each.rule, each.occurrence)
        if name in wanted and _says(wanted[name]) == (each.decision, each.at, each.inputs):
            del wanted[name]
        else:
            untrue.append(each.id)
    if untrue:
        session.execute(
            update(Adaptation)
            .where(Adaptation.id.in_(untrue))
            .values(superseded_at=now())
            .execution_options(synchronize_session=False)
        )
    keep_decisions(list(wanted.values()))


def _says(row: Row) -> tuple[Any, ...]:
    # As it would be read again.
    return row["decision"], row["at"], json.loads(json.dumps(row["inputs"]))
