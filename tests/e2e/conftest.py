"""What the tests with real processes share: the machine's own clock, a carrier, a site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from backend.app import create_app
from backend.core.clock import MovableClock
from tests.conftest import make_settings
from tests.e2e.processes import Site
from tests.twilio_stand_in import TwilioStandIn
from tests.world import World

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def database(own_database: str) -> str:
    """A copy that processes may be killed on, and that nobody else has."""
    return own_database


@pytest.fixture
def carrier() -> Iterator[TwilioStandIn]:
    """Where the texts go."""
    with TwilioStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def site(tmp_path: Path, database: str, carrier: TwilioStandIn) -> Iterator[Site]:
    """A deployment on the test's database; the test starts its processes."""
    with Site(tmp_path, database, carrier) as made:
        yield made


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[Flask]:
    """The application in this process, on the machine's clock, to prepare people with."""
    made = create_app(make_settings(database, tmp_path))
    yield made
    made.extensions["database"].engine.dispose()


@pytest.fixture
def ask(database: str) -> Iterator[Ask]:
    """SQL as the database's owner, who sees every row; a statement that changes rows commits."""
    plain = make_url(database).set(drivername="postgresql")
    address = plain.render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:

        def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement, values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

        yield run


@pytest.fixture
def midday_zone() -> str:
    """A zone in which it is about one o'clock in the afternoon, so that no hour is quiet."""
    ahead = 13 - datetime.now(UTC).hour
    # POSIX counts the other way round: Etc/GMT-3 lies three hours ahead of Greenwich.
    return "UTC" if ahead == 0 else f"Etc/GMT{-ahead:+d}"


@pytest.fixture
def world(app: Flask, clock: MovableClock) -> World:
    """People and what they do. Give it ``client = Socket(...)`` to let them act over the wire."""
    return World(app, clock)
