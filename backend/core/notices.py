"""What PostgreSQL notifies (``LISTEN``), heard as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
from flask import Flask
from sqlalchemy.engine import make_url

RECONNECT_SECONDS = 1.0


async def listen(
    app: Flask, channel: str, began: Callable[[], None], heard: Callable[[str], None]
) -> None:
    """Call ``heard`` with each payload of a channel, until cancelled.

    ``began`` is called whenever listening begins: something may have happened while nobody
    listened, as it does when the database was away for a moment.
    """
    found = make_url(app.extensions["database"].url).set(drivername="postgresql")
    address = found.render_as_string(hide_password=False)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                address, autocommit=True
            ) as connection:
                await connection.execute(f"LISTEN {channel}")
                began()
                async for note in connection.notifies():
                    heard(note.payload)
        except psycopg.Error as error:
            app.extensions["log"].warning("listener-lost", exception=type(error).__name__)
        await asyncio.sleep(RECONNECT_SECONDS)
