"""What scoring costs: one check-in, and a hundred thousand stored ones scored again.

The first figure is CPU time without the database: score one weekly check-in's answers, look for
danger, compute its risk score and judge it against 26 weeks of history. The second is elapsed time
of ``flask instruments rescore``, reading and writing a real PostgreSQL, after every instrument has
got a new scoring version, so that each score is computed, compared and kept beside the old one.

Run: ``python -m benchmarks.scoring`` (embedded PostgreSQL, or the server in TEST_DATABASE_URL).
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask
from psycopg.types.json import Jsonb
from sqlalchemy.engine import make_url

from backend.app import create_app
from backend.config import ROOT, Settings
from backend.core import tenancy
from backend.core.clock import SystemClock
from backend.core.crypto import blind_index
from backend.core.database import session, unit_of_work
from backend.core.ids import new_id
from backend.instruments import rescoring
from backend.instruments import service as instruments
from backend.patients.models import Patient
from backend.practices import service as practices
from backend.risk import service as risk
from backend.risk import trajectory
from backend.risk.pathway_files import load_pathway
from benchmarks.road import _database as database

CHECK_INS = int(os.environ.get("LUMBRA_BENCH_CHECK_INS", "100000"))
ROUNDS = int(os.environ.get("LUMBRA_BENCH_ROUNDS", "2000"))
PRACTICES = 4
PATIENTS = 500
WEEKS = 26
FREQUENCY = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
START = datetime(2025, 1, 6, 10, tzinfo=UTC)


def main() -> None:
    """Prepare, measure, print."""
    with tempfile.TemporaryDirectory() as name, database(Path(name)) as url:
        folder = Path(name)
        from backend.core import migrations

        driver = make_url(url).set(drivername="postgresql+psycopg")
        migrations.upgrade(driver.render_as_string(hide_password=False))
        app = _application(url, folder, ROOT / "content")
        with app.app_context():
            parts = _cost_of_one()
            _store(app, url)
        renewed = _application(url, folder, _new_versions(folder))
        with renewed.app_context():
            report, seconds, cpu = _rescored(write=True)
            again, seconds_again, _ = _rescored(write=True)
        print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
        for what, microseconds in parts.items():
            print(f"{what:48}{microseconds:>8.0f} µs of CPU")
        rows = sum(each.compared for each in report.scales.values())
        print(f"{report.responses} check-ins, {rows} scores: computed again and kept")
        print(f"{'':48}{seconds:>8.1f} s, {cpu:.1f} s of it CPU of ours")
        print(f"once more, nothing left to keep{'':17}{seconds_again:>8.1f} s")
        assert report.written == rows and again.written == 0
        for each in (app, renewed):
            each.extensions["database"].engine.dispose()


def _application(url: str, folder: Path, content: Path) -> Flask:
    settings = Settings(
        environment="test",
        database_url=url,
        var=folder,
        content=content,
        secret_key="a secret that only the benchmark knows",
        sms_transport="inbox",
        log_level="ERROR",
    )
    return create_app(settings, SystemClock())


def _new_versions(folder: Path) -> Path:
    """The content with a new scoring version of every instrument."""
    content = Path(shutil.copytree(ROOT / "content", folder / "content"))
    for file in content.glob("instruments/*/scoring.yaml"):
        text = re.sub(r"^version: .*$", "version: 99.0.0", file.read_text(), flags=re.MULTILINE)
        file.write_text(text)
    return content


def _cost_of_one() -> dict[str, float]:
    """Microseconds of CPU, the median of many rounds, of one weekly check-in."""
    asked = instruments.questionnaire("weekly", WEEKS + 1)
    answers = _answers(asked, 5)
    rule = load_pathway(ROOT / "content", "default").trajectory
    past = [trajectory.Point(7.0 * week, 55 - 0.5 * week) for week in range(WEEKS)]
    at = START + timedelta(weeks=WEEKS)
    half = {each.name: 0.5 for each in rule.inputs}
    before = [(START + timedelta(weeks=week), half) for week in range(WEEKS)]

    def scored() -> dict[str, Decimal | None]:
        return instruments.values(instruments.score(asked, answers))

    def assessed(values: dict[str, Decimal | None]) -> None:
        answered = trajectory.severities(rule, values)
        readings = trajectory.latest_readings(rule, before, answered, at)
        found = trajectory.risk_score(rule, readings)
        assert found.value is not None
        now = trajectory.Point(7.0 * WEEKS, float(found.value))
        trajectory.judge(rule, "persistent", [*past, now])

    values = scored()
    return {
        "scoring a weekly check-in": _microseconds(scored),
        "looking for danger": _microseconds(lambda: risk.find_danger(asked, answers)),
        f"risk score and course, {WEEKS} weeks of history": _microseconds(lambda: assessed(values)),
        "all three": _microseconds(lambda: (risk.find_danger(asked, answers), assessed(scored()))),
    }


def _microseconds(call: Any) -> float:
    for _ in range(100):
        call()
    spent = []
    for _ in range(ROUNDS):
        before = time.process_time_ns()
        call()
        spent.append((time.process_time_ns() - before) / 1000)
    return statistics.median(spent)


def _answers(asked: Any, number: int) -> dict[str, Any]:
    def answer(item: Any) -> Any:
        if item.type == "boolean":
            return False
        if item.type == "integer":
            return min(item.maximum, number)
        return item.options[number % len(item.options)].code

    return {link: answer(item) for link, item in asked.items.items() if link not in asked.behind}


def _store(app: Flask, url: str) -> None:
    """Check-ins with the scores that the road would have stored, written by COPY as the owner."""
    people = _people()
    weeks = [instruments.questionnaire("weekly", week) for week in (1, 2, 4, 5, 7, 8)]
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    responses: list[tuple[Any, ...]] = []
    scores: list[tuple[Any, ...]] = []
    for number, (practice_id, patient_id) in zip(range(CHECK_INS), cycle(people), strict=False):
        asked = weeks[number % len(weeks)]
        answers = _answers(asked, number % 11)
        at = START + timedelta(minutes=number)
        response_id = new_id()
        responses.append(
            (response_id, practice_id, patient_id, asked.version, Jsonb(answers), "app", at, at,
             str(number), b"", Jsonb({}))
        )  # fmt: skip
        scores += [
            (new_id(), practice_id, patient_id, response_id, s.instrument, s.instrument_version,
             s.scoring_version, s.code, s.value, s.reason, at)
            for s in instruments.score(asked, answers)
        ]  # fmt: skip
    with psycopg.connect(plain) as connection:
        for table, columns, rows in (
            ("questionnaire_response", "id, practice_id, patient_id, questionnaire, answers, mode, "
             "authored_at, received_at, idempotency_key, request_hash, outcome", responses),
            ("score", "id, practice_id, patient_id, response_id, instrument, instrument_version, "
             "scoring_version, code, value, reason, at", scores),
        ):  # fmt: skip
            with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _people() -> list[tuple[UUID, UUID]]:
    found = []
    with tenancy.across_practices(), unit_of_work():
        made = [
            practices.create_practice(f"Bench {n}", "GB", "Europe/London").id
            for n in range(PRACTICES)
        ]
        for number in range(PATIENTS):
            patient = Patient(
                id=new_id(), practice_id=made[number % PRACTICES], given_name="Ann",
                family_name=f"Example {number}", phone=f"+4477009{number:05d}",
                phone_index=blind_index(str(number)), language="en",
                time_zone="Europe/London", created_at=START,
            )  # fmt: skip
            session.add(patient)
            found.append((patient.practice_id, patient.id))
    return found


def _rescored(write: bool) -> tuple[rescoring.Report, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    report = rescoring.rescore(write=write)
    return report, time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
