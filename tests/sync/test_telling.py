"""What devices tell of the programme: once, whatever the order, and each with its answer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from backend.core import tenancy
from backend.core.audit import AuditEvent
from backend.programme.graded import standings
from backend.programme.models import Goal, ModuleReading, PracticeLog, QuizAttempt
from backend.risk import service as risk
from backend.sync.models import ClientEvent
from tests.backstage import at_once, rows, statements
from tests.programme.test_goal import goal
from tests.programme.test_practice import WALKING
from tests.programme.test_service import plan
from tests.sync.devices import Device, outcomes
from tests.world import Caller, PatientAccount, World

HOURS = timedelta(hours=1)


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    patient = world.onboarded(clinician, 2)
    world.clock.move_by(days=3)
    world.sign_in(patient)
    world.sign_in(clinician)
    return patient


@pytest.fixture
def phone(world: World, patient: PatientAccount) -> Device:
    return Device(world, patient)


@pytest.fixture
def tablet(world: World, patient: PatientAccount) -> Device:
    return Device(world, patient, "Ann's tablet")


def activity(world: World, patient: Caller, module: str = "M01") -> str:
    return str(plan(world, patient)[module]["id"])


def practised(day: Any, **changes: Any) -> dict[str, Any]:
    return {"grade": 1, "day": str(day), "done": True, **changes}


def today(world: World) -> date:
    return world.clock.now().date()


def test_everything_a_person_does_can_be_told_later(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    text = world.ok(world.get(f"/v1/me/activities/{activity(world, patient)}", patient))
    then = world.clock.now() - timedelta(days=1)
    about = activity(world, patient)
    phone.note("reading", about, {"grade": 1}, then)
    phone.note("position", about, {"grade": 1, "step": 2}, then)
    phone.note("quiz", about, {"grade": 1, "answers": {q["id"]: 0 for q in text["quiz"]}}, then)
    phone.note("practice", about, practised(then.date(), confidence=6), then)
    phone.note("aim", activity(world, patient, "M04"), WALKING, then)
    phone.note("flare", activity(world, patient, "M04"), {"days": 3}, then)
    phone.note("goal", None, goal(world), then)
    assert outcomes(phone.tell()) == ["accepted"] * 7
    assert then in [r.at for r in rows(app, ModuleReading)]
    [quiz] = rows(app, QuizAttempt)
    [log] = rows(app, PracticeLog)
    [kept] = rows(app, Goal)
    assert (quiz.at, log.at, log.day, kept.set_at) == (then, then, then.date(), then)
    assert world.ok(world.get("/v1/me/goal", patient))["goal"]["activity"].startswith("Walk")
    assert world.ok(world.get(f"/v1/me/activities/{about}", patient))["position"] == 2


def test_what_comes_again_is_a_duplicate_with_its_first_outcome(
    app: Flask, world: World, patient: PatientAccount, phone: Device, tablet: Device
) -> None:
    good = phone.note("practice", activity(world, patient), practised(today(world)))
    bad = phone.note("practice", activity(world, patient), practised("2020-01-01"))
    first = phone.tell()
    assert outcomes(first) == ["accepted", "rejected: invalid"]
    assert "day" in first[1]["detail"]
    world.clock.move_by(days=9)
    world.sign_in(patient)
    again = tablet.tell([bad, good, good])
    assert [r["outcome"] for r in again] == ["duplicate"] * 3
    assert [r["first"] for r in again] == ["rejected", "accepted", "accepted"]
    assert again[0]["detail"] == first[1]["detail"]
    assert len(rows(app, PracticeLog)) == 1
    assert len(rows(app, ClientEvent)) == 2


def test_twice_in_one_batch_is_once(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    note = phone.note("reading", activity(world, patient), {"grade": 1})
    first, second = phone.tell([note, note])
    assert (first["outcome"], second["outcome"], second["first"]) == (
        "accepted",
        "duplicate",
        "accepted",
    )
    assert len(rows(app, ModuleReading)) == 1


def test_an_id_that_says_something_else_is_refused_and_the_first_is_kept(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    note = phone.note("practice", activity(world, patient), practised(today(world)))
    phone.tell()
    other = {**note, "body": practised(today(world), done=False)}
    [result] = phone.tell([other])
    assert outcomes([result]) == ["rejected: id-used"]
    assert not result["kept"]
    [log] = rows(app, PracticeLog)
    assert log.done


def test_another_persons_ids_are_of_no_matter(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount, phone: Device
) -> None:
    other = world.onboarded(clinician, 2)
    note = phone.note("reading", activity(world, patient), {"grade": 1})
    theirs = {**note, "about": activity(world, other)}
    assert outcomes(phone.tell()) == ["accepted"]
    assert outcomes(Device(world, other).tell([theirs])) == ["accepted"]
    assert outcomes(phone.tell([{**note, "id": str(uuid4()), "about": theirs["about"]}])) == [
        "rejected: not-found"
    ]


@pytest.mark.parametrize("later_first", [True, False])
def test_of_one_day_the_note_made_last_counts_whichever_comes_first(
    app: Flask,
    world: World,
    patient: PatientAccount,
    phone: Device,
    tablet: Device,
    later_first: bool,
) -> None:
    now, about = world.clock.now(), activity(world, patient)
    phone.note("practice", about, practised(now.date(), confidence=3), now - 2 * HOURS)
    tablet.note("practice", about, practised(now.date(), confidence=7), now - HOURS)
    for device in (tablet, phone) if later_first else (phone, tablet):
        assert outcomes(device.tell()) == ["accepted"]
    [log] = rows(app, PracticeLog)
    assert (log.confidence, log.at) == (7, now - HOURS)


@pytest.mark.parametrize("off", [-30 * HOURS, -5 * HOURS, 5 * HOURS, 30 * HOURS])
def test_a_clock_that_is_off_by_hours_is_set_right(
    app: Flask, world: World, patient: PatientAccount, phone: Device, off: timedelta
) -> None:
    phone.off = off
    then = world.clock.now() - timedelta(days=1)
    shown = (then + off).date()
    phone.note("practice", activity(world, patient), practised(shown), then)
    assert outcomes(phone.tell()) == ["accepted"]
    [log] = rows(app, PracticeLog)
    assert (log.at, log.day) == (then, then.date())
    [kept] = rows(app, ClientEvent)
    assert (kept.told_at, kept.occurred_at) == (then + off, then)
    assert kept.received_at == world.clock.now()


def test_practice_of_long_ago_is_measured_against_its_own_time(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    then = world.clock.now()
    world.clock.move_by(days=40)
    world.sign_in(patient)
    about = activity(world, patient)
    phone.note("practice", about, practised(then.date() - timedelta(days=7)), then)
    phone.note("practice", about, practised(then.date() - timedelta(days=8)), then)
    phone.note("practice", about, practised(then.date() + timedelta(days=1)), then)
    assert outcomes(phone.tell()) == ["accepted", "rejected: invalid", "rejected: invalid"]


def test_a_module_that_waits_or_is_locked_takes_what_is_told(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    waiting = plan(world, patient)["M04"]
    assert waiting["status"] == "waiting"
    phone.note("practice", waiting["id"], practised(today(world)))
    assert outcomes(phone.tell()) == ["accepted"]


def test_a_goal_and_how_far_it_was_reached_may_come_in_any_order(
    app: Flask, world: World, patient: PatientAccount, phone: Device, tablet: Device
) -> None:
    set_event = phone.note("goal", None, goal(world))
    by = date.fromisoformat(set_event["body"]["by"])
    world.clock.move_by(days=(by - today(world)).days)
    world.sign_in(patient)
    now = world.clock.now()
    tablet.note("attainment", set_event["id"], {"reached": 8}, now - timedelta(days=1))
    tablet.note("attainment", set_event["id"], {"reached": 25}, now)
    tablet.note("attainment", set_event["id"], {"reached": 12}, now - HOURS)
    assert outcomes(tablet.tell()) == ["accepted"] * 3
    assert world.ok(world.get("/v1/me/goal", patient))["goal"] is None
    assert outcomes(phone.tell()) == ["accepted"]
    kept = world.ok(world.get("/v1/me/goal", patient))["goal"]
    assert (kept["reached"], kept["attainment"]) == (25, 1)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_ladder_is_the_same_however_movements_are_spelled_and_in_whatever_order_they_come(
    app: Flask, world: World, clinician: Caller, turn: int
) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline", 2, weekly__fear=10)
    about, now = activity(world, patient, "M06"), world.clock.now()
    world.clock.move_by(minutes=10)
    phone = Device(world, patient)
    for n, name in enumerate(["Bend", " bend", "BEND  "]):
        items = [{"item": name, "rating": 60 - 20 * n}, {"item": f"Lift {n}", "rating": 40}]
        phone.note("ladder", about, {"items": items}, now + n * timedelta(minutes=1))
    for event in phone.kept[::turn]:
        assert outcomes(phone.tell([event])) == ["accepted"]
    with app.app_context(), tenancy.across_practices():
        rules = risk.pathway(patient.practice_id).practice
        engines = {UUID(about): "graded-exposure"}
        [found] = standings(rules, engines, patient.id, "Europe/London").values()
    assert found.rungs is not None
    rungs = {rung.item: rung.rating for rung in found.rungs.ladder.rungs}
    assert rungs == {"Bend": 20, "Lift 0": 40, "Lift 1": 40, "Lift 2": 40}


def test_a_batch_costs_the_same_statements_however_long_it_is(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    about, counts = activity(world, patient), []
    for length in (2, 60):
        phone.kept = []
        for n in range(length):
            then = world.clock.now() - n * timedelta(minutes=7)
            phone.note("practice", about, practised(then.date()), then)
            phone.note("reading", about, {"grade": 1}, then)
        with statements(app) as sent:
            assert set(outcomes(phone.tell())) == {"accepted"}
        counts.append(len(sent))
    assert counts[1] <= counts[0] <= 36


def test_two_devices_at_once_come_one_after_the_other(
    app: Flask, world: World, patient: PatientAccount, phone: Device, tablet: Device
) -> None:
    about = activity(world, patient)
    shared = [phone.note("practice", about, practised(today(world)))]
    shared += [phone.note("reading", about, {"grade": 1}) for _ in range(20)]
    told = at_once(lambda: phone.tell(shared), lambda: tablet.tell(shared[::-1]))
    assert sorted(outcomes([*told[0], *told[1]])) == ["accepted"] * 21 + ["duplicate"] * 21
    assert len(rows(app, ModuleReading)) == 20


def test_the_look_is_in_the_audit_trail_without_what_was_told(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    phone.note("practice", activity(world, patient), practised(today(world)))
    phone.tell()
    [line] = rows(app, AuditEvent, AuditEvent.action == "sync.take")
    assert line.detail == {"events": 1, "accepted": 1, "rejected": 0}


def test_whoever_has_left_keeps_what_they_have(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    phone.note("practice", activity(world, patient), practised(today(world)))
    world.ok(world.post("/v1/me/consent/withdrawal", patient))
    [result] = phone.tell()
    assert outcomes([result]) == ["rejected: not-enrolled"]
    assert not result["kept"]
    assert not rows(app, ClientEvent)
