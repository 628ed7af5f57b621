"""Diary entries told by devices: written, changed, removed, and in any order the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from backend.config import ROOT
from backend.programme.diaries import CHOICE, NUMBER, SCALE, TIME
from backend.programme.diary_files import load_diaries
from backend.programme.models import ActivityEntry, PracticeLog
from tests.backstage import rows
from tests.programme.test_service import plan
from tests.sync.devices import Device, outcomes
from tests.world import Caller, PatientAccount, World

HOUR = timedelta(hours=1)
DIARIES = load_diaries(ROOT / "content")
ORDERS = 12


def sleeper(world: World, clinician: Caller) -> PatientAccount:
    """One whose plan has a module with a diary of nights."""
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline", 2, weekly__sleep=9)
    world.clock.move_by(days=3)
    world.sign_in(patient)
    return patient


def said(module: str, place: int = 0) -> dict[str, Any]:
    """Something for each field of a module's diary; by ``place`` another thing."""
    given: dict[str, Any] = {}
    for field in DIARIES[module].fields:
        if field.kind == CHOICE:
            given[field.id] = field.options[0].code
        elif field.kind == SCALE:
            given[field.id] = place
        elif field.kind == NUMBER:
            given[field.id] = (field.lowest or 0) + place
        else:
            given[field.id] = f"23:{place:02}" if field.kind == TIME else f"words {place}"
    return given


def diary(app: Flask, patient: PatientAccount) -> tuple[list[Any], list[Any]]:
    """Every entry as it stands, by its first word, and the days that were practised."""
    entries = rows(app, ActivityEntry, ActivityEntry.patient_id == patient.id)
    notes = rows(app, PracticeLog, PracticeLog.patient_id == patient.id)
    return (
        sorted(
            [e.at, e.day, e.changed_at, e.values, e.shared, e.counts, e.removed_at] for e in entries
        ),
        sorted([n.day, n.done, n.by_entry] for n in notes),
    )


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return sleeper(world, clinician)


def test_an_entry_is_written_changed_and_removed_later(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    phone = Device(world, patient)
    night, then = plan(world, patient)["M11"]["id"], world.clock.now() - 30 * HOUR
    one, other = str(uuid4()), str(uuid4())
    phone.note("entry", night, {"entry": one, "values": said("M11")}, then)
    phone.note(
        "entry", night, {"entry": one, "values": said("M11", 1), "shared": True}, then + HOUR
    )
    phone.note("entry", night, {"entry": other, "values": said("M11")}, then + 24 * HOUR)
    phone.note("entry-removed", night, {"entry": other}, then + 25 * HOUR)
    assert outcomes(phone.tell()) == ["accepted"] * 4
    kept, gone = sorted(rows(app, ActivityEntry), key=lambda row: row.removed_at is not None)
    assert (kept.id, kept.at, kept.changed_at) == (UUID(one), then, then + HOUR)
    assert (kept.values, kept.shared, kept.counts) == (said("M11", 1), True, True)
    assert (gone.id, gone.values, gone.counts) == (UUID(other), {}, False)
    [note] = rows(app, PracticeLog)
    assert (note.day, note.done, note.by_entry) == (then.date(), True, True)
    assert outcomes(phone.tell()) == ["duplicate"] * 4


def test_what_does_not_fit_is_rejected_by_itself(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    phone = Device(world, patient)
    activities = plan(world, patient)
    entry = {"entry": str(uuid4()), "values": said("M11")}
    phone.note("entry", activities["M11"]["id"], {**entry, "values": {"unknown": 1}})
    phone.note("entry", activities["M01"]["id"], entry)
    phone.note("entry-removed", activities["M01"]["id"], {"entry": entry["entry"]})
    phone.note("entry", uuid4(), entry)
    phone.note("entry", activities["M11"]["id"], {"values": said("M11")})
    phone.note("entry", activities["M11"]["id"], entry)
    told = [outcome.rpartition(": ")[2] for outcome in outcomes(phone.tell())]
    other = "other-practice"
    assert told == ["invalid", other, other, "not-found", "invalid", "accepted"]
    assert len(rows(app, ActivityEntry)) == 1


def history(world: World, nights: str, plan_for_flares: str) -> list[dict[str, Any]]:
    """Writing, changing (twice at one instant), removing, a version of a document told twice, and
    notes of the same days that say no."""
    began = world.clock.now() - 60 * HOUR
    a, b, c, d = (str(uuid4()) for _ in range(4))

    def at(hours: int) -> datetime:
        return began + hours * HOUR

    missed = {"grade": 1, "done": False}
    notes: Sequence[tuple[str, str, dict[str, Any], datetime]] = [
        ("entry", nights, {"entry": a, "values": said("M11")}, at(0)),
        ("entry", nights, {"entry": a, "values": said("M11", 1)}, at(2)),
        ("entry", nights, {"entry": a, "values": said("M11", 3)}, at(5)),
        ("entry", nights, {"entry": a, "values": said("M11", 2), "shared": True}, at(5)),
        ("entry", nights, {"entry": b, "values": said("M11")}, at(24)),
        ("entry-removed", nights, {"entry": b}, at(26)),
        ("entry", nights, {"entry": b, "values": said("M11", 4)}, at(30)),
        ("entry", nights, {"entry": d, "values": said("M11")}, at(48)),
        ("entry", plan_for_flares, {"entry": c, "values": said("M16")}, at(3)),
        ("entry", plan_for_flares, {"entry": c, "values": said("M16", 5)}, at(9)),
        *(("practice", nights, {**missed, "day": str(at(h).date())}, at(h)) for h in (1, 25)),
    ]
    device = Device(world, PatientAccount.__new__(PatientAccount))
    return [device.note(kind, about, body, when) for kind, about, body, when in notes]


def test_in_any_order_and_from_two_devices_the_diary_is_the_same(
    app: Flask, world: World, clinician: Caller
) -> None:
    clock = world.clock.now()
    found = []
    for seed in range(ORDERS):
        world.clock.move_to(clock)
        world.sign_in(clinician)
        patient = sleeper(world, clinician)
        activities = plan(world, patient)
        events = history(world, activities["M11"]["id"], activities["M16"]["id"])
        by_chance = random.Random(seed)
        told = [*events, *by_chance.sample(events, 4)]
        by_chance.shuffle(told)
        devices = [Device(world, patient), Device(world, patient, "tablet")]
        while told:
            size = by_chance.randint(1, 5)
            some, told = told[:size], told[size:]
            results = by_chance.choice(devices).tell(some)
            assert not [r for r in results if r["outcome"] == "rejected"]
        found.append(diary(app, patient))
    for each in found:
        assert each == found[0]
    entries, notes = found[0]
    assert [len(entries), [note[1] for note in notes]] == [4, [True, False, True, True]]
