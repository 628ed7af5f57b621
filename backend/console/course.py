"""A patient's course, put into words and pictures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from backend.alerts.models import OPEN_STATES, Alert
from backend.console import charts, present, why
from backend.console.factors import titles_of
from backend.console.svg import Flag, Size
from backend.console.why import Scales, Titles, Told, Why
from backend.risk.models import RiskAssessment
from backend.risk.pathway import Pathway
from backend.risk.service import CoursePoint
from backend.risk.trajectory import CONCERNS

DECISIONS = {
    "stable": "Stable",
    "improving": "Improving",
    "not_improving": "Not improving as expected",
    "rising": "Rising",
    "rising_fast": "Rising fast",
}


@dataclass(frozen=True)
class NumberedAlert:
    """An alert with its number in the picture. ``drawn`` is false for one that lies before it."""

    number: int
    alert: Alert
    evidence: present.Evidence
    why: Why
    drawn: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to deal with it."""
        return self.alert.status in OPEN_STATES


@dataclass(frozen=True)
class Number:
    """One number with its reason."""

    label: str
    value: str
    why: Why


@dataclass(frozen=True)
class Drawing:
    """The course as drawn for a desk and for a phone, and what its key has to explain."""

    desk: str
    phone: str
    has_error: bool
    has_expected: bool
    lacks_weeks: bool


@dataclass(frozen=True)
class Picture:
    """The course: one sentence, the drawing, every number in it, and what makes up the score."""

    sentence: str
    drawing: Drawing
    numbers: Sequence[Number]
    shares: Sequence[tuple[str, float]]
    shares_why: Why | None
    points: Sequence[CoursePoint]

    @property
    def is_rising(self) -> bool:
        """Whether the newest decision is a concern, whatever alerts are open."""
        return self.points[-1].decision in CONCERNS


def numbered(alerts: Sequence[Alert], points: Sequence[CoursePoint]) -> list[NumberedAlert]:
    """Alerts, oldest first, numbered from 1 as they are marked in the picture."""
    drawn = {flag.number for flag in _drawn(points, (), _flags(alerts), None).shown_flags()}
    found = []
    for number, alert in enumerate(alerts, 1):
        told = present.evidence(alert.evidence[-1], {})
        found.append(
            NumberedAlert(
                number, alert, told, why.alert(told, alert.rule_version), str(number) in drawn
            )
        )
    return found


def picture(
    points: Sequence[CoursePoint],
    missed: Sequence[datetime],
    alerts: Sequence[Alert],
    rules: Pathway,
    scales: Scales,
    path: str | None,
    zone: str,
) -> Picture | None:
    """The picture of a course, or ``None`` before there is one. ``path`` is the kind of course that
    is expected (acute, persistent); dates are told in ``zone``."""
    if not points:
        return None
    titles = titles_of(rules, scales)
    scored = [point for point in points if point.value is not None]
    last = scored[-1] if scored else None
    since = [at for at in missed if at > points[-1].at]
    return Picture(
        sentence=sentence(points[-1], since, zone),
        drawing=_drawing(_drawn(points, missed, _flags(alerts), rules), zone),
        numbers=_numbers(points, last, rules, path, titles) if last else [],
        shares=_shares(last, titles) if last else [],
        shares_why=_contributions(last, rules, titles) if last else None,
        points=points,
    )


def drawing(
    points: Sequence[CoursePoint],
    missed: Sequence[datetime],
    alert: Alert,
    rules: Pathway,
    zone: str,
) -> Drawing:
    """The course with one alert marked in it, for the page of that alert."""
    flag = Flag(alert.opened_at, "!", alert.tier)
    return _drawing(_drawn(points, missed, [flag], rules), zone, charts.GLANCE, charts.GLANCE_PHONE)


def elevated(profile: RiskAssessment | None, scales: Scales, told: Told) -> list[Number] | None:
    """The factors that were elevated when they were last profiled; ``None`` before that."""
    if profile is None:
        return None
    return [
        Number(
            factor["title"],
            factor.get("because", "")
            if factor["value"] is None
            else why.scale_value(factor["code"], factor["value"], scales),
            why.elevated_factor(factor, profile, scales, told),
        )
        for factor in profile.result.get("elevated", [])
    ]


def sentence(point: CoursePoint, missed_since: Sequence[datetime], zone: str) -> str:
    """The newest decision and its reason in one sentence, and that nothing was heard since."""
    reasons = "; ".join(point.reasons)
    if point.value is None:
        said = "No score could be made"
    else:
        said = DECISIONS.get(point.decision or "", present.spaced(point.decision or "no decision"))
    because = f": {reasons}" if reasons else ""
    weeks = len(missed_since)
    silence = f" No answer in the {weeks} weeks since." if weeks > 1 else ""
    if weeks == 1:
        silence = " No answer in the week since."
    return f"{said} on {present.day(point.at, zone)}{because}.{silence}"


def _drawing(
    drawn: charts.Course, zone: str, desk: Size = charts.DESK, phone: Size = charts.PHONE
) -> Drawing:
    return Drawing(
        desk=charts.course(drawn, zone, desk),
        phone=charts.course(drawn, zone, phone),
        has_error=any(week.error is not None for week in drawn.weeks),
        has_expected=any(week.expected is not None for week in drawn.weeks),
        lacks_weeks=bool(drawn.without_score()),
    )


def _flags(alerts: Sequence[Alert]) -> list[Flag]:
    return [
        Flag(alert.opened_at, str(number), alert.tier) for number, alert in enumerate(alerts, 1)
    ]


def _drawn(
    points: Sequence[CoursePoint],
    missed: Sequence[datetime],
    flags: Sequence[Flag],
    rules: Pathway | None,
) -> charts.Course:
    weeks = [
        charts.Week(
            point.at,
            None if point.value is None else float(point.value),
            point.error,
            point.expected,
        )
        for point in points
    ]
    if rules is None:
        return charts.Course(weeks, missed, flags)
    edges: dict[str, Any] = {
        "medium_from": float(rules.trajectory.medium_from),
        "high_from": float(rules.trajectory.high_from),
    }
    return charts.Course(weeks, missed, flags, **edges)


def _numbers(
    points: Sequence[CoursePoint],
    last: CoursePoint,
    rules: Pathway,
    path: str | None,
    titles: Titles,
) -> list[Number]:
    rule = rules.trajectory
    found = [
        Number(
            "Decision",
            DECISIONS.get(last.decision or "", present.spaced(last.decision or "none")),
            why.decision(last, rule),
        ),
        Number("Risk score", f"{float(last.value or 0):.0f} of 100", why.score(last, titles)),
    ]
    if last.error is not None:
        found.append(
            Number("Measurement error", f"± {last.error:.0f} points", why.error(last, rule))
        )
    if last.band is not None:
        found.append(Number("Band of the score", present.spaced(last.band), why.band(last, rule)))
    if last.expected is not None:
        first = next(point for point in points if point.value is not None)
        found.append(
            Number(
                "Expected by now", f"{last.expected:.0f} of 100", why.expected(first, last, path)
            )
        )
    return [replace(each, why=why.by_rules_of(each.why, rules.label)) for each in found]


def _contributions(last: CoursePoint, rules: Pathway, titles: Titles) -> Why:
    return why.by_rules_of(why.contributions(last, rules.trajectory, titles), rules.label)


def _shares(last: CoursePoint, titles: Titles) -> list[tuple[str, float]]:
    named = [(titles.get(n, present.spaced(n)), points) for n, points in last.contributions.items()]
    return sorted(named, key=lambda each: -each[1])
