"""How good the flags of a rule are, against the truth, with 95 % confidence intervals.

All rules are counted alike: an alert begins where a flag is raised that was not up at the answer
before, as one open alert gathers what follows. Weeks without a score change nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.risk.cohort import Cohort, Floats

REAL_FROM = 10.0
"""Smallest lasting rise of the true score, in points, that counts as real deterioration."""
WINDOW = 8
"""Weeks from onset within which an alert counts as detection."""
REPEAT_WITHIN = 8
"""An alert repeats when the same person had one in so many weeks before."""
RESAMPLES = 400


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Truth:
    """What there was to find. ``sought``: people whose real deterioration could be seen, with at
    least one score from onset to the end of the window. ``calm``: weeks under observation without
    deterioration, in which an alert is false.
    """

    cohort: Cohort
    scored: NDArray[np.bool_]
    sought: NDArray[np.bool_]
    window: NDArray[np.bool_]
    calm: NDArray[np.bool_]


@dataclass(frozen=True)
class Counts:
    """Alerts of one rule, person by person. ``weeks``: from onset to detection, -1 for none."""

    began: NDArray[np.bool_]
    false: NDArray[np.int64]
    found: NDArray[np.bool_]
    up: NDArray[np.bool_]
    weeks: NDArray[np.int64]
    alerts: NDArray[np.int64]
    repeats: NDArray[np.int64]


def truth(cohort: Cohort, scores: Floats) -> Truth:
    """The truth about those who could be seen."""
    scored = ~np.isnan(scores)
    week = np.arange(scores.shape[1])[None, :]
    onset = cohort.onset[:, None]
    window = (onset >= 0) & (week >= onset) & (week <= onset + WINDOW)
    last = np.where(scored, week, 0).max(1)[:, None]
    calm = (week >= 1) & (week <= last) & ((onset < 0) | (week < onset))
    sought = (cohort.rise >= REAL_FROM) & (cohort.onset >= 0) & (scored & window).any(1)
    return Truth(cohort, scored, sought, window, calm)


def begins(flags: NDArray[np.bool_], scored: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where alerts begin."""
    began = np.zeros(flags.shape, bool)
    up = np.zeros(len(flags), bool)
    for week in range(flags.shape[1]):
        now = np.where(scored[:, week], flags[:, week], up)
        began[:, week] = now & ~up
        up = now
    return began


def count(known: Truth, flags: NDArray[np.bool_]) -> Counts:
    """Count a rule's alerts against the truth."""
    began = begins(flags, known.scored)
    hits = began & known.window
    week = np.arange(flags.shape[1])[None, :]
    before = np.maximum.accumulate(np.where(began, week, -99), axis=1)
    before = np.concatenate([np.full((len(flags), 1), -99), before[:, :-1]], axis=1)
    return Counts(
        began=began,
        false=(began & known.calm).sum(1),
        found=hits.any(1) & known.sought,
        up=(flags & known.scored & known.window).any(1) & known.sought,
        weeks=np.where(hits.any(1), hits.argmax(1) - known.cohort.onset, -1),
        alerts=began.sum(1),
        repeats=(began & (week - before <= REPEAT_WITHIN)).sum(1),
    )


def wilson(hits: int, of: int) -> Estimate:
    """A proportion with Wilson's interval (Wilson 1927)."""
    if of == 0:
        return Estimate(math.nan, math.nan, math.nan)
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    # Rounding would take the ends of the scale a hair beyond it.
    return Estimate(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def resampled(people: int, figure: Callable[[NDArray[np.int64]], float], seed: int = 7) -> Estimate:
    """A figure over people with a percentile bootstrap interval; people are drawn, not weeks."""
    draw = np.random.default_rng(seed)
    values = [figure(draw.integers(0, people, people)) for _ in range(RESAMPLES)]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Estimate(figure(np.arange(people)), float(low), float(high))


def sensitivity(known: Truth, counts: Counts, among: NDArray[np.bool_] | None = None) -> Estimate:
    """The share of real deteriorations found within the window."""
    sought = known.sought if among is None else known.sought & among
    return wilson(int(counts.found[sought].sum()), int(sought.sum()))


def up_anyway(known: Truth, counts: Counts) -> Estimate:
    """Counted leniently: a flag that is up within the window, though it was up before onset."""
    return wilson(int(counts.up.sum()), int(known.sought.sum()))


def false_rate(known: Truth, counts: Counts, among: NDArray[np.bool_] | None = None) -> Estimate:
    """False alerts per 100 patient-weeks without deterioration."""
    kept = np.ones(len(counts.false), bool) if among is None else among
    false, weeks = counts.false[kept], known.calm.sum(1)[kept]
    return resampled(int(kept.sum()), lambda who: 100 * false[who].sum() / weeks[who].sum())


def load(known: Truth, counts: Counts) -> Estimate:
    """Alerts per 100 scored check-ins after the baseline."""
    scored = known.scored[:, 1:].sum(1)
    return resampled(len(scored), lambda who: 100 * counts.alerts[who].sum() / scored[who].sum())


def repeat_share(counts: Counts) -> Estimate:
    """The share of alerts that repeat."""
    return wilson(int(counts.repeats.sum()), int(counts.alerts.sum()))


def delay(counts: Counts) -> tuple[Estimate, float, float, float]:
    """Median weeks from onset to detection, its quartiles, and the mean."""
    weeks = counts.weeks[counts.found]
    median = resampled(len(weeks), lambda who: float(np.median(weeks[who])))
    low, high = np.percentile(weeks, [25, 75])
    return median, float(low), float(high), float(weeks.mean())


def run_length(flags: NDArray[np.bool_]) -> Estimate:
    """Mean weeks until the first false alert of people whose true level never moves.

    Weeks at risk over first alerts, so that those never flagged count too.
    """
    ever = flags.any(1)
    weeks = np.where(ever, flags.argmax(1), flags.shape[1] - 1)

    def mean(who: NDArray[np.int64]) -> float:
        return float(weeks[who].sum() / max(ever[who].sum(), 1))

    return resampled(len(flags), mean)
