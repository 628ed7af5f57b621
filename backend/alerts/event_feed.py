"""The feed's events in order, one after the other, for machines that must miss none.

An event's place is the feed's version of its transaction and then its own id. Versions are given
under a lock that is held until commit (``writing.bump_feed``), so that no event ever appears before
one that has been read: reading on from the last place skips nothing, whoever writes meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, tuple_

from backend.alerts import events
from backend.alerts.models import Alert, AlertEvent
from backend.core import audit
from backend.core.database import session
from backend.core.identity import actor
from backend.core.problems import invalid

BEGINNING = "0"
LATEST = "latest"


@dataclass(frozen=True)
class FeedEvent:
    """One change of an alert, as every way into the feed tells it.

    ``id`` is the event's own for good: what comes twice has the same. ``place`` is where to read
    on. It names no patient: whoever may know looks the alert up.
    """

    id: UUID
    place: str
    type: str
    at: datetime
    practice_id: UUID
    alert_id: UUID
    patient_id: UUID | None
    rule: str
    rule_version: str
    tier: int
    title: str
    status: str
    respond_by: datetime
    owner_id: UUID | None
    actor_role: str


@dataclass(frozen=True)
class EventPage:
    """Events in order, where to read on, and whether there are more by now."""

    items: list[FeedEvent]
    place: str
    more: bool


def after(place: str, limit: int) -> EventPage:
    """The practice's events after a place; that of ``LATEST`` is where the feed stands now.

    Raises ``Problem`` 422 for a place that is none.
    """
    if place == LATEST:
        newest = last(actor.practice_id, 1)
        return EventPage([], newest[0].place if newest else BEGINNING, False)
    found = following(actor.practice_id, *read_place(place), limit + 1)
    page = found[:limit]
    _trail(page)
    return EventPage(page, page[-1].place if page else place, len(found) > limit)


def following(practice_id: UUID, version: int, event_id: UUID, limit: int) -> list[FeedEvent]:
    """A practice's events after a place, oldest first; the caller records the access."""
    later = tuple_(AlertEvent.feed_version, AlertEvent.id) > (version, event_id)
    query = _query(practice_id, later).limit(limit)
    rows = session.execute(query.order_by(AlertEvent.feed_version, AlertEvent.id))
    return [_event(row) for row in rows]


def is_behind(practice_id: Any, version: Any, event_id: Any) -> ColumnElement[bool]:
    """Whether a practice has events after a place; all three are columns or values."""
    return exists().where(
        AlertEvent.practice_id == practice_id,
        AlertEvent.feed_version.is_not(None),
        tuple_(AlertEvent.feed_version, AlertEvent.id) > tuple_(version, event_id),
    )


def one(practice_id: UUID, event_id: UUID) -> FeedEvent | None:
    """An event by its id; the caller records the access."""
    row = session.execute(_query(practice_id, AlertEvent.id == event_id)).first()
    return None if row is None else _event(row)


def place_before(practice_id: UUID, at: datetime) -> tuple[int, UUID]:
    """The place from which reading on gives every event since an instant."""
    first = select(func.min(AlertEvent.feed_version)).where(
        AlertEvent.practice_id == practice_id, AlertEvent.at >= at
    )
    version = session.scalar(first)
    return newest_place(practice_id) if version is None else (version, UUID(int=0))


def newest_place(practice_id: UUID) -> tuple[int, UUID]:
    """The place of a practice's newest event; that of the beginning while there is none."""
    newest = last(practice_id, 1)
    return read_place(newest[0].place if newest else BEGINNING)


def place_at(version: int) -> str:
    """Where the feed stands at a version of it: behind all events of that version."""
    return f"{version}-{UUID(int=2**128 - 1)}"


def told_between(above: int, up_to: int | None) -> list[FeedEvent]:
    """The practice's events of some versions of its feed, newest first."""
    bounds = [AlertEvent.feed_version > above]
    if up_to is not None:
        bounds.append(AlertEvent.feed_version <= up_to)
    query = _query(actor.practice_id, *bounds)
    rows = session.execute(query.order_by(AlertEvent.feed_version.desc(), AlertEvent.id.desc()))
    found = [_event(row) for row in rows]
    _trail(found)
    return found


def last(practice_id: UUID, limit: int) -> list[FeedEvent]:
    """The newest events of a practice, newest first; the caller records the access."""
    query = _query(practice_id).limit(limit)
    rows = session.execute(query.order_by(AlertEvent.feed_version.desc(), AlertEvent.id.desc()))
    return [_event(row) for row in rows]


def _query(practice_id: UUID, *conditions: ColumnElement[bool]) -> Any:
    return (
        select(AlertEvent, Alert.patient_id, Alert.rule, Alert.rule_version)
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .where(
            AlertEvent.practice_id == practice_id,
            AlertEvent.feed_version.is_not(None),
            *conditions,
        )
    )


def _event(row: Any) -> FeedEvent:
    event: AlertEvent = row.AlertEvent
    assert event.feed_version is not None and event.tier is not None
    assert event.title is not None and event.respond_by is not None
    return FeedEvent(
        id=event.id,
        place=f"{event.feed_version}-{event.id}",
        type=events.TYPES[event.action],
        at=event.at,
        practice_id=event.practice_id,
        alert_id=event.alert_id,
        patient_id=row.patient_id,
        rule=row.rule,
        rule_version=row.rule_version,
        tier=event.tier,
        title=event.title,
        status=event.to_status,
        respond_by=event.respond_by,
        owner_id=event.owner_id,
        actor_role=event.actor_role,
    )


def read_place(place: str) -> tuple[int, UUID]:
    """The feed's version and the event's id in a place. Raises ``Problem`` 422 if it is none."""
    if place == BEGINNING:
        return 0, UUID(int=0)
    version, _, event_id = place.partition("-")
    try:
        if not version.isascii() or not version.isdigit() or len(version) > 18:
            raise ValueError(version)
        return int(version), UUID(event_id)
    except ValueError:
        raise invalid({"after": "Use the place of an event, unchanged."}) from None


def _trail(found: Sequence[FeedEvent]) -> None:
    if found:
        audit.record(
            "alert.events",
            practice_id=actor.practice_id,
            patients=sorted({str(event.patient_id) for event in found if event.patient_id}),
        )
