"""Why a number stands on a page: what was answered, the threshold, the rule and its source, and
what the number does not mean. Pure.

Each function takes what was stored with the judgement, so that it tells of the day it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from backend.console.present import Evidence, spaced, words
from backend.risk.models import RiskAssessment
from backend.risk.response_index import ResponseIndexRule
from backend.risk.service import CoursePoint
from backend.risk.trajectory import TrajectoryRule

OURS = "Lumbra"
OWN_SCORE = (
    "The score is Lumbra's own and is not validated. It helps to notice a change early; it is not "
    "a diagnosis and not this person's probability of anything."
)
OWN_SCORE_SOURCE = (
    "Weights after how strongly each factor goes with later disability (Lee 2015; SBPR 2011); "
    "how they are put together is Lumbra's own"
)
RELIABLE_CHANGE = "Reliable change (Jacobson and Truax 1991)"


@dataclass(frozen=True)
class Scale:
    """A scale of an instrument in words; ``source`` is where it was published."""

    title: str
    lowest: float
    highest: float
    higher_is_worse: bool
    source: str
    verified: bool

    @property
    def direction(self) -> str:
        """Which end is the bad one."""
        return "higher is worse" if self.higher_is_worse else "lower is worse"

    @property
    def origin(self) -> str:
        """Where it comes from, with what is to be known of that."""
        if self.source == OURS:
            return "a question of Lumbra's own, not validated"
        return self.source if self.verified else f"{self.source} (our copy is not yet verified)"


@dataclass(frozen=True)
class Why:
    """What stands behind one number, part by part; an empty part has nothing to tell."""

    not_meant: str
    answered: Sequence[tuple[str, str]] = ()
    rule: Sequence[str] = ()
    source: str = ""
    version: str = ""
    at: datetime | None = None


Scales = Mapping[str, Scale]
Titles = Mapping[str, str]
# By score code: the questions behind it, with what was answered.
Told = Mapping[str, Sequence[tuple[str, str]]]


def scale_title(code: str, scales: Scales) -> str:
    """What a scale is called; its code in words where it is no longer asked."""
    return scales[code].title if code in scales else spaced(code)


def scale_value(code: str, value: Any, scales: Scales) -> str:
    """``7 of 10, higher is worse``."""
    if code not in scales or value is None:
        return words(value)
    scale = scales[code]
    return f"{float(value):g} of {scale.highest:g} ({scale.direction})"


def _answered(code: str, value: Any, scales: Scales) -> tuple[str, str]:
    return scale_title(code, scales), scale_value(code, value, scales)


def sources(codes: Sequence[str], scales: Scales) -> str:
    """Where the scales were published, each once, and what nobody has verified yet."""
    known = [scales[code] for code in codes if code in scales]
    return "; ".join(dict.fromkeys(scale.origin for scale in known))


def by_rules_of(reason: Why, label: str) -> Why:
    """The reason, saying so when its edges are told from newer rules than those that decided."""
    if reason.version == label:
        return reason
    return replace(reason, version=f"{reason.version}; the edges told here are those of {label}")


def risk_group(found: RiskAssessment, scales: Scales, told: Told) -> Why:
    """Why this risk group; each question once, though it may count in more than one score."""
    codes = list(found.inputs)
    questions = {question: answer for code in codes for question, answer in told.get(code, ())}
    return Why(
        answered=[
            *(_answered(code, value, scales) for code, value in found.inputs.items()),
            *questions.items(),
        ],
        rule=_sentences(found.reasons),
        source=sources(codes, scales),
        version=found.method_version,
        at=found.at,
        not_meant=(
            "A group that helps to choose care, not a diagnosis and not this person's own "
            "probability of lasting pain. For single persons such tools tell little more than "
            "chance does (AUC 0.50-0.61 for STarT Back, Kongsted 2016); your judgement may differ."
        ),
    )


def elevated_factor(
    factor: Mapping[str, Any], found: RiskAssessment, scales: Scales, told: Told
) -> Why:
    """Why this factor counts as elevated: by a score, or by an answer that is enough by itself."""
    code = factor["code"]
    scale = scales.get(code)
    side = "or more" if scale is None or scale.higher_is_worse else "or less"
    by_itself = factor.get("edge") is None
    return Why(
        answered=[
            *([] if by_itself else [_answered(code, factor["value"], scales)]),
            *told.get(code, ()),
        ],
        rule=[
            "This answer is enough by itself."
            if by_itself
            else f"Elevated at {factor['edge']:g} {side}.",
            *_sentences([factor["because"]] if by_itself and factor.get("because") else []),
            f"Severity {factor['severity']:g}: 0 at the edge, 1 at the worst possible answer.",
        ],
        source=sources([code], scales) or "Lumbra's own",
        version=found.method_version,
        at=found.at,
        not_meant=(
            "A reason to talk about it and to choose modules, not a diagnosis. The edge is a "
            "default of the pathway, for the practice's clinicians to confirm."
        ),
    )


def response_index(found: RiskAssessment, rule: ResponseIndexRule, scales: Scales) -> Why:
    """Why this response index."""
    points = found.result.get("points", {})
    return Why(
        answered=[
            (
                scale_title(code, scales),
                scale_value(code, value, scales)
                + (f": {words(points[code])} of 2 points" if code in points else ""),
            )
            for code, value in found.inputs.items()
        ],
        rule=[
            "The points are added up and scaled to 0-10; "
            f"mid from {rule.mid_from}, high from {rule.high_from}.",
            *_sentences(r for r in found.reasons if " gives " not in r),
        ],
        source=(
            "Lumbra's own; no published rule tells reliably who will respond (van der Windt 2008)"
        ),
        version=found.method_version,
        at=found.at,
        not_meant=(
            "Not validated. It changes how much human contact is offered, never whether somebody "
            "gets the programme."
        ),
    )


def score(point: CoursePoint, titles: Titles) -> Why:
    """Why this risk score."""
    older = ", ".join(_title(name, titles).lower() for name in point.older)
    return Why(
        answered=[
            (title, tenths(point.severity[name]))
            for name, title in titles.items()
            if name in point.severity
        ],
        rule=[
            "The weighted mean of the answers, each put on the same scale (0 best, 10 worst), and "
            "then stretched to 0-100.",
            *(
                [f"Not asked this time, so taken from earlier and counting less: {older}."]
                if older
                else []
            ),
            *([] if point.value is not None else _sentences(point.reasons)),
        ],
        source=OWN_SCORE_SOURCE,
        version=point.method_version,
        at=point.at,
        not_meant=OWN_SCORE,
    )


def error(point: CoursePoint, rule: TrajectoryRule) -> Why:
    """Why this much may be measurement error."""
    return Why(
        rule=[
            "About two times in three the true score lies this close to the one that was measured "
            "(standard error of measurement).",
            f"Between two weeks, only a change of {rule.reliable_change_90:.0f} points or more is "
            f"real with 90 % confidence, and of {rule.reliable_change_95:.0f} with 95 %.",
        ],
        source=RELIABLE_CHANGE,
        version=point.method_version,
        at=point.at,
        not_meant="The shaded band is not a range in which the person's future lies.",
    )


def band(point: CoursePoint, rule: TrajectoryRule) -> Why:
    """Why this band."""
    return Why(
        answered=[("Risk score", f"{float(point.value or 0):g} of 100")],
        rule=[
            f"Low below {rule.medium_from:g}, medium from {rule.medium_from:g}, "
            f"high from {rule.high_from:g}.",
            *_near_edge(point, rule),
        ],
        source="Lumbra's own default",
        version=point.method_version,
        at=point.at,
        not_meant=(
            "A band of the weekly score. It is not the STarT Back risk group, and no alert is "
            "raised because of the band alone."
        ),
    )


def expected(first: CoursePoint, last: CoursePoint, course: str | None) -> Why:
    """Why this score was to be expected by now."""
    days = (last.at - first.at).days
    told = [("First score", f"{float(first.value):g} of 100")] if first.value is not None else []
    return Why(
        answered=[*told, ("Days since then", f"{days}")],
        rule=[
            "It falls from the first score, fast at first and then ever more slowly, as an average "
            f"{spaced(course).lower() + ' ' if course else ''}course of back pain does.",
            "Whether somebody improves as expected is told by the distance of the score from this "
            "line, smoothed over weeks.",
        ],
        source=(
            "Courses of back pain (Menezes Costa 2012), used for the score for want of better; the "
            "parameters are defaults of the pathway"
        ),
        version=last.method_version,
        at=last.at,
        not_meant="An average of many people, not a goal and not a forecast for this person.",
    )


def decision(point: CoursePoint, rule: TrajectoryRule) -> Why:
    """Why the course is called so."""
    value = "no score" if point.value is None else f"{float(point.value):g} of 100"
    return Why(
        answered=[
            ("Risk score", value),
            *([("Expected by now", f"{point.expected:g}")] if point.expected is not None else []),
            *([("Measurement error", f"± {point.error:.0f}")] if point.error is not None else []),
            (
                "Smallest change that is real",
                f"{rule.reliable_change_90:.0f} points (90 % confidence), "
                f"{rule.reliable_change_95:.0f} points (95 %)",
            ),
        ],
        rule=_sentences(point.reasons),
        source="Control charts against measurement error; the limits are Lumbra's own",
        version=point.method_version,
        at=point.at,
        not_meant=(
            "A sign that the numbers have moved, not why they have, and not that care has failed. "
            "The patient knows what has changed: ask."
        ),
    )


def contributions(point: CoursePoint, rule: TrajectoryRule, titles: Titles) -> Why:
    """Why each part adds its points to the score."""
    weights = {each.name: f"{each.weight:g}" for each in rule.inputs}
    return Why(
        answered=[
            (_title(name, titles), _answer_behind(name, point)) for name in point.contributions
        ],
        rule=[
            "Each part's points are its answer (0 to 10) times its weight, over the sum of "
            "the weights, times 10. Together they make the score.",
            "Weights: "
            + ", ".join(
                f"{_title(name, titles).lower()} {weights[name]}"
                for name in point.contributions
                if name in weights
            )
            + ". An answer of an earlier week weighs less the older it is.",
        ],
        source=OWN_SCORE_SOURCE,
        version=point.method_version,
        at=point.at,
        not_meant=(
            "What adds most points is not therefore the cause of the pain. It is where a "
            "conversation may begin."
        ),
    )


def alert(entry: Evidence, version: str) -> Why:
    """Why this alert was opened, or what was added to it last."""
    return Why(
        answered=[*entry.answers, *entry.rows],
        rule=[*_sentences(entry.because), *_sentences(entry.reasons)],
        source=entry.source or "",
        version=version,
        at=entry.at,
        not_meant=(
            "A rule has looked at answers and numbers; nobody has examined the patient. "
            "No alert does not mean that all is well."
        ),
    )


def tenths(severity: float) -> str:
    """A severity of 0-1 as ``7 of 10``."""
    return f"{round(10 * severity, 1):g} of 10"


def _answer_behind(name: str, point: CoursePoint) -> str:
    told = f"{words(point.contributions[name])} points"
    if name in point.severity:
        return f"{told}; answered {tenths(point.severity[name])}"
    return f"{told}; from an earlier week" if name in point.older else told


def _near_edge(point: CoursePoint, rule: TrajectoryRule) -> list[str]:
    if point.error is None or point.value is None:
        return []
    value = float(point.value)
    near = [
        f"{edge:g}"
        for edge in (rule.medium_from, rule.high_from)
        if abs(value - float(edge)) <= point.error
    ]
    if not near:
        return []
    return [f"The edge at {' and '.join(near)} is within measurement error of this score."]


def _title(name: str, titles: Titles) -> str:
    return titles.get(name, spaced(name))


def _sentences(reasons: Any) -> list[str]:
    return [f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}" for text in reasons]
