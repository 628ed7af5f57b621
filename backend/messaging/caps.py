"""How many texts a number is sent: one on a day, three in seven days (pure).

One a day and three a week are the bounds of the health-care exemption of the American TCPA (FCC
2015; from memory, to be checked), kept everywhere. Days are of the recipient's own calendar; the
week is any seven days in a row, so that no boundary between two weeks lets six through.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.messaging.quiet_hours import Hours, send_time

A_DAY = 1
A_WEEK = 3
WEEK_DAYS = 7
# Within so many days of now lies every text that can hold another one back, and the text before it
# about the same set, without which it would look like the first.
LOOKED_BACK = timedelta(days=2 * WEEK_DAYS + 1)
# For whom texts were planned within two weeks, whether they left or not, shares the number.
SHARED_WITHIN = timedelta(days=2 * WEEK_DAYS)


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


@dataclass(frozen=True)
class Earlier:
    """A text that left to the number: when, and about what."""

    at: datetime
    subject: Hashable


@dataclass(frozen=True)
class Waiting:
    """A text that is due and has not left: about what, and until when it is of use.

    ``key`` settles which of two goes first that are of use equally long.
    """

    subject: Hashable
    until: datetime | None
    key: str


def going_before(
    mine: Waiting, others: Iterable[Waiting], earlier: Sequence[Earlier]
) -> list[Waiting]:
    """Which of the others that wait for the same number go before mine.

    A first text about something goes before a second one about something else, and of two first
    texts the one that is of use for a shorter time: where a day has room for one only, each person
    hears of what they are asked, if that can be.
    """
    told = {each.subject for each in earlier}
    again = mine.subject is not None and mine.subject in told
    return [
        other
        for other in others
        if other.subject != mine.subject
        and other.subject not in told
        and (again or _urgency(other) < _urgency(mine))
    ]


def _urgency(text: Waiting) -> tuple[bool, float, str]:
    until = text.until
    return (until is None, 0.0 if until is None else until.timestamp(), text.key)


def departure(
    at: datetime,
    time_zone: str,
    hours: Hours,
    earlier: Sequence[Earlier],
    people: int = 1,
    subject: Hashable = None,
) -> datetime | None:
    """The first instant from ``at`` on at which a text may leave, in UTC; ``None``: never.

    Outside quiet hours and within the caps, given what left to this number within ``LOOKED_BACK``.
    A text that waits for a day to come leaves at its first open hour. Where several ``people``
    share the number, a second text about the same ``subject`` leaves room for the first ones of the
    others: so many in seven days as the week's cap has more places than people.
    Raises ``zoneinfo.ZoneInfoNotFoundError`` for an unknown zone.
    """
    zone = ZoneInfo(time_zone)
    opening = send_time(at, time_zone, hours)
    if opening is None:
        return None
    day = opening.astimezone(zone).date()
    free = first_free_day(day, [_day(each, zone) for each in earlier])
    if people > 1 and subject is not None and subject in {each.subject for each in earlier}:
        room = A_WEEK - people
        if room < 1:
            return None
        again = sorted((_day(each, zone) for each in _repeats(earlier)), reverse=True)
        if len(again) >= room:
            free = max(free, again[room - 1] + timedelta(days=WEEK_DAYS))
    if free == day:
        return opening
    return send_time(datetime.combine(free, datetime.min.time(), zone), time_zone, hours)


def _day(text: Earlier, zone: ZoneInfo) -> date:
    return text.at.astimezone(zone).date()


def _repeats(earlier: Sequence[Earlier]) -> Iterator[Earlier]:
    told: set[Hashable] = set()
    for each in sorted(earlier, key=lambda text: text.at):
        if each.subject is not None and each.subject in told:
            yield each
        told.add(each.subject)
