"""The part of a worker that sends webhooks: woken by a feed that moves, fed by the job queue.

It runs in a thread with a loop of its own. Whatever an endpoint or a name server makes us wait for,
texts and the clock go on beside it.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

import psycopg
from flask import Flask
from procrastinate.exceptions import ConnectorException
from sqlalchemy.exc import SQLAlchemyError

from backend.alerts.writing import CHANNEL
from backend.core.notices import listen
from backend.core.queue import connector, queue
from backend.hooks import jobs
from backend.hooks.sending import TIMEOUT_SECONDS
from backend.hooks.tasks import QUEUE, aside

# Endpoints that are sent something at once; each waits for its own, and holds no thread meanwhile.
AT_ONCE = 200
NAMES_AT_ONCE = 32
POLL_SECONDS = 1.0


class Postman:
    """Sends webhooks in a thread, from ``start`` to ``stop``."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._moved: set[UUID] = set()
        self._woken = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks")
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Let what is under way end, and wait for it."""
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join()

    def _cancel(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        # For names alone; a name server that does not answer may hold many of them.
        self._loop.set_default_executor(ThreadPoolExecutor(NAMES_AT_ONCE, "names"))
        self._work = self._loop.create_task(self._for_good())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._work)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _for_good(self) -> None:
        while True:
            try:
                await self._all()
            except Exception as error:
                # Whatever it was, the next webhook is to be sent.
                self._app.extensions["log"].error("postman-failed", exception=type(error).__name__)
            await asyncio.sleep(POLL_SECONDS)

    async def _all(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(self._app, CHANNEL, self._woken.set, self._heard))
            group.create_task(self._wake())
            group.create_task(self._send())

    def _heard(self, practice: str) -> None:
        self._moved.add(UUID(practice))
        self._woken.set()

    async def _wake(self) -> None:
        """Queue jobs for the feeds that have moved; many moves in one go."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            moved, self._moved = self._moved, set()
            try:
                if moved:
                    await aside(jobs.wake, moved)
            except SQLAlchemyError as error:
                # The clock's round finds what was not queued.
                self._app.extensions["log"].error("wake-failed", exception=type(error).__name__)

    async def _send(self) -> None:
        while True:
            live = queue.with_connector(connector(self._app))
            try:
                async with live.open_async():
                    await live.run_worker_async(
                        queues=[QUEUE],
                        concurrency=AT_ONCE,
                        fetch_job_polling_interval=POLL_SECONDS,
                        delete_jobs="successful",
                        install_signal_handlers=False,
                        shutdown_graceful_timeout=TIMEOUT_SECONDS + 5,
                    )
            except (ConnectorException, psycopg.Error) as error:
                self._app.extensions["log"].error("queue-failed", exception=type(error).__name__)
            await asyncio.sleep(POLL_SECONDS)
