"""What a page of the alert feed costs with a million alerts of five thousand practices.

One practice has 20,000 open alerts, so that there are hundreds of pages; the others share the rest,
a tenth of it open. A page of 50 is asked for over the API at the first, tenth and hundredth page
and further down, and PostgreSQL explains the statement that reads it. The rows are made by
PostgreSQL itself; the application reads them as it reads any.

Run: ``make bench-feed`` (embedded PostgreSQL, or the server in TEST_DATABASE_URL).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import make_url

from backend.app import create_app
from backend.core import migrations
from backend.core.clock import SystemClock
from benchmarks.road import _database, _server_version
from tests.conftest import make_settings
from tests.world import Caller, World

PRACTICES, ALERTS, BUSY = 5_000, 1_000_000, 20_000
PATIENTS_OF_BUSY, RULES = 4_000, 5
PAGE, ROUNDS = 50, 200
DEPTHS = (1, 10, 100, 390)
OF_OTHERS = (ALERTS - BUSY) // (PRACTICES - 1)

MAKE = f"""
CREATE TEMP TABLE source AS SELECT * FROM patient LIMIT 1;
INSERT INTO practice (id, name, country, time_zone, service_hours, holidays, created_at)
SELECT gen_random_uuid(), 'Practice ' || n, 'GB', 'Europe/London', '{{}}', '[]', now()
FROM generate_series(2, {PRACTICES}) n;
INSERT INTO patient (id, practice_id, given_name, family_name, phone, phone_index, language,
    time_zone, created_at)
SELECT gen_random_uuid(), practice.id, given_name, family_name, source.phone, phone_index, 'en',
    'Europe/London', now()
FROM practice, source, generate_series(1, CASE WHEN practice.id = %(busy)s
    THEN {PATIENTS_OF_BUSY} ELSE {-(-OF_OTHERS // RULES)} END);
INSERT INTO alert (id, practice_id, patient_id, rule, rule_version, tier, title, status, evidence,
    suggestions, respond_from, respond_by, resolve_from, resolve_by, opened_at, updated_at,
    closed_at, resolution, feed_version)
SELECT gen_random_uuid(), practice_id, id, 'rule-' || rule, 'default/1', 1 + rule %% 3,
    'Risk score is rising', CASE WHEN is_open THEN 'delivered' ELSE 'resolved' END,
    '[{{"why": "A score has risen.", "because": []}}]', '["Call the patient"]',
    opened, opened + interval '1 day', opened,
    opened + interval '3 days', opened, opened, CASE WHEN is_open THEN NULL ELSE opened END,
    CASE WHEN is_open THEN NULL ELSE 'contacted' END, number
FROM (
    SELECT patient.id, practice_id, rule,
        now() - random() * interval '300 days' AS opened,
        practice_id = %(busy)s OR random() < 0.1 AS is_open,
        row_number() OVER (PARTITION BY practice_id) AS number
    FROM patient, generate_series(1, {RULES}) rule
    WHERE patient.id <> (SELECT id FROM source)
) made;
INSERT INTO alert_feed (practice_id, version)
SELECT practice_id, max(feed_version) FROM alert GROUP BY practice_id;
"""


def main() -> None:
    """Prepare, measure, print."""
    with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as url:
        address = make_url(url)
        migrations.upgrade(address.set(drivername="postgresql+psycopg").render_as_string(False))
        app = create_app(make_settings(url, Path(folder)), SystemClock())
        world = World(app, app.extensions["clock"])
        clinician = world.provider(world.practice("Busy"))
        world.enrol(clinician)
        plain = address.set(drivername="postgresql").render_as_string(False)
        with psycopg.connect(plain, autocommit=True) as owner:
            _fill(owner, clinician.practice_id)
        print(f"PostgreSQL {_server_version(url)}")
        _measure(app, world, clinician, plain)


def _fill(owner: psycopg.Connection[Any], busy: UUID) -> None:
    began = time.perf_counter()
    # Keys are right by how the rows are made; checking a million of them would prove nothing.
    owner.execute("SET session_replication_role = replica")
    script = MAKE.replace("%(busy)s", sql.Literal(str(busy)).as_string(owner)).replace("%%", "%")
    owner.execute(script)  # type: ignore[arg-type]
    owner.execute("VACUUM ANALYZE")
    counts = [
        owner.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        for table in ("practice", "patient", "alert")
    ]
    numbers = [count[0] for count in counts if count]
    print("practices {:,}, patients {:,}, alerts {:,}".format(*numbers), end=" ")
    print(f"(made in {time.perf_counter() - began:.0f} s)")


def _measure(app: Flask, world: World, clinician: Caller, plain: str) -> None:
    cursors = {1: ""}
    cursor, page = "", 1
    while page < max(DEPTHS):
        answer = world.ok(world.get(f"/v1/alerts?limit={PAGE}{cursor}", clinician))
        cursor, page = f"&cursor={answer['next_cursor']}", page + 1
        cursors[page] = cursor
    took: dict[int, list[float]] = {depth: [] for depth in DEPTHS}
    for _ in range(ROUNDS):
        for depth in DEPTHS:
            began = time.perf_counter()
            answer = world.get(f"/v1/alerts?limit={PAGE}{cursors[depth]}", clinician)
            took[depth].append(time.perf_counter() - began)
            assert answer.status_code == 200
    for depth in DEPTHS:
        statements = _statements(app, world, clinician, cursors[depth])
        median, slow = statistics.median(took[depth]), sorted(took[depth])[int(ROUNDS * 0.95)]
        print(
            f"page {depth:>3}: {len(statements)} statements, median {median * 1000:.1f} ms, "
            f"95 % under {slow * 1000:.1f} ms"
        )
        read = next(each for each in statements if "FROM alert" in each[0])
        print("\n".join(f"    {line}" for line in _explain(plain, clinician.practice_id, *read)))


def _statements(
    app: Flask, world: World, clinician: Caller, cursor: str
) -> list[tuple[str, dict[str, Any]]]:
    seen: list[tuple[str, dict[str, Any]]] = []

    def note(
        connection: object, driver: object, statement: str, values: Any, *rest: object
    ) -> None:
        seen.append((statement, values))

    engine = app.extensions["database"].engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        world.ok(world.get(f"/v1/alerts?limit={PAGE}{cursor}", clinician))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return seen


def _explain(plain: str, practice: UUID, statement: str, values: dict[str, Any]) -> list[str]:
    with psycopg.connect(plain) as connection:
        connection.execute("SET LOCAL ROLE lumbra_app")
        scope = "SELECT set_config('lumbra.practice_id', %s, true)"
        connection.execute(scope, [str(practice)])
        plan = connection.execute(
            f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) {statement}",  # type: ignore[arg-type]
            values,
        ).fetchall()
    return [line for (line,) in plan if "Scan" in line or "Sort" in line or "Index Cond" in line]


if __name__ == "__main__":
    main()
