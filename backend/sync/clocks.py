"""When something happened, told by a clock that may be wrong. Pure.

A batch says what the device's clock showed when it was sent. The difference to our own clock on
arrival is how far the device's clock is off, and every instant of the batch is moved by it. The
tolerance is Lumbra's own default: below it, the difference may as well be the way through the net.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

TOLERANCE = timedelta(minutes=2)


def correction(sent_at: datetime, received_at: datetime) -> timedelta:
    """What to add to the instants of a batch; nothing while the clocks agree well enough."""
    off = received_at - sent_at
    return off if abs(off) > TOLERANCE else timedelta(0)


def happened(told_at: datetime, moved_by: timedelta, received_at: datetime) -> datetime:
    """When something happened by our clock; never later than it was told.

    Raises ``OverflowError`` when there is no such instant.
    """
    return min(told_at + moved_by, received_at)


def day_of(at: datetime, zone: str) -> date:
    """The day it was where the person lives."""
    return at.astimezone(ZoneInfo(zone)).date()


def day_meant(day: date, told_at: datetime, occurred_at: datetime, zone: str) -> date:
    """The day that a person meant, whose device showed another date than it was.

    Raises ``OverflowError`` when there is no such day.
    """
    return day + (day_of(occurred_at, zone) - day_of(told_at, zone))
