"""The process evaluation of the practice, every figure with its definition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Response, render_template, request
from marshmallow import ValidationError

from backend.console.forms import Filled
from backend.console.navigation import MANAGERS
from backend.console.session import signed_in
from backend.console.site import blueprint, undo
from backend.core.problems import Problem, flatten
from backend.evaluation import service as evaluation
from backend.evaluation.download import as_file
from backend.evaluation.indicators import COUNT, SHARE, WHOLE, Figure, Indicator, Period
from backend.evaluation.periods import MONTH, WEEK, month_after
from backend.evaluation.report import PracticeReport, Report
from backend.evaluation.schemas import EvaluationQuery
from backend.evaluation.vocabulary import CONTEXTS

WAYS_IN_WORDS = {"whole": "as a whole", MONTH: "by month", WEEK: "by week"}
NOBODY, UNTOLD = "nobody yet", "no number told yet"
NOTHING = {"people": NOBODY, "providers": NOBODY, "practices": "not due yet"}
# Their denominators are what the practice tells of a month.
TOLD = frozenset({"screening-coverage", "reach"})
MEASURES = {
    "mean": "mean",
    "sd": "standard deviation",
    "q1": "lower quartile",
    "median": "median",
    "q3": "upper quartile",
    "p90": "90th percentile",
}
MINUTES = frozenset({"dose-received", "alert-response"})
NAMES = {
    "waiting": "invited, not joined",
    "adapted": "plan changed by a provider",
    "not-seen": "high risk, not seen within 14 days",
    "own-rating": "providers of themselves",
    "own-less-observer": "own rating less the observer's",
    "month-12": "kept at 12 months",
    "minutes": "minutes of text opened, by person",
}


@dataclass(frozen=True)
class Line:
    """One line of a table: what it is of, and what was counted, in words."""

    days: str
    part: str
    share: str
    percent: str
    interval: str


@dataclass(frozen=True)
class Card:
    """One indicator as the page shows it: the whole by period, and all else."""

    indicator: Indicator
    whole: list[Line]
    parts: list[Line]


@blueprint.get("/practice/evaluation")
@signed_in(*MANAGERS)
def practice_evaluation() -> Any:
    """The practice's process evaluation."""
    asked = {name: value for name, value in request.args.items() if name in ("from", "to", "by")}
    found, filled = _report(asked)
    if found is None:
        return render_template(
            "console/practice_evaluation.html", filled=filled, ways=WAYS_IN_WORDS, cards=[]
        ), 422
    report = found.report
    chosen = {
        "from": report.periods[0].since.isoformat(),
        "to": (report.periods[-1].until - timedelta(days=1)).isoformat(),
        "by": report.by,
    }
    return render_template(
        "console/practice_evaluation.html",
        filled=Filled(chosen),
        ways=WAYS_IN_WORDS,
        cards=[_card(report, indicator) for indicator in report.indicators.values()],
        chosen=chosen,
        report=report,
        context=found.context,
        kinds=CONTEXTS,
        date_of=date_of,
    )


@blueprint.get("/practice/evaluation.csv")
@signed_in(*MANAGERS)
def practice_evaluation_csv() -> Response:
    """The same as a file."""
    asked = {name: value for name, value in request.args.items() if name in ("from", "to", "by")}
    try:
        return as_file(evaluation.of_practice(**EvaluationQuery().load(asked)))
    except ValidationError as fault:
        raise Problem(422, "invalid", "Some values need another look.") from fault


def _report(asked: dict[str, str]) -> tuple[PracticeReport | None, Filled]:
    given = {name: value for name, value in asked.items() if value}
    try:
        return evaluation.of_practice(**EvaluationQuery().load(given)), Filled(asked)
    except ValidationError as fault:
        return None, Filled(asked, errors=flatten(fault.messages))
    except Problem as problem:
        undo(problem)
        return None, Filled(asked, errors=problem.errors)


def _card(report: Report, indicator: Indicator) -> Card:
    whole: list[Line] = []
    parts: list[Line] = []
    for number, period in enumerate(report.periods):
        days = span_of(period)
        for figure in report.of(indicator.id, number):
            line = _line(indicator, days, figure)
            is_headline = figure.part == WHOLE and figure.measure in (SHARE, COUNT)
            (whole if is_headline else parts).append(line)
    return Card(indicator, whole, parts)


def _line(indicator: Indicator, days: str, figure: Figure) -> Line:
    interval = ""
    if figure.interval is not None:
        interval = f"{figure.interval[0]} to {figure.interval[1]} %"
    if figure.measure == SHARE:
        empty = UNTOLD if indicator.id in TOLD else NOTHING.get(indicator.unit, "nothing yet")
        percent = f"{figure.percent} %" if figure.percent is not None else empty
        share = f"{figure.numerator} of {figure.denominator}"
        return Line(days, _named(indicator, figure), share, percent, interval)
    if figure.measure == COUNT:
        return Line(days, _named(indicator, figure), f"{figure.numerator}", "", "")
    unit = " minutes" if indicator.id in MINUTES else ""
    told = f"{MEASURES[figure.measure]} {figure.value}{unit}"
    return Line(days, _named(indicator, figure), f"of {figure.denominator}", told, "")


def _named(indicator: Indicator, figure: Figure) -> str:
    """A part in words: ``By tier: tier 1``."""
    rule = indicator.rule_of(figure.part)
    if figure.part == WHOLE or rule is None:
        return "all"
    name = figure.part.removeprefix(rule.prefix) or figure.part
    words = NAMES.get(name, name.replace("-", " "))
    return words if words == rule.title.lower() else f"{rule.title}: {words}"


def span_of(period: Period) -> str:
    """``September 2026``, or ``2 Sep 2026 to 5 Oct 2026``."""
    last = period.until - timedelta(days=1)
    if period.since.day == 1 and period.until == month_after(period.since):
        return f"{period.since:%B %Y}"
    return f"{period.since.day} {period.since:%b %Y} to {last.day} {last:%b %Y}"


def date_of(day: date) -> str:
    """``1 September 2026``."""
    return f"{day.day} {day:%B %Y}"
