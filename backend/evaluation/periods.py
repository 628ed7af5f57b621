"""A stretch of days cut into the periods of a report. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from backend.evaluation.indicators import Period

WHOLE, MONTH, WEEK = "whole", "month", "week"
WAYS = (WHOLE, MONTH, WEEK)
MOST = 120


def cut(since: date, until: date, by: str = WHOLE) -> list[Period]:
    """The periods of ``[since, until)``: months of the calendar, weeks from Monday, or one.

    The first and the last are cut short where the stretch is. Raises ``ValueError`` when it is
    empty, or holds more than ``MOST`` periods.
    """
    if since >= until:
        raise ValueError("Choose a day before the end of the period.")
    found: list[Period] = []
    begin = since
    while begin < until:
        end = min(_NEXT[by](begin, until), until)
        found.append(Period(begin, end))
        begin = end
        if len(found) > MOST:
            raise ValueError(f"These are more than {MOST} periods; choose fewer days.")
    return found


def month_after(day: date) -> date:
    """The first day of the month after that of ``day``."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


_NEXT: dict[str, Callable[[date, date], date]] = {
    WHOLE: lambda day, until: until,
    MONTH: lambda day, until: month_after(day),
    WEEK: lambda day, until: day + timedelta(days=7 - day.weekday()),
}
