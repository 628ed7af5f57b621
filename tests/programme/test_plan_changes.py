"""A provider changes a plan, with a reason: by the API, and kept when the plan is folded again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from backend.programme import service as programme
from backend.programme.models import Adaptation
from tests.backstage import behind, rows
from tests.world import Caller, PatientAccount, World


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician, 3)


def change(world: World, clinician: Caller, patient: Caller, **body: Any) -> TestResponse:
    sent = {"reason": "clinical-judgement", **body}
    return world.post(f"/v1/patients/{patient.id}/plan/changes", clinician, sent)


def modules(world: World, clinician: Caller, patient: Caller) -> list[str]:
    plan = world.ok(world.get(f"/v1/patients/{patient.id}/plan", clinician))
    return [each["module_id"] for each in plan["activities"]]


def waiting(world: World, clinician: Caller, patient: Caller) -> list[str]:
    plan = world.ok(world.get(f"/v1/patients/{patient.id}/plan", clinician))
    return [each["module_id"] for each in plan["activities"] if each["status"] == "waiting"]


def test_a_module_is_added_with_what_it_builds_on(
    app: Flask, world: World, clinician: Caller, patient: Caller
) -> None:
    before = modules(world, clinician, patient)
    assert "M18" not in before
    world.ok(change(world, clinician, patient, change="add", module_id="M18"))
    assert set(modules(world, clinician, patient)) == {*before, "M18"}
    [kept] = rows(app, Adaptation, Adaptation.decision == "provider-add")
    assert kept.provider_id == clinician.id
    assert kept.rule == "provider-override" and kept.inputs["code"] == "clinical-judgement"
    assert "Your practice has added a part to your plan" in kept.for_patient
    assert "M18 added by a provider: clinical judgement." in kept.for_provider
    assert rows(app, AuditEvent, AuditEvent.action == "care-plan.add")


def test_a_module_that_has_not_begun_is_left_out_and_may_come_back(
    world: World, clinician: Caller, patient: Caller
) -> None:
    last = waiting(world, clinician, patient)[-1]
    world.ok(change(world, clinician, patient, change="drop", module_id=last))
    assert last not in modules(world, clinician, patient)
    mine = world.ok(world.get("/v1/me/plan", patient))["activities"]
    assert last not in [each["module_id"] for each in mine]
    world.ok(change(world, clinician, patient, change="add", module_id=last))
    assert last in modules(world, clinician, patient)


def test_a_module_is_moved(world: World, clinician: Caller, patient: Caller) -> None:
    last = waiting(world, clinician, patient)[-1]
    world.ok(change(world, clinician, patient, change="move", module_id=last, place=2))
    assert modules(world, clinician, patient)[1] == last


def test_folding_again_keeps_what_was_changed(
    app: Flask, world: World, clinician: Caller, patient: Caller, clock: MovableClock
) -> None:
    last = waiting(world, clinician, patient)[-1]
    clock.move_by(minutes=5)
    world.ok(change(world, clinician, patient, change="drop", module_id=last))
    clock.move_by(minutes=5)
    world.ok(change(world, clinician, patient, change="add", module_id="M18"))
    before = modules(world, clinician, patient)
    with behind(app):
        programme.refold(patient.id)
    assert modules(world, clinician, patient) == before
    assert len(rows(app, Adaptation, Adaptation.rule == "provider-override")) == 2


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"change": "add", "module_id": "M99"}, 422, "module_id"),
        ({"change": "drop", "module_id": "M18"}, 422, "module_id"),
        ({"change": "move", "module_id": "M03"}, 422, "place"),
        ({"change": "add", "module_id": "M18", "reason": "other"}, 422, "note"),
        ({"change": "add", "module_id": "M18", "reason": "whim"}, 422, "reason"),
        ({"change": "swap", "module_id": "M18"}, 422, "change"),
        ({"change": "add", "module_id": "M01"}, 409, None),
        ({"change": "drop", "module_id": "M01"}, 409, None),
        ({"change": "move", "module_id": "M01", "place": 3}, 409, None),
    ],
)
def test_what_cannot_be_changed_is_told(
    app: Flask, world: World, clinician: Caller, patient: Caller, body: dict[str, Any],
    status: int, field: str | None,
) -> None:  # fmt: skip
    answer = change(world, clinician, patient, **body)
    assert answer.status_code == status
    if field is not None:
        assert field in {error["field"] for error in answer.get_json()["errors"]}
    assert rows(app, Adaptation, Adaptation.rule == "provider-override") == []


def test_another_practice_has_no_such_plan(world: World, patient: Caller) -> None:
    stranger = world.provider(world.practice("Vale Surgery"))
    assert change(world, stranger, patient, change="add", module_id="M18").status_code == 404


def test_without_a_plan_there_is_nothing_to_change(world: World, clinician: Caller) -> None:
    invited = world.enrol(clinician)
    assert change(world, clinician, invited, change="add", module_id="M18").status_code == 404
