"""What a person notes of their practice, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, tuple_, update

from backend.core.clock import now
from backend.core.database import session
from backend.core.ids import new_id
from backend.core.problems import invalid
from backend.patients.models import Enrolment
from backend.programme.adaptation import practised
from backend.programme.models import ActivityEntry, PracticeLog
from backend.programme.modules import Grade, PracticeValue
from backend.programme.newest import keep_newest
from backend.programme.plans import own_activity, record

BACKDATE_DAYS = 7


def log_practice(
    enrolment: Enrolment,
    activity_id: UUID,
    day: date,
    done: bool,
    confidence: int | None,
    values: Mapping[str, Any],
    pain_after: int | None = None,
    pain_lasted: bool | None = None,
) -> None:
    """Note one day's practice; the same day again replaces it.

    ``day`` is of the patient's own calendar, at most seven days back. Raises ``Problem`` 404, 409
    or 422.
    """
    view = own_activity(activity_id)
    today = now().astimezone(ZoneInfo(enrolment.patient.time_zone)).date()
    faults = day_faults(day, today)
    if faults:
        raise invalid(faults)
    faults = value_faults(view.grade, values)
    if faults:
        raise invalid(faults)
    row = {
        "id": new_id(),
        "practice_id": view.activity.practice_id,
        "patient_id": view.activity.patient_id,
        "activity_id": activity_id,
        "grade": view.activity.grade,
        "day": day,
        "done": done,
        "confidence": confidence,
        "values": dict(values),
        "pain_after": pain_after,
        "pain_lasted": pain_lasted,
        "at": now(),
        "event_id": new_id(),
    }
    keep_practice([row])
    practised(view.activity, day)
    record("activity.practice", view.activity)


def keep_practice(rows: Sequence[Mapping[str, Any]]) -> None:
    """Write days of practice; of the same activity and day the one told last stays.

    Where it says no and an entry in the diary says yes, the day counts by the entry.
    """
    keep_newest(PracticeLog, ("activity_id", "day"), [{**row, "by_entry": False} for row in rows])
    missed = [(row["activity_id"], row["day"]) for row in rows if not row["done"]]
    if missed:
        session.execute(
            update(PracticeLog)
            .where(
                tuple_(PracticeLog.activity_id, PracticeLog.day).in_(missed),
                ~PracticeLog.done,
                says_done(),
            )
            .values(done=True, by_entry=True)
        )


def says_done() -> ColumnElement[bool]:
    """Whether an entry of its day says that what was noted was done."""
    return exists().where(
        ActivityEntry.activity_id == PracticeLog.activity_id,
        ActivityEntry.day == PracticeLog.day,
        ActivityEntry.counts,
    )


def day_faults(day: date, today: date) -> dict[str, str]:
    """What is wrong with a day that something is told of, by field."""
    if today - timedelta(days=BACKDATE_DAYS) <= day <= today:
        return {}
    return {"day": f"Choose a day from the last {BACKDATE_DAYS} days."}


def value_faults(grade: Grade, values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with what was noted of a practice, by field. Pure."""
    asked = {value.id: value for value in grade.practice.values}
    faults = {}
    for name, value in values.items():
        fault = _value_fault(asked[name], value) if name in asked else "This is not asked here."
        if fault is not None:
            faults[f"values.{name}"] = fault
    return faults


def _value_fault(asked: PracticeValue, value: Any) -> str | None:
    if asked.kind == "text":
        fits = isinstance(value, str) and len(value) <= 2000
        return None if fits else "Write up to 2000 characters."
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if asked.kind == "number":
        return None if is_number and abs(value) <= 1e6 else "Give a number."
    assert asked.most is not None
    fits = type(value) is int and 0 <= value <= asked.most
    return None if fits else f"Give a whole number from 0 to {asked.most}."
