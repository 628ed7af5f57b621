"""What every change of an alert has in common: the feed moves on, and an event is written."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from backend.alerts import states
from backend.alerts.models import Alert, AlertEvent, AlertFeed
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.problems import Problem, not_found
from backend.practices.models import Provider

CHANNEL = "alert_feed"


def bump_feed(practice_id: UUID) -> int:
    """Move the practice's feed on by one. The row stays locked until commit, so that versions
    appear in the order in which they were given. Always before an alert is locked, so that two
    transactions never wait for each other. Whoever listens to ``CHANNEL`` hears of it at commit."""
    statement = insert(AlertFeed).values(practice_id=practice_id, version=1)
    moved = statement.on_conflict_do_update(
        index_elements=["practice_id"], set_={"version": AlertFeed.version + 1}
    ).returning(AlertFeed.version, func.pg_notify(CHANNEL, str(practice_id)))
    version: int = session.execute(moved).one().version
    return version


def locked(alert_id: UUID) -> tuple[Alert, int]:
    """An alert of the actor's practice, locked, and the feed's new version.

    Raises ``Problem`` 404.
    """
    version = bump_feed(actor.practice_id)
    alert = session.scalar(
        select(Alert)
        .where(Alert.id == alert_id, Alert.practice_id == actor.practice_id)
        .with_for_update()
    )
    if alert is None:
        raise not_found("alert")
    return alert, version


def history(alert_id: UUID) -> list[AlertEvent]:
    """Every change of an alert, oldest first."""
    query = select(AlertEvent).where(AlertEvent.alert_id == alert_id)
    return list(session.scalars(query.order_by(AlertEvent.at, AlertEvent.id)))


def write_event(
    alert: Alert, action: str, before: str | None, note: str | None, detail: dict[str, Any] | None
) -> None:
    """Put down what an alert is like after a change, and who made it."""
    who = g.get("actor")
    is_human = who is not None and not who.is_patient
    session.add(
        AlertEvent(
            practice_id=alert.practice_id,
            alert_id=alert.id,
            at=now(),
            action=action,
            from_status=before,
            to_status=alert.status,
            actor_role=who.role if is_human else "system",
            actor_id=who.id if is_human else None,
            note=note,
            detail=detail,
            feed_version=alert.feed_version,
            tier=alert.tier,
            title=alert.title,
            respond_by=alert.respond_by,
            owner_id=alert.owner_id,
        )
    )


def trail(alert: Alert, action: str) -> None:
    """Record what a provider did with an alert."""
    audit.record(
        f"alert.{action}",
        practice_id=alert.practice_id,
        patient_id=alert.patient_id,
        entity="alert",
        entity_id=alert.id,
    )


def conflict(alert: Alert, action: str, sentence: str) -> Problem:
    """The refusal of a move; of one that came second, with who was first."""
    winner = None
    if action == states.ACKNOWLEDGE and alert.acknowledged_by is not None:
        winner = session.get_one(Provider, alert.acknowledged_by).name
    return Problem(
        409,
        "illegal-move",
        sentence,
        alert_status=alert.status,
        acknowledged_by=winner,
    )
