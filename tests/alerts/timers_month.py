"""The month of ``docs/timers.md``, worked out by counting minutes one by one.

``python -m tests.alerts.timers_month`` prints the table's rows. Nothing here is the application's
code but the times that the pathway gives to each tier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.risk.pathway import ServiceTime
from tests.shipped import PATHWAY

SHOWN = "%a %d %b %H:%M"
YEAR = 2027
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Place:
    """A practice: its zone, its hours by weekday (Monday 0) and the days it is closed."""

    zone: str
    hours: dict[int, tuple[str, str]]
    closed: frozenset[date] = frozenset()

    def is_open(self, at: datetime) -> bool:
        """Whether the minute that begins at ``at`` is one of service."""
        wall = at.astimezone(ZoneInfo(self.zone))
        span = self.hours.get(wall.weekday())
        if span is None or wall.date() in self.closed:
            return False
        return span[0] <= wall.strftime("%H:%M") < span[1]


SURGERY = Place(
    "Europe/London",
    {**dict.fromkeys(range(5), ("08:00", "18:00")), 5: ("09:00", "12:00")},
    frozenset({date(YEAR, 3, 26), date(YEAR, 3, 29)}),
)
NIGHT_LINE = Place("Europe/London", dict.fromkeys(range(7), ("00:00", "06:00")))

# Wall clock of the practice, and the tier.
RAISED = [
    ("03-15 10:00", 1),
    ("03-15 17:45", 1),
    ("03-16 08:00", 2),
    ("03-17 21:30", 1),
    ("03-18 12:00", 3),
    ("03-19 17:59", 1),
    ("03-20 11:30", 1),
    ("03-20 15:00", 2),
    ("03-21 13:00", 1),
    ("03-22 09:15", 3),
    ("03-23 16:00", 2),
    ("03-24 17:30", 1),
    ("03-25 09:00", 2),
    ("03-25 17:40", 1),
    ("03-25 18:00", 3),
    ("03-26 11:00", 1),
    ("03-27 09:00", 1),
    ("03-27 11:45", 1),
    ("03-28 02:30", 2),
    ("03-29 10:00", 1),
    ("03-30 07:59", 1),
    ("03-31 14:20", 2),
    ("04-01 17:15", 1),
    ("04-02 12:00", 3),
    ("04-05 10:30", 2),
    ("04-09 17:50", 1),
    ("04-12 08:10", 3),
    ("04-14 16:00", 2),
]
AT_NIGHT = [("03-27 05:30", 1), ("03-28 00:30", 1), ("03-28 02:10", 1), ("03-28 05:45", 1)]


def rows(place: Place, raised: list[tuple[str, int]]) -> Iterator[tuple[str, ...]]:
    """The table's rows."""
    times = PATHWAY.alerts
    for wall, tier in raised:
        at = datetime.fromisoformat(f"{YEAR}-{wall}").replace(tzinfo=ZoneInfo(place.zone))
        at = at.astimezone(UTC)
        climbs = [walk(place, at, step) for step in times.escalation[tier]]
        yield (
            show(place, at),
            str(tier),
            show(place, walk(place, at, times.response_times[tier])),
            ", ".join(show(place, each) for each in climbs) or "no",
            show(place, walk(place, at, times.resolution_times[tier])),
        )


def walk(place: Place, at: datetime, span: ServiceTime) -> datetime:
    """Where somebody gets to who looks at the clock once a minute."""
    if span.working_days:
        return _walk_days(place, at, span.working_days)
    left = span.minutes
    while True:
        if place.is_open(at):
            left -= 1
        at += MINUTE
        if left == 0:
            return at


def _walk_days(place: Place, at: datetime, days: int) -> datetime:
    zone = ZoneInfo(place.zone)
    raised_on = at.astimezone(zone).date()
    counted: set[date] = set()
    while True:
        today = at.astimezone(zone).date()
        if place.is_open(at) and today != raised_on:
            counted.add(today)
        at += MINUTE
        if len(counted) == days and today in counted and not place.is_open(at):
            return at


def show(place: Place, at: datetime) -> str:
    """What the practice's clock shows."""
    return at.astimezone(ZoneInfo(place.zone)).strftime(SHOWN)


if __name__ == "__main__":
    for where, raised in ((SURGERY, RAISED), (NIGHT_LINE, AT_NIGHT)):
        print("\n".join(f"| {' | '.join(row)} |" for row in rows(where, raised)), end="\n\n")
