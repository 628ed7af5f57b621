"""Where a person goes on reading: kept, given back with the text, and told in their day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.core.ids import new_id
from backend.programme import reading
from backend.programme.models import ReadingPosition
from tests.backstage import behind, rows
from tests.browser import Browser, assert_is_a_safe_page
from tests.companion.test_graded import page
from tests.programme.test_practice import reach
from tests.programme.test_service import faulty_fields, plan, refusal, study, text_of
from tests.world import Caller, PatientAccount, World


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician, 2)


def stop(world: World, patient: Caller, module: str, grade: Any, step: Any) -> TestResponse:
    address = f"/v1/me/activities/{plan(world, patient)[module]['id']}/position"
    body = {"grade": grade, "step": step}
    return world.client.put(address, json=body, headers=patient.headers)


def read_on(world: World, patient: Caller, module: str) -> int | None:
    step: int | None = world.ok(text_of(world, patient, module))["position"]
    return step


def in_day(world: World, patient: Caller) -> list[tuple[int | None, str | None]]:
    day = world.ok(world.get("/v1/me/today", patient))
    found = [task["module"] for task in day["to_do"] if task["kind"] == "module"]
    return [(module["position"], module["go_on"]) for module in found]


def press(phone: Browser, step: str) -> None:
    """Press the button of a step; all of them belong to one form."""
    form = phone.form("/position")
    phone.client.post(form.action, data={**form.values, "step": step})
    phone.open("/my/")


def test_a_text_is_gone_on_with_where_it_was_left(world: World, patient: PatientAccount) -> None:
    assert read_on(world, patient, "M01") is None
    assert in_day(world, patient) == [(None, None)]
    for step in (4, 2):
        assert stop(world, patient, "M01", 1, step).status_code == 204
        assert read_on(world, patient, "M01") == step
    [(step, sentence)] = in_day(world, patient)
    steps = len(world.ok(text_of(world, patient, "M01"))["steps"])
    assert (step, sentence) == (2, f"You can go on where you stopped: step 2 of {steps}.")


def test_who_stops_at_the_beginning_is_not_told_to_go_on(
    world: World, patient: PatientAccount
) -> None:
    assert stop(world, patient, "M01", 1, 1).status_code == 204
    assert in_day(world, patient) == [(1, None)]


@pytest.mark.parametrize(
    ("grade", "step", "field"),
    [(9, 1, "grade"), (0, 1, "grade"), (1, 0, "step"), (1, 99, "step"), (1, "2", "step")],
)
def test_a_place_that_the_text_does_not_have_is_refused(
    app: Flask, world: World, patient: PatientAccount, grade: Any, step: Any, field: str
) -> None:
    assert faulty_fields(stop(world, patient, "M01", grade, step)) == {field}
    assert not rows(app, ReadingPosition)


def test_a_module_whose_turn_has_not_come_has_no_place(
    world: World, patient: PatientAccount
) -> None:
    assert refusal(stop(world, patient, "M02", 1, 1)) == (409, "not-yet")


def test_the_next_grade_begins_at_its_beginning(world: World, clinician: Caller) -> None:
    patient = reach(world, world.onboarded(clinician, 2), "M02")
    assert stop(world, patient, "M02", 1, 3).status_code == 204
    study(world, patient, "M02")
    world.weekly(patient, 2)
    assert plan(world, patient)["M02"]["grade"] == 2
    assert read_on(world, patient, "M02") is None


def test_what_was_told_last_counts_whenever_it_arrives(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    assert stop(world, patient, "M01", 1, 4).status_code == 204
    [kept] = rows(app, ReadingPosition)
    told = {c.key: getattr(kept, c.key) for c in ReadingPosition.__table__.columns}
    for minutes, step, stays in ((-5, 2, 4), (5, 3, 3), (4, 2, 3)):
        at = kept.at + timedelta(minutes=minutes)
        with behind(app):
            reading.keep_positions([{**told, "id": new_id(), "at": at, "step": step}])
        [now_kept] = rows(app, ReadingPosition)
        assert now_kept.step == stays


def test_a_person_stops_on_the_page_and_finds_the_place_again(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    phone = page(app, world, patient, "M01")
    assert "Go on where you stopped" not in phone.text
    steps = world.ok(text_of(world, patient, "M01"))["steps"]
    assert phone.text.count("Stop here for now") == len(steps) - 1
    press(phone, step="3")
    assert_is_a_safe_page(phone)
    assert f"You can go on where you stopped: step 3 of {len(steps)}." in phone.text
    phone = page(app, world, patient, "M01")
    assert f"Go on where you stopped: {steps[2]['title']}" in phone.text
    press(phone, step="a lot")
    assert read_on(world, patient, "M01") == 1
