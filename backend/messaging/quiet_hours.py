"""At which hours of the recipient's own day a text may leave (pure)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SUNDAY = 6
ALL_DAY = frozenset(range(24))


@dataclass(frozen=True)
class Hours:
    """The hours (0-23) at which texts may leave on each weekday, Monday first."""

    by_weekday: tuple[frozenset[int], ...]

    @classmethod
    def between(cls, first: int, end: int) -> Hours:
        """Every day from ``first``:00 to ``end``:00 (0-24)."""
        return cls((frozenset(range(first, end)),) * 7)

    @classmethod
    def outside(cls, quiet_from: int, quiet_until: int) -> Hours:
        """Every day but for the quiet hours (0-23); equal bounds mean that no hour is quiet."""
        quiet = set(range(quiet_from, quiet_until))
        if quiet_from > quiet_until:
            quiet = {*range(quiet_from, 24), *range(quiet_until)}
        return cls((ALL_DAY - quiet,) * 7)

    def on(self, weekday: int, hours: Collection[int]) -> Hours:
        """The same, with other hours on one weekday (Monday 0)."""
        days = list(self.by_weekday)
        days[weekday] = frozenset(hours)
        return Hours(tuple(days))

    def __and__(self, other: Hours) -> Hours:
        """The hours that both allow."""
        pairs = zip(self.by_weekday, other.by_weekday, strict=True)
        return Hours(tuple(mine & theirs for mine, theirs in pairs))

    def allow(self, local: datetime) -> bool:
        """Whether a text may leave at a wall-clock time."""
        return local.hour in self.by_weekday[local.weekday()]


def send_time(instant: datetime, time_zone: str, hours: Hours) -> datetime | None:
    """``instant`` itself, or the next moment at which texts may leave, in UTC; ``None``: never.

    Hours are of the wall clock in ``time_zone`` (IANA). An opening that the clocks skip in spring
    moves forward by what is skipped; of one that comes twice in autumn the first counts.
    Raises ``zoneinfo.ZoneInfoNotFoundError`` for an unknown zone.
    """
    zone = ZoneInfo(time_zone)
    local = instant.astimezone(zone)
    if hours.allow(local):
        return instant.astimezone(UTC)
    # The eighth day is for what is left of today's own weekday.
    for days in range(8):
        day = local.date() + timedelta(days=days)
        for opening in _openings(day, zone, hours.by_weekday[day.weekday()]):
            if opening > instant and hours.allow(opening.astimezone(zone)):
                return opening
    return None


@lru_cache(maxsize=4096)
def _openings(day: date, zone: ZoneInfo, hours: frozenset[int]) -> tuple[datetime, ...]:
    # With fold=0 a skipped wall time is read by the offset before the change: that is later.
    found = (datetime.combine(day, time(hour), zone).astimezone(UTC) for hour in hours)
    return tuple(sorted(found))
