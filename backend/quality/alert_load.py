"""When alerts are too many for the check-ins they come from. Pure.

Ancker 2017: in 112 primary-care clinicians, acceptance fell with each further reminder; so too many
alerts are themselves a danger. The allowance is a default of the pathway.
"""

from __future__ import annotations

from collections.abc import Sequence

HUNDRED = 100


def allowed(check_ins: int, per_100: int) -> int:
    """How many alerts a week's answered check-ins may raise, rounded up to whole ones, so that a
    small practice is not over with its first."""
    return -(-check_ins * per_100 // HUNDRED)


def is_over(alerts: int, check_ins: int, per_100: int) -> bool:
    """Whether a week had more alerts than it may have; one without check-ins is never judged."""
    return check_ins > 0 and alerts > allowed(check_ins, per_100)


def rate(alerts: int, check_ins: int) -> float | None:
    """Alerts for each 100 check-ins, to one decimal; None without check-ins."""
    return round(HUNDRED * alerts / check_ins, 1) if check_ins else None


def in_a_row(over: Sequence[bool]) -> int:
    """How many of the newest weeks (the last of ``over``) were over without a break."""
    count = 0
    for each in reversed(over):
        if not each:
            break
        count += 1
    return count


def wants_review(over: Sequence[bool], weeks: int) -> bool:
    """Whether the newest week is the one at which a run becomes ``weeks`` long: once a run."""
    return in_a_row(over) == weeks
