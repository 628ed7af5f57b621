"""What a provider answers before modules begin, through the public API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.core.audit import AuditEvent
from backend.core.identity import ADMINISTRATOR
from backend.patients.models import ContraindicationAnswer
from tests.backstage import rows
from tests.programme.test_daily import NONE_OF_THESE, restrict, slept
from tests.programme.test_practice import reach
from tests.programme.test_service import (
    faulty_fields,
    for_provider,
    plan,
    refusal,
    standing,
    study,
    text_of,
)
from tests.world import Caller, PatientAccount, World

CLEARANCE = {
    "unstable-heart-or-lung-disease": "no",
    "recent-surgery-or-fracture": "no",
    "pregnancy-complication": "no",
}


@pytest.fixture
def unasked(world: World, clinician: Caller) -> PatientAccount:
    """One of whom nobody has been asked at enrolment."""
    return world.onboarded(clinician, 2, contraindications=None)


def answer(world: World, provider: Caller, patient: Caller, **body: Any) -> TestResponse:
    world.sign_in(provider)
    address = f"/v1/patients/{patient.id}/contraindications"
    return world.client.put(address, json=body, headers=provider.headers)


def asked(world: World, provider: Caller, patient: Caller) -> dict[str, dict[str, Any]]:
    world.sign_in(provider)
    found = world.ok(world.get(f"/v1/patients/{patient.id}/contraindications", provider))["items"]
    return {each["code"]: each for each in found}


def weeks(world: World, patient: Caller, count: int) -> None:
    """Do all that is open, and answer the check-in."""
    for _ in range(count):
        open_now = [m for m, (status, _) in standing(world, patient).items() if status == "active"]
        study(world, patient, *open_now)
        world.weekly(patient, 2)


def test_none_of_these_at_enrolment_lets_every_module_come(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 2, contraindications=[])
    told = for_provider(world, clinician, patient)
    assert told["to_answer"] == []
    assert {each["answer"] for each in asked(world, clinician, patient).values()} == {"no", None}
    reach(world, patient, "M04")
    [trace] = rows(app, AuditEvent, AuditEvent.action == "contraindications.answer")
    assert trace.detail == {"answers": len(rows(app, ContraindicationAnswer))}


def test_without_an_answer_the_module_waits_and_the_plan_asks(
    world: World, clinician: Caller, unasked: PatientAccount
) -> None:
    told = for_provider(world, clinician, unasked)
    assert [(each["code"], each["modules"]) for each in told["to_answer"]] == [
        (code, ["M04"]) for code in CLEARANCE
    ]
    [m04] = [a for a in told["activities"] if a["module_id"] == "M04"]
    assert m04["waits_for"].startswith("Unstable cardiac or respiratory disease")
    assert plan(world, unasked)["M04"]["waits_for_practice"] is True
    assert plan(world, unasked)["M03"]["waits_for_practice"] is False
    weeks(world, unasked, 4)
    assert "M04" not in standing(world, unasked)
    assert refusal(text_of(world, unasked, "M04")) == (409, "not-yet")
    world.ok(answer(world, clinician, unasked, answers=CLEARANCE))
    assert for_provider(world, clinician, unasked)["to_answer"] == []
    weeks(world, unasked, 1)
    assert standing(world, unasked)["M04"] == ("active", 1)


def test_what_applies_closes_a_module_until_a_provider_agrees_with_a_reason(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = reach(world, world.onboarded(clinician, 2), "M04")
    code = "recent-surgery-or-fracture"
    told = world.ok(answer(world, clinician, patient, answers={code: "yes"}))
    assert {i["code"]: i["answer"] for i in told["items"]}[code] == "yes"
    assert plan(world, patient)["M04"]["locked"] is True
    assert refusal(text_of(world, patient, "M04")) == (409, "on-hold")
    home = world.ok(world.get("/v1/me/today", patient))["to_do"]
    assert "M04" not in {task["module"]["id"] for task in home if task["module"]}
    assert faulty_fields(answer(world, clinician, patient, answers={code: "cleared"})) == {"reason"}
    agreed = {"answers": {code: "cleared"}, "reason": "Healed; seen by the surgeon."}
    world.ok(answer(world, clinician, patient, **agreed))
    assert text_of(world, patient, "M04").status_code == 200
    kept = rows(app, ContraindicationAnswer, ContraindicationAnswer.code == code)
    assert [(k.answer, k.reason) for k in kept] == [
        ("no", None), ("yes", None), ("cleared", "Healed; seen by the surgeon."),
    ]  # fmt: skip


def test_a_clinician_answers_and_nobody_else(world: World, clinician: Caller) -> None:
    office = world.provider(clinician.practice_id, ADMINISTRATOR)
    body = {
        "given_name": "Ann", "family_name": "Other", "phone": "+447700900777",
        "time_zone": "Europe/London", "checkin_weekday": "tuesday", "checkin_hour": 10,
    }  # fmt: skip
    refused = world.post("/v1/patients", office, {**body, "contraindications": []})
    assert faulty_fields(refused) == {"contraindications"}
    world.ok(world.post("/v1/patients", office, body))
    refused = world.post("/v1/patients", clinician, {**body, "contraindications": ["gout"]})
    assert faulty_fields(refused) == {"contraindications.0"}


def test_high_fear_keeps_pacing_waiting_and_a_provider_may_agree(
    world: World, clinician: Caller
) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline", 5, weekly__fear=9)
    waits = {a["module_id"]: a["waits_for"] for a in
             for_provider(world, clinician, patient)["activities"]}  # fmt: skip
    assert str(waits["M05"]).startswith("Do not teach as avoidance")
    world.ok(answer(world, clinician, patient, answers={"high-fear": "cleared"}, reason="Agreed."))
    waits = {a["module_id"]: a["waits_for"] for a in
             for_provider(world, clinician, patient)["activities"]}  # fmt: skip
    assert waits["M05"] is None


def test_a_circumstance_that_bars_it_ends_a_set_time_in_bed(
    world: World, clinician: Caller
) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline", 2, weekly__sleep=9)
    reach(world, patient, "M11")
    world.ok(restrict(world, clinician, patient, True, **NONE_OF_THESE))
    assert slept(world, patient)["enabled"] is True
    world.clock.move_by(minutes=5)
    world.ok(answer(world, clinician, patient, answers={"epilepsy": "yes"}))
    assert slept(world, patient)["enabled"] is False
    # Taken back, it stays off until a provider enables it again.
    world.clock.move_by(minutes=5)
    world.ok(answer(world, clinician, patient, answers={"epilepsy": "no"}))
    assert slept(world, patient)["enabled"] is False
    world.clock.move_by(minutes=5)
    world.ok(restrict(world, clinician, patient, True, **NONE_OF_THESE))
    assert asked(world, clinician, patient)["epilepsy"]["answer"] == "no"
    assert slept(world, patient)["enabled"] is True
