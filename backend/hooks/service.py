"""A practice's webhook endpoints: made, changed, switched off; what was sent, and sent again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, select

from backend.alerts import event_feed
from backend.config import Settings
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import LEAD, actor
from backend.core.ids import new_id
from backend.core.pagination import decode_cursor, encode_cursor
from backend.core.problems import Problem, invalid, not_found
from backend.hooks import signing, targets, tasks
from backend.hooks.models import (
    ACTIVE,
    BY_HAND,
    DISABLED,
    PENDING,
    REPLAY,
    TEST,
    WebhookDelivery,
    WebhookEndpoint,
)
from backend.messaging import service as messaging
from backend.messaging.providers import ways_to
from backend.practices.models import Practice, Provider

OLD_SECRET_GOOD_FOR = timedelta(hours=24)
SECRET_BYTES = 32
MOST_ENDPOINTS = 20
TEST_TYPE = "webhook.test"
_CURSOR = "webhook-deliveries"


@dataclass(frozen=True)
class NewSecret:
    """An endpoint and its secret, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str


@dataclass(frozen=True)
class DeliveryPage:
    """Tries, newest first."""

    items: list[WebhookDelivery]
    next_cursor: str | None


def endpoints() -> list[WebhookEndpoint]:
    """The practice's endpoints, oldest first."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.practice_id == actor.practice_id)
    return list(session.scalars(query.order_by(WebhookEndpoint.created_at, WebhookEndpoint.id)))


def get(endpoint_id: UUID) -> WebhookEndpoint:
    """One endpoint. Raises ``Problem`` 404."""
    return _find(endpoint_id)


def create(url: str, description: str = "", event_types: Sequence[str] = ()) -> NewSecret:
    """A new endpoint; it is sent what happens from now on.

    Raises ``Problem`` 422 for an address that nothing may be sent to, 409 when there are too many.
    """
    _refuse(url)
    session.get_one(Practice, actor.practice_id, with_for_update=True)
    if len(endpoints()) >= MOST_ENDPOINTS:
        raise Problem(
            409, "too-many", f"A practice may have {MOST_ENDPOINTS} endpoints; delete one first."
        )
    at, secret = now(), _new_secret()
    version, event_id = event_feed.newest_place(actor.practice_id)
    endpoint = WebhookEndpoint(
        id=new_id(),
        practice_id=actor.practice_id,
        url=url,
        description=description,
        event_types=sorted(set(event_types)),
        status=ACTIVE,
        secret=secret,
        place_version=version,
        place_id=event_id,
        failures=0,
        created_at=at,
        created_by=actor.id,
        updated_at=at,
    )
    session.add(endpoint)
    session.flush()
    _trail("create", endpoint)
    return NewSecret(endpoint, secret)


def change(endpoint_id: UUID, **changes: Any) -> WebhookEndpoint:
    """Change address, description, event types or status of an endpoint.

    Switched on again it goes on where it stopped. Raises ``Problem`` 404 or 422.
    """
    endpoint = _find(endpoint_id, lock=True)
    if "url" in changes:
        _refuse(changes["url"])
    if "event_types" in changes:
        changes["event_types"] = sorted(set(changes["event_types"]))
    for name in ("url", "description", "event_types"):
        if name in changes:
            setattr(endpoint, name, changes[name])
    status = changes.get("status", endpoint.status)
    if status != endpoint.status:
        endpoint.status = status
        endpoint.disabled_reason = BY_HAND if status == DISABLED else None
    # A new address or a fresh start deserves to be tried at once.
    _start_afresh(endpoint)
    _trail("change", endpoint, changed=sorted(changes))
    return endpoint


def remove(endpoint_id: UUID) -> None:
    """Delete an endpoint with its log. Raises ``Problem`` 404."""
    endpoint = _find(endpoint_id, lock=True)
    _trail("delete", endpoint)
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id))
    session.delete(endpoint)
    session.flush()


def rotate(endpoint_id: UUID) -> NewSecret:
    """Give an endpoint a new secret. For a day what it is sent is signed with the old one, too.

    Raises ``Problem`` 404.
    """
    endpoint = _find(endpoint_id, lock=True)
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, now() + OLD_SECRET_GOOD_FOR
    endpoint.secret = _new_secret()
    endpoint.updated_at = now()
    # What a worker has in hand would still be signed as before.
    _take_back(endpoint)
    _trail("rotate", endpoint)
    return NewSecret(endpoint, endpoint.secret)


def send_test(endpoint_id: UUID) -> WebhookDelivery:
    """Send an endpoint an event that means nothing; the log tells how it went."""
    endpoint = _find(endpoint_id)
    return _ask_for(endpoint, new_id(), TEST_TYPE, TEST)


def deliveries(
    endpoint_id: UUID, limit: int = 50, cursor: str | None = None, status: str | None = None
) -> DeliveryPage:
    """What was sent to an endpoint, newest first. Raises ``Problem`` 404, or 422 for a cursor."""
    endpoint = _find(endpoint_id)
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
    if status is not None:
        query = query.where(WebhookDelivery.status == status)
    if cursor is not None:
        [before] = decode_cursor(_CURSOR, cursor)
        query = query.where(WebhookDelivery.id < UUID(before))
    found = list(session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit + 1)))
    more = encode_cursor(_CURSOR, str(found[limit - 1].id)) if len(found) > limit else None
    return DeliveryPage(found[:limit], more)


def replay(endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Send the event of one delivery once more, under its old id and out of turn.

    Raises ``Problem`` 404.
    """
    endpoint = _find(endpoint_id)
    old = session.scalar(
        select(WebhookDelivery).where(
            WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint.id
        )
    )
    if old is None:
        raise not_found("delivery")
    return _ask_for(endpoint, old.event_id, old.event_type, TEST if old.cause == TEST else REPLAY)


def replay_since(
    endpoint_id: UUID, after: str | None = None, since: datetime | None = None
) -> WebhookEndpoint:
    """Go back to a place in the feed, or to an instant, and send everything from there again.

    Raises ``Problem`` 404, or 422 unless exactly one of the two is given.
    """
    if (after is None) == (since is None):
        raise invalid({"after": "Give a place or an instant, one of the two."})
    endpoint = _find(endpoint_id, lock=True)
    if after is not None:
        place = event_feed.read_place(after)
    else:
        assert since is not None
        place = event_feed.place_before(endpoint.practice_id, since)
    if place > (endpoint.place_version, endpoint.place_id):
        raise invalid({"after" if after is not None else "since": "It has not come so far yet."})
    endpoint.place_version, endpoint.place_id = place
    _start_afresh(endpoint)
    _trail("replay", endpoint)
    return endpoint


def secrets_of(endpoint: WebhookEndpoint, at: datetime) -> tuple[str, ...]:
    """The secrets that are good at an instant, the newest first."""
    if endpoint.old_secret is None or endpoint.old_secret_until is None:
        return (endpoint.secret,)
    is_good = endpoint.old_secret_until > at
    return (endpoint.secret, endpoint.old_secret) if is_good else (endpoint.secret,)


def queue_endpoints(found: Sequence[WebhookEndpoint], at: datetime | None = None) -> None:
    """Queue a job for each endpoint, in the session's transaction; at once or at an instant."""
    if at is None:
        for endpoint in found:
            endpoint.queued_at = now()
    tasks.queue_following([endpoint.id for endpoint in found], at)


def switch_off(endpoint: WebhookEndpoint, reason: str) -> None:
    """Send an endpoint nothing more until its practice switches it on; the lead is told."""
    endpoint.status, endpoint.disabled_reason = DISABLED, reason
    endpoint.claim = endpoint.claimed_until = endpoint.retry_at = endpoint.queued_at = None
    endpoint.updated_at = now()
    audit.record(
        "webhook.switch-off",
        practice_id=endpoint.practice_id,
        entity="webhook_endpoint",
        entity_id=endpoint.id,
        reason=reason,
    )
    _tell_leads(endpoint)


def _start_afresh(endpoint: WebhookEndpoint) -> None:
    endpoint.failures, endpoint.retry_at, endpoint.updated_at = 0, None, now()
    _take_back(endpoint)


def _take_back(endpoint: WebhookEndpoint) -> None:
    """Whoever has it in hand ends after the present try; a new job goes on from here."""
    endpoint.claim = endpoint.claimed_until = endpoint.queued_at = None
    if endpoint.status == ACTIVE:
        queue_endpoints([endpoint])
    session.flush()


def _ask_for(
    endpoint: WebhookEndpoint, event_id: UUID, event_type: str, cause: str
) -> WebhookDelivery:
    at = now()
    delivery = WebhookDelivery(
        id=new_id(),
        practice_id=endpoint.practice_id,
        endpoint_id=endpoint.id,
        event_id=event_id,
        event_type=event_type,
        cause=cause,
        attempt=1,
        status=PENDING,
        created_at=at,
        queued_at=at,
    )
    session.add(delivery)
    session.flush()
    tasks.queue_singles([delivery.id])
    _trail(cause, endpoint)
    return delivery


def _find(endpoint_id: UUID, lock: bool = False) -> WebhookEndpoint:
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id, WebhookEndpoint.practice_id == actor.practice_id
    )
    endpoint = session.scalar(query.with_for_update() if lock else query)
    if endpoint is None:
        raise not_found("webhook endpoint")
    return endpoint


def _refuse(url: str) -> None:
    settings: Settings = current_app.extensions["settings"]
    ports = {int(port) for port in settings.webhook_ports.split()}
    fault = targets.fault_in(url, ports, settings.webhook_local_targets)
    if fault is not None:
        raise invalid({"url": fault})


def _new_secret() -> str:
    return signing.secret_of(os.urandom(SECRET_BYTES))


def _trail(verb: str, endpoint: WebhookEndpoint, **detail: Any) -> None:
    audit.record(
        f"webhook.{verb}",
        practice_id=endpoint.practice_id,
        entity="webhook_endpoint",
        entity_id=endpoint.id,
        **detail,
    )


def _tell_leads(endpoint: WebhookEndpoint) -> None:
    leads = session.scalars(
        select(Provider).where(
            Provider.practice_id == endpoint.practice_id, Provider.role == LEAD, Provider.active
        )
    ).all()
    zone = session.get_one(Practice, endpoint.practice_id).time_zone
    at = now()
    messaging.queue_texts(
        [
            messaging.Text(
                recipient=recipient,
                purpose="webhook",
                occurrence=f"{endpoint.id}:{at.isoformat()}",
                template="webhook-off",
                params={},
                subject_id=endpoint.id,
            )
            for lead in leads
            # By e-mail where that can leave, else by text: it is no emergency.
            for recipient in ways_to(lead, zone)[-1:]
        ]
    )
