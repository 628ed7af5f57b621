"""STarT Back risk groups (Hill 2008). A group from a questionnaire, not a diagnosis. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

LOW, MEDIUM, HIGH = "low", "medium", "high"


@dataclass(frozen=True)
class StratificationRule:
    """Which scores are used and where the cuts lie."""

    method: str
    total: str
    psychosocial: str
    low_up_to: int
    high_from: int


@dataclass(frozen=True)
class Stratum:
    """``low``, ``medium`` or ``high``; ``None`` when a score is missing, and why."""

    group: str | None
    reasons: tuple[str, ...]


def stratify(rule: StratificationRule, scores: Mapping[str, Decimal | None]) -> Stratum:
    """Total up to 3: low. Otherwise psychosocial of at least 4: high. The rest: medium."""
    total, psychosocial = scores.get(rule.total), scores.get(rule.psychosocial)
    if total is None or psychosocial is None:
        return Stratum(None, ("incomplete",))
    if total <= rule.low_up_to:
        return Stratum(LOW, (f"total {total} is {rule.low_up_to} or less",))
    beyond = f"total {total} is over {rule.low_up_to}"
    if psychosocial >= rule.high_from:
        return Stratum(HIGH, (beyond, f"psychosocial {psychosocial} is {rule.high_from} or more"))
    return Stratum(MEDIUM, (beyond, f"psychosocial {psychosocial} is under {rule.high_from}"))
