"""From commit to receiver: twenty endpoints that are sent every event, by one worker.

A real worker and a real HTTP server on a real socket, and PostgreSQL. First alerts are raised
with a pause between; then without, to see how many webhooks a second leave.

Run: ``python -m benchmarks.webhooks`` (embedded PostgreSQL, or the server in TEST_DATABASE_URL).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from backend.app import create_app
from backend.core import migrations
from backend.core.clock import SystemClock
from benchmarks.road import _database, _server_version
from tests.conftest import make_settings
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.e2e.processes import Site, wait_for
from tests.hooks.receiver import Received, Receiver, Reply
from tests.world import World

ENDPOINTS, SLOWLY, AT_ONCE = 20, 100, 100


def main() -> None:
    """Prepare, measure, print."""
    with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as url:
        address = make_url(url).set(drivername="postgresql+psycopg").render_as_string(False)
        migrations.upgrade(address)
        app = create_app(make_settings(url, Path(folder)), SystemClock())
        world = World(app, app.extensions["clock"])
        lead = world.provider(world.practice(), "lead")
        opens_at = SystemClock().now() + timedelta(days=30)
        people = crowd(app, lead.practice_id, SLOWLY + AT_ONCE, opens_at)
        receiver = Receiver()
        arrived: list[tuple[str, float]] = []

        def note(got: Received) -> Reply:
            arrived.append((got.event["data"]["alert_id"], time.perf_counter()))
            return Reply()

        receiver.reply = note
        for number in range(ENDPOINTS):
            body = {"url": f"{receiver.url}/{number}"}
            world.ok(world.post("/v1/webhook-endpoints", lead, body))
        print(f"PostgreSQL {_server_version(url)}")
        with Site(Path(folder), url) as site:
            site.worker()
            raise_alert(app, lead.practice_id, people[0], **OF_TIER[3])
            wait_for(lambda: len(arrived) == ENDPOINTS, "the worker", site)
            committed: dict[str, float] = {}
            for person in people[1:SLOWLY]:
                [alert] = raise_alert(app, lead.practice_id, person, **OF_TIER[3])
                committed[str(alert.id)] = time.perf_counter()
                time.sleep(0.3)
            wait_for(lambda: len(arrived) == ENDPOINTS * SLOWLY, "the last", site)
            late = sorted(1000 * (at - committed[a]) for a, at in arrived if a in committed)
            print(
                f"{SLOWLY - 1} alerts to {ENDPOINTS} endpoints: median "
                f"{statistics.median(late):.0f} ms from commit to receiver, 90 % within "
                f"{late[int(len(late) * 0.9)]:.0f} ms, slowest {late[-1]:.0f} ms"
            )
            began = time.perf_counter()
            for person in people[SLOWLY:]:
                raise_alert(app, lead.practice_id, person, **OF_TIER[3])
            total = ENDPOINTS * (SLOWLY + AT_ONCE)
            wait_for(lambda: len(arrived) == total, "the last", site)
            took = time.perf_counter() - began
            print(
                f"{AT_ONCE} alerts one after the other without a pause: "
                f"{ENDPOINTS * AT_ONCE / took:.0f} webhooks a second"
            )
        receiver.stop()


if __name__ == "__main__":
    main()
