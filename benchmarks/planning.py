"""What a tick of the clock costs when a million people are enrolled and ten thousand are due.

The product's own tick (``worker.tick``) plans ten thousand reminders: once among ten thousand
enrolments, once among a million. Beside it, one APScheduler job for each patient, kept by its
``SQLAlchemyJobStore`` on the same server: what it takes to add ten thousand and a hundred thousand,
and to wake up to a hundredth of them.

Run: ``python -m benchmarks.planning`` (embedded PostgreSQL, or the server in TEST_DATABASE_URL).
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.engine import make_url

from backend import worker
from backend.app import create_app
from backend.core import migrations, tenancy
from backend.core.clock import MovableClock
from backend.core.crypto import Encrypted
from backend.core.database import unit_of_work
from backend.practices import service as practices
from benchmarks.road import _database, _server_version
from tests.conftest import make_settings

ENROLLED = tuple(map(int, os.environ.get("LUMBRA_BENCH_ENROLLED", "10000,1000000").split(",")))
DUE = 10_000
JOBS = tuple(map(int, os.environ.get("LUMBRA_BENCH_JOBS", "10000,100000").split(",")))
NOON = datetime(2026, 9, 1, 11, tzinfo=UTC)
EMPTIED = (
    "procrastinate_events, procrastinate_jobs, communication_event, communication, access_link,"
    " check_in, enrolment, patient"
)
# Everybody has a check-in that stands open; the reminders of the first are due, those of the others
# come in the next two and a half days.
FILL = """
INSERT INTO patient (id, practice_id, given_name, family_name, phone, phone_index, language,
                     time_zone, created_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, %(practice)s, %(name)s, %(name)s, %(phone)s,
       decode(lpad(to_hex(n), 64, '0'), 'hex'), 'en', 'Europe/London', %(at)s
FROM generate_series(1, %(count)s) n;
INSERT INTO enrolment (id, practice_id, patient_id, status, checkin_weekday, checkin_hour,
                       enrolled_at, consented_at)
SELECT id, practice_id, id, 'active', 1, 10, created_at, created_at FROM patient;
INSERT INTO check_in (id, practice_id, patient_id, enrolment_id, kind, battery, occasion, status,
                      opens_at, closes_at, next_reminder_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, %(practice)s, lpad(to_hex(n), 32, '0')::uuid,
       lpad(to_hex(n), 32, '0')::uuid, 'weekly', 'weekly', 1, 'open',
       %(at)s - interval '1 hour', %(at)s + interval '6 days',
       CASE WHEN n <= %(due)s THEN %(at)s - interval '1 hour'
            ELSE %(at)s + (n %% 3600) * interval '1 minute' + interval '1 hour' END
FROM generate_series(1, %(count)s) n
"""
QUESTION = """
EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF)
SELECT check_in.id FROM check_in JOIN enrolment ON enrolment.id = check_in.enrolment_id
WHERE check_in.status = 'open' AND check_in.next_reminder_at <= %s
ORDER BY check_in.next_reminder_at LIMIT 500 FOR UPDATE OF check_in SKIP LOCKED
"""
TOUCHED = """
SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0), n_tup_ins + n_tup_upd,
       seq_scan
FROM pg_stat_user_tables
WHERE relname IN ('check_in', 'enrolment', 'patient', 'communication', 'access_link')
ORDER BY relname
"""


def main() -> None:
    """Fill, tick, count, compare; print tables."""
    with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as url:
        address = make_url(url).set(drivername="postgresql+psycopg")
        migrations.upgrade(address.render_as_string(False))
        app = create_app(make_settings(url, Path(folder)), MovableClock(NOON))
        with app.app_context(), tenancy.across_practices(), unit_of_work():
            practice_id = practices.create_practice("Hill Surgery", "GB", "Europe/London").id
        plain = make_url(url).set(drivername="postgresql").render_as_string(False)
        print(f"Python {sys.version.split()[0]}, {_server_version(url)}")
        with psycopg.connect(plain, autocommit=True) as connection:
            for count in ENROLLED:
                _fill(app, connection, practice_id, count)
                _tick(app, connection, count)
        app.extensions["database"].engine.dispose()
        for count in JOBS:
            _one_job_each(address.render_as_string(False), count)


def _fill(app: Flask, connection: Any, practice_id: Any, count: int) -> None:
    began = time.perf_counter()
    connection.execute(f"TRUNCATE {EMPTIED} CASCADE")
    with app.app_context():
        seal = Encrypted().process_bind_param
        values = {
            "practice": practice_id,
            "name": seal("Ann", connection),
            "phone": seal("+447700900123", connection),
            "at": NOON,
            "count": count,
            "due": DUE,
        }
    for statement in FILL.split(";\n"):
        connection.execute(statement, values)
    connection.execute("VACUUM (ANALYZE) patient, enrolment, check_in, communication")
    print(f"\n{count:,} enrolments, {DUE:,} due (filled in {time.perf_counter() - began:.0f} s)")


def _tick(app: Flask, connection: Any, count: int) -> None:
    for line in connection.execute(QUESTION, (NOON,)):
        print(f"    {line[0]}", flush=True)
    before = _touched(connection)
    wall, cpu = time.perf_counter(), time.process_time()
    planned = worker.tick(app, "plan-reminders")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert planned == DUE, planned
    after = _touched(connection)
    print(f"  tick with {DUE:,} due          {wall:8.2f} s, of it {cpu:.2f} s CPU of ours")
    for table, now_ in after.items():
        read, written, scans = (b - a for a, b in zip(before[table], now_, strict=True))
        print(f"  {table:16} rows read {read:>9,}  written {written:>9,}  full scans {scans}")
    wall = time.perf_counter()
    assert worker.tick(app, "plan-reminders") == 0
    print(f"  tick with nothing due          {(time.perf_counter() - wall) * 1e3:8.2f} ms")


def _touched(connection: Any) -> dict[str, tuple[int, ...]]:
    # Sessions hand in their counts at their leisure, within a second or so.
    time.sleep(2)
    connection.execute("SELECT pg_stat_clear_snapshot()")
    return {row[0]: row[1:] for row in connection.execute(TOUCHED)}


_reminded: list[int] = []


def remind(patient: int) -> None:
    """What a patient's own job would call."""
    _reminded.append(patient)


def _one_job_each(url: str, count: int) -> None:
    """One APScheduler job for each patient, a hundredth of them due."""
    store = SQLAlchemyJobStore(url=url, tablename=f"apscheduler_{count}")
    scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="UTC")
    scheduler.start(paused=True)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    now = datetime.now(UTC)
    due = count // 100
    for n in range(count):
        first = now - timedelta(seconds=1) if n < due else now + timedelta(hours=1, seconds=n)
        scheduler.add_job(
            remind, "interval", [n], days=7, id=str(n), next_run_time=first,
            misfire_grace_time=None,
        )  # fmt: skip
    added = time.perf_counter() - began
    cpu, began = time.process_time(), time.perf_counter()
    _reminded.clear()
    scheduler.resume()
    # The last write of a wake-up moves the last job that was due to its next time.
    while len(_reminded) < due or store.get_due_jobs(datetime.now(UTC)):
        time.sleep(0.01)
    woke, spent = time.perf_counter() - began, time.process_time() - cpu
    began = time.perf_counter()
    listed = len(store.get_all_jobs())
    all_read = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    print(f"\none APScheduler job for each of {count:,} patients, {due:,} due")
    print(f"  add them                       {added:8.1f} s")
    print(f"  wake up to those due           {woke:8.2f} s, of it {spent:.2f} s CPU of ours")
    print(f"  for each due                   {woke / due * 1e3:8.2f} ms")
    print(f"  read all {listed:,} (to change or list them) {all_read:.1f} s, {grown:.0f} MB more")
    scheduler.shutdown(wait=False)


if __name__ == "__main__":
    main()
