"""What follows from an endpoint's answer. Pure.

The pauses are those that the Standard Webhooks specification suggests (standardwebhooks.com, 2023,
"Deliverability and reliability"), so that an endpoint may be away for more than a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# Before the second try, the third, and so on; the first is made at once.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
TRIES = len(PAUSES) + 1
NO_LONGER_THERE = 410


@dataclass(frozen=True)
class Done:
    """The endpoint has it."""


@dataclass(frozen=True)
class TryAgain:
    """It has it not; send it again after a pause."""

    pause: timedelta


@dataclass(frozen=True)
class GiveUp:
    """It has it not, and is sent nothing more: it said so, or failed too often."""

    is_gone: bool


def after(http_status: int | None, failures: int) -> Done | TryAgain | GiveUp:
    """The next step after a try. ``http_status`` is None where no answer came; ``failures`` are
    the tries of the same event that failed before this one."""
    if http_status is not None and 200 <= http_status < 300:
        return Done()
    if http_status == NO_LONGER_THERE:
        return GiveUp(is_gone=True)
    if failures >= len(PAUSES):
        return GiveUp(is_gone=False)
    return TryAgain(PAUSES[failures])
