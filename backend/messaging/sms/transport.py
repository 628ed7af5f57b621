"""What every way of sending a text offers, and how a try to send may end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Accepted:
    """The carrier has it, under its own id ``sid``; ``status`` is the carrier's first word."""

    sid: str
    status: str


@dataclass(frozen=True)
class Rejected:
    """The carrier refused it with its error ``code``.

    ``retry_after`` (seconds) is given when the fault is not the number's but passes: the account,
    or a full queue.
    """

    code: int | None
    retry_after: float | None = None


@dataclass(frozen=True)
class Retry:
    """It surely did not leave; try again after so many seconds (None: as the caller sees fit)."""

    after: float | None = None


@dataclass(frozen=True)
class InDoubt:
    """It may have left or not, and must not be sent again before the carrier's record is asked."""


Outcome = Accepted | Rejected | Retry | InDoubt


class Transport(Protocol):
    """A way of sending texts."""

    def send(self, to: str, body: str, callback_url: str, valid_seconds: int) -> Outcome:
        """Hand one text over. ``valid_seconds``: how long the carrier may hold it."""
        ...

    def find(self, to: str, body: str, since: datetime, taken: Collection[str] = ()) -> str | None:
        """The carrier's id of a text handed over after ``since``, or None.

        ``taken`` are ids known to belong to other texts with the same words.
        """
        ...
