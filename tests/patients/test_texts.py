"""Reminders by text: turned off and on by the patient or, at their wish, by the practice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from backend.core.audit import AuditEvent
from backend.core.schema import WEEKDAYS
from backend.patients.models import Consent
from tests.backstage import rows
from tests.world import Caller, PatientAccount, World


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician)


def change(world: World, caller: Caller, address: str = "/v1/me", **body: Any) -> Any:
    return world.client.patch(address, json=body, headers=caller.headers)


def words(app: Flask) -> list[tuple[str, str, str]]:
    """Every word on texts, oldest first: what, by whom and how."""
    found = rows(app, Consent, Consent.kind == "texts")
    return [(row.action, row.by_role, row.how) for row in found]


def open_window(world: World, patient: Caller) -> datetime:
    """The next weekly check-in opens, and its text waits to leave."""
    world.sign_in(patient)
    [coming] = world.check_ins(patient, "weekly", "scheduled")
    world.clock.move_to(datetime.fromisoformat(coming["opens_at"]))
    world.tick()
    world.sign_in(patient)
    return world.clock.now()


def test_agreeing_to_the_programme_is_a_word_on_texts_with_number_and_purpose(
    app: Flask, patient: PatientAccount
) -> None:
    [row] = rows(app, Consent, Consent.kind == "texts")
    assert (row.action, row.channel, row.purpose) == ("given", "sms", "reminders")
    assert (row.phone, row.patient_id) == (patient.phone, patient.id)
    assert (row.by_role, row.by_id, row.how) == ("patient", patient.id, "app")
    [programme] = rows(app, Consent, Consent.kind == "programme")
    assert (row.text_version, row.at) == (programme.text_version, programme.at)


def test_without_texts_nothing_is_planned_and_what_waits_is_cancelled(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    opened = open_window(world, patient)
    assert [t.status for t in world.texts("check-in")] == ["pending"]
    told = world.ok(change(world, patient, reminders_by="none"))
    assert told["reminders_by"] == "none"
    [text] = world.texts("check-in")
    assert (text.status, text.because) == ("cancelled", "texts turned off")
    for days in (2, 4, 7, 9, 11):
        world.clock.move_to(opened + timedelta(days=days))
        world.tick()
        world.deliver()
    assert len(world.texts("check-in")) == 1
    assert words(app)[1:] == [("withdrawn", "patient", "app")]


def test_a_sign_in_code_that_is_asked_for_comes_nevertheless(
    world: World, patient: PatientAccount
) -> None:
    world.ok(change(world, patient, reminders_by="none"))
    world.ok(world.post("/v1/sign-in/patient/code", body={"phone": patient.phone}))
    world.deliver()
    assert [t.status for t in world.texts("sign-in-code")] == ["delivered"]


def test_texts_come_again_from_the_next_reminder_on(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    world.ok(change(world, patient, reminders_by="none"))
    opened = open_window(world, patient)
    assert world.texts("check-in") == []
    assert world.ok(change(world, patient, reminders_by="sms"))["reminders_by"] == "sms"
    world.clock.move_to(opened + timedelta(days=2))
    world.tick()
    assert [t.template for t in world.texts("check-in")] == ["check-in-reminder-1"]
    assert [word[0] for word in words(app)] == ["given", "withdrawn", "given"]


def test_a_check_in_without_texts_is_open_all_the_same(
    world: World, patient: PatientAccount
) -> None:
    world.ok(change(world, patient, reminders_by="none"))
    open_window(world, patient)
    assert [c["kind"] for c in world.check_ins(patient)] == ["weekly"]


def test_choosing_what_is_chosen_already_is_no_new_word(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    for wanted in ("sms", "none", "none", "sms"):
        world.ok(change(world, patient, reminders_by=wanted))
    assert [word[0] for word in words(app)] == ["given", "withdrawn", "given"]


def test_the_practice_notes_what_the_patient_asked_for(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    address = f"/v1/patients/{patient.id}"
    told = world.ok(change(world, clinician, address, reminders_by="none"))
    assert told["reminders_by"] == "none"
    assert world.ok(world.get("/v1/me", patient))["reminders_by"] == "none"
    assert words(app)[-1] == ("withdrawn", "clinician", "asked the practice")
    [line] = rows(app, AuditEvent, AuditEvent.action == "patient.reminders")
    assert (line.patient_id, line.actor_id) == (patient.id, clinician.id)


def test_another_practice_changes_nothing(world: World, patient: PatientAccount) -> None:
    stranger = world.provider(world.practice("Vale Surgery"))
    refused = change(world, stranger, f"/v1/patients/{patient.id}", reminders_by="none")
    assert refused.status_code == 404
    assert world.ok(world.get("/v1/me", patient))["reminders_by"] == "sms"


def test_leaving_ends_texts_too_and_they_cannot_be_turned_on_again(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    world.ok(world.post("/v1/me/consent/withdrawal", patient))
    assert [word[0] for word in words(app)] == ["given", "withdrawn"]
    assert change(world, patient, reminders_by="none").status_code == 409


def test_who_turned_texts_off_before_joining_gets_none(
    app: Flask, world: World, clinician: Caller
) -> None:
    invited = world.enrol(clinician)
    world.sign_in(invited)
    world.ok(change(world, invited, reminders_by="none"))
    text = world.ok(world.get("/v1/me/consent", invited))
    world.ok(world.post("/v1/me/consent", invited, {"version": text["version"]}))
    assert [word[0] for word in words(app)] == ["withdrawn"]
    assert world.ok(world.get("/v1/me", invited))["reminders_by"] == "none"


def test_a_patient_moves_the_check_in_from_the_one_after_the_next_on(
    world: World, patient: PatientAccount
) -> None:
    told = world.ok(change(world, patient, checkin_weekday="friday", checkin_hour=18))
    assert (told["checkin_weekday"], told["checkin_hour"]) == ("friday", 18)
    opened = open_window(world, patient)
    assert (WEEKDAYS[opened.weekday()], opened.hour) == ("tuesday", 9)  # ten in London
    [coming] = world.check_ins(patient, "weekly", "scheduled")
    after = datetime.fromisoformat(coming["opens_at"])
    assert (WEEKDAYS[after.weekday()], after.hour) == ("friday", 17)


def test_several_things_change_at_once(world: World, patient: PatientAccount) -> None:
    body = {"language": "nl", "checkin_hour": 12, "reminders_by": "none"}
    told = world.ok(change(world, patient, **body))
    assert {name: told[name] for name in body} == body
    assert {name: world.ok(world.get("/v1/me", patient))[name] for name in body} == body


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"checkin_hour": 8}, "checkin_hour"),
        ({"checkin_hour": 20}, "checkin_hour"),
        ({"checkin_hour": True}, "checkin_hour"),
        ({"checkin_weekday": "Friday"}, "checkin_weekday"),
        ({"reminders_by": None}, "reminders_by"),
        ({"reminders_by": "perhaps"}, "reminders_by"),
        ({"phone": "07700 900123"}, "phone"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    world: World, clinician: Caller, patient: PatientAccount, body: dict[str, Any], field: str
) -> None:
    for caller, address in ((patient, "/v1/me"), (clinician, f"/v1/patients/{patient.id}")):
        refused = change(world, caller, address, **body)
        assert refused.status_code == 422
        assert [error["field"] for error in refused.get_json()["errors"]] == [field]
