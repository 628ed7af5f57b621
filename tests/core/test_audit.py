"""The audit trail: a line for each look at a person's record, and no way to rewrite it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.core import tenancy
from backend.core.audit import AuditEvent
from backend.core.database import session
from tests.backstage import rows
from tests.world import Caller, PatientAccount, World

APPEND_ONLY = (
    "adaptation",
    "alert_event",
    "audit_event",
    "client_event",
    "communication_event",
    "consent",
    "opt_out",
    "questionnaire_response",
    "risk_assessment",
    "score",
)


@dataclass
class Scene:
    """A practice in which there is something to look at."""

    world: World
    clinician: Caller
    patient: PatientAccount
    invited: PatientAccount

    def address(self, path: str) -> str:
        """``{patient}`` and the like in a path, filled in."""
        activities = self.world.ok(self.world.get("/v1/me/plan", self.patient))["activities"]
        [weekly] = self.world.check_ins(self.patient, "weekly", "open")
        [alert] = self.world.alerts(self.clinician)
        return path.format(
            patient=self.patient.id,
            invited=self.invited.id,
            activity=activities[0]["id"],
            check_in=weekly["id"],
            alert=alert["id"],
        )


@pytest.fixture
def scene(world: World) -> Scene:
    clinician = world.provider(world.practice())
    patient = world.onboarded(clinician)
    world.weekly(patient, safety__gateway=True, **RED_FLAG)
    world.sign_in(clinician)
    world.ok(
        world.post(f"/v1/patients/{patient.id}/safety-clearance", clinician, {"reason": "Seen."})
    )
    world.clock.move_by(days=7, hours=1)
    world.tick()
    world.sign_in(clinician)
    world.sign_in(patient)
    invited = world.enrol(clinician)
    world.sign_in(invited)
    return Scene(world, clinician, patient, invited)


RED_FLAG = {"safety__numbness": True}
NOTE = {"day": "2026-09-10", "done": True, "values": {}}

PLACE = {"grade": 1, "step": 2}
ACTIVITY, CHECK_IN = "/v1/me/activities/{activity}", "/v1/checkins/{check_in}"

# Who asks, how, for what, with what, and the line it leaves about whom.
REQUESTS: list[tuple[str, str, str, Any, str, str]] = [
    ("clinician", "GET", "/v1/patients", None, "patient.list", "list"),
    ("clinician", "GET", "/v1/patients/{patient}", None, "patient.read", "patient"),
    ("clinician", "POST", "/v1/patients/{invited}/invitation", {}, "patient.invite", "invited"),
    ("clinician", "GET", "/v1/patients/{patient}/plan", None, "care-plan.read", "patient"),
    ("clinician", "GET", "/v1/patients/{patient}/risk", None, "risk.read", "patient"),
    ("clinician", "GET", "/v1/alerts", None, "alert.list", "list"),
    ("clinician", "GET", "/v1/alerts/{alert}", None, "alert.read", "patient"),
    ("clinician", "POST", "/v1/alerts/{alert}/acknowledge", {}, "alert.acknowledge", "patient"),
    ("patient", "GET", "/v1/me", None, "patient.read", "patient"),
    ("patient", "GET", "/v1/me/checkins", None, "check-in.list", "patient"),
    ("patient", "GET", "/v1/checkins/{check_in}", None, "check-in.read", "patient"),
    ("patient", "GET", "/v1/me/plan", None, "care-plan.read", "patient"),
    ("patient", "GET", ACTIVITY, None, "activity.read", "patient"),
    ("patient", "PUT", ACTIVITY + "/position", PLACE, "activity.position", "patient"),
    ("patient", "POST", ACTIVITY + "/quiz", "quiz", "activity.quiz", "patient"),
    (
        "patient",
        "POST",
        ACTIVITY + "/practice",
        NOTE,
        "activity.practice",
        "patient",
    ),
    (
        "patient",
        "POST",
        CHECK_IN + "/response",
        "answers",
        "check-in.submit",
        "patient",
    ),
    ("patient", "POST", "/v1/me/consent/withdrawal", {}, "consent.withdrawn", "patient"),
    ("invited", "POST", "/v1/me/consent", "consent", "consent.given", "invited"),
]


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "action", "whom"),
    REQUESTS,
    ids=[f"{r[0]} {r[1]} {r[2]}" for r in REQUESTS],
)
def test_each_request_about_a_person_leaves_a_line(
    app: Flask, scene: Scene, who: str, method: str, path: str, body: Any, action: str, whom: str
) -> None:
    world, caller = scene.world, getattr(scene, who)
    address = scene.address(path)
    headers = dict(caller.headers)
    if body == "consent":
        body = {"version": world.ok(world.get("/v1/me/consent", caller))["version"]}
    if body == "quiz":
        quiz = world.ok(world.get(address.removesuffix("/quiz"), caller))["quiz"]
        body = {"answers": {item["id"]: 0 for item in quiz}}
    if body == "answers":
        check_in = {"id": address.split("/")[-2]}
        body = {"answers": world.sheet(caller, check_in)}
        headers["Idempotency-Key"] = "a-key"
    before = {row.id for row in rows(app, AuditEvent)}
    answer = world.client.open(address, method=method, json=body, headers=headers)
    assert answer.status_code < 300, answer.get_data(as_text=True)
    lines = [r for r in rows(app, AuditEvent) if r.id not in before and r.action == action]
    assert len(lines) == 1
    [line] = lines
    assert line.actor_id == caller.id
    assert line.actor_role == caller.role
    assert line.practice_id == caller.practice_id
    assert line.at == world.clock.now()
    assert line.request_id == answer.headers["X-Request-Id"]
    if whom == "list":
        assert line.detail is not None and str(scene.patient.id) in line.detail["patients"]
    else:
        assert line.patient_id == getattr(scene, whom).id


def test_enrolling_and_clearing_leave_lines_with_their_reasons(app: Flask, scene: Scene) -> None:
    about = rows(app, AuditEvent, AuditEvent.patient_id == scene.patient.id)
    actions = [line.action for line in about]
    for action in ("patient.enrol", "patient.invite", "consent.given", "safety-hold.clear"):
        assert actions.count(action) == 1


def test_a_refused_request_leaves_no_line_about_the_person(app: Flask, scene: Scene) -> None:
    stranger = scene.world.provider(scene.world.practice("Vale Surgery"))
    before = len(rows(app, AuditEvent))
    for path in ("/v1/patients/{patient}", "/v1/patients/{patient}/risk"):
        address = path.format(patient=scene.patient.id)
        assert scene.world.get(address, stranger).status_code == 404
    assert len(rows(app, AuditEvent)) == before


def test_no_line_holds_a_clinical_value_or_a_name(app: Flask, scene: Scene) -> None:
    for line in rows(app, AuditEvent):
        said = f"{line.reason} {line.detail}"
        assert "Ann" not in said and "Example" not in said
        assert "numbness" not in said


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_has_happened_cannot_be_rewritten(app: Flask, table: str, statement: str) -> None:
    with (
        app.app_context(),
        tenancy.across_practices(),
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        session.execute(text(statement.format(table)))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_has_happened_can_be_read(app: Flask, table: str) -> None:
    with app.app_context(), tenancy.across_practices():
        assert session.scalar(text(f"SELECT count(*) FROM {table}")) is not None
