"""Batches that no app of ours would send: refused as a whole, or event by event, never a 5xx."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.programme.models import ModuleReading
from backend.sync.schemas import BODIES, MOST_EVENTS
from tests.backstage import rows
from tests.programme.test_goal import goal
from tests.programme.test_service import plan
from tests.sync.devices import Device, outcomes
from tests.test_hostile import junk
from tests.world import PatientAccount, World

TYPES = [*BODIES, "sabotage", "", 7]


@pytest.fixture
def patient(world: World) -> PatientAccount:
    return world.onboarded(world.provider(world.practice()), 2)


@pytest.fixture
def phone(world: World, patient: PatientAccount) -> Device:
    return Device(world, patient)


def sound(world: World, patient: PatientAccount) -> dict[str, dict[str, Any]]:
    """A sound event of each kind that needs no special module."""
    about = plan(world, patient)["M01"]["id"]
    device, day = Device(world, patient), world.clock.now().date().isoformat()
    device.note("reading", about, {"grade": 1})
    device.note("practice", about, {"grade": 1, "day": day, "done": True, "confidence": 5})
    device.note("goal", None, goal(world))
    device.note("attainment", uuid4(), {"reached": 3})
    return {event["type"]: event for event in device.kept}


@pytest.mark.parametrize(
    "change",
    [
        {"sent_at": "yesterday"},
        {"sent_at": "2026-09-01T10:00:00"},
        {"sent_at": "0001-01-01T00:00:00+14:00"},
        {"sent_at": None},
        {"device": ""},
        {"device": "x\0y"},
        {"device": "x" * 101},
        {"events": []},
        {"events": "all"},
        {"events": [{}] * (MOST_EVENTS + 1)},
        {"more": 1},
    ],
)
def test_a_bad_batch_is_a_problem_that_names_the_field(
    world: World, patient: PatientAccount, change: dict[str, Any]
) -> None:
    body = {"sent_at": world.clock.now().isoformat(), "device": "phone", "events": [{}], **change}
    answer = world.post("/v1/me/sync", patient, body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["errors"][0]["field"].partition(".")[0] in change


def test_a_batch_that_is_too_large_is_refused(world: World, patient: PatientAccount) -> None:
    body = {"sent_at": world.clock.now().isoformat(), "device": "x" * 300_000, "events": [{}]}
    assert world.post("/v1/me/sync", patient, body).status_code == 413


def test_a_bad_event_keeps_back_no_other(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    good = sound(world, patient)["reading"]
    bad: list[Any] = [
        None,
        7,
        [],
        {},
        {**good, "id": "no-uuid"},
        {**good, "id": str(uuid4()), "type": "sabotage"},
        {**good, "id": str(uuid4()), "occurred_at": "2026-09-01T10:00:00"},
        {**good, "id": str(uuid4()), "occurred_at": "0001-01-01T00:00:00+14:00"},
        {**good, "id": str(uuid4()), "occurred_at": "2025-01-01T00:00:00Z"},
        {**good, "id": str(uuid4()), "about": None},
        {**good, "id": str(uuid4()), "about": str(uuid4())},
        {**good, "id": str(uuid4()), "body": None},
        {**good, "id": str(uuid4()), "body": {"grade": 99}},
        {**good, "id": str(uuid4()), "body": {"grade": 10**400}},
        {**good, "id": str(uuid4()), "body": {"grade": 1, "more": "\0"}},
        {**good, "id": str(uuid4()), "body": {"grade": 1, "more": "\ud800"}},
        {**good, "id": str(uuid4()), "more": 1},
    ]
    results = phone.tell([*bad, good])
    assert [r["outcome"] for r in results] == ["rejected"] * len(bad) + ["accepted"]
    assert all(r["reason"] and r["detail"] for r in results[:-1])
    assert len(rows(app, ModuleReading)) == 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_an_events_fault(
    app: Flask, world: World, patient: PatientAccount, number: str
) -> None:
    event = {**sound(world, patient)["reading"], "body": {"grade": 1, "more": "?"}}
    batch = {"sent_at": world.clock.now().isoformat(), "device": "phone", "events": [event]}
    text = json.dumps(batch).replace('"?"', number)
    answer = world.client.post(
        "/v1/me/sync", data=text, content_type="application/json", headers=patient.headers
    )
    assert outcomes(answer.get_json()["results"]) == ["rejected: invalid"]


def test_nobody_can_tell_of_the_future(
    app: Flask, world: World, patient: PatientAccount, phone: Device
) -> None:
    event = sound(world, patient)["reading"]
    later = (world.clock.now() + timedelta(days=300)).isoformat()
    phone.tell([{**event, "occurred_at": later}])
    [reading] = rows(app, ModuleReading)
    assert reading.at == world.clock.now()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_an_event_holds_it_is_answered(
    world: World, patient: PatientAccount, phone: Device, data: st.DataObject
) -> None:
    kinds = sound(world, patient)
    events = []
    for _ in range(data.draw(st.integers(1, 4))):
        event = dict(data.draw(st.sampled_from(list(kinds.values()))))
        event["id"] = str(uuid4())
        field = data.draw(st.sampled_from(["type", "occurred_at", "about", "body", "inner", "new"]))
        if field == "type":
            event["type"] = data.draw(st.sampled_from(TYPES))
        elif field == "inner":
            key = data.draw(st.sampled_from(list(event["body"])))
            event["body"] = {**event["body"], key: data.draw(junk)}
        else:
            event[field] = data.draw(junk)
        events.append(event)
    results = phone.tell(events)
    assert len(results) == len(events)
    assert {r["outcome"] for r in results} <= {"accepted", "rejected"}
