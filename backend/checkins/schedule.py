"""When a check-in opens, reminds and closes: wall-clock rules in the patient's own time zone.

All instants are UTC; all rules are of the patient's wall clock. A wall-clock time that a clock
change skips moves forward by the length of the gap; one that comes twice means the first.
Window and reminder spacing are Lumbra's own defaults, built on
text schemes with a next-day or third-day reminder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

REMINDER_DAYS = (0, 2, 4)
WINDOW_DAYS = 6
# A day after the last reminder; a call helps where texts do not.
CALL_AFTER = timedelta(hours=120)
LAST_MINUTE = time(23, 59)


@dataclass(frozen=True)
class Window:
    """One check-in's times, in UTC. ``reminders`` holds the opening text and the two after it."""

    opens_at: datetime
    closes_at: datetime
    reminders: tuple[datetime, ...]


def at_wall_clock(day: date, at: time, zone: str) -> datetime:
    """The UTC instant at which clocks in ``zone`` show ``at`` on ``day``.

    Raises ``zoneinfo.ZoneInfoNotFoundError`` for an unknown zone.
    """
    # fold=0 names the first of two equal times, and reads a skipped one by the offset before the
    # gap, which lands just as far behind it.
    local = datetime.combine(day, at, ZoneInfo(zone))
    return local.astimezone(UTC)


def day_of(at: datetime, zone: str) -> tuple[datetime, datetime]:
    """The UTC instants at which the local day of ``at`` begins and ends; 23 to 25 hours apart."""
    day = at.astimezone(ZoneInfo(zone)).date()
    midnight = time(0)
    return (
        at_wall_clock(day, midnight, zone),
        at_wall_clock(day + timedelta(days=1), midnight, zone),
    )


def window(opening: date, hour: int, zone: str) -> Window:
    """The window that opens on ``opening`` at ``hour`` (0-23) and closes six days later, 23:59."""
    at = time(hour)
    return Window(
        opens_at=at_wall_clock(opening, at, zone),
        closes_at=at_wall_clock(opening + timedelta(days=WINDOW_DAYS), LAST_MINUTE, zone),
        reminders=tuple(
            at_wall_clock(opening + timedelta(days=days), at, zone) for days in REMINDER_DAYS
        ),
    )


def first_opening(after: datetime, weekday: int, zone: str) -> date:
    """The first ``weekday`` (Monday 0) that lies at least one whole local day after ``after``."""
    earliest = after.astimezone(ZoneInfo(zone)).date() + timedelta(days=2)
    return earliest + timedelta(days=(weekday - earliest.weekday()) % 7)


def next_opening(opened_at: datetime, weekday: int, zone: str) -> date:
    """The opening after the one at ``opened_at``: a week on, or the new weekday if it was changed.

    Always 4 to 10 days later, so that a changed weekday neither doubles nor skips a week.
    """
    aim = opened_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=7)
    shift = (weekday - aim.weekday() + 3) % 7 - 3
    return aim + timedelta(days=shift)


def call_at(opened_at: datetime, closes_at: datetime) -> datetime:
    """When somebody is to call about a set that is unanswered still: 120 hours after it opened.

    Whoever was asked late, for the clock stood still, is called when the window closes at latest.
    """
    return min(opened_at + CALL_AFTER, closes_at)


def next_reminder(window_: Window, now: datetime) -> datetime | None:
    """The earliest reminder later than ``now``, or ``None`` when none is left."""
    later = [instant for instant in window_.reminders if instant > now]
    return later[0] if later else None
