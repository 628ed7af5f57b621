"""What the rules change of a plan follows from its history, not from what was known when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backend.checkins.models import CheckIn
from backend.core.database import session
from backend.programme import service as programme
from backend.programme.models import Activity, Adaptation, CarePlan
from tests.backstage import behind, rows
from tests.sync.devices import Device, outcomes
from tests.world import Caller, PatientAccount, World

EARLY = timedelta(minutes=10)


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician, 2)


@pytest.fixture
def tablet(world: World, patient: PatientAccount) -> Device:
    return Device(world, patient, "Ann's tablet")


def said_before(
    world: World, tablet: Device, check_in: dict[str, Any], severity: int, **changes: Any
) -> None:
    """The same check-in, answered earlier on a tablet that finds a connection later."""
    answers = world.sheet(tablet.owner, check_in, severity)
    answers.update({link.replace("__", "."): value for link, value in changes.items()})
    at = datetime.fromisoformat(check_in["opens_at"]) + EARLY
    tablet.note("check-in", check_in["id"], {"answers": answers}, at)


def newest_check_in(world: World, patient: Caller) -> dict[str, Any]:
    found = world.check_ins(patient, "weekly", "completed")
    return max(found, key=lambda check_in: check_in["opens_at"])


def named(app: Flask, decision: str) -> list[Adaptation]:
    return list(rows(app, Adaptation, Adaptation.decision == decision))


def in_plan(world: World, patient: Caller) -> list[str]:
    world.sign_in(patient)
    plan = world.ok(world.get("/v1/me/plan", patient))
    return [each["module_id"] for each in plan["activities"]]


def test_a_lighter_plan_that_earlier_answers_speak_against_is_one_no_more(
    app: Flask, world: World, patient: PatientAccount, tablet: Device
) -> None:
    weeks(world, patient, 0, 6)
    [lighter] = named(app, "step-down")
    assert (lighter.superseded_at, "M17" in in_plan(world, patient)) == (None, True)
    hindered = {f"rmdq__{n}": True for n in range(1, 13)}
    said_before(world, tablet, newest_check_in(world, patient), 6, **hindered)
    assert outcomes(tablet.tell()) == ["accepted"]
    [lighter] = named(app, "step-down")
    assert lighter.superseded_at == world.clock.now(), "kept, and marked"
    [plan] = rows(app, CarePlan)
    assert plan.maintenance_since is None
    assert "M17" not in in_plan(world, patient)


def test_answers_told_weeks_later_move_the_plan_as_of_their_own_day(
    app: Flask, world: World, patient: PatientAccount, tablet: Device
) -> None:
    while len(world.check_ins(patient, "weekly", "missed")) < 7:
        world.clock.move_by(days=7)
        world.tick()
        world.sign_in(patient)
    missed = sorted(world.check_ins(patient, "weekly", "missed"), key=lambda c: c["opens_at"])
    for check_in in missed:
        said_before(world, tablet, check_in, 0)
    tablet.kept.reverse()
    for event in tablet.kept:
        assert outcomes(tablet.tell([event])) == ["accepted"]
    [lighter] = [each for each in named(app, "step-down") if each.superseded_at is None]
    [sixth] = rows(app, CheckIn, CheckIn.kind == "weekly", CheckIn.occasion == 6)
    assert lighter.at == sixth.completed_at
    [plan] = rows(app, CarePlan)
    assert plan.maintenance_since == lighter.at


def test_a_module_joins_and_leaves_with_the_answers_that_brought_it_in(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount, tablet: Device
) -> None:
    world.weekly(patient, 2, weekly__fear=9)
    assert "M06" in in_plan(world, patient)
    before = modules_offered(world, clinician, patient)
    world.sign_in(patient)
    said_before(world, tablet, newest_check_in(world, patient), 2)
    tablet.tell()
    assert "M06" not in in_plan(world, patient)
    after = modules_offered(world, clinician, patient)
    assert after == before - 1, "no part of what was offered"
    [joined] = named(app, "add-module")
    assert joined.superseded_at is not None
    # A later check-in brings it in after all, as the same activity.
    weeks(world, patient, 2, 1)
    world.weekly(patient, 2, weekly__fear=9)
    assert "M06" in in_plan(world, patient)
    [activity] = rows(app, Activity, Activity.module_id == "M06")
    again = [each for each in named(app, "add-module") if each.superseded_at is None]
    assert [(each.activity_id, each.at) for each in again] == [(activity.id, activity.joined_at)]


def test_what_is_folded_again_adds_nothing_where_nothing_has_changed(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    world.weekly(patient, 2, weekly__fear=9)
    weeks(world, patient, 2, 4)
    before = kept_by(app, patient)
    with behind(app):
        programme.refold(patient.id)
    assert kept_by(app, patient) == before


def weeks(world: World, patient: Caller, severity: int, count: int) -> None:
    for _ in range(count):
        world.weekly(patient, severity)


def kept_by(app: Flask, patient: Caller) -> Sequence[Any]:
    with behind(app):
        mine = select(Adaptation.id, Adaptation.superseded_at).order_by(Adaptation.id)
        return session.execute(mine.where(Adaptation.patient_id == patient.id)).all()


def modules_offered(world: World, clinician: Caller, patient: Caller) -> int:
    world.sign_in(clinician)
    dose = world.ok(world.get(f"/v1/patients/{patient.id}/dose", clinician))
    of: int = dose["report"]["whole"]["modules"]["of"]
    return of
