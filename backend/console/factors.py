"""Each factor over time: its answers on one scale, where it counts as elevated, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.console import charts, present, why
from backend.console.why import Scales, Titles, Why, scale_title, tenths
from backend.risk.pathway import Pathway
from backend.risk.profile import FactorRule
from backend.risk.service import CoursePoint
from backend.risk.trajectory import Input

# A smaller difference than this between two answers (0-10) is told as none.
SAME = 0.05


@dataclass(frozen=True)
class Panel:
    """One factor over time; ``last`` and ``change`` are words, ``edge`` is 0-10 or ``None``."""

    title: str
    asked: str
    last: str
    change: str
    is_elevated: bool | None
    edge: float | None
    chart: str
    answers: Mapping[datetime, str]
    why: Why


def panels(
    points: Sequence[CoursePoint],
    missed: Sequence[datetime],
    rules: Pathway,
    scales: Scales,
    zone: str,
) -> list[Panel]:
    """Each input of the score that was ever answered, over the same dates, in the rules' order."""
    if not points:
        return []
    span = (points[0].at, points[-1].at)
    return [
        _panel(each, answered, span, missed, rules, scales, points[-1].method_version, zone)
        for each in rules.trajectory.inputs
        if (answered := [(p.at, p.severity[each.name]) for p in points if each.name in p.severity])
    ]


def titles_of(rules: Pathway, scales: Scales) -> Titles:
    """What each input of the score is called: as the factor that is told from the same answers,
    or else as the scale."""
    return {each.name: _title(each, rules, scales) for each in rules.trajectory.inputs}


def _panel(
    each: Input,
    answered: Sequence[tuple[datetime, float]],
    span: tuple[datetime, datetime],
    missed: Sequence[datetime],
    rules: Pathway,
    scales: Scales,
    version: str,
    zone: str,
) -> Panel:
    edges = _edges(each, rules)
    # The long form replaces the short one only now and then: the line is that of the short one.
    edge = round(10 * list(edges.values())[-1], 1) if edges else None
    values = [(at, round(10 * severity, 1)) for at, severity in answered]
    at, last = values[-1]
    codes = [source.code for source in each.sources]
    return Panel(
        title=_title(each, rules, scales),
        asked=" or ".join(scale_title(code, scales) for code in reversed(codes)),
        last=f"{last:g} of 10 on {present.day(at, zone)}",
        change=_change(values),
        is_elevated=None if edge is None else last >= edge,
        edge=edge,
        chart=charts.answers(charts.Answers(values, span, missed, edge), zone),
        answers={at: f"{value:g}" for at, value in values},
        why=why.by_rules_of(
            Why(
                answered=[
                    (scale_title(code, scales), _answer(each, code, answered[-1][1], scales))
                    for code in reversed(codes)
                ],
                rule=[
                    f"Last answer, put on 0 (best) to 10 (worst): {tenths(answered[-1][1])}.",
                    *_edge_sentences(each, rules, scales),
                    f"It counts in the risk score with the weight {each.weight:g}.",
                ],
                source=why.sources(codes, scales),
                version=version,
                at=at,
                not_meant=(
                    "One answer goes up and down by chance. Lumbra decides on the whole score, "
                    "never on the change of a single factor."
                ),
            ),
            rules.label,
        ),
    )


def _change(values: Sequence[tuple[datetime, float]]) -> str:
    if len(values) == 1:
        return "Asked once so far"
    change = values[-1][1] - values[0][1]
    if abs(change) < SAME:
        return "As at the start"
    points = f"{abs(change):.1f}".removesuffix(".0")
    return (
        f"{points} point{'' if points == '1' else 's'} {'worse' if change > 0 else 'better'} "
        "than at the start"
    )


def _answer(each: Input, code: str, severity: float, scales: Scales) -> str:
    if code not in scales:
        return "no longer asked"
    scale = scales[code]
    ends = f"{scale.lowest:g} to {scale.highest:g}, {scale.direction}"
    if len(each.sources) > 1:
        # Which of them was answered is not kept with the course.
        return ends
    [source] = each.sources
    value = float(source.best) + severity * float(source.worst - source.best)
    return f"{value:.1f}".removesuffix(".0") + f" ({ends})"


def _factor_of(code: str, rules: Pathway) -> FactorRule | None:
    return next((f for f in rules.factors if any(s.code == code for s in f.sources)), None)


def _title(each: Input, rules: Pathway, scales: Scales) -> str:
    factors = (_factor_of(source.code, rules) for source in each.sources)
    titles = (factor.title for factor in factors if factor)
    return next(titles, scale_title(each.sources[-1].code, scales))


def _edges(each: Input, rules: Pathway) -> dict[str, float]:
    """By score code, the severity (0-1) from which the factor is elevated."""
    found = {}
    for source in each.sources:
        factor = _factor_of(source.code, rules)
        for edge in factor.sources if factor else ():
            if edge.code == source.code:
                best, worst = float(source.best), float(source.worst)
                found[source.code] = (float(edge.edge) - best) / (worst - best)
    return found


def _edge_sentences(each: Input, rules: Pathway, scales: Scales) -> list[str]:
    edges = _edges(each, rules)
    if not edges:
        return ["The pathway sets no edge for it: it counts in the score only."]
    told = []
    for code, severity in reversed(edges.items()):
        factor = _factor_of(code, rules)
        assert factor is not None
        edge = next(s.edge for s in factor.sources if s.code == code)
        side = "or less" if code in scales and not scales[code].higher_is_worse else "or more"
        told.append(
            f"Elevated at {edge:g} {side} on {scale_title(code, scales)}, "
            f"which is {tenths(severity)} here."
        )
    return told
