"""When delivery needs an operator's eye: it falls, or the carrier no longer reports. Pure.

The limits are Lumbra's own defaults: among few texts a share says little, and most reports come
within minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

DELIVERY_LOW = "delivery-low"
CALLBACKS_STOPPED = "callbacks-stopped"
FILTERED_HIGH = "filtered-high"
ALARMS = (DELIVERY_LOW, CALLBACKS_STOPPED, FILTERED_HIGH)
# Filtered by a carrier: more than one in a hundred asks for a look at the words.
FILTERED = 30007
FEWEST = 20
LEAST_DELIVERED_PERCENT = 80
MOST_FILTERED_PERCENT = 1


@dataclass(frozen=True)
class Lately:
    """Texts that the carrier took in the last hours, and long enough ago to be reported on.

    ``reported``: those on which any report has come.
    """

    taken: int
    reported: int
    delivered: int
    filtered: int


def alarms(lately: Lately) -> tuple[str, ...]:
    """What is wrong; nothing with fewer texts than say something."""
    if lately.taken < FEWEST:
        return ()
    if lately.reported == 0:
        return (CALLBACKS_STOPPED,)
    found = []
    # Of what was reported on: a report that is missing is another matter.
    if 100 * lately.delivered < LEAST_DELIVERED_PERCENT * lately.reported:
        found.append(DELIVERY_LOW)
    if 100 * lately.filtered > MOST_FILTERED_PERCENT * lately.taken:
        found.append(FILTERED_HIGH)
    return tuple(found)
