"""One matter of one patient: one alert while it is open, and quiet for a time after. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Closed:
    """The last alert of the same rule: its tier, and when it was closed."""

    tier: int
    at: datetime


def merge(tier: int, again: int) -> int:
    """The tier of an open alert after new evidence: it may rise (1 is highest), never fall."""
    return min(tier, again)


def is_quiet(closed: Closed, tier: int, at: datetime, cooldown_days: Mapping[int, int]) -> bool:
    """Whether a closed matter is left alone for now."""
    # A higher tier than before is news, whatever the cooldown.
    if tier < closed.tier:
        return False
    return at - closed.at < timedelta(days=cooldown_days[tier])
