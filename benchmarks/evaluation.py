"""The process evaluation over a million check-ins: seconds for one practice and for all.

200 practices with 200 patients each, and 25 weekly sets a patient, of which 70 % were answered; a
plan of four modules each with five days of practice, two alerts for every fifth patient. The
figures are those of the year, as a whole and by month. Each is counted three times; the median is
told, and the slowest indicators by name.

Run: ``make bench-evaluation`` (embedded PostgreSQL, or the server in TEST_DATABASE_URL).
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import make_url

from backend.app import create_app
from backend.core import migrations, tenancy
from backend.core.clock import MovableClock
from backend.core.database import session
from backend.evaluation import counting, periods
from benchmarks.road import _database, _server_version
from tests.conftest import make_settings

PRACTICES, PATIENTS, WEEKS = 200, 40_000, 25
ROUNDS = 3
AS_OF = datetime(2026, 11, 1, 12, tzinfo=UTC)
YEAR = date(2026, 1, 1), date(2027, 1, 1)
# Row n of a table has an id of its own, so that others can name it without looking.
_ID = "('{table:08x}-0000-7000-8000-' || lpad(to_hex({n}), 12, '0'))::uuid"


def _id(table: int, n: str) -> str:
    return _ID.format(table=table, n=n)


def _statements() -> list[str]:
    practice, whose = _id(1, "1 + n % 200"), _id(3, "n")
    joined = "timestamptz '2026-01-05' + (n % 120) * interval '1 day'"
    people = f"generate_series(1, {PATIENTS}) AS n"
    own = f"{practice} AS practice_id, {whose} AS patient_id"
    return [
        f"""INSERT INTO practice (id, name, country, time_zone, service_hours, holidays, created_at)
            SELECT {_id(1, "n")}, 'Practice ' || n, 'GB', 'Europe/London', '{{}}', '[]',
                timestamptz '2025-12-01'
            FROM generate_series(1, {PRACTICES}) AS n""",
        f"""INSERT INTO patient (id, practice_id, given_name, family_name, phone, phone_index,
                language, time_zone, created_at)
            SELECT {whose}, {practice}, '', '', '', int4send(n), 'en', 'Europe/London', {joined}
            FROM {people}""",
        f"""INSERT INTO enrolment (id, practice_id, patient_id, status, checkin_weekday,
                checkin_hour, enrolled_at, consented_at)
            SELECT {_id(4, "n")}, {own}, 'active', 1, 10, {joined}, {joined} FROM {people}""",
        f"""INSERT INTO consent (id, practice_id, patient_id, kind, text_version, action, at,
                by_role, how)
            SELECT {_id(5, "n")}, {own}, 'programme', '1', 'given', {joined}, 'patient', 'app'
            FROM {people} WHERE n % 20 > 0""",
        f"""INSERT INTO check_in (id, practice_id, patient_id, enrolment_id, kind, battery,
                occasion, status, opens_at, closes_at)
            SELECT {_id(6, "n * 32 + week")}, {own}, {_id(4, "n")}, 'weekly', 'weekly', week,
                'missed', {joined} + week * interval '7 days',
                {joined} + week * interval '7 days' + interval '6 days'
            FROM {people}, generate_series(1, {WEEKS}) AS week""",
        f"""INSERT INTO questionnaire_response (id, practice_id, patient_id, check_in_id,
                questionnaire, answers, mode, authored_at, received_at, idempotency_key,
                request_hash, outcome)
            SELECT {_id(7, "n * 32 + week")}, {own}, {_id(6, "n * 32 + week")}, 'weekly|1', '{{}}',
                'app', {joined} + week * interval '7 days' + interval '1 day',
                {joined} + week * interval '7 days' + interval '1 day',
                (n * 32 + week)::text, '0', '{{}}'
            FROM {people}, generate_series(1, {WEEKS}) AS week WHERE (n + week) % 10 < 7""",
        f"""INSERT INTO risk_assessment (id, practice_id, patient_id, kind, method, method_version,
                at, outcome, inputs, result, reasons)
            SELECT {_id(8, "n")}, {own}, 'stratification', 'sbst', '1', {joined},
                (ARRAY['low', 'medium', 'high'])[1 + n % 3], '{{}}', '{{}}', '[]' FROM {people}""",
        f"""INSERT INTO care_plan (id, practice_id, patient_id, risk_assessment_id,
                pathway_version, status, weeks, support, planned_support, notes, created_at,
                folded_to)
            SELECT {_id(9, "n")}, {own}, {_id(8, "n")}, '1', 'active', 8, '', '', '[]', {joined},
                {joined}
            FROM {people}""",
        f"""INSERT INTO activity (id, practice_id, patient_id, care_plan_id, module_id,
                module_version, position, planned, reason, status, grade, started_at, completed_at)
            SELECT {_id(10, "n * 4 + place")}, {own}, {_id(9, "n")}, 'M0' || place + 1, '2.0.0',
                place, place, '-', 'completed', 1, {joined} + place * interval '7 days',
                {joined} + place * interval '7 days' + interval '14 days'
            FROM {people}, generate_series(0, 3) AS place""",
        f"""INSERT INTO module_reading (id, practice_id, patient_id, activity_id, grade, at)
            SELECT {_id(11, "n * 4 + place")}, {own}, {_id(10, "n * 4 + place")}, 1,
                {joined} + place * interval '7 days' + interval '1 hour'
            FROM {people}, generate_series(0, 3) AS place""",
        f"""INSERT INTO practice_log (id, practice_id, patient_id, activity_id, grade, day, done,
                values, at)
            SELECT {_id(12, "n * 64 + place * 16 + day")}, {own}, {_id(10, "n * 4 + place")}, 1,
                ({joined})::date + place * 7 + day, day % 4 > 0, '{{}}',
                {joined} + (place * 7 + day) * interval '1 day'
            FROM {people}, generate_series(0, 3) AS place, generate_series(1, 5) AS day""",
        f"""INSERT INTO alert (id, practice_id, patient_id, rule, rule_version, tier, title,
                status, evidence, suggestions, respond_from, respond_by, resolve_from, resolve_by,
                opened_at, updated_at, closed_at, resolution, feed_version)
            SELECT {_id(13, "n * 2 + each")}, {own}, 'R-' || each, '1', 1 + n % 3, '-', 'resolved',
                '[]', '[]', {joined}, {joined} + interval '1 day', {joined},
                {joined} + interval '2 days', {joined}, {joined}, {joined}, 'contacted', 1
            FROM {people}, generate_series(0, 1) AS each WHERE n % 5 = 0""",
        f"""INSERT INTO alert_event (id, practice_id, alert_id, at, action, from_status, to_status,
                actor_role, detail, feed_version, tier, title, respond_by)
            SELECT {_id(14, "n * 8 + each * 4 + step")}, {practice}, {_id(13, "n * 2 + each")},
                {joined} + step * interval '5 hours',
                (ARRAY['open', 'acknowledge', 'resolve'])[step + 1],
                (ARRAY[NULL, 'new', 'acknowledged'])[step + 1],
                (ARRAY['new', 'acknowledged', 'resolved'])[step + 1], 'clinician',
                CASE step WHEN 2 THEN '{{"code": "contacted"}}'::jsonb END, 1, 1 + n % 3, '-',
                {joined} + interval '1 day'
            FROM {people}, generate_series(0, 1) AS each, generate_series(0, 2) AS step
            WHERE n % 5 = 0""",
    ]


def main() -> None:
    """Prepare, count, print a table."""
    with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as url:
        migrations.upgrade(
            make_url(url).set(drivername="postgresql+psycopg").render_as_string(False)
        )
        plain = make_url(url).set(drivername="postgresql").render_as_string(False)
        with psycopg.connect(plain) as connection:
            # The rows fit each other; looking each one up would take minutes.
            connection.execute("SET session_replication_role = replica")
            for statement in _statements():
                connection.execute(statement)  # type: ignore[arg-type]
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            [(check_ins,)] = connection.execute("SELECT count(*) FROM check_in").fetchall()
        app = create_app(make_settings(url, Path(folder)), MovableClock(AS_OF))
        print(f"Python {sys.version.split()[0]}, {_server_version(url)}, {check_ins:,} check-ins")
        for by in (periods.WHOLE, periods.MONTH):
            for name, practices in (("one practice", 1), ("all practices", PRACTICES)):
                seconds, slowest = _measure(app, practices == 1, by)
                print(f"{name}, {by:6} {seconds:6.2f} s   slowest: {slowest}")
        app.extensions["database"].engine.dispose()


def _measure(app: Flask, is_one: bool, by: str) -> tuple[float, str]:
    """The median of some rounds in seconds, and the slowest indicators."""
    took: list[float] = []
    each: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        with app.app_context(), tenancy.across_practices():
            practices = counting.of_practices()
            if is_one:
                # As in a request: row-level security shows this practice alone.
                practices = practices[:1]
                tenancy.enter(practices[0].id)
            with _timed(each):
                begun = time.perf_counter()
                counting.count(practices, periods.cut(*YEAR, by), AS_OF)
                took.append(time.perf_counter() - begun)
            session.rollback()
    slow = sorted(((median(t), n) for n, t in each.items()), reverse=True)[:4]
    return median(took), ", ".join(f"{name} {seconds:.2f}" for seconds, name in slow)


class _timed:  # noqa: N801
    """Notes how long each indicator's statement takes."""

    def __init__(self, each: dict[str, list[float]]) -> None:
        self.each = each
        self.engine: Any = None

    def __enter__(self) -> None:
        self.engine = session.get_bind()
        event.listen(self.engine, "before_cursor_execute", self._before)
        event.listen(self.engine, "after_cursor_execute", self._after)

    def __exit__(self, *error: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._before)
        event.remove(self.engine, "after_cursor_execute", self._after)

    def _before(self, connection: Any, *rest: Any) -> None:
        connection.info["begun"] = time.perf_counter()

    def _after(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        self.each[statement.split()[1]].append(time.perf_counter() - connection.info["begun"])


if __name__ == "__main__":
    main()
