"""The weekly risk score: a weighted mean of severities, explainable by construction. Pure.

The weights are after the associations with change in disability in Lee 2015 and SBPR 2011. Safety
answers are not in the score: they have a path of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from backend.risk.trajectory_rule import TrajectoryRule

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Reading:
    """The newest severity (0 best, 1 worst) of an input, and its age in days."""

    severity: float
    age_days: int


@dataclass(frozen=True)
class RiskScore:
    """Score 0-100 with what each input contributes to it, or ``None`` and the reason.

    All in tenths of a point; the contributions add up to the score exactly.
    """

    value: Decimal | None
    contributions: Mapping[str, Decimal]
    older: tuple[str, ...]
    reason: str | None = None


def severities(rule: TrajectoryRule, scores: Mapping[str, Decimal | None]) -> dict[str, float]:
    """What one occasion says of each input, 0 best to 1 worst; unanswered inputs are absent.

    Rounded to four decimals, as they are stored, so that a replay computes with the same numbers.
    """
    found = {}
    for each in rule.inputs:
        for source in each.sources:
            value = scores.get(source.code)
            if value is not None:
                share = (float(value) - source.best) / (source.worst - source.best)
                # Adding nothing turns minus nothing, on a falling scale, into nothing.
                found[each.name] = round(share, 4) + 0.0
                break
    return found


def latest_readings(
    rule: TrajectoryRule,
    earlier: Sequence[tuple[datetime, Mapping[str, float]]],
    answered: Mapping[str, float],
    at: datetime,
) -> dict[str, Reading]:
    """The newest reading of each input by ``at``: today's answers, else those of before.

    ``earlier`` holds time and severities of earlier occasions, oldest first.
    """
    readings = {name: Reading(severity, 0) for name, severity in answered.items()}
    for then, severity in reversed(earlier):
        if len(readings) == len(rule.inputs):
            break
        new = severity.keys() - readings.keys()
        if new:
            age = (at - then) // DAY
            for name in new:
                readings[name] = Reading(severity[name], age)
    return readings


def risk_score(rule: TrajectoryRule, readings: Mapping[str, Reading]) -> RiskScore:
    """The weighted mean of severities, times 100.

    Older readings fade by half in ``half_life_days``. Needs the required inputs and
    ``others_needed`` others, none older than ``fresh_days``.
    """
    fresh = {name for name, reading in readings.items() if reading.age_days <= rule.fresh_days}
    lacking = sorted(rule.required - fresh)
    if lacking:
        return RiskScore(None, {}, (), f"no recent {', '.join(lacking)}")
    if len(fresh - rule.required) < rule.others_needed:
        return RiskScore(None, {}, (), f"fewer than {rule.others_needed} other recent answers")
    names, weights, shares, older = [], [], [], []
    for each in rule.inputs:
        reading = readings.get(each.name)
        if reading is None:
            continue
        weight = each.weight
        if reading.age_days:
            weight *= 0.5 ** (reading.age_days / rule.half_life_days)
            older.append(each.name)
        names.append(each.name)
        weights.append(weight)
        shares.append(1000 * weight * reading.severity)
    total = math.fsum(weights)
    tenths = _whole([share / total for share in shares])
    return RiskScore(
        value=Decimal(sum(tenths)).scaleb(-1),
        contributions={n: Decimal(t).scaleb(-1) for n, t in zip(names, tenths, strict=True)},
        older=tuple(sorted(older)),
    )


def _whole(shares: Sequence[float]) -> list[int]:
    """Whole numbers near ``shares`` that add up to their rounded sum (largest remainder)."""
    whole = [int(share) for share in shares]
    left = int(math.fsum(shares) + 0.5) - sum(whole)
    if left:
        by_remainder = sorted(range(len(shares)), key=lambda i: whole[i] - shares[i])
        for index in by_remainder[:left]:
            whole[index] += 1
    return whole
