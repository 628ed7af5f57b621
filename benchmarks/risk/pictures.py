"""The curves as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from backend.risk.trajectory import TrajectoryRule
from benchmarks.risk import cohort, rules, tuning
from benchmarks.risk.study import OURS, Row

# Okabe and Ito: told apart by people with any colour vision; and by the marker.
STYLE = {
    OURS: ("#0072B2", "o"),
    "change from baseline": ("#D55E00", "s"),
    "single-week threshold": ("#009E73", "^"),
    "two weeks in a row": ("#CC79A7", "v"),
    "percent worsening": ("#555555", "D"),
}
MOST_SHOWN = 3.0


def curves(table: Sequence[Row], chosen: Sequence[Row], file: Path) -> None:
    """Sensitivity against false alerts; the tuned point of each rule with its intervals."""
    figure, axes = plt.subplots(figsize=(8, 5.5))
    for name, (colour, marker) in STYLE.items():
        rows = sorted(
            (r for r in table if r["rule"] == name), key=lambda r: r["false_per_100_weeks"]
        )
        axes.plot(
            [r["false_per_100_weeks"] for r in rows],
            [100 * r["sensitivity"] for r in rows],
            color=colour, lw=2 if name == OURS else 1.2, label=name,
        )  # fmt: skip
        axes.fill_between(
            [r["false_per_100_weeks"] for r in rows],
            [100 * r["sensitivity_low"] for r in rows],
            [100 * r["sensitivity_high"] for r in rows],
            color=colour, alpha=0.1, lw=0,
        )  # fmt: skip
        [point] = [r for r in chosen if r["rule"] == name]
        axes.errorbar(
            point["false_per_100_weeks"], 100 * point["sensitivity"],
            xerr=_sides(point, "false_per_100_weeks", 1), yerr=_sides(point, "sensitivity", 100),
            color=colour, marker=marker, ms=7, capsize=3, ls="none",
        )  # fmt: skip
    axes.set(
        xlim=(0, MOST_SHOWN), ylim=(0, 100),
        xlabel="false alerts per 100 patient-weeks without deterioration",
        ylabel="real deteriorations found within 8 weeks (%)",
        title="What each rule finds at each rate of false alerts (test half)",
    )  # fmt: skip
    axes.legend(title="mark: as tuned on the training half; 95 % intervals", loc="lower right")
    _save(figure, axes, file)


def weeks(table: Sequence[Row], chosen: Sequence[Row], file: Path) -> None:
    """How many were found by each week after onset."""
    figure, axes = plt.subplots(figsize=(8, 5))
    for name, (colour, marker) in STYLE.items():
        rows = [r for r in table if r["rule"] == name]
        [point] = [r for r in chosen if r["rule"] == name]
        at = [r["week"] for r in rows]
        axes.plot(
            at, [100 * r["found"] for r in rows], color=colour, marker=marker,
            label=f"{name} ({point['false_per_100_weeks']:.1f} false per 100 weeks)",
        )  # fmt: skip
        axes.fill_between(
            at, [100 * r["found_low"] for r in rows], [100 * r["found_high"] for r in rows],
            color=colour, alpha=0.12, lw=0,
        )  # fmt: skip
    axes.set(
        ylim=(0, 100), xlabel="weeks since the deterioration began",
        ylabel="real deteriorations found (%)",
        title="How soon they are found, each rule as tuned (band: 95 % interval)",
    )  # fmt: skip
    axes.legend(loc="upper left")
    _save(figure, axes, file)


def run_length(table: Sequence[Row], rule: TrajectoryRule, file: Path) -> None:
    """What the limit costs and gives."""
    figure, axes = plt.subplots(figsize=(8, 5))
    rows = [r for r in table if r["rule"] == OURS]
    limits = [r["value"] for r in rows]
    (colour, marker), (other, sign) = STYLE[OURS], STYLE["change from baseline"]
    axes.semilogy(
        limits, [r["steady_weeks_to_false_alert"] for r in rows], color=colour, marker=marker
    )
    ticks = (10, 20, 50, 100, 200, 500)
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.axhline(50, color=colour, ls=":")
    axes.text(limits[-1], 53, "promise: 50 weeks", color=colour, ha="right")
    axes.axvline(rule.limit, color="#333333", ls="--", lw=1)
    axes.text(rule.limit + 0.02, 8, f"shipped: {rule.limit:g}", color="#333333")
    axes.set_xlabel("limit, in standard errors of measurement (8 points)")
    axes.set_ylabel("weeks to the first false alert of a steady person", color=colour)
    right = axes.twinx()
    right.plot(limits, [100 * r["sensitivity"] for r in rows], color=other, marker=sign)
    right.set_ylabel("real deteriorations found within 8 weeks (%)", color=other)
    right.set_ylim(0, 100)
    axes.set_title("The limit of the control chart: in-control run length and sensitivity")
    _save(figure, axes, file)


def people(rule: TrajectoryRule, where: tuning.Half, file: Path) -> None:
    """One person of each course: truth, scores, and where the rule says rising."""
    figure, grid = plt.subplots(2, 3, figsize=(11, 6.2), sharex=True, sharey=True)
    flags = rules.rising(rules.decisions(rule, where.cohort, where.scores))
    for place, axes in enumerate(grid.flat):
        scenario = min(place, cohort.DETERIORATING)
        fits = (where.cohort.scenario == scenario) & (where.known.scored.sum(1) >= 20)
        if scenario == cohort.DETERIORATING:
            wanted = cohort.AFTER_RECOVERY if place == scenario else cohort.FROM_LEVEL
            fits &= (where.cohort.origin == wanted) & (where.cohort.rise >= 18)
        one = int(np.flatnonzero(fits)[2])
        week = np.arange(where.scores.shape[1])
        score, flag = where.scores[one], flags[one]
        scored = ~np.isnan(score)
        axes.plot(week, where.cohort.level[one], color="#999999", lw=3, label="true level")
        axes.plot(week[scored], score[scored], color=STYLE[OURS][0], lw=1, marker=".",
                  label="risk score")  # fmt: skip
        axes.plot(week[scored & flag], score[scored & flag], ls="none", marker="o", ms=8,
                  mfc="none", mec="#D55E00", mew=2, label="rising")  # fmt: skip
        title = cohort.SCENARIOS[scenario]
        if scenario == cohort.DETERIORATING:
            title += f", {cohort.ORIGINS[int(where.cohort.origin[one])]}"
            axes.axvline(where.cohort.onset[one], color="#333333", ls="--", lw=1, label="onset")
        axes.set_title(title, fontsize=10)
        axes.set_ylim(0, 100)
    grid[1, 2].legend(fontsize=8, loc="lower right")
    for axes in grid[1]:
        axes.set_xlabel("week")
    for axes in grid[:, 0]:
        axes.set_ylabel("points")
    figure.suptitle("Simulated people: the third of each kind with 20 answers, whatever the result")
    figure.tight_layout()
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _sides(row: Row, name: str, times: float) -> list[list[float]]:
    return [
        [times * (row[name] - row[f"{name}_low"])],
        [times * (row[f"{name}_high"] - row[name])],
    ]


def _save(figure: mpl.figure.Figure, axes: Axes, file: Path) -> None:
    axes.grid(alpha=0.3)
    figure.tight_layout()
    # No software version in the file: the same figures give the same bytes.
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)
