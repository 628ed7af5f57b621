"""What every way of sending a message offers, and how a try to send may end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Outgoing:
    """What the carrier is given.

    ``to`` is an address in the transport's own form (a number in E.164). ``callback_url`` is where
    it may report; ``valid_seconds`` is how long it may hold the message. ``reference`` is our own
    id of the message, or of the first where this is a second try.
    """

    to: str
    body: str
    callback_url: str
    valid_seconds: int
    reference: str = ""
    urgent: bool = False
    # Of an e-mail: its subject, and the link that ends such e-mails (RFC 8058), if it has one.
    subject: str = ""
    stop: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The carrier has it, under its own id ``sid``; ``status`` is the carrier's first word."""

    sid: str
    status: str


@dataclass(frozen=True)
class Rejected:
    """The carrier refused it with its error ``code``; it did not leave."""

    code: int | None


@dataclass(frozen=True)
class Retry:
    """It surely did not leave; try again after so many seconds (None: as the caller sees fit).

    ``crowded`` says that the carrier has too much of us as a whole, not of this message.
    """

    after: float | None = None
    crowded: bool = False


@dataclass(frozen=True)
class InDoubt:
    """It may have left or not, and must not be sent again before the carrier's record is asked."""


Outcome = Accepted | Rejected | Retry | InDoubt


@dataclass(frozen=True)
class Report:
    """What the carrier's record says of a message."""

    sid: str
    status: str
    code: int | None = None


class Unanswered(Exception):
    """The carrier's record could not be read: that says nothing of the message."""


class Transport(Protocol):
    """A way of sending messages.

    ``sender`` names the line whose rate all workers share and which can be stopped as a whole;
    None where there is neither rate nor account.
    """

    @property
    def sender(self) -> str | None: ...

    def send(self, message: Outgoing) -> Outcome:
        """Hand one message over. Raises nothing that a carrier or a network can cause."""
        ...

    def find(
        self, to: str, body: str, since: datetime, taken: Collection[str] = ()
    ) -> Report | None:
        """The record of a message handed over after ``since``; None when the record lacks it.

        ``taken`` are ids known to belong to other messages with the same words.
        Raises ``Unanswered``.
        """
        ...

    def look_up(self, sid: str) -> Report | None:
        """The present record of one message; None when there is none. Raises ``Unanswered``."""
        ...

    def is_open(self) -> bool:
        """Whether the account may send, asked without sending anything."""
        ...
