"""Check-ins answered without a connection: at their own time, once, and danger whatever its age."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from backend.alerts.models import Alert
from backend.checkins.models import CheckIn
from backend.instruments.models import QuestionnaireResponse, Score
from backend.risk.models import DecisionRecord, RiskAssessment, SafetyHold
from tests.backstage import rows
from tests.console.test_console import signed_in
from tests.sync.devices import Device, outcomes
from tests.world import Answers, Caller, PatientAccount, ProviderAccount, World

HOURS = timedelta(hours=1)


@pytest.fixture
def clinician(world: World) -> ProviderAccount:
    return world.provider(world.practice())


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician, 4)


@pytest.fixture
def phone(world: World, patient: PatientAccount) -> Device:
    return Device(world, patient)


@pytest.fixture
def tablet(world: World, patient: PatientAccount) -> Device:
    return Device(world, patient, "Ann's tablet")


def let_pass(world: World, patient: Caller, weeks: int = 1) -> list[dict[str, Any]]:
    """Weeks in which nothing arrives; the check-ins that closed, oldest first."""
    for _ in range(weeks):
        world.clock.move_by(days=7)
        world.tick()
    world.sign_in(patient)
    return sorted(world.check_ins(patient, "weekly", "missed"), key=lambda c: c["opens_at"])


def wait_until_missed(world: World, patient: Caller, count: int) -> list[dict[str, Any]]:
    while len(found := let_pass(world, patient)) < count:
        pass
    return found


def opened(check_in: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(check_in["opens_at"])


def answered(
    world: World, device: Device, check_in: dict[str, Any], severity: int, after: timedelta
) -> dict[str, Any]:
    """An event of a check-in answered some time after it opened."""
    answers: Answers = world.sheet(device.owner, check_in, severity)
    at = opened(check_in) + after
    return device.note("check-in", check_in["id"], {"answers": answers}, at)


def course(world: World, clinician: Caller, patient: Caller) -> list[tuple[Any, ...]]:
    world.sign_in(clinician)
    found = world.ok(world.get(f"/v1/patients/{patient.id}/risk", clinician))
    return [(p["at"], p["value"], p["decision"]) for p in found["trend"]]


def test_what_was_answered_in_time_counts_however_late_it_is_told(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount, phone: Device
) -> None:
    [missed] = wait_until_missed(world, patient, 1)
    event = answered(world, phone, missed, 5, 30 * HOURS)
    [result] = phone.tell()
    assert result["outcome"] == "accepted"
    assert result["told"]["trend"]["sentence"]
    [check_in] = rows(app, CheckIn, CheckIn.id == missed["id"])
    at = opened(missed) + 30 * HOURS
    assert (check_in.status, check_in.completed_at) == ("completed", at)
    [response] = rows(app, QuestionnaireResponse, QuestionnaireResponse.check_in_id == check_in.id)
    assert (response.authored_at, response.received_at) == (at, world.clock.now())
    assert {s.at for s in rows(app, Score, Score.response_id == response.id)} == {at}
    assert course(world, clinician, patient)[-1][0] == at.isoformat()
    [again] = phone.tell([event])
    assert (again["outcome"], again["first"]) == ("duplicate", "accepted")
    assert again["told"] == result["told"]


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (-HOURS, "rejected: not-open-yet"),
        (timedelta(minutes=-4), "accepted"),
        (timedelta(days=6), "accepted"),
        (timedelta(days=6, hours=15), "rejected: closed-window"),
    ],
)
def test_only_what_was_answered_within_the_window_is_taken(
    world: World, patient: PatientAccount, phone: Device, after: timedelta, outcome: str
) -> None:
    [missed] = wait_until_missed(world, patient, 1)
    answered(world, phone, missed, 5, after)
    assert outcomes(phone.tell()) == [outcome]


@pytest.mark.parametrize("off", [-9 * HOURS, 9 * HOURS])
def test_the_window_is_measured_by_a_clock_set_right(
    app: Flask, world: World, patient: PatientAccount, phone: Device, off: timedelta
) -> None:
    [missed] = wait_until_missed(world, patient, 1)
    phone.off = off
    answered(world, phone, missed, 5, 2 * HOURS)
    assert outcomes(phone.tell()) == ["accepted"]
    [check_in] = rows(app, CheckIn, CheckIn.id == missed["id"])
    assert check_in.completed_at == opened(missed) + 2 * HOURS


def test_the_course_comes_out_the_same_whatever_came_first(
    app: Flask, world: World, clinician: Caller
) -> None:
    patients = [world.onboarded(clinician, 4) for _ in range(3)]
    severities = [5, 4, 7, 8, 3]
    for patient in patients:
        world.sign_in(patient)
    while len(world.check_ins(patients[0], "weekly", "missed")) < len(severities):
        let_pass(world, patients[0])
    found = []
    orders = ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1])
    for patient, order in zip(patients, orders, strict=True):
        world.sign_in(patient)
        device = Device(world, patient)
        missed = let_pass(world, patient, 0)[: len(severities)]
        for check_in, severity in zip(missed, severities, strict=True):
            answered(world, device, check_in, severity, 3 * HOURS)
        for n in order:
            assert outcomes(device.tell([device.kept[n]])) == ["accepted"]
        found.append([point[1:] for point in course(world, clinician, patient)])
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == len(severities) + 1
    # What was judged before stays beside what took its place.
    assert rows(app, RiskAssessment, RiskAssessment.superseded_at.is_not(None))


def test_of_two_devices_the_earlier_answer_counts_and_the_other_is_kept(
    app: Flask, world: World, clinician: Caller
) -> None:
    seen = []
    for turn in (1, -1):
        patient = world.onboarded(clinician, 4)
        [missed] = wait_until_missed(world, patient, 1)
        phone, tablet = Device(world, patient), Device(world, patient, "tablet")
        first = answered(world, phone, missed, 3, 2 * HOURS)
        second = answered(world, tablet, missed, 8, 5 * HOURS)
        for event in (first, second)[::turn]:
            assert outcomes(phone.tell([event])) == ["accepted"]
        told = rows(app, QuestionnaireResponse, QuestionnaireResponse.patient_id == patient.id)
        told = [r for r in told if str(r.check_in_id) == missed["id"]]
        counts = {r.idempotency_key: r.superseded_at is None for r in told}
        assert counts == {first["id"]: True, second["id"]: False}
        [check_in] = rows(app, CheckIn, CheckIn.id == missed["id"])
        assert check_in.completed_at == opened(missed) + 2 * HOURS
        gone = [r.id for r in told if r.superseded_at]
        for model in (Score, RiskAssessment):
            kept = rows(app, model, model.response_id.in_(gone))  # type: ignore[attr-defined]
            assert all(each.superseded_at for each in kept)  # type: ignore[attr-defined]
        seen.append([point[1:] for point in course(world, clinician, patient)])
        world.sign_in(clinician)
    assert seen[0] == seen[1]
    assert len(seen[0]) == 2


def test_a_set_sent_online_and_told_again_counts_once(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    world.clock.move_by(days=7)
    world.tick()
    world.sign_in(patient)
    [check_in] = world.check_ins(patient, "weekly")
    event = phone.note("check-in", check_in["id"], {"answers": world.sheet(patient, check_in)})
    told = world.ok(world.submit(patient, check_in, event["body"]["answers"], key=event["id"]))
    [result] = phone.tell()
    assert (result["outcome"], result["told"]) == ("accepted", told)
    assert len(rows(app, QuestionnaireResponse)) == 3


def test_a_stale_rise_raises_no_alert_but_is_decided_and_noted(
    app: Flask, world: World, clinician: ProviderAccount, patient: PatientAccount, phone: Device
) -> None:
    missed = wait_until_missed(world, patient, 4)
    world.sign_in(clinician)
    before = {alert["id"] for alert in world.alerts(clinician)}
    for n, check_in in enumerate(missed[:4]):
        answered(world, phone, check_in, 4 + 2 * min(n, 3), HOURS)
    assert set(outcomes(phone.tell())) == {"accepted"}
    decided = {d.rule for d in rows(app, DecisionRecord, DecisionRecord.tier.is_not(None))}
    assert "rising" in decided
    after = world.alerts(clinician)
    assert {alert["id"] for alert in after} == before
    page = signed_in(app, world, clinician).open(f"/console/patients/{patient.id}")
    assert "(told late)" in page.html
    world.sign_in(clinician)
    plan = world.ok(world.get(f"/v1/patients/{patient.id}/plan", clinician))
    assert any("Risk score is rising" in note and "told late" in note for note in plan["notes"])


def test_a_stale_rise_adds_to_an_alert_that_is_open(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount, phone: Device
) -> None:
    missed = wait_until_missed(world, patient, 2)
    for severity in (8, 10):
        told = world.weekly(patient, severity)
    world.sign_in(clinician)
    [alert] = [a for a in world.alerts(clinician) if a["rule"] == "rising"]
    assert told["trend"]["decision"].startswith("rising")
    answered(world, phone, missed[1], 9, HOURS)
    assert outcomes(phone.tell()) == ["accepted"]
    [found] = rows(app, Alert, Alert.rule == "rising")
    assert (str(found.id), found.status) == (alert["id"], "delivered")
    [*earlier, newest] = found.evidence
    assert earlier and "late" not in earlier[-1]
    assert newest["late"] is True
    assert newest["answered_at"] == (opened(missed[1]) + HOURS).isoformat()


def test_danger_is_dealt_with_at_once_whatever_its_age(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount, phone: Device
) -> None:
    [missed, *_] = wait_until_missed(world, patient, 3)
    event = answered(world, phone, missed, 3, HOURS)
    event["body"]["answers"].update({"safety.gateway": True, "safety.numbness": True})
    [result] = phone.tell()
    assert result["outcome"] == "accepted"
    assert result["told"]["now"]["contacts"]
    [hold] = rows(app, SafetyHold)
    assert hold.opened_at == world.clock.now()
    [alert] = rows(app, Alert, Alert.tier == 1)
    assert alert.evidence[0]["late"] is True
    assert alert.opened_at == world.clock.now()


@pytest.mark.parametrize("outside", [timedelta(days=-1), timedelta(days=30)])
def test_danger_is_taken_outside_the_window_and_with_faults(
    app: Flask, world: World, patient: PatientAccount, phone: Device, outside: timedelta
) -> None:
    [missed, *_] = wait_until_missed(world, patient, 6)
    answers = {"safety.gateway": True, "safety.numbness": True, "peg.1": 99}
    phone.note("check-in", missed["id"], {"answers": answers}, opened(missed) + outside)
    [result] = phone.tell()
    assert result["outcome"] == "accepted"
    assert result["told"]["now"] is not None
    assert rows(app, SafetyHold)


def test_danger_is_on_disk_whatever_becomes_of_the_rest(
    app: Flask,
    world: World,
    patient: PatientAccount,
    phone: Device,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [missed, *_] = wait_until_missed(world, patient, 1)
    event = answered(world, phone, missed, 3, HOURS)
    event["body"]["answers"].update({"safety.gateway": True, "safety.numbness": True})
    other = phone.note("attainment", uuid4(), {"reached": 1})

    def fails(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("backend.sync.service._move_on", fails)
    results = {r["id"]: r for r in phone.tell([other, event])}
    assert results[event["id"]]["outcome"] == "accepted"
    assert outcomes([results[other["id"]]]) == ["rejected: failed"]
    assert not results[other["id"]]["kept"]
    assert rows(app, SafetyHold)
    monkeypatch.undo()
    again = phone.tell([other, event])
    assert [r["outcome"] for r in again] == ["accepted", "duplicate"]


def test_answered_before_the_clock_opened_it_the_next_week_is_planned_all_the_same(
    world: World, patient: PatientAccount, phone: Device
) -> None:
    [coming] = world.check_ins(patient, "weekly", "scheduled")
    sheet = world.sheet(patient, coming)
    world.clock.move_to(opened(coming) + HOURS)
    world.sign_in(patient)
    phone.note("check-in", coming["id"], {"answers": sheet})
    assert outcomes(phone.tell()) == ["accepted"]
    [following] = world.check_ins(patient, "weekly", "scheduled")
    assert opened(following) - opened(coming) == timedelta(days=7)


def test_another_persons_check_in_is_none(
    world: World, clinician: Caller, patient: PatientAccount, phone: Device
) -> None:
    other = world.onboarded(clinician, 4)
    [missed] = wait_until_missed(world, other, 1)
    world.sign_in(patient)
    phone.note("check-in", missed["id"], {"answers": {}}, opened(missed) + HOURS)
    phone.note("check-in", uuid4(), {"answers": {}}, opened(missed) + HOURS)
    assert outcomes(phone.tell()) == ["rejected: not-found"] * 2
