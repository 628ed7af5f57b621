"""Pacing and sleep through the public API: computed from what is noted day by day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.core.audit import AuditEvent
from backend.programme.models import Adaptation, PracticeLog
from tests.backstage import rows
from tests.browser import assert_is_a_safe_page
from tests.console.test_console import signed_in
from tests.programme.test_practice import TUESDAY, reach
from tests.programme.test_service import (
    faulty_fields,
    for_provider,
    plan,
    practise,
    refusal,
    standing,
    study,
    text_of,
)
from tests.world import Caller, PatientAccount, ProviderAccount, World

NONE_OF_THESE = {
    "bipolar_disorder": False,
    "epilepsy": False,
    "untreated_sleep_apnoea": False,
    "safety_critical_job": False,
    "pregnancy": False,
}
# 5.2 hours of 8: the example of the programme's design.
NIGHT = {"hours_in_bed": 8, "hours_asleep": 5.2}


@pytest.fixture
def clinician(world: World) -> ProviderAccount:
    return world.provider(world.practice())


@pytest.fixture
def sleeper(world: World, clinician: Caller) -> PatientAccount:
    """One whose module on sleep has begun."""
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline", 2, weekly__sleep=9)
    return reach(world, patient, "M11")


def note(world: World, patient: Caller, module: str, *days: dict[str, Any] | None) -> None:
    """One note a day, or none; the last day is over afterwards."""
    for values in days:
        if values is not None:
            assert practise(world, patient, module, values=values).status_code == 204
        world.clock.move_by(days=1)
        world.sign_in(patient)
        if world.clock.now().weekday() == TUESDAY:
            world.weekly(patient, 2)


def restrict(
    world: World, provider: Caller, patient: Caller, enabled: bool, **answers: bool | None
) -> TestResponse:
    activity = plan(world, patient)["M11"]
    world.sign_in(provider)
    address = f"/v1/patients/{patient.id}/activities/{activity['id']}/sleep-restriction"
    return world.post(address, provider, {"enabled": enabled, **answers})


def slept(world: World, patient: Caller) -> dict[str, Any]:
    told: dict[str, Any] = world.ok(text_of(world, patient, "M11"))["sleep"]
    return told


def progress(world: World, clinician: Caller, patient: Caller, module: str) -> str:
    activities = for_provider(world, clinician, patient)["activities"]
    [told] = [a["progress"] for a in activities if a["module_id"] == module]
    return str(told)


def test_three_tries_give_slices_and_a_kept_week_longer_ones(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 5)
    reach(world, patient, "M05")
    study(world, patient, "M05")
    world.weekly(patient, 2)
    assert standing(world, patient)["M05"] == ("active", 2)
    told = world.ok(text_of(world, patient, "M05"))["pacing"]
    assert (told["work"], told["rest"], told["tries"]) == (None, None, 0)
    assert told["for_patient"].endswith("Tries still to do: 3.")
    note(world, patient, "M05", *({"uptime": n} for n in (20, 25, 30)))
    told = world.ok(text_of(world, patient, "M05"))["pacing"]
    assert (told["work"], told["rest"]) == (20, 5)
    assert "20 minutes of work, then 5 minutes of rest" in told["for_patient"]
    note(world, patient, "M05", *[{"blocks_planned": 3, "blocks_kept": 2}] * 3)
    note(world, patient, "M05", *[None] * 4)
    told = world.ok(text_of(world, patient, "M05"))["pacing"]
    assert (told["work"], told["rest"]) == (22, 6)
    assert [(w["planned"], w["kept"], w["decision"]) for w in told["weeks"]] == [(9, 6, "advance")]
    assert "Blocks of 22 min work and 6 min rest" in progress(world, clinician, patient, "M05")
    note(world, patient, "M05", *[None] * 7)
    kept = rows(app, Adaptation, Adaptation.rule == "pacing")
    assert [(r.decision, r.inputs["kept"]) for r in kept] == [("advance", 6)]
    assert kept[0].for_patient == "You kept 6 of 9 slices. Your work time goes up a little."


def test_a_diary_gives_the_share_slept_and_never_a_window_by_itself(
    world: World, clinician: Caller, sleeper: PatientAccount
) -> None:
    assert slept(world, sleeper)["for_patient"].endswith("Nights noted in the last 7 days: 0.")
    note(world, sleeper, "M11", *[NIGHT] * 6)
    # A night that was longer than the time in bed is no night.
    practise(world, sleeper, "M11", values={"hours_in_bed": 5, "hours_asleep": 9})
    told = slept(world, sleeper)
    assert (told["nights"], told["efficiency"], told["window"]) == (6, 65, None)
    practise(world, sleeper, "M11", values=NIGHT)
    told = slept(world, sleeper)
    assert (told["nights"], told["enabled"], told["window"]) == (7, False, None)
    assert told["for_patient"].startswith("You slept for about 65 % of your time in bed.")
    assert progress(world, clinician, sleeper, "M11") == (
        "7 of 7 nights noted; efficiency 65 %; restriction of time in bed is off."
    )


def test_a_provider_enables_a_window_once_all_is_answered_and_withdraws_it(
    app: Flask, world: World, clinician: Caller, sleeper: PatientAccount
) -> None:
    note(world, sleeper, "M11", *[NIGHT] * 7)
    answers = {**NONE_OF_THESE, "epilepsy": None, "pregnancy": True}
    refused = restrict(world, clinician, sleeper, True, **answers)
    assert faulty_fields(refused) == {"epilepsy", "pregnancy"}
    assert faulty_fields(restrict(world, clinician, sleeper, True)) == set(NONE_OF_THESE)
    assert slept(world, sleeper)["window"] is None
    told = world.ok(restrict(world, clinician, sleeper, True, **NONE_OF_THESE))
    assert (told["enabled"], told["window"]) == (True, 345)
    assert "5 hours and 45 minutes" in slept(world, sleeper)["for_patient"]
    note(world, sleeper, "M11", *[{"hours_in_bed": 5.75, "hours_asleep": 5.2}] * 14)
    assert slept(world, sleeper)["window"] == 360
    kept = rows(app, Adaptation, Adaptation.rule == "sleep")
    assert [r.inputs["minutes"] for r in kept] == [345, 360]
    assert world.ok(restrict(world, clinician, sleeper, False))["window"] is None
    assert slept(world, sleeper)["enabled"] is False
    done = rows(app, AuditEvent, AuditEvent.action == "activity.sleep-restriction")
    assert [(d.actor_role, d.detail) for d in done] == [
        ("clinician", {"enabled": True}),
        ("clinician", {"enabled": False}),
    ]


def test_a_window_belongs_to_sleep_and_to_a_module_that_has_begun(
    world: World, clinician: Caller, sleeper: PatientAccount
) -> None:
    world.sign_in(clinician)
    for module, expected in (("M01", "other-practice"),):
        activity = plan(world, sleeper)[module]
        address = f"/v1/patients/{sleeper.id}/activities/{activity['id']}/sleep-restriction"
        refused = world.post(address, clinician, {"enabled": True, **NONE_OF_THESE})
        assert refusal(refused) == (409, expected)
    early = world.patient(clinician)
    world.answer(early, "safety-screen")
    world.answer(early, "baseline", 2, weekly__sleep=9)
    assert refusal(restrict(world, clinician, early, True, **NONE_OF_THESE)) == (409, "not-yet")


def test_the_same_nights_told_in_another_order_give_the_same_window(
    app: Flask, world: World, clinician: Caller, sleeper: PatientAccount
) -> None:
    world.clock.move_by(days=7)
    world.sign_in(sleeper)
    world.ok(restrict(world, clinician, sleeper, True, **NONE_OF_THESE))
    assert slept(world, sleeper)["window"] is None
    today = world.clock.now().date()
    for n in (3, 0, 6, 1, 5, 2, 4, 3):
        day = (today - timedelta(days=n)).isoformat()
        assert practise(world, sleeper, "M11", day=day, values=NIGHT).status_code == 204
    assert slept(world, sleeper)["window"] == 345
    assert len(rows(app, PracticeLog, PracticeLog.values != {})) >= 7


def test_a_window_is_enabled_and_withdrawn_on_the_patients_page(
    app: Flask, world: World, clinician: ProviderAccount, sleeper: PatientAccount
) -> None:
    note(world, sleeper, "M11", *[NIGHT] * 7)
    page = signed_in(app, world, clinician).open(f"/console/patients/{sleeper.id}")
    page.send("/sleep-restriction", **dict.fromkeys(NONE_OF_THESE, "no") | {"epilepsy": "yes"})
    assert page.status == 422
    assert "Time in bed is not restricted with this." in page.text
    page.send("/sleep-restriction", **dict.fromkeys(NONE_OF_THESE, "no"))
    assert "The patient's time in bed is changed from today." in page.text
    assert "time in bed 5 h 45 min" in page.text
    assert_is_a_safe_page(page)
    page.send("/sleep-restriction")
    assert "restriction of time in bed is off" in page.text
    assert slept(world, sleeper)["window"] is None
