"""What a device is given to go on without a connection, and what changed since it last asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask

from backend.core.audit import AuditEvent
from backend.sync.schemas import PARTS
from tests.backstage import rows, statements
from tests.programme.test_goal import goal
from tests.programme.test_service import plan
from tests.sync.devices import Device, outcomes
from tests.world import Caller, PatientAccount, World, questions


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician, 2)


def catch_up(world: World, patient: Caller, since: str | None = None) -> dict[str, Any]:
    query = "" if since is None else f"?since={since}"
    found: dict[str, Any] = world.ok(world.get(f"/v1/me/sync{query}", patient))
    return found


def parts(found: Mapping[str, Any]) -> set[str]:
    return {name for name, part in found["changed"].items() if part is not None}


def test_a_new_device_is_given_everything_and_then_nothing(
    world: World, patient: PatientAccount
) -> None:
    first = catch_up(world, patient)
    assert parts(first) == set(PARTS)
    again = catch_up(world, patient, first["cursor"])
    assert parts(again) == set()
    assert again["cursor"] == first["cursor"]


def test_only_what_changed_is_sent_again(
    world: World, clinician: Caller, patient: PatientAccount
) -> None:
    cursor = catch_up(world, patient)["cursor"]
    activity = plan(world, patient)["M01"]["id"]
    day = world.clock.now().date().isoformat()
    note = {"day": day, "done": True, "confidence": 4}
    world.ok(world.post(f"/v1/me/activities/{activity}/practice", patient, note))
    found = catch_up(world, patient, cursor)
    assert parts(found) == {"practice"}
    assert found["changed"]["practice"]["items"] == [
        {"activity_id": activity, "grade": 1, "values": {}, **note}
    ]
    world.ok(world.client.put("/v1/me/goal", json=goal(world), headers=patient.headers))
    found = catch_up(world, patient, found["cursor"])
    assert parts(found) == {"goals"}
    world.weekly(patient, 2)
    assert {"check_ins"} <= parts(catch_up(world, patient, found["cursor"]))


def test_what_another_device_told_arrives_here(world: World, patient: PatientAccount) -> None:
    cursor = catch_up(world, patient)["cursor"]
    tablet = Device(world, patient, "tablet")
    event = tablet.note("goal", None, goal(world))
    assert outcomes(tablet.tell()) == ["accepted"]
    found = catch_up(world, patient, cursor)
    assert found["changed"]["goals"]["goal"]["event_id"] == event["id"]


def test_a_cursor_is_of_one_person_and_says_nothing(
    world: World, clinician: Caller, patient: PatientAccount
) -> None:
    other = world.onboarded(clinician, 2)
    cursor = catch_up(world, patient)["cursor"]
    assert parts(catch_up(world, other, cursor)) == set(PARTS)


@pytest.mark.parametrize("cursor", ["", "x", "%00", "é", "A" * 64, "A" * 150, "A" * 300])
def test_what_is_no_cursor_is_refused(world: World, patient: PatientAccount, cursor: str) -> None:
    answer = world.get(f"/v1/me/sync?since={cursor}", patient)
    if cursor == "A" * 64:
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == "since"


def test_bundles_are_what_their_names_say_and_kept_for_good(
    world: World, patient: PatientAccount
) -> None:
    changed = catch_up(world, patient)["changed"]
    named = [each["bundle"] for each in changed["plan"]["plan"]["activities"]]
    named += [each["bundle"] for each in changed["check_ins"]["items"] if each["bundle"]]
    for bundle in named:
        answer = world.get(bundle["url"], patient)
        assert answer.status_code == 200
        assert hashlib.sha256(answer.data).hexdigest() == bundle["sha256"]
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        tag = {"If-None-Match": answer.headers["ETag"]}
        assert world.get(bundle["url"], patient, tag).status_code == 304
    assert world.get(f"/v1/content/bundles/{'0' * 64}", patient).status_code == 404


def test_a_module_holds_all_it_needs_and_a_check_in_all_it_asks(
    world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 2, language="nl")
    changed = catch_up(world, patient)["changed"]
    [first, *_] = changed["plan"]["plan"]["activities"]
    module = json.loads(world.get(first["bundle"]["url"], patient).data)
    assert (module["kind"], module["language"]) == ("module", "nl")
    grades = module["content"]["grades"]
    assert [grade["grade"] for grade in grades] == list(range(1, len(grades) + 1))
    for grade in grades:
        assert grade["language"] == "nl" and grade["steps"] and grade["practice"]["task"]
        for item in grade["quiz"]:
            assert sum(option["right"] for option in item["options"]) == 1
            assert all(option["feedback"] for option in item["options"])
    for figure in module["content"]["figures"]:
        assert world.get(figure).status_code == 200
    [weekly] = [each for each in changed["check_ins"]["items"] if each["kind"] == "weekly"]
    asked = json.loads(world.get(weekly["bundle"]["url"], patient).data)
    live = world.ok(world.get(f"/v1/checkins/{weekly['id']}", patient))["questionnaire"]
    assert asked["content"] == live
    assert questions(asked["content"]["item"])


def test_bundles_are_for_patients(world: World, clinician: Caller) -> None:
    address = f"/v1/content/bundles/{'0' * 64}"
    assert world.get(address).status_code == 401
    assert world.get(address, clinician).status_code == 403


def test_somebody_without_a_plan_can_ask_too(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician)
    changed = catch_up(world, patient)["changed"]
    assert changed["plan"] == {"plan": None}
    assert changed["goals"] == {"goal": None, "earlier": []}
    assert [each["kind"] for each in changed["check_ins"]["items"]] == ["safety-screen"]


def test_asking_costs_the_same_however_much_there_is(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    catch_up(world, patient)
    counts = []
    for length in (1, 40):
        phone = Device(world, patient)
        about, day = plan(world, patient)["M01"]["id"], world.clock.now().date().isoformat()
        for _ in range(length):
            phone.note("quiz", about, {"grade": 1, "answers": {}})
            phone.note("reading", about, {"grade": 1})
            phone.note("practice", about, {"grade": 1, "day": day, "done": True})
        phone.tell()
        with statements(app) as sent:
            catch_up(world, patient)
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 20


def test_the_look_is_in_the_audit_trail(app: Flask, world: World, patient: PatientAccount) -> None:
    catch_up(world, patient)
    [line] = rows(app, AuditEvent, AuditEvent.action == "sync.read")
    assert line.patient_id == patient.id
