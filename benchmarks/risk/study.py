"""Everything that is reported: tuned on one half, told of the other. Rows of plain values."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backend.risk.trajectory import MILD_TO_GRAVE, NOT_IMPROVING, TrajectoryRule
from benchmarks.risk import cohort, measures, rules, tuning
from benchmarks.risk.measures import Estimate
from benchmarks.risk.tuning import Half

Row = dict[str, Any]

OURS = "Lumbra"
ERRORS = (4.0, 8.0, 12.0)
STEADY_WEEKS = 105
SIZES = ((10, 15), (15, 20), (20, 30), (30, 100))


@dataclass(frozen=True)
class Plan:
    """How many people, and which seeds: training, testing, steady people of each."""

    half: int = 10_000
    steady: int = 1_500
    seeds: tuple[int, int, int, int] = (20261, 20262, 20263, 20264)


@dataclass(frozen=True)
class Contender:
    """A rule with its tuned parameter, and what it says of scores."""

    name: str
    parameter: str
    says: Any

    def flags(self, people: cohort.Cohort, scores: cohort.Floats) -> rules.Flags:
        """Its flags by person and week."""
        flagged: rules.Flags = self.says(people, scores)
        return flagged


def training(rule: TrajectoryRule, plan: Plan) -> Half:
    """The half on which parameters are chosen."""
    return _half(rule, plan, 0, 8.0)


def testing(rule: TrajectoryRule, plan: Plan, error: float = 8.0) -> Half:
    """The half that is reported."""
    return _half(rule, plan, 1, error)


def _half(rule: TrajectoryRule, plan: Plan, which: int, error: float) -> Half:
    size = cohort.Error(error)
    people = cohort.simulate(plan.half, plan.seeds[which], size)
    steady = cohort.steady(plan.steady, plan.seeds[which + 2], STEADY_WEEKS, size)
    return tuning.half(rule, people, steady)


def ours(rule: TrajectoryRule, name: str = OURS) -> Contender:
    """The product's rule as a contender."""
    return Contender(
        name,
        f"limit {rule.limit:g} standard errors",
        lambda people, scores: rules.rising(rules.decisions(rule, people, scores)),
    )


def theirs(rival: rules.Rival, value: float) -> Contender:
    """A rival with its parameter."""
    return Contender(
        rival.name, rival.unit.format(value), lambda people, scores: rival.says(scores, value)
    )


def untuned() -> list[Contender]:
    """The rivals at their usual values: the high band, 10 points, 30 %."""
    found = [theirs(rival, rival.usual) for rival in rules.RIVALS]
    return [replace(each, name=f"{each.name}, usual value") for each in found]


def _figures(found: Estimate, name: str, digits: int) -> Row:
    return {
        name: round(found.value, digits),
        f"{name}_low": round(found.low, digits),
        f"{name}_high": round(found.high, digits),
    }


def compared(where: Half, contenders: list[Contender]) -> list[Row]:
    """The main table."""
    table = []
    for each in contenders:
        counts = measures.count(where.known, each.flags(where.cohort, where.scores))
        weeks, first, third, mean = measures.delay(counts)
        steady = each.flags(where.steady, where.steady_scores)
        table.append(
            {
                "rule": each.name,
                "parameter": each.parameter,
                **_figures(measures.sensitivity(where.known, counts), "sensitivity", 3),
                **_figures(measures.false_rate(where.known, counts), "false_per_100_weeks", 2),
                **_figures(measures.up_anyway(where.known, counts), "up_in_window", 3),
                **_figures(weeks, "weeks_median", 1),
                "weeks_first_quartile": first,
                "weeks_third_quartile": third,
                "weeks_mean": round(mean, 2),
                **_figures(measures.load(where.known, counts), "alerts_per_100_check_ins", 2),
                **_figures(measures.repeat_share(counts), "repeat_share", 3),
                **_figures(measures.run_length(steady), "steady_weeks_to_false_alert", 0),
            }
        )
    return table


def curve(where: Half, rule: TrajectoryRule) -> list[Row]:
    """Sensitivity against false alerts of every rule over its parameter."""
    trials = [(OURS, tuning.try_rule(where, rule, limit=v)) for v in tuning.CURVE_LIMITS]
    for rival in rules.RIVALS:
        trials += [(rival.name, tuning.try_rival(where, rival, v)) for v in rival.values]
    people = int(where.known.sought.sum())
    return [
        {
            "rule": name,
            "value": next(iter(trial.parameters.values())),
            "false_per_100_weeks": round(trial.false, 3),
            **_figures(
                measures.wilson(round(trial.sensitivity * people), people), "sensitivity", 4
            ),
            "weeks_mean": round(trial.weeks, 2),
            "alerts_per_100_check_ins": round(trial.load, 3),
            "steady_weeks_to_false_alert": round(trial.run_length, 1),
        }
        for name, trial in trials
    ]


def at_equal_false_alerts(table: list[Row], rates: tuple[float, ...]) -> list[Row]:
    """Read off the curves: what each rule finds at the same rate of false alerts."""
    found = []
    for name in dict.fromkeys(row["rule"] for row in table):
        rows = sorted(
            (r for r in table if r["rule"] == name), key=lambda r: r["false_per_100_weeks"]
        )
        false = [r["false_per_100_weeks"] for r in rows]
        for rate in rates:
            if not false[0] <= rate <= false[-1]:
                continue
            found.append(
                {
                    "rule": name,
                    "false_per_100_weeks": rate,
                    **{
                        key: round(float(np.interp(rate, false, [r[key] for r in rows])), 3)
                        for key in ("sensitivity", "weeks_mean")
                    },
                }
            )
    return found


def waiting(where: Half, contenders: list[Contender]) -> list[Row]:
    """Share of real deteriorations found by each week after onset."""
    table = []
    for each in contenders:
        counts = measures.count(where.known, each.flags(where.cohort, where.scores))
        for week in range(measures.WINDOW + 1):
            hits = int((counts.found & (counts.weeks <= week)).sum())
            share = measures.wilson(hits, int(where.known.sought.sum()))
            table.append({"rule": each.name, "week": week, **_figures(share, "found", 3)})
    return table


def false_by_course(where: Half, contenders: list[Contender]) -> list[Row]:
    """False alerts by the true course; a flare that passes counts as none to alert on."""
    table = []
    for each in contenders:
        counts = measures.count(where.known, each.flags(where.cohort, where.scores))
        for index, name in enumerate(cohort.SCENARIOS):
            among = where.cohort.scenario == index
            rate = measures.false_rate(where.known, counts, among)
            table.append(
                {"rule": each.name, "course": name, **_figures(rate, "false_per_100_weeks", 2)}
            )
    return table


def found_by_kind(where: Half, contenders: list[Contender]) -> list[Row]:
    """Sensitivity by origin and size of the deterioration, and by who leaves answers out."""
    people = where.cohort
    kinds = {
        **{name: people.origin == index for index, name in enumerate(cohort.ORIGINS)},
        **{
            f"rise of {low}-{high} points" if high < 100 else f"rise of {low} points or more": (
                people.rise >= low
            )
            & (people.rise < high)
            for low, high in SIZES
        },
        "onset in weeks 2-5": (people.onset >= 2) & (people.onset <= 5),
        "onset in week 6 or later": people.onset >= 6,
        "answers missing at random": ~people.missing_when_worse,
        "answers missing when worse": people.missing_when_worse,
    }
    table = []
    for each in contenders:
        counts = measures.count(where.known, each.flags(people, where.scores))
        for kind, among in kinds.items():
            share = measures.sensitivity(where.known, counts, among)
            table.append(
                {
                    "rule": each.name,
                    "kind": kind,
                    "people": int((where.known.sought & among).sum()),
                    **_figures(share, "sensitivity", 3),
                }
            )
    return table


def other_errors(rule: TrajectoryRule, plan: Plan, contenders: list[Contender]) -> list[Row]:
    """The test half again with half and one and a half times the measurement error, nothing
    tuned anew: what if the error is not what we think? And what if it is put right?
    """
    table = []
    for error in ERRORS:
        where = testing(rule, plan, error)
        told = replace(rule, standard_deviation=error / math.sqrt(1 - rule.reliability))
        those = [*contenders, ours(told, f"{OURS}, told the true error")]
        table += [{"error": error, **row} for row in compared(where, those)]
    return table


def not_improving(where: Half, rule: TrajectoryRule) -> list[Row]:
    """Who is told not to improve as expected, and what both kinds of alert cost together."""
    decided = rules.decisions(rule, where.cohort, where.scores)
    place = MILD_TO_GRAVE.index(NOT_IMPROVING)
    behind = decided == place
    scored = where.known.scored[:, 1:].sum()
    table = []
    for index, name in enumerate(cohort.SCENARIOS):
        among = where.cohort.scenario == index
        ever = measures.wilson(int(behind[among].any(1).sum()), int(among.sum()))
        table.append({"course": name, **_figures(ever, "ever_not_improving", 3)})
    lagging = measures.begins(behind, where.known.scored)[:, 1:].sum()
    rises = measures.begins(rules.rising(decided), where.known.scored)[:, 1:].sum()
    table.append(
        {
            "course": "alerts per 100 check-ins, rising and not improving together",
            "ever_not_improving": round(float(100 * (lagging + rises) / scored), 2),
            "ever_not_improving_low": "",
            "ever_not_improving_high": "",
        }
    )
    return table


def matched(rule: TrajectoryRule, where: Half, false: float) -> TrajectoryRule:
    """Our rule with the limit at which it has ``false`` alerts per 100 weeks (training half)."""
    trials = [tuning.try_rule(where, rule, limit=v) for v in tuning.CURVE_LIMITS]
    trials.sort(key=lambda t: t.false)
    limit = np.interp(false, [t.false for t in trials], [t.parameters["limit"] for t in trials])
    return replace(rule, limit=round(float(limit), 3))
