"""A report as a tidy table: one figure a line, every column documented. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backend.evaluation.indicators import Figure, Indicator, Period

# What stands in each column; also the data dictionary in docs/evaluation.md.
COLUMNS = {
    "practice_id": "UUID of the practice; empty: all practices together",
    "period_from": "first day of the period, on the practice's own calendar",
    "period_to": "last day of the period",
    "indicator": "id of the indicator",
    "definition_version": "version of its definition and query",
    "part": "all, or a part such as tier:1",
    "measure": "share, count, mean, sd, q1, median, q3 or p90",
    "numerator": "n; empty for measures that are no share or count",
    "denominator": "N, or how many a mean or quantile rests on; empty for counts",
    "percent": "100 n/N to one place; empty where N is 0",
    "percent_low": "lower end of the 95 % interval (Wilson)",
    "percent_high": "upper end of it",
    "value": "the mean, standard deviation or quantile, in the unit of the part",
    "unit": "what is counted",
    "suppressed": "1: kept back because few people stand behind it, or to protect such a number",
    "as_of": "when it was counted (UTC)",
}


def rows(
    indicators: Mapping[str, Indicator],
    periods: Sequence[Period],
    figures: Sequence[Figure],
    as_of: datetime,
) -> Iterator[dict[str, Any]]:
    """One row a figure, by the names of ``COLUMNS``; ``None`` where there is nothing."""
    for figure in figures:
        indicator, period = indicators[figure.indicator], periods[figure.period]
        low, high = figure.interval or (None, None)
        yield {
            "practice_id": None if figure.practice_id is None else str(figure.practice_id),
            "period_from": period.since.isoformat(),
            "period_to": (period.until - timedelta(days=1)).isoformat(),
            "indicator": indicator.id,
            "definition_version": indicator.version,
            "part": figure.part,
            "measure": figure.measure,
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "percent": _number(figure.percent),
            "percent_low": _number(low),
            "percent_high": _number(high),
            "value": _number(figure.value),
            "unit": indicator.unit,
            "suppressed": int(figure.hidden),
            "as_of": as_of.isoformat(timespec="seconds"),
        }


def as_csv(table: Iterator[Mapping[str, Any]]) -> str:
    """Rows as CSV (RFC 4180) with a head, to be written as UTF-8."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(COLUMNS))
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
