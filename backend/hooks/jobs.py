"""What the clock, and a feed that has moved, ask of webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select

from backend.alerts import event_feed
from backend.core import tenancy
from backend.core.clock import now
from backend.core.database import session, unit_of_work
from backend.hooks import service, tasks
from backend.hooks.models import ACTIVE, PENDING, WebhookDelivery, WebhookEndpoint

# A job starts within a moment of being queued; one that has not is lost.
LOST_AFTER = timedelta(seconds=30)
LOG_KEPT_FOR = timedelta(days=30)


def wake(practice_ids: Collection[UUID]) -> None:
    """Queue a job for each endpoint of practices whose feed has moved.

    It waits for whoever has an endpoint in a transaction: what such a one has not seen yet, the job
    will. An endpoint whose job is still to start needs no other.
    """
    with tenancy.across_practices(), unit_of_work():
        _queue(WebhookEndpoint.practice_id.in_(list(practice_ids)))


def sweep(limit: int) -> int:
    """Find what fell by the wayside: a wake that nobody heard, a lost job, a worker that has gone.

    Also deletes the log of what was sent longer than a month ago. Returns rows handled; each step
    handles at most ``limit``.
    """
    behind = event_feed.is_behind(
        WebhookEndpoint.practice_id, WebhookEndpoint.place_version, WebhookEndpoint.place_id
    )
    return _queue(behind, limit=limit) + _requeue_singles(limit) + _forget(limit)


def deliver_due() -> None:
    """Send, in this process, everything that is due; for a clock that is moved, since the queue
    goes by the database's."""
    with tenancy.across_practices():
        pending = session.scalars(
            select(WebhookDelivery.id).where(WebhookDelivery.status == PENDING)
        ).all()
        active = session.scalars(
            select(WebhookEndpoint.id).where(WebhookEndpoint.status == ACTIVE)
        ).all()
    session.commit()

    async def all_of_them() -> None:
        for delivery_id in pending:
            await tasks.send_webhook.func(str(delivery_id))
        for endpoint_id in active:
            await tasks.follow_feed.func(str(endpoint_id))

    asyncio.run(all_of_them())


def _queue(*conditions: ColumnElement[bool], limit: int | None = None) -> int:
    at = now()
    query = (
        select(WebhookEndpoint)
        .where(
            WebhookEndpoint.status == ACTIVE,
            or_(WebhookEndpoint.retry_at.is_(None), WebhookEndpoint.retry_at <= at),
            or_(
                WebhookEndpoint.queued_at.is_(None),
                WebhookEndpoint.queued_at <= at - LOST_AFTER,
            ),
            *conditions,
        )
        .order_by(WebhookEndpoint.id)
        .limit(limit)
        .with_for_update()
    )
    if limit is not None:
        # The clock's round: who has one in hand looks again before it leaves.
        query = query.where(
            or_(WebhookEndpoint.claimed_until.is_(None), WebhookEndpoint.claimed_until <= at)
        ).with_for_update(skip_locked=True)
    found = session.scalars(query).all()
    service.queue_endpoints(found)
    session.flush()
    return len(found)


def _requeue_singles(limit: int) -> int:
    at = now()
    found = session.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.status == PENDING, WebhookDelivery.queued_at <= at - LOST_AFTER)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for delivery in found:
        delivery.queued_at = at
    tasks.queue_singles([delivery.id for delivery in found])
    session.flush()
    return len(found)


def _forget(limit: int) -> int:
    old = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.created_at < now() - LOG_KEPT_FOR)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(old).all()
    if ids:
        session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids)))
    return len(ids)
