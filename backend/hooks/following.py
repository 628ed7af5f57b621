"""Brings an endpoint what is new in its practice's feed, one event after the other.

Whoever sends holds the endpoint's ``claim``, and only with it moves the endpoint's place on. A
claim lasts longer than any try; when its worker has gone, another takes over from the same place,
so that an event may come twice but none is left out, and none overtakes another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.alerts import event_feed
from backend.alerts.event_feed import FeedEvent
from backend.alerts.schemas import FeedEventOut
from backend.core import audit, tenancy
from backend.core.clock import now
from backend.core.database import session, unit_of_work
from backend.core.ids import new_id
from backend.hooks import retries, service, signing
from backend.hooks.models import (
    ACTIVE,
    DELIVERED,
    FAILED,
    FAILING,
    FEED,
    GONE,
    PENDING,
    TEST,
    WebhookDelivery,
    WebhookEndpoint,
)
from backend.hooks.sending import TIMEOUT_SECONDS, Answer

PAGE = 20
CLAIMED_FOR = timedelta(seconds=2 * TIMEOUT_SECONDS)
_EVENT = FeedEventOut()


@dataclass(frozen=True)
class Parcel:
    """What one try sends, and where to. Headers are made when it leaves."""

    message_id: UUID
    type: str
    body: str
    place: tuple[int, UUID]


@dataclass(frozen=True)
class Work:
    """Some events for one endpoint, under one claim."""

    endpoint_id: UUID
    claim: UUID
    url: str
    secrets: tuple[str, ...]
    parcels: tuple[Parcel, ...]
    # Where the endpoint stands after them, and what it did not ask for.
    end: tuple[int, UUID]


def claim(endpoint_id: UUID) -> Work | None:
    """Take an endpoint's next events in hand; None if there are none, or they are not due.

    Events that the endpoint did not ask for are passed by.
    """
    with tenancy.across_practices():
        while True:
            with unit_of_work():
                found, passed = _claim(endpoint_id)
            if not passed:
                return found


def record(work: Work, parcel: Parcel, answer: Answer) -> bool:
    """Write down one try and what follows from it; whether to go on with the next event."""
    with tenancy.across_practices(), unit_of_work():
        endpoint = _held(work)
        if endpoint is None:
            return False
        step = retries.after(answer.http_status, endpoint.failures)
        session.add(_tried(endpoint, parcel, answer, step))
        if isinstance(step, retries.Done):
            endpoint.place_version, endpoint.place_id = parcel.place
            endpoint.failures, endpoint.retry_at = 0, None
            endpoint.claimed_until = now() + CLAIMED_FOR
            return True
        endpoint.claim = endpoint.claimed_until = None
        if isinstance(step, retries.TryAgain):
            endpoint.failures += 1
            endpoint.retry_at = now() + step.pause
            service.queue_endpoints([endpoint], endpoint.retry_at)
        else:
            service.switch_off(endpoint, GONE if step.is_gone else FAILING)
        return False


def release(work: Work) -> None:
    """Give the endpoint back after the last of some events."""
    with tenancy.across_practices(), unit_of_work():
        endpoint = _held(work)
        if endpoint is not None:
            endpoint.place_version, endpoint.place_id = work.end
            endpoint.claim = endpoint.claimed_until = None


@dataclass(frozen=True)
class Single:
    """One event that somebody asked to have sent, or a test."""

    delivery_id: UUID
    url: str
    secrets: tuple[str, ...]
    message_id: UUID
    body: str


def single(delivery_id: UUID) -> Single | None:
    """What a pending delivery sends; None if it is done with, or its endpoint has gone."""
    with tenancy.across_practices(), unit_of_work():
        delivery = session.scalar(
            select(WebhookDelivery)
            .where(WebhookDelivery.id == delivery_id, WebhookDelivery.status == PENDING)
            .with_for_update()
        )
        if delivery is None:
            return None
        endpoint = session.get_one(WebhookEndpoint, delivery.endpoint_id)
        return Single(
            delivery.id,
            endpoint.url,
            service.secrets_of(endpoint, now()),
            delivery.event_id,
            _body_again(delivery),
        )


def record_single(delivery_id: UUID, answer: Answer) -> None:
    """Write down how a delivery went that was asked for by hand; it is not tried again."""
    with tenancy.across_practices(), unit_of_work():
        delivery = session.get(WebhookDelivery, delivery_id, with_for_update=True)
        if delivery is not None and delivery.status == PENDING:
            is_there = isinstance(retries.after(answer.http_status, 0), retries.Done)
            delivery.status = DELIVERED if is_there else FAILED
            delivery.finished_at = now()
            _write_answer(delivery, answer)


def _claim(endpoint_id: UUID) -> tuple[Work | None, bool]:
    """Events in hand, or whether some were passed by and there may be more."""
    at = now()
    endpoint = session.scalar(
        select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    )
    if endpoint is None or endpoint.status != ACTIVE:
        return None, False
    endpoint.queued_at = None
    if _is_in_hand(endpoint, at) or (endpoint.retry_at is not None and endpoint.retry_at > at):
        return None, False
    # After the lock: what is committed from here on finds the endpoint free, or comes to it later.
    place = endpoint.place_version, endpoint.place_id
    events = event_feed.following(endpoint.practice_id, *place, PAGE)
    if not events:
        return None, False
    wanted = [each for each in events if _is_wanted(endpoint, each)]
    end = event_feed.read_place(events[-1].place)
    if not wanted:
        endpoint.place_version, endpoint.place_id = end
        return None, True
    endpoint.claim, endpoint.claimed_until = new_id(), at + CLAIMED_FOR
    _trail(endpoint, wanted)
    parcels = tuple(_parcel(each) for each in wanted)
    secrets = service.secrets_of(endpoint, at)
    return Work(endpoint.id, endpoint.claim, endpoint.url, secrets, parcels, end), False


def _held(work: Work) -> WebhookEndpoint | None:
    """The endpoint, locked, if the claim on it still holds."""
    return session.scalar(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.id == work.endpoint_id, WebhookEndpoint.claim == work.claim)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _is_in_hand(endpoint: WebhookEndpoint, at: datetime) -> bool:
    return endpoint.claimed_until is not None and endpoint.claimed_until > at


def _is_wanted(endpoint: WebhookEndpoint, event: FeedEvent) -> bool:
    return not endpoint.event_types or event.type in endpoint.event_types


def _parcel(event: FeedEvent) -> Parcel:
    told: dict[str, Any] = _EVENT.dump(event)
    body = signing.body_of(event.type, told["at"], told)
    return Parcel(event.id, event.type, body, event_feed.read_place(event.place))


def _body_again(delivery: WebhookDelivery) -> str:
    if delivery.cause == TEST:
        about = {"endpoint_id": str(delivery.endpoint_id)}
        return signing.body_of(service.TEST_TYPE, delivery.created_at.isoformat(), about)
    event = event_feed.one(delivery.practice_id, delivery.event_id)
    assert event is not None
    return _parcel(event).body


def _tried(
    endpoint: WebhookEndpoint, parcel: Parcel, answer: Answer, step: object
) -> WebhookDelivery:
    at = now()
    delivery = WebhookDelivery(
        practice_id=endpoint.practice_id,
        endpoint_id=endpoint.id,
        event_id=parcel.message_id,
        event_type=parcel.type,
        cause=FEED,
        attempt=endpoint.failures + 1,
        status=DELIVERED if isinstance(step, retries.Done) else FAILED,
        created_at=at,
        finished_at=at,
    )
    _write_answer(delivery, answer)
    return delivery


def _write_answer(delivery: WebhookDelivery, answer: Answer) -> None:
    delivery.http_status = answer.http_status
    delivery.error = answer.error
    delivery.response = answer.response
    delivery.milliseconds = answer.milliseconds


def _trail(endpoint: WebhookEndpoint, events: list[FeedEvent]) -> None:
    audit.record(
        "alert.events",
        practice_id=endpoint.practice_id,
        entity="webhook_endpoint",
        entity_id=endpoint.id,
        patients=sorted({str(event.patient_id) for event in events if event.patient_id}),
    )
