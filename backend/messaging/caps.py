"""How many texts a number is sent: one on a day, three in seven days (pure).

One a day and three a week are the bounds of the health-care exemption of the American TCPA (FCC
2015; from memory, to be checked), kept everywhere. Days are of the recipient's own calendar; the
week is any seven days in a row, so that no boundary between two weeks lets six through.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.messaging.quiet_hours import Hours, send_time

A_DAY = 1
A_WEEK = 3
WEEK_DAYS = 7
# Within so many days of now lies every text that can hold another one back.
LOOKED_BACK = timedelta(days=WEEK_DAYS + 1)


def first_free_day(day: date, left: Iterable[date]) -> date:
    """The first day from ``day`` on at which a text more keeps within both caps.

    ``left`` are the days on which texts have left; none of them lies after ``day``.
    """
    newest = sorted(left, reverse=True)
    free = day
    if newest[A_DAY - 1 : A_DAY] == [day]:
        free = day + timedelta(days=1)
    if len(newest) >= A_WEEK:
        free = max(free, newest[A_WEEK - 1] + timedelta(days=WEEK_DAYS))
    return free


def departure(
    at: datetime, time_zone: str, hours: Hours, left: Iterable[datetime]
) -> datetime | None:
    """The first instant from ``at`` on at which a text may leave, in UTC; ``None``: never.

    Outside quiet hours and within the caps, given when texts to this number have ``left`` in the
    eight days before. A text that waits for a day to come leaves at its first open hour.
    Raises ``zoneinfo.ZoneInfoNotFoundError`` for an unknown zone.
    """
    zone = ZoneInfo(time_zone)
    opening = send_time(at, time_zone, hours)
    if opening is None:
        return None
    day = opening.astimezone(zone).date()
    free = first_free_day(day, [instant.astimezone(zone).date() for instant in left])
    if free == day:
        return opening
    return send_time(datetime.combine(free, datetime.min.time(), zone), time_zone, hours)
