"""What has changed in a person's plan, as they are told it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from backend.programme.models import Adaptation
from backend.programme.plans import decisions_of

NEWEST = 5
# A week that a late note changes is kept again, so somewhat more is read than is told.
LOOKED_AT = 4 * NEWEST


@dataclass(frozen=True)
class Change:
    """A sentence in ``language``, as it was written on the day."""

    at: datetime
    sentence: str
    language: str
    activity_id: UUID | None


def changes_of(patient_id: UUID) -> list[Change]:
    """The newest changes of a patient's plan, newest first; of a week that was judged again, the
    newest word only. One query."""
    told = newest_words(decisions_of(patient_id, LOOKED_AT))
    return [
        Change(row.at, row.for_patient, row.language, row.activity_id)
        for row in islice(told, NEWEST)
    ]


def newest_words(rows: Iterable[Adaptation]) -> Iterable[Adaptation]:
    """Of decisions, newest first, those that no newer one of the same week has replaced. Pure."""
    seen = set()
    for row in rows:
        week = row.inputs.get("week_from")
        key = (row.activity_id, row.rule, week)
        if week is not None and key in seen:
            continue
        seen.add(key)
        yield row
