"""What a pathway decides: one pure function from what was known and what is new to decisions.

The rules are the pathway's, each with its source. Every decision says why, in a sentence with the
numbers and the thresholds, and keeps the facts it rests on, so that it can be made again.

Missing answers never count: a fact that is not known is absent, and no rule can ask for absence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from backend.risk.pathway import AllOf, Condition, Rule, RuleBook, When

NEVER_STRATIFIED = "none"


@dataclass(frozen=True)
class Fact:
    """A fact in words that a provider knows. ``words`` are all its values, when it has words."""

    title: str
    unit: str = ""
    words: tuple[Any, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether it can be compared with a bound."""
        return not self.words


_GROUPS = ("low", "medium", "high")
# What a patient's own text message seems to say.
TEXTS = ("emergency", "self_harm", "maybe_stop", "wrong_number")
FACTS: Mapping[str, Fact] = {
    "danger": Fact("Red-flag answer", words=("emergency", "self_harm", "same_day", "soon")),
    "text": Fact("Text message", words=TEXTS),
    "risk_group": Fact("Risk group", words=_GROUPS),
    "group_before": Fact("Risk group before", words=(NEVER_STRATIFIED, *_GROUPS)),
    "newly_stratified": Fact("Stratified just now", words=(True, False)),
    "phq9_total": Fact("PHQ-9 total"),
    "decision": Fact(
        "Course of the weekly risk score",
        words=("stable", "improving", "not_improving", "rising", "rising_fast"),
    ),
    "week": Fact("Week of the programme"),
    "stuck_marks": Fact("Times stuck in 14 days"),
    "silent_days": Fact("Days without an answer"),
    "silent_after_rise": Fact("The last risk score known was rising", words=(True, False)),
    "unanswered_hours": Fact("Hours since an unanswered weekly check-in opened"),
    "missed_sets": Fact("Weekly check-ins missed in a row before this one"),
    "rmdq": Fact("Roland-Morris score"),
    "rmdq_baseline": Fact("Roland-Morris score at the start"),
    "rmdq_age_days": Fact("Newest Roland-Morris score", " days old"),
    "rmdq_fall": Fact("Roland-Morris fall since the start", " points"),
    "rmdq_fall_percent": Fact("Roland-Morris fall since the start", " %"),
    "rmdq_rise": Fact("Roland-Morris rise above the best so far", " points"),
    "rmdq_rise_percent": Fact("Roland-Morris rise above the best so far", " %"),
    "rmdq_held_rise": Fact("Roland-Morris rise in two sets in a row", " points"),
    "rmdq_held_rise_percent": Fact("Roland-Morris rise in two sets in a row", " %"),
    "rmdq_worst_of_2": Fact("Higher Roland-Morris score of the last two sets"),
    "pain_worst_of_2": Fact("Higher pain intensity of the last two sets"),
    "global_change": Fact(
        "Patient's own view of the change (1 very much better - 7 very much worse)"
    ),
    "dose_percent": Fact("Part of the programme received", " %"),
    "tasks_7_days": Fact("Tasks done in the last 7 days"),
    "plan_days": Fact("Days since the plan was made"),
    "least_factor_change": Fact(
        "Smallest change of a factor whose modules are done", " % of its scale"
    ),
}


@dataclass(frozen=True)
class State:
    """What was known before; what is not known is ``None``.

    ``rmdq_best`` is the lowest of all earlier sets, the baseline included; ``rmdq_best_earlier``
    the lowest before the previous set. Ages and spans are whole days, dose is percent (0-100);
    ``unanswered_hours`` are whole hours. ``missed_sets`` are weekly sets in a row.
    """

    week: int | None = None
    risk_group: str | None = None
    rmdq_baseline: Decimal | None = None
    rmdq_best: Decimal | None = None
    rmdq_previous: Decimal | None = None
    rmdq_previous_age: int | None = None
    rmdq_best_earlier: Decimal | None = None
    pain_previous: Decimal | None = None
    dose_percent: int | None = None
    tasks_7_days: int | None = None
    plan_days: int | None = None
    stuck_marks: int | None = None
    silent_days: int | None = None
    silent_after_rise: bool | None = None
    unanswered_hours: int | None = None
    missed_sets: int | None = None


@dataclass(frozen=True)
class Assessment:
    """What a new set of answers gave; all ``None`` when the clock asks and nothing was answered.

    ``least_factor_change`` compares this set with the start: percent of the scale's range.
    """

    danger: str | None = None
    text: str | None = None
    new_group: str | None = None
    phq9_total: Decimal | None = None
    decision: str | None = None
    rmdq: Decimal | None = None
    pain: Decimal | None = None
    global_change: Decimal | None = None
    least_factor_change: Decimal | None = None


@dataclass(frozen=True)
class Decision:
    """A rule that holds. ``tier``: it raises an alert (1 is the most urgent)."""

    rule: str
    version: str
    kind: str
    tier: int | None
    title: str
    reason: str
    for_patient: str | None
    suggestions: tuple[str, ...]
    source: str
    inputs: Mapping[str, Any]
    because: tuple[Mapping[str, Any], ...] = field(default=())


def decide(rules: RuleBook, state: State, assessment: Assessment) -> tuple[Decision, ...]:
    """Every rule that holds, in the order of the pathway."""
    known = facts(state, assessment)
    found = []
    for rule in rules.rules:
        held = _held(rule.when, known)
        if held is not None:
            found.append(_decision(rule, rules.version, held, known))
    return tuple(found)


def facts(state: State, assessment: Assessment) -> dict[str, Any]:
    """The facts that rules may ask for, without those that are not known."""
    new = assessment.new_group
    every = {
        "danger": assessment.danger,
        "text": assessment.text,
        "risk_group": new or state.risk_group,
        "group_before": None if new is None else state.risk_group or NEVER_STRATIFIED,
        "newly_stratified": True if new is not None else None,
        "phq9_total": assessment.phq9_total,
        "decision": assessment.decision,
        "week": state.week,
        "stuck_marks": state.stuck_marks,
        "silent_days": state.silent_days,
        "silent_after_rise": state.silent_after_rise,
        "unanswered_hours": state.unanswered_hours,
        "missed_sets": state.missed_sets,
        "global_change": assessment.global_change,
        "dose_percent": state.dose_percent,
        "tasks_7_days": state.tasks_7_days,
        "plan_days": state.plan_days,
        "least_factor_change": assessment.least_factor_change,
        **_disability(state, assessment),
    }
    return {name: value for name, value in every.items() if value is not None}


def _disability(state: State, assessment: Assessment) -> dict[str, Any]:
    new, before = assessment.rmdq, state.rmdq_previous
    latest, age = (new, 0) if new is not None else (before, state.rmdq_previous_age)
    fall = _less(state.rmdq_baseline, latest)
    # A rise needs a new answer; a fall may rest on one of some days ago, whose age is a fact.
    rise = _less(new, state.rmdq_best)
    both = None if new is None or before is None else min(new, before)
    held = _less(both, state.rmdq_best_earlier)
    pains = (assessment.pain, state.pain_previous)
    return {
        "rmdq": latest,
        "rmdq_baseline": state.rmdq_baseline,
        "rmdq_age_days": None if latest is None else age,
        "rmdq_fall": fall,
        "rmdq_fall_percent": _percent(fall, state.rmdq_baseline),
        "rmdq_rise": rise,
        "rmdq_rise_percent": _percent(rise, state.rmdq_best),
        "rmdq_held_rise": held,
        "rmdq_held_rise_percent": _percent(held, state.rmdq_best_earlier),
        "rmdq_worst_of_2": None if new is None or before is None else max(new, before),
        "pain_worst_of_2": None if None in pains else max(p for p in pains if p is not None),
    }


def _less(value: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if value is None or other is None else value - other


def _percent(change: Decimal | None, of: Decimal | None) -> Decimal | None:
    if change is None or of is None:
        return None
    # From a score of 0 every rise is without bound; it counts as a rise from 1.
    return (100 * change / max(of, Decimal(1))).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _held(when: When, known: Mapping[str, Any]) -> tuple[Condition, ...] | None:
    """The conditions that make it hold; ``None`` when it does not."""
    if isinstance(when, Condition):
        return (when,) if _holds(when, known.get(when.fact)) else None
    needs_every_part = isinstance(when, AllOf)
    found: list[Condition] = []
    for part in when.parts:
        held = _held(part, known)
        if held is not None:
            found.extend(held)
        elif needs_every_part:
            return None
    return tuple(found) if found else None


def _holds(condition: Condition, value: Any) -> bool:
    if value is None:
        return False
    if condition.at_least is not None:
        return bool(value >= condition.at_least)
    if condition.at_most is not None:
        return bool(value <= condition.at_most)
    if condition.below is not None:
        return bool(value < condition.below)
    return value in condition.values


def _decision(
    rule: Rule, version: str, held: tuple[Condition, ...], known: Mapping[str, Any]
) -> Decision:
    return Decision(
        rule=rule.id,
        version=version,
        kind=rule.kind,
        tier=rule.tier,
        title=rule.title,
        reason="; ".join(_sentence(each, known[each.fact]) for each in held) + ".",
        for_patient=rule.for_patient,
        suggestions=rule.suggestions,
        source=rule.source,
        inputs={name: _plain(value) for name, value in known.items()},
        because=tuple(_because(each, known[each.fact]) for each in held),
    )


def _sentence(condition: Condition, value: Any) -> str:
    fact = FACTS[condition.fact]
    if isinstance(value, bool):
        return fact.title if value else f"not: {fact.title}"
    words = value.replace("_", " ") if isinstance(value, str) else _with_unit(fact, value)
    if condition.at_least is not None:
        return f"{fact.title}: {words}, which is {_short(condition.at_least)} or more"
    if condition.at_most is not None:
        return f"{fact.title}: {words}, which is {_short(condition.at_most)} or less"
    if condition.below is not None:
        return f"{fact.title}: {words}, which is under {_short(condition.below)}"
    return f"{fact.title}: {words}"


def _with_unit(fact: Fact, value: Any) -> str:
    one = {" points": " point", " days old": " day old"}
    unit = one.get(fact.unit, fact.unit) if abs(value) == 1 else fact.unit
    return f"{_short(value)}{unit}"


def _because(condition: Condition, value: Any) -> dict[str, Any]:
    bounds = {
        name: bound
        for name in ("at_least", "at_most", "below")
        if (bound := getattr(condition, name)) is not None
    }
    asked = {name: _plain(bound) for name, bound in bounds.items()}
    if not asked:
        asked = {"one_of": list(condition.values)}
    return {"fact": condition.fact, "value": _plain(value), **asked}


def _short(value: Any) -> str:
    return f"{Decimal(value).normalize():f}"


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
