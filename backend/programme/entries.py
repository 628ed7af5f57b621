"""What a patient writes into the diary of a module.

Each entry has an id, which the client may make: the same one sent again is one entry, in whatever
order writing, changing and removing arrive. An entry that says something was practised is practice
of its day, once a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.pagination import decode_cursor, encode_cursor
from backend.core.problems import Problem, invalid, not_found
from backend.programme import adaptation, diaries, diary_files
from backend.programme.diaries import Diary
from backend.programme.graded import zone_of
from backend.programme.models import Activity, ActivityEntry, PracticeLog
from backend.programme.plans import (
    ActivityView,
    find_own,
    own_activity,
    plan_of,
    record,
    refuse_waiting,
    with_standings,
)
from backend.programme.practice import BACKDATE_DAYS, day_faults, says_done

DAYS_BACK = f"Choose a day from the last {BACKDATE_DAYS} days."
# Providers see so many of the newest entries that were shared with them.
SHOWN = 50


@dataclass(frozen=True)
class Entry:
    """An entry as it stands. ``version`` counts the versions of a document from 1."""

    row: ActivityEntry
    can_change: bool
    version: int | None = None


@dataclass(frozen=True)
class Entries:
    """A page of a diary, newest entry first.

    ``fallback`` is the quota of a flare-up today, where an activity has one.
    """

    diary: Diary
    language: str
    items: list[Entry]
    next_cursor: str | None
    fallback: Mapping[str, Any] | None = None

    @property
    def said(self) -> dict[str, Any]:
        """The diary in the patient's language."""
        return diaries.said(self.diary, self.language)


@dataclass(frozen=True)
class Use:
    """How much a diary is used: entries of the last 7 and 28 days, of which the words are the
    patient's own; ``shared`` are those that they show."""

    diary: Diary
    last_7: int
    last_28: int
    shared: list[ActivityEntry]


def diary_of(module_id: str) -> Diary | None:
    """The diary of a module, if it has one."""
    return diary_files.load_diaries(current_app.extensions["settings"].content).get(module_id)


def diary_for(activity_id: UUID) -> Diary:
    """The diary of one of the signed-in patient's activities. Raises ``Problem`` 404 or 409."""
    return _diary(own_activity(activity_id).module.id)


def entries_of(activity_id: UUID, limit: int, cursor: str | None) -> Entries:
    """A page of the signed-in patient's entries; also while a safety hold locks the module.

    Raises ``Problem`` 404, or 409 before the module begins.
    """
    activity, language = find_own(activity_id)
    diary = _diary(activity.module_id)
    refuse_waiting(activity)
    rows = _page(activity_id, limit + 1, cursor)
    more, rows = len(rows) > limit, rows[:limit]
    today = _today(activity.patient_id)
    last = rows[-1] if more else None
    record("activity.entries", activity)
    return Entries(
        diary,
        language,
        [replace(_entry(diary, row, today), version=n) for row, n in _numbered(diary, rows)],
        encode_cursor("entries", last.at.isoformat(), str(last.id)) if last else None,
        _fallback(activity.patient_id, language) if diary.document else None,
    )


def keep(
    activity_id: UUID,
    entry_id: UUID | None,
    at: datetime | None,
    values: Mapping[str, Any],
    shared: bool = False,
) -> tuple[Entry, bool]:
    """Keep an entry that was written at an instant (default: now); whether it is new.

    An id that was kept before is not kept again: what stands there is told. Raises ``Problem`` 404,
    409 or 422.
    """
    view = own_activity(activity_id)
    diary = _diary(view.module.id)
    kept = None if entry_id is None else _known(activity_id, entry_id)
    if kept is not None:
        return _told(diary, kept), False
    row = _row(view, diary, entry_id or new_id(), min(at or now(), now()), values, shared)
    if not _inserted(row):
        raise Problem(409, "id-used", "Another entry has this id.")
    if row["counts"]:
        _practised(view, row["day"])
    record("activity.entry", view.activity, diary=diary.id)
    return _told(diary, session.get_one(ActivityEntry, row["id"])), True


def change(
    activity_id: UUID,
    entry_id: UUID,
    at: datetime | None,
    values: Mapping[str, Any],
    shared: bool = False,
) -> Entry:
    """Write an entry anew, as it was changed at an instant; the newest change counts.

    An entry that has not arrived yet is kept as it is changed. A version of a document stays as it
    is. Raises ``Problem`` 404, 409 or 422.
    """
    view = own_activity(activity_id)
    diary = _diary(view.module.id)
    row = _known(activity_id, entry_id, lock=True)
    if row is None:
        return keep(activity_id, entry_id, at, values, shared)[0]
    if diary.document:
        raise Problem(409, "kept-version", "A change is a new version: send it as a new entry.")
    at = min(at or now(), now())
    today = _today(view.activity.patient_id)
    if row.removed_at is not None or at < row.changed_at:
        return _told(diary, row)
    _refuse_late(diary, row, today)
    _refuse_faults(diaries.faults(diary, values, today))
    # A plan is of the day on which it is told to be done; what was written down stays where it was.
    written = at if diary.day_field is not None else row.at
    day = diary.day_of(values, _local(written, view.activity.patient_id))
    _refuse_day(f"values.{diary.day_field}", day, today)
    before = row.day if row.counts else None
    row.day, row.counts = day, diary.is_practice(values)
    row.values, row.shared, row.changed_at = dict(values), shared, at
    session.flush()
    if row.counts:
        _practised(view, row.day)
    if before is not None:
        _not_practised(view.activity, before)
    record("activity.entry-change", view.activity, diary=diary.id)
    return _told(diary, row)


def remove(activity_id: UUID, entry_id: UUID, at: datetime | None = None) -> None:
    """Remove an entry for good; only its id is kept. Raises ``Problem`` 404 or 409."""
    view = own_activity(activity_id)
    diary = _diary(view.module.id)
    row = _known(activity_id, entry_id, lock=True)
    if row is None:
        gone = _row(view, diary, entry_id, min(at or now(), now()), None, False)
        if not _inserted({**gone, "removed_at": now()}):
            raise not_found("entry")
        return
    if row.removed_at is not None:
        return
    _refuse_late(diary, row, _today(view.activity.patient_id))
    before = row.day if row.counts else None
    row.removed_at, row.values, row.counts, row.shared = now(), {}, False, False
    session.flush()
    if before is not None:
        _not_practised(view.activity, before)
    record("activity.entry-remove", view.activity, diary=diary.id)


def use_of(patient_id: UUID) -> list[Use]:
    """How much a patient uses each diary, and what they show of it: two queries."""
    today = _today(patient_id)
    day = ActivityEntry.day
    mine = (ActivityEntry.patient_id == patient_id, ActivityEntry.removed_at.is_(None))
    counted = (
        select(
            ActivityEntry.diary,
            func.count().filter(day > today - timedelta(days=7)).label("week"),
            func.count().label("month"),
        )
        .where(*mine, day > today - timedelta(days=28))
        .group_by(ActivityEntry.diary)
    )
    counts = {row.diary: (row.week, row.month) for row in session.execute(counted)}
    newest = (
        select(ActivityEntry)
        .where(*mine, ActivityEntry.shared)
        .order_by(ActivityEntry.at.desc())
        .limit(SHOWN)
    )
    shown: dict[str, list[ActivityEntry]] = {}
    for row in session.scalars(newest):
        shown.setdefault(row.diary, []).append(row)
    known = diary_files.load_diaries(current_app.extensions["settings"].content).values()
    audit.record("entries.read", practice_id=actor.practice_id, patient_id=patient_id)
    return [
        Use(diary, *counts.get(diary.id, (0, 0)), shown.get(diary.id, []))
        for diary in known
        if diary.id in counts or diary.id in shown
    ]


def _diary(module_id: str) -> Diary:
    diary = diary_of(module_id)
    if diary is None:
        raise Problem(409, "other-practice", "This module is practised in another way.")
    return diary


def _row(
    view: ActivityView,
    diary: Diary,
    entry_id: UUID,
    at: datetime,
    values: Mapping[str, Any] | None,
    shared: bool,
) -> dict[str, Any]:
    patient_id = view.activity.patient_id
    today, written = _today(patient_id), _local(at, patient_id)
    _refuse_day("at", written, today)
    day, counts = written, False
    if values is not None:
        _refuse_faults(diaries.faults(diary, values, today))
        day, counts = diary.day_of(values, written), diary.is_practice(values)
        _refuse_day(f"values.{diary.day_field}", day, today)
    return {
        "id": entry_id,
        "practice_id": view.activity.practice_id,
        "patient_id": patient_id,
        "activity_id": view.activity.id,
        "diary": diary.id,
        "at": at,
        "day": day,
        "values": dict(values or {}),
        "shared": shared,
        "counts": counts,
        "changed_at": at,
        "received_at": now(),
        "removed_at": None,
    }


def _inserted(row: Mapping[str, Any]) -> bool:
    new = upsert(ActivityEntry).values(**row).on_conflict_do_nothing(index_elements=["id"])
    return session.scalar(new.returning(ActivityEntry.id)) is not None


def _known(activity_id: UUID, entry_id: UUID, lock: bool = False) -> ActivityEntry | None:
    query = select(ActivityEntry).where(
        ActivityEntry.id == entry_id, ActivityEntry.activity_id == activity_id
    )
    return session.scalar(query.with_for_update() if lock else query)


def _refuse_faults(faults: Mapping[str, str]) -> None:
    if faults:
        raise invalid(faults)


def _refuse_day(field: str, day: date, today: date) -> None:
    _refuse_faults(dict.fromkeys([field] if day_faults(day, today) else [], DAYS_BACK))


def _refuse_late(diary: Diary, row: ActivityEntry, today: date) -> None:
    if not _can_change(diary, row, today):
        raise Problem(
            409, "too-late", f"An entry can be changed for {BACKDATE_DAYS} days after its day."
        )


def _can_change(diary: Diary, row: ActivityEntry, today: date) -> bool:
    last = row.day
    if diary.day_field is not None and diary.day_field in row.values:
        last = max(last, date.fromisoformat(row.values[diary.day_field]))
    return today <= last + timedelta(days=BACKDATE_DAYS)


def _entry(diary: Diary, row: ActivityEntry, today: date) -> Entry:
    return Entry(row, not diary.document and _can_change(diary, row, today))


def _told(diary: Diary, row: ActivityEntry) -> Entry:
    [(_, version)] = _numbered(diary, [row])
    return replace(_entry(diary, row, _today(row.patient_id)), version=version)


def _numbered(diary: Diary, rows: list[ActivityEntry]) -> list[tuple[ActivityEntry, int | None]]:
    """The rows of a page, newest first, with their version where they are a document's."""
    if not diary.document or not rows:
        return [(row, None) for row in rows]
    newest = rows[0]
    older = select(func.count()).where(
        ActivityEntry.activity_id == newest.activity_id,
        ActivityEntry.removed_at.is_(None),
        tuple_(ActivityEntry.at, ActivityEntry.id) < tuple_(newest.at, newest.id),
    )
    last = (session.scalar(older) or 0) + 1
    return [(row, last - n) for n, row in enumerate(rows)]


def _page(activity_id: UUID, limit: int, cursor: str | None) -> list[ActivityEntry]:
    query = (
        select(ActivityEntry)
        .where(ActivityEntry.activity_id == activity_id, ActivityEntry.removed_at.is_(None))
        .order_by(ActivityEntry.at.desc(), ActivityEntry.id.desc())
        .limit(limit)
    )
    if cursor is not None:
        at, last = decode_cursor("entries", cursor)
        before = (datetime.fromisoformat(at), UUID(last))
        query = query.where(tuple_(ActivityEntry.at, ActivityEntry.id) < before)
    return list(session.scalars(query))


def _practised(view: ActivityView, day: date) -> None:
    """An entry says that something was done on a day; a note that says so already stays."""
    # As old as the day itself, so that whatever the person notes of that day takes its place.
    began = datetime.combine(day, time(0), ZoneInfo(zone_of(view.activity.patient_id)))
    row = {
        "id": new_id(),
        "practice_id": view.activity.practice_id,
        "patient_id": view.activity.patient_id,
        "activity_id": view.activity.id,
        "grade": view.activity.grade,
        "day": day,
        "done": True,
        "values": {},
        "at": began,
        "event_id": UUID(int=0),
        "by_entry": True,
    }
    session.execute(
        upsert(PracticeLog)
        .values(**row)
        .on_conflict_do_update(
            index_elements=["activity_id", "day"],
            set_={"done": True, "by_entry": True},
            where=~PracticeLog.done,
        )
    )
    adaptation.practised(view.activity, day)


def _not_practised(activity: Activity, day: date) -> None:
    """The last entry that said so may be gone: what the person noted themselves stays done."""
    session.execute(
        update(PracticeLog)
        .where(
            PracticeLog.activity_id == activity.id,
            PracticeLog.day == day,
            PracticeLog.by_entry,
            ~says_done(),
        )
        .values(done=False, by_entry=False)
    )
    adaptation.refold(activity.patient_id)


def _fallback(patient_id: UUID, language: str) -> dict[str, Any] | None:
    """The quota of a flare-up, from where the graded activity of the plan stands today."""
    for view in with_standings(plan_of(patient_id, language)).activities:
        quota = view.standing.quota if view.standing else None
        if quota is not None and quota.aim and quota.state and quota.state.flare_quota is not None:
            return {
                "activity": quota.aim.activity,
                "amount": quota.state.flare_quota,
                "measure": quota.aim.measure,
            }
    return None


def _today(patient_id: UUID) -> date:
    return _local(now(), patient_id)


def _local(at: datetime, patient_id: UUID) -> date:
    return at.astimezone(ZoneInfo(zone_of(patient_id))).date()
