"""CPU time of a check-in submission and of a feed page, against a bare Flask + psycopg handler.

The bare handler reads the same check-in, writes the same rows to the same server in one
transaction, and does nothing else: no sign-in, no validation, no scoring, no judgement, no
encryption. Both are called as WSGI applications in this process, in turns, so that neither has a
quieter machine.

Run: ``make bench`` (embedded PostgreSQL, or the server in TEST_DATABASE_URL).
"""

from __future__ import annotations

import gc
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask, request
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool
from sqlalchemy import select
from sqlalchemy.engine import make_url

from backend.app import create_app
from backend.checkins.models import CheckIn
from backend.config import Settings
from backend.core import embedded, migrations, sessions, tenancy
from backend.core.clock import SystemClock
from backend.core.crypto import blind_index
from backend.core.database import session, unit_of_work
from backend.core.ids import new_id
from backend.instruments.models import QuestionnaireResponse, Score
from backend.patients.models import Enrolment, Patient
from backend.practices import service as practices
from backend.programme import service as programme
from backend.programme.models import Activity, CarePlan
from backend.programme.modules import newest
from backend.risk.models import RiskAssessment

ROUNDS = int(os.environ.get("LUMBRA_BENCH_ROUNDS", "300"))
WARM_UP = 30
WEEKS_BEHIND = 8
FEED = 20

Environ = dict[str, Any]


def main() -> None:
    """Prepare, measure, print a table."""
    with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as url:
        app = _application(url, Path(folder))
        stage = _Stage(app)
        submissions = stage.submissions()
        _cpu(app, next(submissions))
        bare = _bare(url, app)
        figures = {
            "check-in submission (whole road)": _compare(
                app, submissions, bare, stage.bare_submissions()
            ),
            "feed page (20 alerts)": _compare(
                app, stage.feed_pages(), bare, stage.bare_feed_pages()
            ),
        }
        print(f"Python {sys.version.split()[0]}, {_server_version(url)}, {ROUNDS} rounds, median")
        print(f"{'':34}{'Lumbra':>10}{'bare':>10}{'ratio':>8}")
        for name, (ours, theirs) in figures.items():
            print(f"{name:34}{ours * 1e3:>7.2f} ms{theirs * 1e3:>7.2f} ms{ours / theirs:>8.2f}")
        app.extensions["database"].engine.dispose()
        bare.extensions["pool"].close()


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    given = os.environ.get("TEST_DATABASE_URL")
    server = make_url(given or embedded.start(folder / "postgres", "bench"))
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"bench_{uuid4().hex}"
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _application(url: str, folder: Path) -> Flask:
    migrations.upgrade(make_url(url).set(drivername="postgresql+psycopg").render_as_string(False))
    settings = Settings(
        environment="test",
        database_url=url,
        var=folder,
        secret_key="a secret that only the benchmark knows",
        sms_transport="inbox",
        rate_limit="1000000 per minute",
        log_level="ERROR",
    )
    return create_app(settings, SystemClock())


class _Stage:
    """Patients with eight answered weeks and an open check-in, and a feed of twenty alerts."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.needed = 2 * (ROUNDS + WARM_UP)
        with app.app_context(), tenancy.across_practices(), unit_of_work():
            self.practice_id = practices.create_practice("Bench", "GB", "Europe/London", None).id
            made = practices.create_provider(
                self.practice_id, "b@example.org", "Dr B", "clinician", "correct horse battery"
            )
            self.provider_id = made.provider.id
        self.check_ins: list[tuple[UUID, UUID]] = []
        self._enrol()
        with app.app_context(), unit_of_work():
            tokens = sessions.open_session(
                self.provider_id, self.practice_id, "clinician", timedelta(days=1)
            )
            self.provider_token = tokens.access_token
        self._raise_alerts()

    def submissions(self) -> Iterator[Environ]:
        for check_in_id, patient_id in self.check_ins[: self.needed // 2 + 1]:
            with self.app.app_context(), unit_of_work():
                tokens = sessions.open_session(
                    patient_id, self.practice_id, "patient", timedelta(days=1)
                )
            yield _post(f"/v1/checkins/{check_in_id}/response", ANSWERS, tokens.access_token)

    def bare_submissions(self) -> Iterator[Environ]:
        for check_in_id, _ in self.check_ins[self.needed // 2 + 1 :]:
            yield _post(f"/{check_in_id}", ANSWERS, "")

    def feed_pages(self) -> Iterator[Environ]:
        while True:
            yield _get("/v1/alerts", "limit=20", self.provider_token)

    def bare_feed_pages(self) -> Iterator[Environ]:
        while True:
            yield _get(f"/feed/{self.practice_id}", "", "")

    def _enrol(self) -> None:
        at = SystemClock().now()
        with self.app.app_context(), tenancy.across_practices(), unit_of_work():
            for number in range(self.needed + 1):
                patient = Patient(
                    id=new_id(), practice_id=self.practice_id, given_name="Ann",
                    family_name=f"Example {number}", phone=f"+4477009{number:05d}",
                    phone_index=blind_index(str(number)), language="en",
                    time_zone="Europe/London", created_at=at,
                )  # fmt: skip
                enrolment = Enrolment(
                    id=new_id(), practice_id=self.practice_id, patient_id=patient.id,
                    status="active", checkin_weekday=1, checkin_hour=10, enrolled_at=at,
                    consented_at=at,
                )  # fmt: skip
                session.add(patient)
                session.flush()
                session.add(enrolment)
                session.flush()
                check_in = CheckIn(
                    id=new_id(), practice_id=self.practice_id, patient_id=patient.id,
                    enrolment_id=enrolment.id, kind="weekly", battery="weekly", occasion=9,
                    status="open", opens_at=at - timedelta(hours=1),
                    closes_at=at + timedelta(days=6), reminders_sent=1,
                )  # fmt: skip
                session.add(check_in)
                self.check_ins.append((check_in.id, patient.id))
                self._weeks_behind(patient.id, at)
                self._plan(patient.id, at)

    def _weeks_behind(self, patient_id: UUID, at: Any) -> None:
        names = ("interference", "intensity", "self-efficacy", "low-mood", "fear")
        for week in range(WEEKS_BEHIND):
            session.add(
                RiskAssessment(
                    practice_id=self.practice_id,
                    patient_id=patient_id,
                    kind="trajectory",
                    method="trajectory",
                    method_version="default/2.0.0",
                    at=at - timedelta(weeks=WEEKS_BEHIND - week),
                    outcome="stable",
                    value=70 - 3 * week,
                    inputs={"course": "persistent", "severity": dict.fromkeys(names, 0.5)},
                    result={"band": "medium"},
                    reasons=[],
                )
            )

    def _plan(self, patient_id: UUID, at: Any) -> None:
        stratification = RiskAssessment(
            id=new_id(),
            practice_id=self.practice_id,
            patient_id=patient_id,
            kind="stratification",
            method="sbst",
            method_version="default/2.0.0",
            at=at,
            outcome="medium",
            inputs={},
            result={},
            reasons=[],
        )
        session.add(stratification)
        session.flush()
        plan = CarePlan(
            id=new_id(),
            practice_id=self.practice_id,
            patient_id=patient_id,
            risk_assessment_id=stratification.id,
            pathway_version="default/2.0.0",
            status="active",
            weeks=8,
            support="",
            notes=[],
            created_at=at,
            folded_to=at,
        )
        session.add(plan)
        session.flush()
        modules = newest(programme.catalogue())
        for position, module in enumerate(("M01", "M02", "M03", "M04")):
            session.add(
                Activity(
                    practice_id=self.practice_id,
                    care_plan_id=plan.id,
                    patient_id=patient_id,
                    module_id=module,
                    module_version=modules[module].version,
                    position=position,
                    reason="core",
                    status="waiting" if position else "active",
                    grade=1,
                    holds=0,
                    started_at=None if position else at,
                    grade_began_at=None if position else at,
                )
            )

    def _raise_alerts(self) -> None:
        from backend.alerts import service as alerts
        from backend.risk import service as risk
        from backend.risk.decisions import Assessment, State, decide

        with self.app.app_context(), unit_of_work():
            tenancy.enter(self.practice_id)
            rules = risk.pathway(self.practice_id).rule_book
            evidence = {"score": 60.0, "reasons": ["a reason"], "last_four": [{"score": 50.0}] * 4}
            for _, patient_id in self.check_ins[:FEED]:
                due = decide(rules, State(), Assessment(decision="rising"))
                alerts.raise_for(self.practice_id, patient_id, due, evidence, "You were told this.")


def _bare(url: str, real: Flask) -> Flask:
    app = Flask("bare")
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    pool = ConnectionPool(plain, min_size=1, max_size=1, open=True)
    app.extensions["pool"] = pool
    rows = _rows_of_one_submission(real)

    @app.post("/<uuid:check_in_id>")
    def submit(check_in_id: UUID) -> Any:
        answers = request.get_json()["answers"]
        at = SystemClock().now()
        with pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT practice_id, patient_id, status FROM check_in WHERE id = %s FOR UPDATE",
                (check_in_id,),
            )
            practice_id, patient_id, _ = cursor.fetchone()  # type: ignore[misc]
            response_id = new_id()
            rows.response(cursor, response_id, practice_id, patient_id, check_in_id, answers, at)
            rows.scores(cursor, response_id, practice_id, patient_id, at)
            rows.assessment(cursor, response_id, practice_id, patient_id, at)
            rows.audit(cursor, practice_id, patient_id, response_id, "check-in.submit", at)
            cursor.execute(
                "UPDATE check_in SET status = 'completed', completed_at = %s WHERE id = %s",
                (at, check_in_id),
            )
        return {"response_id": str(response_id)}, 201

    @app.get("/feed/<uuid:practice_id>")
    def feed(practice_id: UUID) -> Any:
        at = SystemClock().now()
        with pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute(FEED_QUERY, (practice_id,))
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            items = [dict(zip(names, row, strict=True)) for row in cursor]
            rows.audit(cursor, practice_id, None, None, "alert.list", at)
        for item in items:
            for name in ("respond_by", "opened_at", "updated_at"):
                item[name] = item[name].isoformat()
        return {"items": items}

    return app


FEED_QUERY = """
SELECT alert.id, alert.patient_id, tier, title, rule, rule_version, status, escalation, evidence,
       suggestions, patient_was_told, respond_by, opened_at, updated_at
FROM alert JOIN patient ON patient.id = alert.patient_id
WHERE alert.practice_id = %s AND status IN ('new', 'delivered', 'acknowledged', 'in_progress')
ORDER BY tier, respond_by, alert.id LIMIT 20
"""


class _Rows:
    """The rows that one real submission wrote, to be written again by hand."""

    def __init__(self, response: Any, scores: list[Any], assessment: Any) -> None:
        self._response = response
        self._scores = scores
        self._assessment = assessment

    def response(
        self, cursor: Any, key: UUID, practice: UUID, patient: UUID, check_in: UUID, answers: Any,
        at: Any,
    ) -> None:  # fmt: skip
        cursor.execute(
            "INSERT INTO questionnaire_response (id, practice_id, patient_id, check_in_id,"
            " questionnaire, answers, mode, authored_at, received_at, idempotency_key,"
            " request_hash, outcome) VALUES (%s,%s,%s,%s,%s,%s,'app',%s,%s,%s,%s,%s)",
            (key, practice, patient, check_in, self._response.questionnaire, Jsonb(answers), at,
             at, str(key), self._response.request_hash, Jsonb(self._response.outcome)),
        )  # fmt: skip

    def scores(self, cursor: Any, key: UUID, practice: UUID, patient: UUID, at: Any) -> None:
        cursor.executemany(
            "INSERT INTO score (id, practice_id, patient_id, response_id, instrument,"
            " instrument_version, scoring_version, code, value, reason, at)"
            " VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
            [
                (new_id(), practice, patient, key, s.instrument, s.instrument_version,
                 s.scoring_version, s.code, s.value, s.reason, at)
                for s in self._scores
            ],
        )  # fmt: skip

    def assessment(self, cursor: Any, key: UUID, practice: UUID, patient: UUID, at: Any) -> None:
        a = self._assessment
        cursor.execute(
            "INSERT INTO risk_assessment (id, practice_id, patient_id, response_id, kind, method,"
            " method_version, at, outcome, value, inputs, result, reasons)"
            " VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
            (new_id(), practice, patient, key, a.kind, a.method, a.method_version, at, a.outcome,
             a.value, Jsonb(a.inputs), Jsonb(a.result), Jsonb(a.reasons)),
        )  # fmt: skip

    def audit(
        self, cursor: Any, practice: UUID, patient: UUID | None, key: UUID | None, action: str,
        at: Any,
    ) -> None:  # fmt: skip
        cursor.execute(
            "INSERT INTO audit_event (id, practice_id, at, action, actor_role, patient_id, entity,"
            " entity_id, detail) VALUES (%s,%s,%s,%s,'patient',%s,'bench',%s,%s)",
            (new_id(), practice, at, action, patient, key, Jsonb({"mode": "app"})),
        )


def _rows_of_one_submission(app: Flask) -> _Rows:
    with app.app_context(), tenancy.across_practices():
        response = session.scalars(select(QuestionnaireResponse).limit(1)).one()
        scores = list(session.scalars(select(Score).where(Score.response_id == response.id)).all())
        assessment = session.scalars(
            select(RiskAssessment).where(RiskAssessment.response_id == response.id)
        ).one()
        return _Rows(response, scores, assessment)


def _compare(
    ours: Flask, our_requests: Iterator[Environ], bare: Flask, bare_requests: Iterator[Environ]
) -> tuple[float, float]:
    sides: tuple[tuple[Flask, Iterator[Environ], list[float]], ...] = (
        (ours, our_requests, []),
        (bare, bare_requests, []),
    )
    gc.collect()
    gc.disable()
    for turn in range(ROUNDS + WARM_UP):
        for app, requests, times in sides:
            environ = next(requests)
            spent = _cpu(app, environ)
            if turn >= WARM_UP:
                times.append(spent)
        if turn % 50 == 0:
            gc.collect()
    gc.enable()
    return statistics.median(sides[0][2]), statistics.median(sides[1][2])


def _cpu(app: Flask, environ: Environ) -> float:
    status: list[str] = []
    start: Callable[..., Any] = lambda line, headers, exc_info=None: status.append(line)  # noqa: E731
    began = time.process_time()
    body = app.wsgi_app(environ, start)
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    spent = time.process_time() - began
    if not status[0].startswith("2"):
        raise SystemExit(f"{environ['PATH_INFO']}: {status[0]} {content[:500]!r}")
    return spent


def _environ(method: str, path: str, query: str, token: str) -> Environ:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost:8000",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "HTTP_IDEMPOTENCY_KEY": str(uuid4()),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _get(path: str, query: str, token: str) -> Environ:
    return _environ("GET", path, query, token)


def _post(path: str, body: Any, token: str) -> Environ:
    content = json.dumps(body).encode()
    return {
        **_environ("POST", path, "", token),
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
    }


def _server_version(url: str) -> str:
    with psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(False)) as c:
        found = c.execute("SELECT version()").fetchone()
        return " ".join(str(found[0]).split()[:2]) if found else ""


ANSWERS = {
    "answers": {
        "safety.gateway": False,
        "peg.1": 5,
        "peg.2": 5,
        "peg.3": 5,
        "phq.1": "LA6569-3",
        "phq.2": "LA6568-5",
        "weekly.self_efficacy": 5,
        "weekly.fear": 4,
        "weekly.catastrophizing": 4,
        "weekly.sleep": 5,
    }
}

if __name__ == "__main__":
    main()
