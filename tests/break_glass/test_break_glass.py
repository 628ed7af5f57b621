"""Another practice's patient in an emergency: with a reason, for a while, to read, and told."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.alerts.models import Alert
from backend.break_glass.models import BreakGlass
from backend.core import tenancy
from backend.core.audit import AuditEvent
from backend.core.clock import now
from backend.core.database import session
from backend.models import Base
from tests.backstage import at_once, rows
from tests.crowd import OF_TIER, raise_alert
from tests.owner import ask
from tests.world import Caller, PatientAccount, World

ADDRESS = "/v1/break-glass"
WHY = {"reason": "emergency-care", "note": "Fell on the stairs, is here now."}


@pytest.fixture
def lead(world: World, clinician: Caller) -> Caller:
    return world.provider(clinician.practice_id, "lead", name="Dr Lead")


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    made = world.onboarded(clinician, given_name="Ida", family_name="Noor")
    note = {"text": "Allergic to penicillin."}
    world.ok(world.post(f"/v1/patients/{made.id}/notes", clinician, note))
    return made


@pytest.fixture
def stranger(world: World) -> Caller:
    """A clinician of another practice."""
    return world.provider(world.practice("Dale Surgery"), name="Dr Stranger")


def ask_for(world: World, who: Caller, patient: PatientAccount, **changes: Any) -> Any:
    world.sign_in(who)
    body = {"given_name": "Ida", "family_name": "Noor", "phone": patient.phone, **WHY, **changes}
    return world.post(ADDRESS, who, body)


def open_access(world: World, who: Caller, patient: PatientAccount) -> str:
    return str(world.ok(ask_for(world, who, patient))["id"])


def look(world: World, who: Caller, access: str) -> Any:
    world.sign_in(who)
    return world.get(f"{ADDRESS}/{access}/record", who)


def trail(app: Flask) -> list[str]:
    return [
        event.action for event in rows(app, AuditEvent, AuditEvent.action.like("break-glass.%"))
    ]


def test_the_record_is_read_for_an_hour(
    app: Flask, world: World, lead: Caller, patient: PatientAccount, stranger: Caller
) -> None:
    made = world.ok(ask_for(world, stranger, patient))
    assert (made["practice"], made["practice_phone"]) == ("Hill Surgery", "+441632960001")
    record = world.ok(look(world, stranger, made["id"]))
    assert (record["given_name"], record["family_name"]) == ("Ida", "Noor")
    assert record["phone"] == patient.phone
    assert [note["text"] for note in record["notes"]] == ["Allergic to penicillin."]
    assert record["activities"] and record["risk_group"]
    assert record["alerts"] == [], "the task that tells of the access is the practice's own"
    world.clock.move_by(minutes=59)
    assert look(world, stranger, made["id"]).status_code == 200
    world.clock.move_by(minutes=1)
    answer = look(world, stranger, made["id"])
    assert (answer.status_code, answer.json["type"].rpartition(":")[2]) == (403, "access-ended")
    assert trail(app) == [f"break-glass.{word}" for word in ("open", "read", "read", "refused")]


def test_a_red_flag_and_what_the_patient_was_told_are_seen(
    app: Flask, world: World, clinician: Caller, stranger: Caller
) -> None:
    ill = world.patient(clinician, given_name="Ida", family_name="Noor")
    world.answer(ill, "safety-screen", safety__numbness=True)
    record = world.ok(look(world, stranger, open_access(world, stranger, ill)))
    assert record["hold"]["level"] == "emergency"
    assert [alert["tier"] for alert in record["alerts"]] == [1]
    assert record["alerts"][0]["patient_was_told"]


def test_the_lead_is_told_at_once(
    app: Flask, world: World, lead: Caller, patient: PatientAccount, stranger: Caller
) -> None:
    access = open_access(world, stranger, patient)
    [task] = rows(app, Alert, Alert.rule == "break-glass")
    assert (task.tier, task.owner_id, task.patient_id) == (2, lead.id, patient.id)
    assert "Dr Stranger of Dale Surgery" in task.evidence[0]["why"]
    world.sign_in(lead)
    [row] = world.ok(world.get("/v1/practice/break-glass", lead))["items"]
    assert (row["id"], row["provider_name"], row["note"]) == (access, "Dr Stranger", WHY["note"])
    assert world.ok(world.get(f"/v1/alerts/{task.id}", lead))["alert"]["owner"] == "Dr Lead"
    # The other practice's own people see nothing of it.
    boss = world.provider(stranger.practice_id, "lead")
    assert world.ok(world.get("/v1/practice/break-glass", boss))["items"] == []
    assert world.get(f"/v1/alerts/{task.id}", boss).status_code == 404


def test_a_second_access_is_told_although_the_first_was_dealt_with(
    app: Flask, world: World, lead: Caller, patient: PatientAccount, stranger: Caller
) -> None:
    open_access(world, stranger, patient)
    [task] = rows(app, Alert, Alert.rule == "break-glass")
    world.sign_in(lead)
    for action, body in (("take", {}), ("resolve", {"code": "already-known"})):
        world.ok(world.post(f"/v1/alerts/{task.id}/{action}", lead, body))
    world.clock.move_by(hours=2)
    open_access(world, stranger, patient)
    assert len(rows(app, Alert, Alert.rule == "break-glass")) == 2


def test_asked_twice_it_is_one_access_and_one_task(
    app: Flask, world: World, patient: PatientAccount, stranger: Caller
) -> None:
    body = {"given_name": "Ida", "family_name": "Noor", "phone": patient.phone, **WHY}

    def one() -> Any:
        return app.test_client().post(ADDRESS, json=body, headers=stranger.headers)

    answers = at_once(one, one)
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert len(rows(app, BreakGlass)) == len(rows(app, Alert, Alert.rule == "break-glass")) == 1


@pytest.mark.parametrize(
    "changes",
    [{"given_name": "Eda"}, {"family_name": "Moor"}, {"phone": "+447700900999"}],
)
def test_whoever_does_not_know_the_person_finds_nobody(
    app: Flask,
    world: World,
    patient: PatientAccount,
    stranger: Caller,
    changes: dict[str, str],
) -> None:
    answer = ask_for(world, stranger, patient, **changes)
    assert (answer.status_code, answer.json["detail"]) == (404, "There is no such patient.")
    assert rows(app, BreakGlass) == []
    [event] = rows(app, AuditEvent, AuditEvent.action == "break-glass.not-found")
    assert (event.practice_id, event.actor_id) == (stranger.practice_id, stranger.id)


def test_names_are_found_in_any_case(
    world: World, patient: PatientAccount, stranger: Caller
) -> None:
    world.ok(ask_for(world, stranger, patient, given_name="IDA ", family_name="noor"))


def test_ones_own_patient_needs_no_broken_glass(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    answer = ask_for(world, clinician, patient)
    assert (answer.status_code, answer.json["type"].rpartition(":")[2]) == (409, "own-patient")
    assert rows(app, BreakGlass) == []


@pytest.mark.parametrize("role", ["administrator", "researcher"])
def test_it_is_for_the_care_team(
    world: World, patient: PatientAccount, stranger: Caller, role: str
) -> None:
    other = world.provider(stranger.practice_id, role)
    assert ask_for(world, other, patient).status_code == 403
    access = open_access(world, stranger, patient)
    assert look(world, other, access).status_code == 403


@pytest.mark.parametrize("body", [{"reason": "curious"}, {"note": "  "}, {"reason": None}])
def test_a_coded_reason_and_words_are_needed(
    world: World, patient: PatientAccount, stranger: Caller, body: dict[str, Any]
) -> None:
    answer = ask_for(world, stranger, patient, **body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, next(iter(body)))


def test_an_access_is_one_persons(
    world: World, patient: PatientAccount, stranger: Caller, clinician: Caller
) -> None:
    access = open_access(world, stranger, patient)
    colleague = world.provider(stranger.practice_id, name="Dr Colleague")
    for other in (colleague, clinician):
        assert look(world, other, access).status_code == 404
        address = f"{ADDRESS}/{access}"
        assert world.client.delete(address, headers=other.headers).status_code == 404
    assert look(world, stranger, access).status_code == 200
    assert look(world, stranger, str(uuid4())).status_code == 404


def test_it_is_ended_by_hand_by_the_provider_or_the_patients_lead(
    app: Flask, world: World, lead: Caller, patient: PatientAccount, stranger: Caller
) -> None:
    for who in (stranger, lead):
        access = open_access(world, stranger, patient)
        for _ in range(2):
            world.sign_in(who)
            answer = world.client.delete(f"{ADDRESS}/{access}", headers=who.headers)
            assert answer.status_code == 204
        assert look(world, stranger, access).status_code == 403
        row = rows(app, BreakGlass)[-1]
        assert (row.ended_at, row.ended_by) == (world.clock.now(), who.id)
    assert trail(app).count("break-glass.end") == 2


def test_all_else_of_the_patient_stays_closed(
    world: World, patient: PatientAccount, stranger: Caller
) -> None:
    look(world, stranger, open_access(world, stranger, patient))
    for part in ("", "/risk", "/plan", "/notes", "/consultations", "/lead"):
        assert world.get(f"/v1/patients/{patient.id}{part}", stranger).status_code == 404, part
    note = {"text": "Hello."}
    assert world.post(f"/v1/patients/{patient.id}/notes", stranger, note).status_code == 404
    assert world.ok(world.get("/v1/alerts", stranger))["items"] == []


# What PostgreSQL itself holds to, whatever the application asks for


@pytest.fixture
def glass(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount, stranger: Caller
) -> UUID:
    """An access, with other patients at the same practice and at the provider's own."""
    world.onboarded(clinician)
    other = world.onboarded(stranger)
    raise_alert(app, clinician.practice_id, patient.id, **OF_TIER[2])
    raise_alert(app, stranger.practice_id, other.id, **OF_TIER[2])
    return UUID(open_access(world, stranger, patient))


def test_the_database_shows_one_patient_and_nothing_else(
    app: Flask, database: str, patient: PatientAccount, glass: UUID
) -> None:
    granted = "SELECT table_name FROM information_schema.role_table_grants WHERE grantee = %s"
    open_tables = {name for (name,) in ask(database, granted, ["lumbra_glass"])}
    assert {"patient", "alert", "patient_note", "break_glass"} < open_tables
    with app.app_context():
        session.execute(text("SELECT 1"))
        with tenancy.through_glass(glass, now()):
            for table in Base.metadata.sorted_tables:
                if table.name not in open_tables:
                    continue
                seen = session.execute(table.select()).all()
                whose = {
                    "patient": "id",
                    "practice": None,
                }.get(table.name, "patient_id")
                if whose is None:
                    assert len(seen) == 1
                else:
                    assert {getattr(row, whose) for row in seen} <= {patient.id}, table.name
                if table.name in ("patient", "alert", "patient_note", "activity"):
                    assert seen, table.name


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM provider",
        "SELECT * FROM audit_event",
        "SELECT * FROM communication",
        "SELECT * FROM questionnaire_response",
        "UPDATE patient SET language = 'nl'",
        "DELETE FROM alert",
        "INSERT INTO opt_out DEFAULT VALUES",
        "UPDATE break_glass SET expires_at = expires_at + interval '1 day'",
    ],
)
def test_the_database_lets_nothing_else_be_read_and_nothing_written(
    app: Flask, glass: UUID, statement: str
) -> None:
    with app.app_context():
        session.execute(text("SELECT 1"))
        with (
            pytest.raises(ProgrammingError, match="denied"),
            tenancy.through_glass(glass, now()),
        ):
            session.execute(text(statement))


def test_the_database_shows_nothing_without_an_access_that_stands(
    app: Flask, world: World, stranger: Caller, glass: UUID
) -> None:
    def seen(access: UUID) -> int:
        with app.app_context():
            session.execute(text("SELECT 1"))
            with tenancy.through_glass(access, now()):
                found: int = session.execute(text("SELECT count(*) FROM patient")).scalar_one()
                return found

    assert (seen(glass), seen(uuid4())) == (1, 0)
    world.client.delete(f"{ADDRESS}/{glass}", headers=stranger.headers)
    assert seen(glass) == 0


def test_an_expired_access_shows_nothing_in_the_database(
    app: Flask, world: World, glass: UUID
) -> None:
    world.clock.move_by(hours=1)
    with app.app_context():
        session.execute(text("SELECT 1"))
        with tenancy.through_glass(glass, now()):
            assert session.execute(text("SELECT count(*) FROM patient")).scalar_one() == 0


def test_afterwards_the_connection_is_as_before(app: Flask, glass: UUID) -> None:
    with app.app_context():
        session.execute(text("SELECT 1"))
        with tenancy.through_glass(glass, now()):
            assert session.scalar(text("SELECT current_user")) == "lumbra_glass"
        assert session.scalar(text("SELECT current_user")) == "lumbra_app"
        assert session.scalar(text("SELECT count(*) FROM patient")) == 0
