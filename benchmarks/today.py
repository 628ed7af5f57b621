"""CPU time of a patient's day, against bare Flask + SQLAlchemy ORM handlers on the same rows.

The patient has two years of history among two thousand others (``tests/two_years.py``). The bare
handlers list the patient's check-ins, all or the newest twenty, as they are; or read, with a query
for each table, the rows that the day is made of and give them out as they are. None of them signs
anybody in, sees to row-level security, keeps a trail, judges, or says anything. Both sides are
called as WSGI applications in this process, in turns.

Run: ``make bench`` (embedded PostgreSQL, or the server in TEST_DATABASE_URL).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, lazyload

from backend.app import create_app
from backend.checkins.models import CheckIn
from backend.core import migrations
from backend.core.clock import MovableClock, SystemClock
from backend.patients.models import Enrolment
from backend.programme.models import Activity, CarePlan, ModuleReading, PracticeLog, QuizAttempt
from backend.risk.models import RiskAssessment, SafetyHold
from benchmarks.road import ROUNDS, Environ, _compare, _database, _get, _server_version
from tests.conftest import make_settings
from tests.two_years import DAYS, two_years
from tests.world import World

OTHERS = 2000
MONTH = timedelta(days=28)


def main() -> None:
    """Prepare, measure, print a table."""
    with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as url:
        clock = MovableClock(SystemClock().now() - timedelta(days=DAYS, hours=1))
        migrations.upgrade(
            make_url(url).set(drivername="postgresql+psycopg").render_as_string(False)
        )
        app = create_app(make_settings(url, Path(folder)), clock)
        world = World(app, clock)
        clinician = world.provider(world.practice())
        patient = world.onboarded(clinician, 6)
        clock.move_by(days=DAYS, hours=1)
        two_years(app, clinician.practice_id, patient.id, OTHERS)
        with psycopg.connect(
            make_url(url).set(drivername="postgresql").render_as_string(False)
        ) as c:
            c.execute("ANALYZE")
        world.sign_in(patient)
        token = patient.headers["Authorization"].removeprefix("Bearer ")
        bare = _bare(url, clock)
        ours = _get("/v1/me/today", "", token)
        print(f"Python {sys.version.split()[0]}, {_server_version(url)}, {ROUNDS} rounds, median")
        print(f"{'':44}{'Lumbra':>10}{'bare':>10}{'ratio':>8}")
        for name, path in (
            ("today, and a list of all check-ins", "check-ins"),
            ("today, and a page of twenty check-ins", "page"),
            ("today, and the rows it is made of", "rows"),
        ):
            theirs: Environ = _get(f"/{path}/{patient.id}", "", "")
            mine, others = _compare(app, _again(ours), bare, _again(theirs))
            print(f"{name:44}{mine * 1e3:>7.2f} ms{others * 1e3:>7.2f} ms{mine / others:>8.2f}")
        app.extensions["database"].engine.dispose()
        bare.extensions["engine"].dispose()


def _again(request: Environ) -> Iterator[Environ]:
    return (dict(each) for each in repeat(request))


def _bare(url: str, clock: MovableClock) -> Flask:
    app = Flask("bare")
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg").render_as_string(False), pool_size=1
    )
    app.extensions["engine"] = engine

    @app.get("/check-ins/<uuid:patient_id>")
    def check_ins(patient_id: UUID) -> Any:
        query = select(CheckIn).where(CheckIn.patient_id == patient_id)
        with Session(engine) as session:
            return {"items": _plain(session.scalars(query.order_by(CheckIn.opens_at.desc())))}

    @app.get("/page/<uuid:patient_id>")
    def page(patient_id: UUID) -> Any:
        query = select(CheckIn).where(CheckIn.patient_id == patient_id)
        newest = query.order_by(CheckIn.opens_at.desc()).limit(20)
        with Session(engine) as session:
            return {"items": _plain(session.scalars(newest))}

    @app.get("/rows/<uuid:patient_id>")
    def rows(patient_id: UUID) -> Any:
        since = clock.now() - MONTH
        queries = {
            "enrolment": select(Enrolment)
            .where(Enrolment.patient_id == patient_id)
            .options(lazyload(Enrolment.patient)),
            "hold": select(SafetyHold).where(
                SafetyHold.patient_id == patient_id, SafetyHold.cleared_at.is_(None)
            ),
            "check_ins": select(CheckIn).where(
                CheckIn.patient_id == patient_id, CheckIn.opens_at >= since
            ),
            "plan": select(CarePlan).where(CarePlan.patient_id == patient_id),
            "activities": select(Activity).where(Activity.patient_id == patient_id),
            "trend": select(RiskAssessment)
            .where(RiskAssessment.patient_id == patient_id, RiskAssessment.kind == "trajectory")
            .order_by(RiskAssessment.at.desc())
            .limit(1),
            "practice": select(PracticeLog)
            .join(Activity)
            .where(Activity.patient_id == patient_id, PracticeLog.day >= since.date()),
            "readings": select(ModuleReading)
            .join(Activity)
            .where(Activity.patient_id == patient_id, ModuleReading.at >= since),
            "quizzes": select(QuizAttempt)
            .join(Activity)
            .where(Activity.patient_id == patient_id, QuizAttempt.at >= since),
        }
        with Session(engine) as session:
            return {name: _plain(session.scalars(query)) for name, query in queries.items()}

    return app


def _plain(found: Any) -> list[dict[str, Any]]:
    return [
        {
            column.key: value.isoformat() if isinstance(value, datetime) else value
            for column in inspect(type(row)).column_attrs
            for value in (getattr(row, column.key),)
        }
        for row in found
    ]


if __name__ == "__main__":
    main()
