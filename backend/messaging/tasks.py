"""The jobs of the queue. A job carries a communication's id; the row is the truth."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.core.clock import now
from backend.core.queue import defer, queue, registered

# Where jobs go that name no queue.
QUEUE = "default"
# An urgent text overtakes the thousand reminders that wait in the queue.
URGENT, BEHIND = 10, -10


@queue.task(name="deliver-text")
def deliver_text(communication_id: str) -> None:
    """Send one text, if it still has to be sent."""
    # Delivery queues jobs itself, so the two modules need each other.
    from backend.messaging import delivery

    with registered().app_context():
        delivery.deliver(UUID(communication_id))


@queue.task(name="reconcile-text")
def reconcile_text(communication_id: str) -> None:
    """Ask the carrier what became of a text that is in doubt."""
    from backend.messaging import delivery

    with registered().app_context():
        delivery.reconcile(UUID(communication_id))


@queue.task(name="look-up-text")
def look_up_text(communication_id: str) -> None:
    """Ask the carrier how a text fares whose reports have not come."""
    from backend.messaging import delivery

    with registered().app_context():
        delivery.catch_up(UUID(communication_id))


@queue.task(name="probe-line")
def probe_line(sender: str) -> None:
    """Ask the carrier whether a stopped line may be opened."""
    from backend.messaging import delivery

    with registered().app_context():
        delivery.probe(sender)


def queue_deliveries(due: Iterable[tuple[UUID, datetime]], *, urgent: bool = False) -> None:
    """Queue a job for each (id, instant to send at), in the session's own transaction.

    One statement for all that is due, and one for each later instant; quiet hours end at a handful
    of instants however many wait for them.
    """
    at = now()
    waves: dict[datetime | None, list[dict[str, Any]]] = {}
    for communication_id, send_after in due:
        when = send_after if send_after > at else None
        waves.setdefault(when, []).append({"communication_id": str(communication_id)})
    options: dict[str, Any] = {"priority": URGENT} if urgent else {}
    for when, jobs in waves.items():
        defer(deliver_text, jobs, **options, **({} if when is None else {"schedule_at": when}))


def queue_reconciliations(ids: Iterable[UUID]) -> None:
    """Queue a question to the carrier about each text in doubt."""
    defer(reconcile_text, [{"communication_id": str(key)} for key in ids])


def queue_look_ups(ids: Iterable[UUID]) -> None:
    """Queue a question to the carrier about each text that nothing is heard of."""
    defer(look_up_text, [{"communication_id": str(key)} for key in ids], priority=BEHIND)


def queue_probes(senders: Iterable[str]) -> None:
    """Queue a question to the carrier about each stopped line."""
    defer(probe_line, [{"sender": sender} for sender in senders], priority=URGENT)
