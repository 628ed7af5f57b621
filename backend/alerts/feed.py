"""The practice's feed: what is open, by tier and urgency; what has changed since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Uuid,
    column,
    insert,
    literal,
    select,
    tuple_,
    update,
    values,
)
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value

from backend.alerts.models import IS_OPEN, Alert, AlertEvent, AlertFeed
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session, table_of
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.pagination import decode_cursor, encode_cursor
from backend.core.problems import not_found
from backend.patients.models import Patient
from backend.practices.models import Provider
from backend.programme import service as programme
from backend.risk import service as risk

ME, POOL = "me", "pool"
_Owner = aliased(Provider)
_STANDS_AT = (
    select(AlertFeed.version).where(AlertFeed.practice_id == Alert.practice_id).scalar_subquery()
)


@dataclass(frozen=True)
class FeedPage:
    """Some alerts, the cursor of the next page, and the feed's version for ``since``."""

    items: list[Row[Any]]
    next_cursor: str | None
    version: int


@dataclass(frozen=True)
class AlertView:
    """One alert with all that a provider needs to judge it; ``dose`` is that of now."""

    alert: Row[Any]
    history: list[AlertEvent]
    trend: list[risk.TrendPoint]
    dose: programme.PatientDose | None


def version() -> int:
    """The feed's version: the same number, the same feed."""
    found = session.scalar(
        select(AlertFeed.version).where(AlertFeed.practice_id == actor.practice_id)
    )
    return found or 0


def page(
    limit: int,
    cursor: str | None = None,
    since: int | None = None,
    tier: int | None = None,
    seen: int | None = None,
    owner: str | None = None,
) -> FeedPage:
    """A page of the feed.

    Without ``since``: open alerts, the highest tier and the nearest respond-by first. With it:
    every alert that changed after that version of the feed, closed ones included, oldest change
    first. ``seen`` is the feed's version, if the caller has asked for it already. ``owner`` is
    ``me``, ``pool`` or a provider's id.
    Raises ``Problem`` 422 for a cursor that is not ours.
    """
    query = _with_names().where(Alert.practice_id == actor.practice_id).limit(limit + 1)
    if tier is not None:
        query = query.where(Alert.tier == tier)
    if owner is not None:
        query = query.where(_is_owned_by(owner))
    if since is None:
        query = query.where(IS_OPEN)
        order: tuple[Any, ...] = (Alert.tier, Alert.respond_by, Alert.id)
    else:
        query = query.where(Alert.feed_version > since)
        order = (Alert.feed_version, Alert.id)
    if cursor is not None:
        query = query.where(tuple_(*order) > tuple_(*_key(cursor, since is None)))
    rows = list(session.execute(query.order_by(*order)))
    more = len(rows) > limit
    rows = rows[:limit]
    if seen is None:
        # Told by the same statement, so that nothing lies between the two.
        seen = rows[0].feed_stands_at if rows else version()
    _mark_delivered([row.Alert for row in rows])
    audit.record(
        "alert.list",
        practice_id=actor.practice_id,
        patients=sorted({str(row.Alert.patient_id) for row in rows if row.Alert.patient_id}),
    )
    return FeedPage(rows, _cursor(rows[-1].Alert, since is None) if more else None, seen)


def get(alert_id: UUID) -> AlertView:
    """One alert with its history and the patient's trend. Raises ``Problem`` 404."""
    row = session.execute(
        _with_names().where(Alert.id == alert_id, Alert.practice_id == actor.practice_id)
    ).one_or_none()
    if row is None:
        raise not_found("alert")
    alert = row.Alert
    events = select(AlertEvent).where(AlertEvent.alert_id == alert_id)
    audit.record(
        "alert.read",
        practice_id=alert.practice_id,
        patient_id=alert.patient_id,
        entity="alert",
        entity_id=alert.id,
    )
    return AlertView(
        row,
        list(session.scalars(events.order_by(AlertEvent.at, AlertEvent.id))),
        risk.trend(alert.patient_id) if alert.patient_id else [],
        programme.dose_of_patient(alert.patient_id) if alert.patient_id else None,
    )


def _with_names() -> Any:
    return (
        select(
            Alert,
            Patient.given_name,
            Patient.family_name,
            Provider.name.label("acknowledged_by_name"),
            _Owner.name.label("owner_name"),
            _STANDS_AT.label("feed_stands_at"),
        )
        .outerjoin(Patient, Patient.id == Alert.patient_id)
        .outerjoin(Provider, Provider.id == Alert.acknowledged_by)
        .outerjoin(_Owner, _Owner.id == Alert.owner_id)
    )


def _is_owned_by(owner: str) -> ColumnElement[bool]:
    if owner == POOL:
        return Alert.owner_id.is_(None)
    return Alert.owner_id == (actor.id if owner == ME else UUID(owner))


def _mark_delivered(alerts: list[Alert]) -> None:
    # Delivered means: it has reached a provider's screen. That is not an acknowledgement.
    fresh = [alert.id for alert in alerts if alert.status == "new"]
    if not fresh:
        return
    moved = (
        update(Alert)
        .where(Alert.id.in_(fresh), Alert.status == "new")
        .values(status="delivered")
        .returning(Alert.id)
        .cte("moved")
    )
    said = {
        "practice_id": actor.practice_id,
        "at": now(),
        "action": "deliver",
        "from_status": "new",
        "to_status": "delivered",
        "actor_role": actor.role,
        "actor_id": actor.id,
    }
    # The events' ids are in the order of time, as everywhere.
    ids = values(column("alert_id", Uuid), column("event_id", Uuid), name="ids").data(
        [(alert_id, new_id()) for alert_id in fresh]
    )
    rows = select(ids.c.event_id, moved.c.id, *map(literal, said.values())).join(
        ids, ids.c.alert_id == moved.c.id
    )
    session.execute(insert(table_of(AlertEvent)).from_select(["id", "alert_id", *said], rows))
    for alert in alerts:
        if alert.id in fresh:
            set_committed_value(alert, "status", "delivered")


def _cursor(alert: Alert, by_urgency: bool) -> str:
    if by_urgency:
        return encode_cursor("urgent", alert.tier, alert.respond_by.isoformat(), str(alert.id))
    return encode_cursor("changed", alert.feed_version, str(alert.id))


def _key(cursor: str, by_urgency: bool) -> tuple[Any, ...]:
    if by_urgency:
        tier, respond_by, alert_id = decode_cursor("urgent", cursor)
        return tier, datetime.fromisoformat(respond_by), UUID(alert_id)
    feed_version, alert_id = decode_cursor("changed", cursor)
    return feed_version, UUID(alert_id)
