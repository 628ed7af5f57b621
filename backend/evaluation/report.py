"""The process evaluation of a practice, or of all: the figures, with their definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from backend.core import audit
from backend.core.clock import now
from backend.core.identity import actor
from backend.core.problems import invalid
from backend.evaluation import counting, periods, records, suppression
from backend.evaluation.indicators import Figure, Indicator, Period
from backend.evaluation.models import ContextNote
from backend.practices.models import Practice

# The months told of by default, the present one included.
USUAL_MONTHS = 3


@dataclass(frozen=True)
class Report:
    """Figures of some practices by indicator and period, known at ``as_of``.

    ``figures`` go by indicator, then practice, period and part, the whole first. A figure without
    a practice is of all together.
    """

    by: str
    as_of: datetime
    periods: Sequence[Period]
    indicators: Mapping[str, Indicator]
    figures: Sequence[Figure]
    zones: Mapping[str, str]

    def of(self, indicator: str, period: int) -> list[Figure]:
        """An indicator's figures of a period, the whole first."""
        return [f for f in self.figures if (f.indicator, f.period) == (indicator, period)]


@dataclass(frozen=True)
class PracticeReport:
    """A practice's own report, nothing kept back, and what went on meanwhile."""

    practice: Practice
    report: Report
    context: Sequence[ContextNote]


def of_practice(since: date | None, last: date | None, by: str) -> PracticeReport:
    """The actor's practice from ``since`` to ``last``, both included, on its own calendar.

    Where not said: to today, from the first day of the month before the last. Raises ``Problem``
    422.
    """
    [practice] = counting.of_practices(actor.practice_id)
    until = (last or now().astimezone(ZoneInfo(practice.time_zone)).date()) + timedelta(days=1)
    begin = since or _months_before(until - timedelta(days=1), USUAL_MONTHS - 1)
    cut = _cut(begin, until, by)
    audit.record("evaluation.read", practice_id=practice.id)
    return PracticeReport(
        practice, _report([practice], cut, by, now()), records.context(begin, until)
    )


def of_all(since: date, last: date, by: str, threshold: int | None) -> Report:
    """Every practice in view and all together, for outsiders: small numbers are kept back.

    Periods are of each practice's own calendar. Raises ``Problem`` 422.
    """
    practices = counting.of_practices()
    report = _report(practices, _cut(since, last + timedelta(days=1), by), by, now())
    every = sorted(
        [*report.figures, *counting.together(report.figures)],
        key=lambda f: (f.indicator, f.period),
    )
    shown: list[Figure] = []
    for (indicator, _), group in groupby(every, key=lambda f: (f.indicator, f.period)):
        definition = report.indicators[indicator]
        least = suppression.THRESHOLD if threshold is None else threshold
        shown += suppression.for_outside(definition, list(group), least)
    for practice in practices:
        audit.record("evaluation.export", practice_id=practice.id)
    places = {name: place for place, name in enumerate(report.indicators)}
    shown.sort(key=lambda f: (places[f.indicator], f.practice_id is None))
    return Report(by, report.as_of, report.periods, report.indicators, shown, report.zones)


def _report(
    practices: Sequence[Practice], cut: Sequence[Period], by: str, as_of: datetime
) -> Report:
    figures = counting.count(practices, cut, as_of) if practices else []
    zones = {str(practice.id): practice.time_zone for practice in practices}
    return Report(by, as_of, cut, counting.indicators(), figures, zones)


def _cut(since: date, until: date, by: str) -> list[Period]:
    try:
        return periods.cut(since, until, by)
    except ValueError as fault:
        raise invalid({"from": str(fault)}) from None


def _months_before(day: date, months: int) -> date:
    first = day.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first
