"""The rate at which one sender may send (pure): a token bucket kept as a single instant.

``free_at`` is the instant at which the next token is there. Each text takes as many tokens as it
has segments and is given the instant at which it may leave, so that texts leave in the order in
which they asked and nobody has to look again and again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

# A worker holds a text whose turn comes this soon; one with a later turn goes back to the queue.
HOLD = timedelta(seconds=1)
# A turn that was missed by more (the workers were away) is asked for anew: turns that have
# piled up would leave in one burst.
GRACE = timedelta(seconds=10)


def turn(
    free_at: datetime, at: datetime, segments: int, per_second: float, urgent: bool = False
) -> tuple[datetime, datetime]:
    """When a text that asks at ``at`` may leave, and when the next token is there after it.

    ``segments`` >= 1; ``per_second`` > 0, in segments. An urgent text leaves at once; those that
    ask after it wait for its token as well.
    """
    earliest = max(free_at, at)
    return (at if urgent else earliest), earliest + timedelta(seconds=segments / per_second)


def is_ours(turn_at: datetime | None, at: datetime) -> bool:
    """Whether a turn that was given earlier is here and still holds."""
    return turn_at is not None and turn_at <= at <= turn_at + GRACE
