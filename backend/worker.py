"""The worker: APScheduler is the clock, Procrastinate delivers. Any number run on one database.

A tick asks PostgreSQL what is due, in batches that skip what another worker holds, and writes in
the same transaction what it has decided; a tick that dies leaves nothing behind, and a tick that
runs twice finds nothing left to do.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from functools import partial

import psycopg
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from procrastinate.exceptions import ConnectorException
from sqlalchemy.exc import SQLAlchemyError

from backend.alerts import jobs as alerts
from backend.checkins import jobs as checkins
from backend.core import heartbeat, tenancy
from backend.core.database import unit_of_work
from backend.core.queue import connector, queue, register
from backend.hooks import jobs as hooks
from backend.hooks.postman import Postman
from backend.messaging import jobs as messaging
from backend.messaging.tasks import QUEUE
from backend.quality import jobs as quality

BATCH = 500
# How late a text may leave after its turn; the queue tells us of new jobs, but not of due ones.
POLL_SECONDS = 1.0

TICKS: dict[str, Callable[[int], int]] = {
    "open-check-ins": checkins.open_due,
    "plan-reminders": checkins.plan_reminders,
    "ask-for-calls": checkins.ask_for_calls,
    "close-check-ins": checkins.close_due,
    "review-plans": checkins.review_plans,
    "pass-on-alerts": alerts.pass_on_absent,
    "review-alert-load": quality.review_alert_load,
    "escalate-alerts": alerts.escalate_overdue,
    "sweep-messages": messaging.sweep,
    "forget-messages": messaging.forget_words,
    "watch-delivery": messaging.watch_delivery,
    "sweep-webhooks": hooks.sweep,
}


def tick(app: Flask, name: str) -> int:
    """Run one job until nothing is due; each batch is one transaction. Returns rows handled."""
    handled = 0
    with app.app_context():
        while True:
            with unit_of_work(), tenancy.across_practices():
                count = TICKS[name](BATCH)
                handled += count
                if count < BATCH:
                    heartbeat.beat(name, handled)
            if count < BATCH:
                return handled


def tick_all(app: Flask) -> None:
    """Run every job once, in the order of the road."""
    for name in TICKS:
        tick(app, name)


def _guarded(app: Flask, name: str) -> None:
    try:
        tick(app, name)
    except SQLAlchemyError as error:
        # The database may be away for a moment; the next tick asks again.
        app.extensions["log"].error("tick-failed", job=name, exception=type(error).__name__)


def run(app: Flask) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in hand."""
    settings = app.extensions["settings"]
    register(app)
    postman = Postman(app)
    clock = BackgroundScheduler(timezone="UTC")
    for name in TICKS:
        clock.add_job(
            partial(_guarded, app, name),
            "interval",
            id=name,
            seconds=settings.tick_seconds,
            coalesce=True,
            max_instances=1,
            next_run_time=app.extensions["clock"].now(),
        )
    # The queue answers this signal itself while it works; before and after, it ends us in order.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    clock.start()
    postman.start()
    app.extensions["log"].info("worker-started", jobs=list(TICKS))
    try:
        asyncio.run(_deliver(app))
    finally:
        postman.stop()
        clock.shutdown(wait=True)
        app.extensions["log"].info("worker-stopped")


async def _deliver(app: Flask) -> None:
    settings = app.extensions["settings"]
    while True:
        # An app of its own with the same tasks: the clock's threads defer through ``queue``, in
        # their sessions' plain connections, which a connector open for asyncio would not take.
        live = queue.with_connector(connector(app))
        try:
            async with live.open_async():
                await live.run_worker_async(
                    queues=[QUEUE],
                    concurrency=settings.worker_concurrency,
                    fetch_job_polling_interval=POLL_SECONDS,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=settings.twilio_timeout_seconds + 5,
                )
            return
        except (ConnectorException, psycopg.Error) as error:
            # The database may be away for a moment; jobs that were cut off are found by the sweep.
            app.extensions["log"].error("queue-failed", exception=type(error).__name__)
            await asyncio.sleep(POLL_SECONDS)
