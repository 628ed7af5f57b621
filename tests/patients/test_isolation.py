"""Patients are seen by their own practice's staff, and by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Caller, PatientAccount, World

REASON = {"reason": "Seen."}
STAFF_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/v1/patients/{id}", None),
    ("POST", "/v1/patients/{id}/invitation", {}),
    ("GET", "/v1/patients/{id}/plan", None),
    ("GET", "/v1/patients/{id}/risk", None),
    ("POST", "/v1/patients/{id}/safety-clearance", REASON),
]
each_staff_route = pytest.mark.parametrize(("method", "path", "body"), STAFF_ROUTES)


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician, given_name="Rosamund")


@pytest.fixture
def stranger(world: World) -> Caller:
    """A lead of another practice, who has a patient too."""
    stranger = world.provider(world.practice("Vale Surgery"), "lead")
    world.onboarded(stranger)
    return stranger


def ask(world: World, caller: Caller, method: str, address: str, body: Any) -> Any:
    return world.client.open(address, method=method, json=body, headers=caller.headers)


@each_staff_route
def test_another_practices_patient_looks_like_none(
    world: World, patient: PatientAccount, stranger: Caller, method: str, path: str, body: Any
) -> None:
    theirs = ask(world, stranger, method, path.format(id=patient.id), body)
    nobodys = ask(world, stranger, method, path.format(id=stranger.id), body)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.get_json()["detail"] == nobodys.get_json()["detail"]


@each_staff_route
def test_a_patient_does_not_see_what_staff_see_even_of_themselves(
    world: World, patient: PatientAccount, method: str, path: str, body: Any
) -> None:
    assert ask(world, patient, method, path.format(id=patient.id), body).status_code == 403


def test_lists_hold_the_own_practice_only(
    world: World, clinician: Caller, patient: PatientAccount, stranger: Caller
) -> None:
    for caller, is_own in ((clinician, True), (stranger, False)):
        listed = world.get("/v1/patients?limit=100", caller).get_data(as_text=True)
        assert (str(patient.id) in listed) is is_own
        assert ("Rosamund" in listed) is is_own


def test_another_patients_check_in_and_activity_look_like_none(
    world: World, clinician: Caller, patient: PatientAccount
) -> None:
    other = world.onboarded(clinician)
    [check_in] = world.check_ins(patient, "weekly", "scheduled")
    activity = world.ok(world.get("/v1/me/plan", patient))["activities"][0]["id"]
    sheet = world.sheet(patient, check_in)
    assert world.get(f"/v1/checkins/{check_in['id']}", other).status_code == 404
    assert world.submit(other, check_in, sheet).status_code == 404
    assert world.get(f"/v1/me/activities/{activity}", other).status_code == 404
    quiz = {"answers": {}}
    assert world.post(f"/v1/me/activities/{activity}/quiz", other, quiz).status_code == 404


def test_two_practices_records_of_one_person_stay_apart(
    world: World, clinician: Caller, stranger: Caller
) -> None:
    here = world.patient(clinician, phone="+447700900777", given_name="Ann")
    there = world.enrol(stranger, phone="+447700900777", given_name="Ann")
    assert here.id != there.id
    assert world.get(f"/v1/patients/{there.id}", clinician).status_code == 404
    shown = world.ok(world.get(f"/v1/patients/{there.id}", stranger))
    assert shown["status"] == "invited"
