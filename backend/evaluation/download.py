"""A practice's report as a file to be kept."""

from __future__ import annotations

from datetime import timedelta

from flask import Response

from backend.evaluation import tidy
from backend.evaluation.report import PracticeReport

CSV = "text/csv; charset=utf-8"


def as_file(found: PracticeReport) -> Response:
    """The figures as a CSV file, named by its days."""
    report = found.report
    rows = tidy.rows(report.indicators, report.periods, report.figures, report.as_of)
    last = report.periods[-1].until - timedelta(days=1)
    answer = Response(tidy.as_csv(rows), content_type=CSV)
    name = f"evaluation-{report.periods[0].since}-{last}.csv"
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer
