"""A real PostgreSQL for every test: embedded, or the server in TEST_DATABASE_URL.

One database is migrated once and serves as the template. Each test process works on a copy of it,
emptied before every test, so that commits, roles and row-level security are the real ones; a test
with processes of its own asks for ``own_database``, a copy that nobody else has.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import URL, make_url

from backend.app import create_app
from backend.config import Settings
from backend.core import embedded, migrations
from backend.core.clock import MovableClock
from backend.core.ids import new_id
from backend.core.limits import limiter
from backend.messaging import sms
from backend.models import Base
from backend.practices import service as practices
from tests.world import Caller, World

# A Tuesday, in the middle of the working day in London.
START = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
# Children before parents, then the queue's.
EVERY_TABLE = (
    *(table.name for table in reversed(Base.metadata.sorted_tables)),
    "procrastinate_events",
    "procrastinate_periodic_defers",
    "procrastinate_jobs",
    "procrastinate_workers",
)
SECRET = "a secret that only tests know, long enough"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With LUMBRA_DATABASE_ONLY, for a second server: only tests that speak to the database."""
    if not os.environ.get("LUMBRA_DATABASE_ONLY"):
        return
    speaking = [item for item in items if "server" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(speaking)])
    items[:] = speaking


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """The server that tests use, as the address of its maintenance database."""
    given = os.environ.get("TEST_DATABASE_URL")
    url = given or embedded.start(tmp_path_factory.mktemp("postgres") / "data", "tests")
    found = make_url(url).set(drivername="postgresql+psycopg")
    if not given:
        # Nothing of a test must outlive a power cut, and dropping a database waits for the disk.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            _administer(found, f"ALTER SYSTEM SET {setting} = off")
        _administer(found, "SELECT pg_reload_conf()")
    return found


@pytest.fixture(scope="session")
def template(server: URL) -> Iterator[str]:
    """The name of a migrated database to copy."""
    name = f"template_{new_id().hex}"
    _administer(server, f"CREATE DATABASE {name}")
    migrations.upgrade(_address(server, name))
    yield name
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(server: URL) -> Iterator[str]:
    """The address of a database without any table."""
    name = f"empty_{new_id().hex}"
    _administer(server, f"CREATE DATABASE {name}")
    yield _address(server, name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_database(server: URL, template: str) -> Iterator[str]:
    """The address of this process's copy of the migrated database."""
    yield from _copy(server, template)


@pytest.fixture
def own_database(server: URL, template: str) -> Iterator[str]:
    """The address of a copy for one test alone."""
    yield from _copy(server, template)


@pytest.fixture
def database(shared_database: str) -> str:
    """The address of a migrated database without any row."""
    plain = make_url(shared_database).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
        statements = [f"DELETE FROM {table}" for table in EVERY_TABLE]
        # A test may have made the schema look old.
        statements.append(f"UPDATE alembic_version SET version_num = '{migrations.head()}'")
        connection.execute("; ".join(statements))  # type: ignore[arg-type]
    return shared_database


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """The same Argon2id, at the lowest price: what is slow on purpose need not be slow here."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    practices._hasher = lambda: cheap  # type: ignore[assignment]


@pytest.fixture
def clock() -> MovableClock:
    """Stands still at ``START`` until it is moved."""
    return MovableClock(START)


@pytest.fixture(scope="session")
def shared_settings(shared_database: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of most tests."""
    return make_settings(shared_database, tmp_path_factory.mktemp("var"))


@pytest.fixture(scope="session")
def shared_app(shared_settings: Settings) -> Iterator[Flask]:
    """The application of most tests; building it takes longer than many of them."""
    made = create_app(shared_settings)
    yield made
    made.extensions["database"].engine.dispose()


@pytest.fixture
def settings(shared_settings: Settings) -> Settings:
    """A test's settings; override the fixture to change some."""
    return shared_settings


@pytest.fixture
def app(
    settings: Settings, clock: MovableClock, database: str, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """The application, on an empty database and as if newly started."""
    if settings is request.getfixturevalue("shared_settings"):
        made: Flask = request.getfixturevalue("shared_app")
        made.extensions["clock"] = clock
        sms.init_app(made, settings)
        limiter.reset()
        yield made
        return
    made = create_app(settings, clock)
    yield made
    made.extensions["database"].engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser or app that speaks to it."""
    return app.test_client()


@pytest.fixture
def world(app: Flask, clock: MovableClock) -> World:
    """People and what they do, through the API."""
    return World(app, clock)


@pytest.fixture
def clinician(world: World) -> Caller:
    """A clinician of a practice of their own."""
    return world.provider(world.practice())


def make_settings(database: str, folder: Path, **changes: object) -> Settings:
    """Settings for a test: no limits that a test would run into, no setting from outside."""
    values: dict[str, object] = {
        "environment": "test",
        "database_url": database,
        "var": folder,
        "secret_key": SECRET,
        "public_url": "http://localhost:8000",
        "rate_limit": "1000000 per minute",
        "sign_in_rate_limit": "1000000 per minute",
        "log_level": "ERROR",
        "sms_transport": "inbox",
        "webhook_local_targets": True,
        "database_pool_size": 2,
        "twilio_account_sid": None,
        "twilio_auth_token": None,
        "twilio_from": None,
    }
    return Settings(**{**values, **changes})  # type: ignore[arg-type]


def _copy(server: URL, template: str) -> Iterator[str]:
    name = f"test_{new_id().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _address(server, name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _address(server: URL, name: str) -> str:
    return server.set(database=name).render_as_string(hide_password=False)


def _administer(server: URL, statement: str) -> None:
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]
