"""What each rule says of each scored answer: the product's own, and four plain rivals.

The product's rule is called, not copied: ``backend.risk.trajectory`` scores and judges every
answer of every person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.risk.pathway_files import load_pathway
from backend.risk.trajectory import (
    CLEAR_AFTER,
    CONCERNS,
    MILD_TO_GRAVE,
    TrajectoryRule,
    Walk,
    latest_readings,
    risk_score,
)
from benchmarks.risk.cohort import INPUTS, Cohort, Floats

Flags = NDArray[np.bool_]
ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def shipped() -> TrajectoryRule:
    """The rule of the pathway that ships."""
    [file] = [
        file
        for file in sorted((CONTENT / "pathways").glob("*.yaml"))
        if file.stem in ("default", "standard")
    ]
    return load_pathway(CONTENT, file.stem).trajectory


def scores(rule: TrajectoryRule, cohort: Cohort) -> Floats:
    """The product's risk score by person and week; NaN where there is none."""
    found = np.full(cohort.answered.shape, np.nan)
    asked = ~np.isnan(cohort.answers)
    rounded = np.round(cohort.answers, 4)
    for person in range(len(found)):
        earlier: list[tuple[datetime, dict[str, float]]] = []
        for week in np.flatnonzero(cohort.answered[person]):
            at = START + timedelta(days=float(cohort.day[person, week]))
            values = rounded[person, week].tolist()
            answered = {name: values[k] for k, name in enumerate(INPUTS) if asked[person, week, k]}
            score = risk_score(rule, latest_readings(rule, earlier, answered, at))
            earlier.append((at, answered))
            if score.value is not None:
                found[person, week] = float(score.value)
    return found


def decisions(rule: TrajectoryRule, cohort: Cohort, found: Floats) -> NDArray[np.int8]:
    """The product's decision by person and week as a place in ``MILD_TO_GRAVE``; -1 for none."""
    place = {name: np.int8(index) for index, name in enumerate(MILD_TO_GRAVE)}
    decided = np.full(found.shape, -1, np.int8)
    scored = ~np.isnan(found)
    for person in range(len(found)):
        walk = Walk(rule, "acute" if cohort.acute[person] else "persistent")
        weeks = np.flatnonzero(scored[person])
        days, values = cohort.day[person, weeks].tolist(), found[person, weeks].tolist()
        decided[person, weeks] = [
            place[walk.step(day, value)] for day, value in zip(days, values, strict=True)
        ]
    return decided


def rising(decided: NDArray[np.int8]) -> Flags:
    """Where the decision is a rise, fast or not."""
    flagged: Flags = decided >= min(MILD_TO_GRAVE.index(name) for name in CONCERNS)
    return flagged


def single_week(found: Floats, threshold: float) -> Flags:
    """The score is at or over a threshold."""
    flagged: Flags = found >= threshold
    return flagged


def change_from_baseline(found: Floats, points: float) -> Flags:
    """The score is at least so many points over the first one."""
    flagged: Flags = found - found[:, :1] >= points
    return flagged


def percent_worsening(found: Floats, percent: float) -> Flags:
    """The score is at least so many percent over the first one."""
    flagged: Flags = found >= found[:, :1] * (1 + percent / 100)
    return flagged


def two_in_a_row(found: Floats, threshold: float) -> Flags:
    """This score and the one answered before it are at or over a threshold."""
    flagged = np.zeros(found.shape, bool)
    before = np.zeros(len(found), bool)
    for week in range(found.shape[1]):
        scored, high = ~np.isnan(found[:, week]), found[:, week] >= threshold
        flagged[:, week] = high & before
        before = np.where(scored, high, before)
    return flagged


def remembered(found: Floats, flags: Flags) -> Flags:
    """Flags that let go only after ``CLEAR_AFTER`` answers without, as the product's rule does."""
    kept = np.zeros(flags.shape, bool)
    up, calm = np.zeros(len(flags), bool), np.zeros(len(flags), int)
    for week in range(flags.shape[1]):
        scored = ~np.isnan(found[:, week])
        calm = np.where(scored, np.where(flags[:, week], 0, calm + 1), calm)
        up = np.where(scored, flags[:, week] | (up & (calm < CLEAR_AFTER)), up)
        kept[:, week] = up & scored
    return kept


@dataclass(frozen=True)
class Rival:
    """A plain rule with the values that its one parameter may take, and the usual one."""

    name: str
    says: Callable[[Floats, float], Flags]
    values: tuple[float, ...]
    unit: str
    usual: float


RIVALS = (
    Rival("single-week threshold", single_week, tuple(range(50, 93, 2)), "score from {:g}", 60),
    Rival(
        "change from baseline", change_from_baseline,
        tuple(range(6, 41, 2)), "from {:g} points", 10,
    ),
    Rival(
        "percent worsening", percent_worsening,
        (*range(20, 60, 5), *range(60, 161, 10)), "from {:g} %", 30,
    ),
    Rival("two weeks in a row", two_in_a_row, tuple(range(46, 85, 2)), "score from {:g}", 60),
)  # fmt: skip


def with_memory(rival: Rival) -> Rival:
    """A rival that is given our hysteresis too."""
    return replace(
        rival,
        name=f"{rival.name}, with hysteresis",
        says=lambda found, value: remembered(found, rival.says(found, value)),
    )
