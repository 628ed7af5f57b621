"""Where texts may leave at fewer hours than a practice would choose (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.messaging.quiet_hours import Hours

ANY_HOUR = Hours.between(0, 24)


@dataclass(frozen=True)
class Jurisdiction:
    """A country (``US``) or a part of one (``US-TX``; ISO 3166), and when it lets texts leave."""

    code: str
    title: str
    hours: Hours


@dataclass(frozen=True)
class Jurisdictions:
    """All rows of the table."""

    version: str
    rows: Mapping[str, Jurisdiction]

    def hours(self, code: str | None, country: str) -> Hours:
        """The hours of a jurisdiction within those of its country; of the country if none is named.

        All day where neither has a row. A code that has a row no more gets the narrowest hours,
        which are right everywhere.
        """
        if code is not None and code not in self.rows:
            return self.narrowest
        codes = (country, code or country)
        found = (self.rows[each].hours for each in codes if each in self.rows)
        return reduce(and_, found, ANY_HOUR)

    @property
    def narrowest(self) -> Hours:
        """The hours that every row allows: for whoever may live anywhere."""
        return reduce(and_, (row.hours for row in self.rows.values()), ANY_HOUR)


def clock_of(time_zone: str | None, practice_zone: str) -> tuple[str, bool]:
    """The zone whose clock counts, and whether it is the recipient's own.

    A zone that is not known, or that this machine's tables do not know, is taken to be that of the
    practice.
    """
    try:
        ZoneInfo(time_zone or "")
    except (ZoneInfoNotFoundError, ValueError):
        return practice_zone, False
    return str(time_zone), True
