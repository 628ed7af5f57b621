"""When a text may leave: never in the quiet hours of the recipient's own day (pure)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def is_quiet(hour: int, quiet_from: int, quiet_until: int) -> bool:
    """Whether an hour of the day (0-23) is quiet. Equal bounds mean that no hour is."""
    if quiet_from <= quiet_until:
        return quiet_from <= hour < quiet_until
    return hour >= quiet_from or hour < quiet_until


def send_time(instant: datetime, time_zone: str, quiet_from: int, quiet_until: int) -> datetime:
    """``instant`` itself, or the end of the quiet hours it falls into; in UTC.

    Hours are of the wall clock in ``time_zone`` (IANA). An end that the clocks skip in spring moves
    forward by what is skipped; of an end that comes twice in autumn the first counts.
    Raises ``zoneinfo.ZoneInfoNotFoundError`` for an unknown zone.
    """
    zone = ZoneInfo(time_zone)
    local = instant.astimezone(zone)
    if not is_quiet(local.hour, quiet_from, quiet_until):
        return instant.astimezone(UTC)
    day = local.date() + timedelta(days=1 if local.hour >= quiet_until else 0)
    # With fold=0 a skipped wall time is read by the offset before the change: that is later.
    return datetime.combine(day, time(quiet_until), zone).astimezone(UTC)
