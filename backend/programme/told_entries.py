"""Diary entries as devices tell them: written, changed and removed, in any order.

An entry is what its newest writing says, from the first time it was written; a version of a
document is what was first written. Removed is removed, whatever comes after. So the same events
give the same diary, however they arrive.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.core.clock import now
from backend.core.database import session, table_of
from backend.core.ids import new_id
from backend.programme.diaries import Diary
from backend.programme.entries import diary_of
from backend.programme.models import Activity, ActivityEntry, PracticeLog
from backend.programme.practice import says_done

# What an entry alone says of a day is older than any note of it, and has no event of its own.
BY_NO_EVENT = UUID(int=0)
Row = dict[str, Any]


def keep_entries(
    told: Sequence[Mapping[str, Any]], activities: Mapping[UUID, Activity], zone: ZoneInfo
) -> None:
    """Write what was told of entries (``values`` of ``None``: removed) and what it says of the days
    concerned: a handful of statements."""
    if not told:
        return
    ids = {each["id"] for each in told}
    stored = session.execute(
        select(table_of(ActivityEntry)).where(ActivityEntry.id.in_(ids)).with_for_update()
    ).mappings()
    kept: dict[UUID, Row] = {row["id"]: dict(row) for row in stored}
    days = {(row["activity_id"], row["day"]) for row in kept.values() if row["counts"]}
    for each in told:
        diary = diary_of(activities[each["activity_id"]].module_id)
        assert diary is not None
        kept[each["id"]] = merged(diary, kept.get(each["id"]), each, zone)
    rows = list(kept.values())
    days |= {(row["activity_id"], row["day"]) for row in rows if row["counts"]}
    table = table_of(ActivityEntry)
    new = upsert(table).values(rows)
    said = ("at", "day", "values", "shared", "counts", "changed_at", "removed_at")
    session.execute(
        new.on_conflict_do_update(
            index_elements=["id"],
            set_={name: new.excluded[name] for name in said},
            # Of an id that another activity has, what stands there stays.
            where=table.c.activity_id == new.excluded.activity_id,
        )
    )
    _keep_days(days, activities, zone)


def merged(diary: Diary, before: Row | None, told: Mapping[str, Any], zone: ZoneInfo) -> Row:
    """An entry after one more thing was told of it. Pure but for the time of arrival."""
    values, at = told["values"], told["at"]
    row: Row = {
        **{name: told[name] for name in ("id", "practice_id", "patient_id", "activity_id")},
        "diary": diary.id,
        "at": at,
        "values": dict(values or {}),
        "shared": told["shared"],
        "changed_at": at,
        "received_at": now() if before is None else before["received_at"],
        "removed_at": at if values is None else None,
    }
    if before is not None:
        removed = [r["removed_at"] for r in (before, row) if r["removed_at"] is not None]
        newest = max if not diary.document else min
        stays = row if removed else newest(before, row, key=_order)
        row = {**stays, "at": min(before["at"], at), "received_at": before["received_at"]}
        row["removed_at"] = min(removed) if removed else None
    if row["removed_at"] is not None:
        day = row["at"].astimezone(zone).date()
        gone = {"day": day, "values": {}, "shared": False, "counts": False}
        return {**row, **gone, "changed_at": row["removed_at"]}
    written = row["changed_at"] if diary.day_field is not None else row["at"]
    row["day"] = diary.day_of(row["values"], written.astimezone(zone).date())
    return {**row, "counts": diary.is_practice(row["values"])}


def _order(row: Mapping[str, Any]) -> tuple[datetime, str, bool]:
    # At the same instant what was said decides, so that the order of arrival does not.
    return row["changed_at"], json.dumps(row["values"], sort_keys=True), row["shared"]


def _keep_days(
    days: Iterable[tuple[UUID, date]], activities: Mapping[UUID, Activity], zone: ZoneInfo
) -> None:
    """Days that an entry counts for are practised; those that none counts for any more are what
    the person noted themselves."""
    touched = set(days)
    if not touched:
        return
    of = tuple_(ActivityEntry.activity_id, ActivityEntry.day)
    found = session.execute(
        select(ActivityEntry.activity_id, ActivityEntry.day)
        .where(of.in_(touched), ActivityEntry.counts)
        .distinct()
    )
    counting = {(activity_id, day) for activity_id, day in found}
    if counting:
        session.execute(
            upsert(PracticeLog)
            .values([_practised(activities[i], day, zone) for i, day in sorted(counting)])
            .on_conflict_do_update(
                index_elements=["activity_id", "day"],
                set_={"done": True, "by_entry": True},
                where=~PracticeLog.done,
            )
        )
    gone = touched - counting
    if gone:
        theirs = (
            tuple_(PracticeLog.activity_id, PracticeLog.day).in_(gone),
            PracticeLog.by_entry,
            ~says_done(),
        )
        session.execute(delete(PracticeLog).where(*theirs, PracticeLog.event_id == BY_NO_EVENT))
        session.execute(update(PracticeLog).where(*theirs).values(done=False, by_entry=False))


def _practised(activity: Activity, day: date, zone: ZoneInfo) -> Row:
    return {
        "id": new_id(),
        "practice_id": activity.practice_id,
        "patient_id": activity.patient_id,
        "activity_id": activity.id,
        "grade": activity.grade,
        "day": day,
        "done": True,
        "values": {},
        "at": datetime.combine(day, time(0), zone),
        "event_id": BY_NO_EVENT,
        "by_entry": True,
    }
