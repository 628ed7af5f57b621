"""A patient's goal through the public API: set, changed, and told at its date."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.core.audit import AuditEvent
from backend.programme.models import Goal
from tests.backstage import at_once, rows
from tests.programme.test_service import faulty_fields, refusal
from tests.world import Caller, PatientAccount, World

ADDRESS = "/v1/me/goal"


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician, 2)


def goal(world: World, **changes: Any) -> dict[str, Any]:
    """A goal that can be kept, in six weeks."""
    by = (world.clock.now() + timedelta(days=42)).date()
    return {
        "activity": "Walk to the shop with my daughter",
        "amount": 20,
        "starts_from": 8,
        "unit": "minutes",
        "times_a_week": 3,
        "by": by.isoformat(),
        "why": "I want to hear about her day.",
        "confidence": 8,
        "obstacle": "Rain",
        "if_then": "If it rains, we go round the market hall.",
        **changes,
    }


def put(world: World, patient: Caller, body: Any) -> TestResponse:
    return world.client.put(ADDRESS, json=body, headers=patient.headers)


def tell(world: World, patient: Caller, reached: Any) -> TestResponse:
    return world.post(f"{ADDRESS}/attainment", patient, {"reached": reached})


def test_without_a_goal_there_is_none_and_nothing_to_tell(
    world: World, patient: PatientAccount
) -> None:
    assert world.ok(world.get(ADDRESS, patient)) == {"goal": None, "earlier": []}
    assert refusal(tell(world, patient, 5)) == (409, "no-goal")


def test_a_changed_goal_is_a_new_one_and_the_same_again_is_the_same(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    first = world.ok(put(world, patient, goal(world)))
    assert first["goal"].items() >= goal(world).items()
    assert world.ok(put(world, patient, goal(world))) == first
    world.clock.move_by(minutes=5)
    second = world.ok(put(world, patient, goal(world, amount=15)))
    assert second["goal"]["amount"] == 15
    assert second["earlier"] == [first["goal"]]
    assert world.ok(world.get(ADDRESS, patient)) == second
    assert len(rows(app, Goal)) == 2
    actions = [e.action for e in rows(app, AuditEvent, AuditEvent.action.startswith("goal."))]
    assert actions == ["goal.set", "goal.set", "goal.read"]


def test_a_goal_sent_twice_at_once_is_set_once(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    body = goal(world)

    def send() -> int:
        answer = app.test_client().put(ADDRESS, json=body, headers=patient.headers)
        return answer.status_code

    assert at_once(send, send, send) == [200, 200, 200]
    assert len(rows(app, Goal)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"activity": ""}, "activity"),
        ({"activity": "No pain"}, "activity"),
        ({"amount": None}, "amount"),
        ({"amount": -3}, "amount"),
        ({"unit": " "}, "amount"),
        ({"starts_from": 20}, "starts_from"),
        ({"starts_from": -1}, "starts_from"),
        ({"times_a_week": None}, "times_a_week"),
        ({"times_a_week": 8}, "times_a_week"),
        ({"by": None}, "by"),
        ({"by": "2026-09-02"}, "by"),
        ({"by": "2030-01-01"}, "by"),
        ({"why": ""}, "why"),
        ({"confidence": 6}, "confidence"),
        ({"confidence": 11}, "confidence"),
        ({"obstacle": ""}, "obstacle"),
        ({"if_then": ""}, "if_then"),
        ({"amount": "20 minutes"}, "amount"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_a_goal_lacks_is_named_and_nothing_is_kept(
    app: Flask, world: World, patient: PatientAccount, changes: dict[str, Any], field: str
) -> None:
    assert faulty_fields(put(world, patient, goal(world, **changes))) == {field}
    assert not rows(app, Goal)


def test_low_confidence_is_offered_a_smaller_goal(world: World, patient: PatientAccount) -> None:
    answer = put(world, patient, goal(world, confidence=5)).get_json()
    [error] = answer["errors"]
    assert "15 minutes" in error["message"]


def test_a_goal_is_told_at_its_day_and_the_newer_word_counts(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    set_ = world.ok(put(world, patient, goal(world)))["goal"]
    assert (set_["reached"], set_["attainment"], set_["told_at"]) == (None, None, None)
    world.clock.move_by(days=41)
    world.sign_in(patient)
    assert refusal(tell(world, patient, 20)) == (409, "not-yet")
    world.clock.move_by(days=1)
    world.sign_in(patient)
    for reached, expected in ((8, -2), (12, -1), (20, 0), (23, 1), (26, 2)):
        told = world.ok(tell(world, patient, reached))["goal"]
        assert (told["reached"], told["attainment"]) == (reached, expected)
    assert len(rows(app, Goal)) == 1
    assert faulty_fields(tell(world, patient, -1)) == {"reached"}


def test_the_day_is_of_the_patients_own_calendar(world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician, 2, time_zone="Pacific/Auckland")
    world.ok(put(world, patient, goal(world)))
    world.clock.move_by(days=41)
    world.clock.move_to(world.clock.now().replace(hour=13))
    world.sign_in(patient)
    # It is the next day already in Auckland.
    assert world.ok(tell(world, patient, 20))["goal"]["attainment"] == 0


def test_nobody_sees_anothers_goal(
    world: World, clinician: Caller, patient: PatientAccount
) -> None:
    world.ok(put(world, patient, goal(world)))
    other = world.onboarded(clinician, 2)
    assert world.ok(world.get(ADDRESS, other)) == {"goal": None, "earlier": []}
    assert refusal(tell(world, other, 5)) == (409, "no-goal")
