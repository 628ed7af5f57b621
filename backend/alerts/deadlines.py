"""Instants in a practice's service time: by when to respond, to escalate, to be done. Pure.

Minutes count only while the practice is open; a working day is a day with service that is no
holiday. Targets are defaults of the pathway, to be signed by the practice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.risk.pathway import ServiceTime

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# A practice without any service in this many days has no deadlines to speak of.
LONGEST_CLOSURE_DAYS = 60

Hours = Mapping[int, tuple[time, time]]


def service_hours(stored: Mapping[str, Any]) -> dict[int, tuple[time, time]]:
    """``{"monday": ["08:00", "18:00"]}`` by weekday number (Monday 0).

    Raises ``ValueError`` for a time that is none, or a closing not after its opening.
    """
    hours = {}
    for name, (opens, closes) in stored.items():
        span = time.fromisoformat(opens), time.fromisoformat(closes)
        if span[0] >= span[1]:
            raise ValueError(f"{name}: closes before it opens")
        hours[WEEKDAYS.index(name)] = span
    return hours


def after(
    at: datetime, span: ServiceTime, hours: Hours, zone: str, holidays: Set[date] = frozenset()
) -> datetime:
    """The UTC instant that lies ``span`` of service time after ``at``.

    ``working_days`` ends at the close of that many full days of service from the next one on.
    Without any service within 60 days: plain time, so that a deadline always exists.
    """
    if span.working_days:
        return _after_days(at, span.working_days, hours, zone, holidays)
    return _after_minutes(at, timedelta(minutes=span.minutes), hours, zone, holidays)


def minutes_between(
    start: datetime, end: datetime, hours: Hours, zone: str, holidays: Set[date] = frozenset()
) -> int:
    """Whole minutes of service time from ``start`` to ``end``, both UTC; 0 unless ``end`` is later.

    Counts at most 60 days.
    """
    open_time = timedelta(0)
    for opens, closes in _periods(start, hours, zone, holidays):
        if opens >= end:
            break
        open_time += max(min(end, closes) - max(start, opens), timedelta(0))
    return int(open_time.total_seconds() // 60)


def periods(
    start: datetime, end: datetime, hours: Hours, zone: str, holidays: Set[date] = frozenset()
) -> list[tuple[datetime, datetime]]:
    """When the practice is open between two UTC instants, from the day of the first on."""
    found: list[tuple[datetime, datetime]] = []
    day, last = (at.astimezone(ZoneInfo(zone)).date() for at in (start, end))
    while day <= last:
        found += _open_on(day, hours, zone, holidays)
        day += timedelta(days=1)
    return found


def _after_minutes(
    at: datetime, left: timedelta, hours: Hours, zone: str, holidays: Set[date]
) -> datetime:
    for opens, closes in _periods(at, hours, zone, holidays):
        begins = max(at, opens)
        if begins + left <= closes:
            return begins + left
        left -= max(closes - begins, timedelta(0))
    return at + left


def _after_days(at: datetime, days: int, hours: Hours, zone: str, holidays: Set[date]) -> datetime:
    today = at.astimezone(ZoneInfo(zone)).date()
    left = days
    for opens, closes in _periods(at, hours, zone, holidays):
        if opens.astimezone(ZoneInfo(zone)).date() == today:
            continue
        left -= 1
        if left == 0:
            return closes
    return at + timedelta(days=days)


def _periods(
    at: datetime, hours: Hours, zone: str, holidays: Set[date]
) -> Iterator[tuple[datetime, datetime]]:
    first = at.astimezone(ZoneInfo(zone)).date()
    for offset in range(LONGEST_CLOSURE_DAYS):
        for opens, closes in _open_on(first + timedelta(days=offset), hours, zone, holidays):
            if closes > at:
                yield opens, closes


def _open_on(
    day: date, hours: Hours, zone: str, holidays: Set[date]
) -> list[tuple[datetime, datetime]]:
    if day in holidays or day.weekday() not in hours:
        return []
    opens, closes = (
        datetime.combine(day, wall, ZoneInfo(zone)).astimezone(UTC) for wall in hours[day.weekday()]
    )
    return [(opens, closes)]
