"""People who answer weekly for half a year, and the truth about them. Seeded, vectorised.

Each person has a true level (0 best, 100 worst) that follows one of five courses. Each input of the
score has a true severity of its own around that level; what is answered is that severity plus the
error of measurement, rounded to the instrument's whole numbers. So the truth lies on the scale of
the score: it is the score that answers without error would give.

Parameters and where they come from are in ``PARAMETERS``; ``docs/risk.md`` prints them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WEEKS = 27
"""Occasions: the baseline and 26 weekly check-ins."""

RECOVERING, PERSISTENT, FLUCTUATING, FLARE, DETERIORATING = range(5)
SCENARIOS = ("recovering", "persistent", "fluctuating", "flare and return", "deteriorating")
SHARES = (0.45, 0.20, 0.15, 0.10, 0.10)
AFTER_RECOVERY, FROM_LEVEL, FROM_FLUCTUATION = range(3)
ORIGINS = ("after recovery", "from a steady level", "from a fluctuating level")

INPUTS = (
    "interference", "intensity", "self-efficacy", "low-mood", "catastrophizing", "fear",
    "anxiety", "sleep", "work",
)  # fmt: skip
# Steps of each input's scale: two items of 0-10 averaged, single items 0-10, PHQ-2 and GAD-2 0-6.
STEPS = np.array([20, 10, 10, 6, 10, 10, 6, 10, 10])
WEIGHTS = np.array([3, 2, 2.3, 2, 1.5, 1.5, 1.5, 1, 1.5])
# The mediators that take turns in the weekly check-in; those without a place in the score too.
TURNS = ("fear", "catastrophizing", "sleep", "work", "stress", "understanding", "support", "active")
LONGER_WEEKS = (0, 3, 6, 12, 26)

PARAMETERS = (
    ("level at the start", "normal, mean 52, SD 16, within 15-90",
     "acute pain 52, persistent 51 of 100 at the start: Menezes Costa 2012; SD 16 is what an "
     "observed SD of 18 leaves without an error of 8"),
    ("expected end of recovery", "normal, mean 20 (acute) or 33 (persistent), SD 8",
     "52 to 23 in 6 weeks, 51 to 33: Menezes Costa 2012; SD is ours"),
    ("speed of recovery", "time constant 2 or 4 weeks, log-normal, SD 0.4",
     "63 % of 78 people followed weekly improved within 4 weeks (PMC2781014); SD is ours"),
    ("courses", "45 % recovering, 20 % persistent, 15 % fluctuating, 10 % flare and return, "
     "10 % deteriorating",
     "about half of those at high risk and 20-33 % of the others stay in pain: Delitto 2021 "
     "(TARGET); the split is ours, so results are told by course too"),
    ("wandering of the true level", "SD 3; 8 in fluctuating courses; keeps 0.6 from week to week",
     "ours"),
    ("flare", "1-2 in half a year, 15-40 points, at its height 1-3 weeks, then half of it a week",
     "ours"),
    ("deterioration", "10-40 points, onset in weeks 2-18, complete in 1-6 weeks, stays; a third "
     "each after recovery, from a steady and from a fluctuating level",
     "10 points of 100 is 1 of 10 on PEG, its important change (Krebs 2009); sizes and origins are "
     "ours"),
    ("measurement error of the score", "8 points, half of its variance shared by a week's answers",
     "SD 18, reliability 0.80: ours to begin with; 4 and 12 are tried too"),
    ("differences between factors", "SD 12 points; a change moves each input 1 x (SD 0.5) as much",
     "changes in factors and disability correlate 0.3-0.6 (SBPR 2011); sizes are ours"),
    ("answers", "82.5 % on average, beta-distributed; half of the people answer 40 % less when "
     "10 points above their best", "82.5 % over 6 months: Axén 2012; the rest is ours"),
    ("leaving", "28 % within 26 weeks", "27-29 % in digital programmes: Lewkowicz 2021"),
    ("what is asked", "everything at weeks 0, 3, 6, 12, 26; else pain, self-efficacy, mood or "
     "worry in turn, 3 of 8 single items in turn", "content/pathways/batteries.yaml"),
    ("day of answering", "0-6 days after opening, most at once", "ours"),
)  # fmt: skip
"""Parameter, value, source."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Error:
    """Measurement error of one full score in points, and the part of its variance that all of a
    week's answers share (a bad day)."""

    points: float = 8.0
    shared: float = 0.5


@dataclass(frozen=True)
class Cohort:
    """``level``: true score by person and week. ``answers``: severity by person, week and input as
    answered, NaN where not asked or not answered. ``day``: day of the answer since the baseline.
    ``onset``: week in which deterioration begins, -1 for none; ``rise``: the lasting change of the
    true score, from the mean of the four weeks before to the mean of all weeks after its full size.
    """

    scenario: NDArray[np.int64]
    origin: NDArray[np.int64]
    acute: NDArray[np.bool_]
    level: Floats
    answers: Floats
    day: Floats
    answered: NDArray[np.bool_]
    onset: NDArray[np.int64]
    rise: Floats
    missing_when_worse: NDArray[np.bool_]


def simulate(people: int, seed: int, error: Error | None = None, weeks: int = WEEKS) -> Cohort:
    """Draw a cohort. The same seed gives the same people, whatever the error."""
    draw = np.random.default_rng(seed)
    scenario = draw.choice(len(SHARES), size=people, p=SHARES)
    return _cohort(draw, scenario, error or Error(), weeks)


def steady(people: int, seed: int, weeks: int, error: Error | None = None) -> Cohort:
    """People whose true level never moves and who answer every week."""
    draw = np.random.default_rng(seed)
    level = np.repeat(np.clip(draw.normal(45, 16, (people, 1)), 5, 90), weeks, axis=1)
    nobody = np.full(people, -1)
    answered = np.ones((people, weeks), bool)
    return _answers(
        draw, error or Error(), np.full(people, PERSISTENT), nobody, np.zeros(people, bool),
        level, answered, nobody, nobody, np.zeros(people, bool),
    )  # fmt: skip


def _cohort(
    draw: np.random.Generator, scenario: NDArray[np.int64], error: Error, weeks: int
) -> Cohort:
    people = len(scenario)
    week = np.arange(weeks)[None, :]
    origin = np.where(scenario == DETERIORATING, draw.integers(0, 3, people), -1)
    acute = draw.random(people) < 0.5
    start = np.clip(draw.normal(52, 16, people), 15, 90)
    level = np.repeat(start[:, None], weeks, axis=1)

    floor = np.minimum(
        np.where(acute, draw.normal(20, 8, people), draw.normal(33, 8, people)), start
    )
    tau = np.where(acute, 2.0, 4.0) * np.exp(draw.normal(0, 0.4, people))
    falls = (scenario == RECOVERING) | (scenario == FLARE) & (draw.random(people) < 0.5)
    falls |= origin == AFTER_RECOVERY
    decay = floor[:, None] + (start - floor)[:, None] * np.exp(-week / tau[:, None])
    level = np.where(falls[:, None], np.maximum(decay, 2), level)

    wavering = np.where((scenario == FLUCTUATING) | (origin == FROM_FLUCTUATION), 8.0, 3.0)
    level = level + wavering[:, None] * _wandering(draw, people, weeks, 0.6)
    level = level + _flares(draw, scenario, weeks)

    last = max(5, min(weeks - 9, 18))
    onset = np.where(scenario == DETERIORATING, draw.integers(2, last + 1, people), -1)
    rise = np.where(onset >= 0, draw.uniform(10, 40, people), 0.0)
    ramp = draw.integers(1, 7, people)
    grown = np.clip((week - onset[:, None] + 1) / ramp[:, None], 0, 1)
    level = level + rise[:, None] * np.where(onset[:, None] >= 0, grown, 0)
    level = np.clip(level, 0, 97)

    worse = level - np.minimum.accumulate(level, axis=1) > 10
    when_worse = draw.random(people) < 0.5
    answered = _answered(draw, worse & when_worse[:, None])
    full = np.where(onset >= 0, onset + ramp - 1, -1)
    return _answers(draw, error, scenario, origin, acute, level, answered, onset, full, when_worse)


def _wandering(draw: np.random.Generator, people: int, weeks: int, hold: float) -> Floats:
    """A course of mean 0 and variance 1 that keeps ``hold`` of itself from week to week."""
    shocks = draw.normal(0, 1, (people, weeks))
    for at in range(1, weeks):
        shocks[:, at] = hold * shocks[:, at - 1] + np.sqrt(1 - hold**2) * shocks[:, at]
    return shocks


def _flares(draw: np.random.Generator, scenario: NDArray[np.int64], weeks: int) -> Floats:
    """One or two flares of 15-40 points, at their height for 1-3 weeks, then half of it a week."""
    people = len(scenario)
    week = np.arange(weeks)[None, :]
    total = np.zeros((people, weeks))
    for order in range(2):
        begins = draw.integers(4, 22, people)[:, None]
        lasts = draw.integers(1, 4, people)[:, None]
        height = draw.uniform(15, 40, people)[:, None]
        has = (scenario == FLARE) & ((order == 0) | (draw.random(people) < 0.5))
        past = week - begins
        shape = np.where(past < lasts, 1.0, 0.5 ** np.clip(past - lasts + 1, 0, 30))
        total = np.maximum(total, np.where(has[:, None] & (past >= 0), height * shape, 0))
    return total


def _answered(draw: np.random.Generator, reluctant: NDArray[np.bool_]) -> NDArray[np.bool_]:
    people, weeks = reluctant.shape
    # Mean 0.825, between people SD 0.15.
    own = draw.beta(4.5, 0.95, people)[:, None]
    chance = np.where(reluctant, own * 0.6, own)
    leaves = draw.geometric(1 - (1 - 0.28) ** (1 / 26), people)[:, None]
    answered = (draw.random((people, weeks)) < chance) & (np.arange(weeks)[None, :] < leaves)
    answered[:, 0] = True
    return answered


def _answers(
    draw: np.random.Generator,
    error: Error,
    scenario: NDArray[np.int64],
    origin: NDArray[np.int64],
    acute: NDArray[np.bool_],
    level: Floats,
    answered: NDArray[np.bool_],
    onset: NDArray[np.int64],
    full: NDArray[np.int64],
    when_worse: NDArray[np.bool_],
) -> Cohort:
    people, weeks = level.shape
    count = len(INPUTS)
    shares = WEIGHTS / WEIGHTS.sum()
    # People differ in which factors are worst, and in which of them move; the weighted mean stays.
    offset = draw.normal(0, 12, (people, count))
    offset -= (offset @ shares)[:, None]
    loading = np.clip(draw.normal(1, 0.5, (people, count)), 0, None)
    loading /= (loading @ shares)[:, None]
    moved = level - level[:, :1]
    true = level[:, :1, None] + offset[:, None, :] + moved[:, :, None] * loading[:, None, :]
    true = np.clip(true, 0, 100)
    shown = true @ shares

    each = error.points * np.sqrt((1 - error.shared) / (shares**2).sum())
    day = error.points * np.sqrt(error.shared) * draw.normal(0, 1, (people, weeks, 1))
    noisy = (true + day + each * draw.normal(0, 1, true.shape)) / 100
    answers = np.round(np.clip(noisy, 0, 1) * STEPS) / STEPS
    asked = _asked(weeks)[None] & answered[:, :, None]
    late = np.minimum(draw.geometric(0.6, (people, weeks)) - 1, 6)
    late[:, 0] = 0
    rise = _lasting_rise(shown, onset, full)
    return Cohort(
        scenario=scenario, origin=origin, acute=acute, level=shown,
        answers=np.where(asked, answers, np.nan), day=np.arange(weeks)[None, :] * 7.0 + late,
        answered=answered, onset=onset, rise=rise, missing_when_worse=when_worse,
    )  # fmt: skip


def _lasting_rise(shown: Floats, onset: NDArray[np.int64], full: NDArray[np.int64]) -> Floats:
    week = np.arange(shown.shape[1])[None, :]
    before = (week < onset[:, None]) & (week >= onset[:, None] - 4)
    after = (week >= full[:, None]) & (onset >= 0)[:, None]

    def mean(where: NDArray[np.bool_]) -> Floats:
        total: Floats = (shown * where).sum(1) / np.maximum(where.sum(1), 1)
        return total

    return np.where(onset >= 0, mean(after) - mean(before), 0.0)


def _asked(weeks: int) -> NDArray[np.bool_]:
    """Which input is asked in which week, as the batteries ask them."""
    asked = np.zeros((weeks, len(INPUTS)), bool)
    always = [INPUTS.index(name) for name in ("interference", "intensity", "self-efficacy")]
    asked[:, always] = True
    for week in range(weeks):
        if week in LONGER_WEEKS:
            asked[week] = True
            continue
        asked[week, INPUTS.index("low-mood" if week % 2 else "anxiety")] = True
        for turn in range(3):
            name = TURNS[(3 * (week - 1) + turn) % len(TURNS)]
            if name in INPUTS:
                asked[week, INPUTS.index(name)] = True
    return asked
