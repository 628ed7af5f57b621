"""What a provider sees of a plan: dose, goals and decisions, and the dose beside an alert."""

from __future__ import annotations

import pytest
from flask import Flask

from backend.alerts.models import Alert
from backend.programme import dose
from tests.backstage import rows
from tests.browser import assert_is_a_safe_page
from tests.console.test_console import signed_in
from tests.programme.test_goal import goal, put, tell
from tests.programme.test_service import plan, study
from tests.world import ProviderAccount, World


@pytest.fixture
def clinician(world: World) -> ProviderAccount:
    return world.provider(world.practice())


def test_dose_goals_and_decisions_stand_beside_the_plan(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    patient = world.onboarded(clinician, 2)
    browser = signed_in(app, world, clinician).open(f"/console/patients/{patient.id}")
    assert "No goal has been set yet." in browser.text
    assert "What was decided about the plan" not in browser.text
    world.ok(put(world, patient, goal(world, activity="Walk to the shop <b>")))
    study(world, patient, "M01")
    world.weekly(patient, 2)
    world.clock.move_by(days=42)
    world.sign_in(patient)
    world.ok(tell(world, patient, 20))
    world.ok(put(world, patient, goal(world, activity="Swim")))
    browser = signed_in(app, world, clinician).open(f"/console/patients/{patient.id}")
    assert_is_a_safe_page(browser)
    title = plan(world, patient)["M01"]["title"]
    assert f"{title} 1 of 1 (100 %) 1 of 1 (100 %)" in browser.text
    assert f"definitions {dose.VERSION}" in browser.text
    assert "The whole plan" in browser.text
    assert browser.html.index("Swim") < browser.html.index("Earlier goals (1)")
    assert "Walk to the shop <b>" in browser.text
    assert "0: the goal (20 minutes reached)" in browser.text
    assert "(progression, default" in browser.text
    assert "M01 grade 1: complete" in browser.text
    assert "You have finished this module." in browser.text


def test_an_alert_shows_the_plan_and_the_dose_received(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    patient = world.onboarded(clinician, 2)
    for severity in (4, 8, 9):
        world.weekly(patient, severity)
    [alert, *_] = rows(app, Alert, Alert.patient_id == patient.id)
    browser = signed_in(app, world, clinician).open(f"/console/alerts/{alert.id}")
    assert_is_a_safe_page(browser)
    assert "Plan and dose received" in browser.text
    assert "Not an adequate dose" in browser.text


def test_without_a_plan_an_alert_has_no_dose(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen", safety__numbness=True)
    [alert] = rows(app, Alert, Alert.patient_id == patient.id)
    browser = signed_in(app, world, clinician).open(f"/console/alerts/{alert.id}")
    assert browser.status == 200
    assert "Plan and dose received" not in browser.text


def test_an_alert_tells_a_program_the_dose_too(world: World, clinician: ProviderAccount) -> None:
    patient = world.onboarded(clinician, 2)
    for severity in (4, 8, 9):
        world.weekly(patient, severity)
    world.sign_in(clinician)
    [alert, *_] = world.alerts(clinician)
    told = world.ok(world.get(f"/v1/alerts/{alert['id']}", clinician))["dose"]
    assert told == world.ok(world.get(f"/v1/patients/{patient.id}/dose", clinician))
    received = told["report"]["whole"]["received"]
    assert (received["done"], received["percent"]) == (0, 0)
