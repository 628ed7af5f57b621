"""The jobs of the queue. A job carries an endpoint's or a delivery's id; the row is the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from backend.config import Settings
from backend.core.clock import now
from backend.core.queue import defer, queue, registered
from backend.hooks import sending, signing

# A queue of their own: an endpoint that keeps us waiting must not keep a text waiting.
QUEUE = "webhooks"
# Threads of their own for the database: the loop's are for names, whose servers may not answer.
_database = ThreadPoolExecutor(8, "webhooks")
Made = TypeVar("Made")


@queue.task(name="follow-feed", queue=QUEUE)
async def follow_feed(endpoint_id: str) -> None:
    """Send an endpoint what is new in its feed, until there is nothing, or a try fails."""
    # What sends queues jobs itself, so the two modules need each other.
    from backend.hooks import following

    while work := await aside(following.claim, UUID(endpoint_id)):
        async with sending.client(_settings().webhook_local_targets) as client:
            for parcel in work.parcels:
                headers = await aside(_headers, parcel.message_id, parcel.body, work.secrets)
                answer = await sending.send(client, work.url, parcel.body, headers)
                if not await aside(following.record, work, parcel, answer):
                    return
        await aside(following.release, work)


@queue.task(name="send-webhook", queue=QUEUE)
async def send_webhook(delivery_id: str) -> None:
    """Send one event that was asked for by hand."""
    from backend.hooks import following

    found = await aside(following.single, UUID(delivery_id))
    if found is None:
        return
    headers = await aside(_headers, found.message_id, found.body, found.secrets)
    async with sending.client(_settings().webhook_local_targets) as client:
        answer = await sending.send(client, found.url, found.body, headers)
    await aside(following.record_single, found.delivery_id, answer)


def queue_following(ids: Iterable[UUID], at: datetime | None = None) -> None:
    """Queue a job for each endpoint, in the session's own transaction; at once or at an instant."""
    when: dict[str, Any] = {} if at is None else {"schedule_at": at}
    defer(follow_feed, [{"endpoint_id": str(key)} for key in ids], **when)


def queue_singles(ids: Iterable[UUID]) -> None:
    """Queue a job for each delivery that was asked for by hand."""
    defer(send_webhook, [{"delivery_id": str(key)} for key in ids])


def _headers(message_id: UUID, body: str, secrets: tuple[str, ...]) -> dict[str, str]:
    return signing.headers_of(message_id, now(), body, secrets)


async def aside(work: Callable[..., Made], *values: Any) -> Made:
    """Do in a thread, in the application's context, what waits for the database."""

    def within() -> Made:
        with registered().app_context():
            return work(*values)

    return await asyncio.get_running_loop().run_in_executor(_database, within)


def _settings() -> Settings:
    settings: Settings = registered().extensions["settings"]
    return settings
