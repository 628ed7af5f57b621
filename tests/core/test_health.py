"""Is it up; is it of use."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.app import create_app
from backend.core import migrations
from backend.core.clock import MovableClock
from tests.conftest import make_settings
from tests.owner import ask
from tests.world import World

NO_SERVER = "postgresql://nobody@127.0.0.1:1/nothing"


def refusal(answer: TestResponse) -> str:
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    return str(answer.get_json()["detail"])


def test_it_is_ready_once_a_worker_has_been_seen(world: World) -> None:
    assert "flask worker" in refusal(world.get("/readyz"))
    world.tick()
    assert world.ok(world.get("/readyz")) == {"status": "ready"}


def test_it_is_not_ready_when_the_worker_has_been_away(world: World) -> None:
    world.tick()
    world.clock.move_by(seconds=60)
    assert world.get("/readyz").status_code == 200
    world.clock.move_by(seconds=1)
    assert "worker" in refusal(world.get("/readyz"))


def test_a_slow_clock_is_given_more_time(
    database: str, tmp_path: Path, clock: MovableClock
) -> None:
    slow = World(create_app(make_settings(database, tmp_path, tick_seconds=60), clock), clock)
    slow.tick()
    clock.move_by(seconds=240)
    assert slow.get("/readyz").status_code == 200
    clock.move_by(seconds=1)
    assert slow.get("/readyz").status_code == 503


def test_it_is_not_ready_on_another_migration(
    empty_database: str, tmp_path: Path, clock: MovableClock, template: str
) -> None:
    # A database of its own: what is changed here is the schema's version, which stays.
    app = create_app(make_settings(empty_database, tmp_path), clock)
    world = World(app, clock)
    assert "flask db upgrade" in refusal(world.get("/readyz"))
    migrations.upgrade(empty_database)
    world.tick()
    assert world.get("/readyz").status_code == 200
    ask(empty_database, "UPDATE alembic_version SET version_num = '0000'")
    assert "flask db upgrade" in refusal(world.get("/readyz"))
    app.extensions["database"].engine.dispose()


def test_it_is_up_but_not_ready_without_a_database(tmp_path: Path) -> None:
    client: FlaskClient = create_app(make_settings(NO_SERVER, tmp_path)).test_client()
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert "database" in refusal(client.get("/readyz"))
