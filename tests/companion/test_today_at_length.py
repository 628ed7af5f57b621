"""A patient's day after two years, among two thousand others: few statements, and each by index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from backend.checkins.models import CheckIn
from backend.core import tenancy
from backend.core.database import session
from backend.messaging.models import Communication
from backend.models import Base
from backend.patients.models import Patient
from backend.programme.models import Activity, PracticeLog
from tests.backstage import rows
from tests.crowd import crowd
from tests.owner import ask
from tests.two_years import COMMUNICATIONS, DAYS, MODULES, WEEKS, two_years
from tests.world import PatientAccount, World

OTHERS = 2000
AT_MOST = 8
OWNED_BY_PATIENTS = {"patient"} | {
    table.name for table in Base.metadata.tables.values() if "patient_id" in table.columns
}
PLACE = re.compile(r"%\((\w+)\)s")


@pytest.fixture(params=["reading", "graded"])
def patient(
    app: Flask, world: World, database: str, request: pytest.FixtureRequest
) -> PatientAccount:
    """Two years into the programme; walks by the clock and feared movements, or two others."""
    clinician = world.provider(world.practice())
    patient = world.onboarded(clinician, 6)
    world.clock.move_by(days=DAYS, hours=1)
    two_years(app, clinician.practice_id, patient.id, OTHERS, request.param == "graded")
    ask(database, "ANALYZE")
    world.sign_in(patient)
    return patient


class Spy:
    """The statements that the application sends, each with its values."""

    def __init__(self, app: Flask) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.engine = app.extensions["database"].engine

    def __enter__(self) -> Spy:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *error: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
        self.sent.append((statement, values))


def scans(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from scans(part)


def explained(app: Flask, practice: Any, statement: str, values: Any, generic: bool) -> set[str]:
    """The tables that the application would read from end to end for a statement.

    ``generic``: by the plan of a prepared statement, which knows no values.
    """
    with app.app_context():
        tenancy.enter(practice)
        ask_for = session.connection().exec_driver_sql
        if generic:
            names: list[str] = []
            prepared = PLACE.sub(lambda m: names.append(m[1]) or f"${len(names)}", statement)
            ask_for(f"PREPARE seen AS {prepared}".replace("%%", "%"))
            ask_for("SET LOCAL plan_cache_mode = force_generic_plan")
            given = f"({', '.join(['NULL'] * len(names))})" if names else ""
            found = ask_for(f"EXPLAIN (FORMAT JSON) EXECUTE seen{given}").scalar_one()
            ask_for("DEALLOCATE seen")
        else:
            found = ask_for(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
        return set(scans(found[0]["Plan"]))


def length_of(app: Flask, model: Any, patient: PatientAccount) -> int:
    with app.app_context(), tenancy.across_practices():
        return session.scalar(select(func.count()).where(model.patient_id == patient.id)) or 0


def test_a_long_history_costs_few_statements_and_no_table_is_read_from_end_to_end(
    app: Flask, world: World, patient: PatientAccount, request: pytest.FixtureRequest
) -> None:
    assert len(rows(app, Patient)) == OTHERS + 1
    assert length_of(app, CheckIn, patient) > WEEKS
    assert length_of(app, Activity, patient) == MODULES
    assert length_of(app, PracticeLog, patient) > DAYS // 2
    assert length_of(app, Communication, patient) > COMMUNICATIONS

    with Spy(app) as spy:
        day = world.ok(world.get("/v1/me/today", patient))
    kinds = [task["kind"] for task in day["to_do"]]
    graded = "graded" in request.node.callspec.id
    assert kinds == ["check-in", "module", "module", "practice"]
    told = [task["module"] for task in day["to_do"] if task["module"]]
    assert all(module["today"] is not None for module in told) is graded
    assert (day["progress"]["modules_done"], day["progress"]["modules"]) == (13, MODULES)
    assert 15 < day["days"]["last_28"] < 28
    assert len(spy.sent) <= AT_MOST, [statement for statement, _ in spy.sent]

    reads = [(s, v) for s, v in spy.sent if s.lstrip("( \n").startswith("SELECT")]
    asked = [(s, v) for s, v in reads if "FROM" in s]
    assert len(asked) >= 3
    for statement, values in asked:
        for generic in (False, True):
            read = explained(app, patient.practice_id, statement, values, generic)
            assert not read & OWNED_BY_PATIENTS, (generic, statement)

    new = world.onboarded(world.provider(patient.practice_id))
    with Spy(app) as short:
        world.ok(world.get("/v1/me/today", new))
    # Where somebody stands in walks and movements is asked for where they are practised.
    assert len(short.sent) == len(spy.sent) - (3 if graded else 0), (
        "the statements do not grow with the history"
    )


def test_a_table_that_is_read_from_end_to_end_would_be_seen(
    app: Flask, world: World, database: str
) -> None:
    clinician = world.provider(world.practice())
    crowd(app, clinician.practice_id, 500, world.clock.now())
    ask(database, "ANALYZE")
    by_battery = "SELECT id FROM check_in WHERE battery = %(battery)s"
    for generic in (False, True):
        values = {"battery": "weekly"}
        found = explained(app, clinician.practice_id, by_battery, values, generic)
        assert found == {"check_in"} <= OWNED_BY_PATIENTS
