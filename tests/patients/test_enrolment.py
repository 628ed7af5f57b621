"""Enrolment: once a person, with an invitation by text."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.backstage import at_once
from tests.world import Caller, World

ANN = {
    "given_name": "Ann",
    "family_name": "Example",
    "phone": "+447700900123",
    "time_zone": "Europe/London",
    "checkin_weekday": "thursday",
    "checkin_hour": 18,
}


def enrol(world: World, caller: Caller, **changes: Any) -> Any:
    return world.post("/v1/patients", caller, {**ANN, **changes})


@pytest.mark.parametrize("role", ["clinician", "lead", "administrator"])
def test_a_person_is_enrolled_and_invited(world: World, role: str) -> None:
    answer = enrol(world, world.provider(world.practice(), role))
    assert answer.status_code == 201
    made = answer.get_json()
    assert {name: made[name] for name in ANN} == ANN
    assert (made["status"], made["language"], made["consented_at"]) == ("invited", "en", None)
    [text] = world.texts()
    assert (text.purpose, text.phone) == ("invitation", ANN["phone"])
    assert text.body is not None and text.body.startswith("Hill Surgery invites you")
    assert "http://localhost:8000/i/" in text.body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", ""),
        ("given_name", " "),
        ("family_name", "x" * 101),
        ("family_name", None),
        ("phone", "07700 900123"),
        ("phone", "+44123"),
        ("phone", "+447700900123x"),
        ("language", "xx"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "europe/london"),
        ("checkin_weekday", "Thursday"),
        ("checkin_weekday", 3),
        ("checkin_hour", 8),
        ("checkin_hour", 20),
        ("checkin_hour", "10"),
        ("checkin_hour", 10.5),
        ("checkin_hour", True),
        ("status", "active"),
    ],
)
def test_what_does_not_fit_is_named_and_nobody_is_enrolled(
    world: World, clinician: Caller, field: str, value: Any
) -> None:
    answer = enrol(world, clinician, **{field: value})
    assert answer.status_code == 422
    assert [e["field"] for e in answer.get_json()["errors"]] == [field]
    assert world.ok(world.get("/v1/patients", clinician))["items"] == []
    assert world.texts() == []


@pytest.mark.parametrize("name", ["Ann", "ANN", "ann"])
def test_the_same_person_is_not_enrolled_twice(world: World, clinician: Caller, name: str) -> None:
    first = world.ok(enrol(world, clinician))
    answer = enrol(world, clinician, given_name=name)
    assert answer.status_code == 409
    assert answer.get_json()["patient_id"] == first["id"]
    assert len(world.texts()) == 1


def test_of_two_enrolments_of_one_person_at_once_one_is_refused(
    app: Flask, world: World, clinician: Caller
) -> None:
    def once() -> int:
        client = app.test_client()
        return client.post("/v1/patients", json=ANN, headers=clinician.headers).status_code

    assert sorted(at_once(once, once, once)) == [201, 409, 409]
    assert len(world.texts()) == 1


def test_two_people_may_share_a_phone(world: World, clinician: Caller) -> None:
    world.ok(enrol(world, clinician))
    assert enrol(world, clinician, given_name="Ben").status_code == 201


def test_another_practice_may_enrol_the_same_person(world: World, clinician: Caller) -> None:
    world.ok(enrol(world, clinician))
    elsewhere = world.provider(world.practice("Vale Surgery"))
    assert enrol(world, elsewhere).status_code == 201


def test_somebody_who_has_left_may_be_enrolled_again(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician, **ANN)
    world.ok(world.post("/v1/me/consent/withdrawal", patient))
    assert enrol(world, clinician).status_code == 201


def test_a_new_invitation_makes_the_old_link_void(world: World, clinician: Caller) -> None:
    patient = world.enrol(clinician)
    old = world.link()
    answer = world.post(f"/v1/patients/{patient.id}/invitation", clinician)
    assert answer.status_code == 202
    new = world.link()
    assert new != old
    for link in (old, new):
        world.ok(world.post("/v1/sign-in/patient/code", body={"link": link}))
    assert len(world.texts("sign-in-code")) == 1


def test_nobody_is_invited_who_has_joined_or_left(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician)
    address = f"/v1/patients/{patient.id}/invitation"
    assert world.post(address, clinician).status_code == 409
    world.ok(world.post("/v1/me/consent/withdrawal", patient))
    assert world.post(address, clinician).status_code == 409


def test_a_patient_is_shown_as_enrolled(world: World, clinician: Caller) -> None:
    made = world.ok(enrol(world, clinician))
    assert world.ok(world.get(f"/v1/patients/{made['id']}", clinician)) == made
    assert world.ok(world.get("/v1/patients", clinician))["items"] == [made]


def test_names_are_kept_as_they_are_written(world: World, clinician: Caller) -> None:
    names = {"given_name": "Zoë 👩🏽 <b>", "family_name": "O'Neill; DROP TABLE patient"}
    made = world.ok(enrol(world, clinician, **names))
    shown = world.ok(world.get(f"/v1/patients/{made['id']}", clinician))
    assert {k: shown[k] for k in names} == names
