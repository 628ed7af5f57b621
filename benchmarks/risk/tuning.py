"""Choosing parameters, on the training half only."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

from backend.risk.trajectory import TrajectoryRule
from benchmarks.risk import measures, rules
from benchmarks.risk.cohort import ORIGINS, Cohort, Floats

MOST_FALSE = 2.0
"""False alerts per 100 patient-weeks that any rule may have: once in 50 weeks."""
LONG_ENOUGH = 75.0
"""Weeks to the first false alert of a steady person; 50 is the promise, the rest is margin."""
BUDGET = 8.0
"""Alerts per 100 check-ins."""

SMOOTHING = (0.3, 0.4, 0.5)
USUAL = (0.1, 0.15, 0.2)
"""Below 0.1 a new level would take more than three months to become the usual one."""
FALL_LIMITS = (0.25, 0.5, 0.75, 1.0)
LIMITS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
CURVE_LIMITS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0, 2.4)


@dataclass(frozen=True)
class Half:
    """A cohort with the product's scores and the truth; ``steady`` people for the run length."""

    cohort: Cohort
    scores: Floats
    known: measures.Truth
    steady: Cohort
    steady_scores: Floats


@dataclass(frozen=True)
class Trial:
    """What a rule with certain parameters gave: shares and rates, see ``measures``.

    ``weakest`` is its sensitivity where it is lowest among the origins of deterioration.
    """

    parameters: dict[str, float]
    sensitivity: float
    weakest: float
    false: float
    weeks: float
    load: float
    run_length: float


def half(rule: TrajectoryRule, cohort: Cohort, steady: Cohort) -> Half:
    """Score a half by the product."""
    found = rules.scores(rule, cohort)
    return Half(cohort, found, measures.truth(cohort, found), steady, rules.scores(rule, steady))


def try_flags(where: Half, flags: rules.Flags, steady: rules.Flags, **parameters: float) -> Trial:
    """Point estimates of a rule's flags."""
    counts = measures.count(where.known, flags)
    ever = steady.any(1)
    weeks = (ever * steady.argmax(1) + ~ever * (steady.shape[1] - 1)).sum()
    by_origin = [
        counts.found[sought].sum() / sought.sum()
        for origin in range(len(ORIGINS))
        for sought in [where.known.sought & (where.cohort.origin == origin)]
    ]
    return Trial(
        parameters=parameters,
        sensitivity=float(counts.found.sum() / where.known.sought.sum()),
        weakest=float(min(by_origin)),
        false=float(100 * counts.false.sum() / where.known.calm.sum()),
        weeks=float(counts.weeks[counts.found].mean()) if counts.found.any() else math.nan,
        load=float(100 * counts.alerts.sum() / where.known.scored[:, 1:].sum()),
        run_length=float(weeks / max(ever.sum(), 1)),
    )


def try_rule(where: Half, rule: TrajectoryRule, **parameters: float) -> Trial:
    """Point estimates of the product's rule with some parameters changed."""
    changed = replace(rule, **parameters)  # type: ignore[arg-type]
    flags = rules.rising(rules.decisions(changed, where.cohort, where.scores))
    steady = rules.rising(rules.decisions(changed, where.steady, where.steady_scores))
    return try_flags(where, flags, steady, **parameters)


def try_rival(where: Half, rival: rules.Rival, value: float) -> Trial:
    """Point estimates of a rival at one value of its parameter."""
    return try_flags(
        where,
        rival.says(where.scores, value),
        rival.says(where.steady_scores, value),
        value=value,
    )


def within_bounds(trials: list[Trial]) -> list[Trial]:
    """Those within the bounds of false alerts, load and run length."""
    return [
        t
        for t in trials
        if t.false <= MOST_FALSE and t.load <= BUDGET and t.run_length >= LONG_ENOUGH
    ]


def best_value(trials: list[Trial]) -> Trial:
    """The most sensitive of a rival's trials within bounds."""
    return max(within_bounds(trials), key=lambda t: t.sensitivity)


def search(where: Half, rule: TrajectoryRule) -> list[Trial]:
    """Every combination of the grid."""
    return [
        try_rule(
            where, rule, smoothing=smoothing, usual_smoothing=usual, fall_limit=fall, limit=limit
        )
        for smoothing, usual, fall, limit in itertools.product(
            SMOOTHING, USUAL, FALL_LIMITS, LIMITS
        )
    ]


def choose(trials: list[Trial], most_false: float) -> Trial:
    """The trial to ship: within bounds, no more false alerts than ``most_false``, and of those the
    one that finds most where it finds least, so that it serves no origin at another's cost.
    """
    return max((t for t in within_bounds(trials) if t.false <= most_false), key=lambda t: t.weakest)
