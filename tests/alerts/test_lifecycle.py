"""What providers do with an alert: every move over HTTP, who was first, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update
from sqlalchemy.exc import ProgrammingError
from werkzeug.test import TestResponse

from backend.alerts.models import Alert, AlertEvent, AlertFeed
from backend.alerts.states import RESOLUTIONS
from backend.core.clock import MovableClock
from tests.alerts.test_states import ACTIONS, MOVES
from tests.backstage import at_once, behind, rows
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.world import Caller, World

BODIES: dict[str, Any] = {
    "acknowledge": {},
    "start": {},
    "contact": {"reached": True},
    "resolve": {"code": "contacted"},
    "dismiss": {"note": "Not called for."},
    "reopen": {"note": "It goes on."},
}
# How an alert gets into each status.
ROADS = {
    "new": [],
    "delivered": [],
    "acknowledged": ["acknowledge"],
    "in_progress": ["acknowledge", "start"],
    "resolved": ["acknowledge", "resolve"],
    "dismissed": ["acknowledge", "dismiss"],
}


@pytest.fixture
def fresh(app: Flask, clock: MovableClock, clinician: Caller) -> Callable[..., str]:
    """Raises an alert of some tier about somebody new; its id."""
    people = iter(crowd(app, clinician.practice_id, 60, clock.now() + timedelta(days=99)))

    def make(tier: int = 2) -> str:
        [alert] = raise_alert(app, clinician.practice_id, next(people), **OF_TIER[tier])
        return str(alert.id)

    return make


def act(world: World, who: Caller, alert_id: str, action: str, body: Any = None) -> TestResponse:
    address = f"/v1/alerts/{alert_id}/{'contacts' if action == 'contact' else action}"
    return world.post(address, who, BODIES[action] if body is None else body)


def done(world: World, who: Caller, alert_id: str, *actions: str) -> dict[str, Any]:
    """The alert after some moves that must all be legal."""
    told: dict[str, Any] = {}
    for action in actions:
        told = world.ok(act(world, who, alert_id, action))
    return told


def refused(answer: TestResponse) -> dict[str, Any]:
    """The problem of an illegal move."""
    problem: dict[str, Any] = answer.get_json()
    assert (answer.status_code, problem["type"]) == (409, "urn:lumbra:problem:illegal-move")
    return problem


def trace(app: Flask) -> list[Any]:
    """All that a move changes."""
    return [
        (a.id, a.status, a.updated_at, a.feed_version, a.closed_at, a.resolution)
        for a in rows(app, Alert)
    ] + [
        len(rows(app, AlertEvent)),
        [f.version for f in rows(app, AlertFeed)],
    ]


@pytest.mark.parametrize("status", ROADS)
def test_every_move_goes_by_the_table(
    app: Flask, world: World, clinician: Caller, fresh: Callable[..., str], status: str
) -> None:
    for before, action, after in MOVES:
        if before != status:
            continue
        alert_id = fresh()
        if status == "delivered":
            world.alerts(clinician)
        done(world, clinician, alert_id, *ROADS[status])
        if after == ".":
            trail = trace(app)
            problem = refused(act(world, clinician, alert_id, action))
            assert problem["alert_status"] == status, action
            assert problem["detail"]
            assert trace(app) == trail, action
        else:
            told = done(world, clinician, alert_id, action)
            assert told["alert"]["status"] == after, action
            last = told["history"][-1]
            assert (last["action"], last["from_status"], last["to_status"], last["actor_id"]) == (
                action,
                before,
                after,
                str(clinician.id),
            )


def test_the_table_names_every_move() -> None:
    assert set(BODIES) == set(ACTIONS)
    assert {before for before, _, _ in MOVES} == set(ROADS)


def test_a_second_acknowledgement_is_told_who_was_first(
    world: World, clinician: Caller, fresh: Callable[..., str]
) -> None:
    lead = world.provider(clinician.practice_id, "lead")
    alert_id = fresh()
    told = done(world, clinician, alert_id, "acknowledge")
    assert told["alert"]["acknowledged_by"] == "Dr Clinician"
    for who in (lead, clinician):
        assert refused(act(world, who, alert_id, "acknowledge"))["acknowledged_by"] == (
            "Dr Clinician"
        )


def test_of_two_acknowledgements_at_once_the_first_wins(
    app: Flask, world: World, clinician: Caller, fresh: Callable[..., str]
) -> None:
    lead = world.provider(clinician.practice_id, "lead")
    names = {str(clinician.id): "Dr Clinician", str(lead.id): "Dr Lead"}
    for _ in range(5):
        address = f"/v1/alerts/{fresh()}/acknowledge"

        def take(who: Caller, address: str = address) -> TestResponse:
            return app.test_client().post(address, json={}, headers=who.headers)

        answers = at_once(lambda t=take: t(clinician), lambda t=take: t(lead))
        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        winner = names[won.get_json()["history"][-1]["actor_id"]]
        assert won.status_code == 200
        assert won.get_json()["alert"]["acknowledged_by"] == winner
        assert refused(lost)["acknowledged_by"] == winner
    assert len(rows(app, AlertEvent, AlertEvent.action == "acknowledge")) == 5


def test_a_tier_1_alert_is_dismissed_only_after_a_contact(
    world: World, clinician: Caller, fresh: Callable[..., str]
) -> None:
    alert_id = fresh(tier=1)
    done(world, clinician, alert_id, "acknowledge")
    assert "contact" in refused(act(world, clinician, alert_id, "dismiss"))["detail"]
    done(world, clinician, alert_id, "contact")
    told = done(world, clinician, alert_id, "dismiss")
    assert (told["alert"]["status"], told["alert"]["resolution"]) == ("dismissed", "dismissed")


@pytest.mark.parametrize("code", RESOLUTIONS)
def test_each_resolution_is_kept_with_its_code(
    world: World, clock: MovableClock, clinician: Caller, fresh: Callable[..., str], code: str
) -> None:
    alert_id = fresh()
    done(world, clinician, alert_id, "acknowledge", "contact", "contact", "contact")
    told = world.ok(act(world, clinician, alert_id, "resolve", {"code": code, "note": "Spoke."}))
    assert (told["alert"]["status"], told["alert"]["resolution"]) == ("resolved", code)
    assert datetime.fromisoformat(told["alert"]["closed_at"]) == clock.now()
    assert (told["history"][-1]["note"], told["history"][-1]["detail"]) == (
        "Spoke.",
        {"code": code},
    )


def test_giving_up_takes_three_attempts(
    world: World, clinician: Caller, fresh: Callable[..., str]
) -> None:
    alert_id, gave_up = fresh(), {"code": "unable-to-reach"}
    done(world, clinician, alert_id, "acknowledge")
    for attempts in range(3):
        problem = refused(act(world, clinician, alert_id, "resolve", gave_up))
        assert f"there are {attempts}" in problem["detail"]
        world.ok(act(world, clinician, alert_id, "contact", {"reached": False}))
    assert act(world, clinician, alert_id, "resolve", gave_up).status_code == 200


def test_no_action_needs_a_reason(
    world: World, clinician: Caller, fresh: Callable[..., str]
) -> None:
    alert_id = fresh()
    done(world, clinician, alert_id, "acknowledge")
    refused(act(world, clinician, alert_id, "resolve", {"code": "no-action"}))
    reason = {"code": "no-action", "note": "Seen yesterday."}
    assert act(world, clinician, alert_id, "resolve", reason).status_code == 200


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("resolve", {}, "code"),
        ("resolve", {"code": "forgotten"}, "code"),
        ("dismiss", {}, "note"),
        ("dismiss", {"note": "  "}, "note"),
        ("reopen", {"note": ""}, "note"),
        ("contact", {}, "reached"),
        ("contact", {"reached": "perhaps"}, "reached"),
        ("acknowledge", {"note": "x" * 2001}, "note"),
        ("start", {"who": "me"}, "who"),
    ],
)
def test_a_body_that_does_not_fit_names_its_field(
    app: Flask,
    world: World,
    clinician: Caller,
    fresh: Callable[..., str],
    action: str,
    body: Any,
    field: str,
) -> None:
    alert_id = fresh()
    trail = trace(app)
    answer = act(world, clinician, alert_id, action, body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]
    assert trace(app) == trail


@pytest.mark.parametrize("closing", ["resolve", "dismiss"])
def test_a_closed_alert_is_taken_up_again_within_14_days(
    world: World,
    clock: MovableClock,
    clinician: Caller,
    fresh: Callable[..., str],
    closing: str,
) -> None:
    early, late = fresh(), fresh()
    for alert_id in (early, late):
        closed = done(world, clinician, alert_id, "acknowledge", closing)["alert"]
    clock.move_by(days=14)
    world.sign_in(clinician)
    again = done(world, clinician, early, "reopen")["alert"]
    assert (again["status"], again["closed_at"], again["resolution"]) == (
        "acknowledged",
        None,
        None,
    )
    assert datetime.fromisoformat(again["respond_by"]) > clock.now()
    assert again["respond_by"] > closed["respond_by"]
    assert early in [alert["id"] for alert in world.alerts(clinician)]
    clock.move_by(seconds=1)
    assert "14 days" in refused(act(world, clinician, late, "reopen"))["detail"]


def test_what_has_been_raised_again_since_is_not_reopened_beside_it(
    app: Flask, world: World, clinician: Caller, fresh: Callable[..., str]
) -> None:
    alert_id = fresh(tier=1)
    done(world, clinician, alert_id, "acknowledge", "resolve")
    [closed] = rows(app, Alert)
    [newer] = raise_alert(app, clinician.practice_id, closed.patient_id, **OF_TIER[1])
    assert str(newer.id) != alert_id
    trail = trace(app)
    problem = refused(act(world, clinician, alert_id, "reopen"))
    assert problem["alert_status"] == "resolved"
    assert trace(app) == trail


def test_the_history_tells_everything_in_order(
    world: World, clock: MovableClock, clinician: Caller, fresh: Callable[..., str]
) -> None:
    lead = world.provider(clinician.practice_id, "lead")
    alert_id = fresh(tier=1)
    clock.move_by(minutes=31)
    world.tick()
    for who, action in (
        (lead, "acknowledge"),
        (clinician, "start"),
        (lead, "contact"),
        (clinician, "resolve"),
        (lead, "reopen"),
        (lead, "dismiss"),
    ):
        clock.move_by(minutes=1)
        world.sign_in(who)
        world.alerts(who)
        told = done(world, who, alert_id, action)
    history = told["history"]
    expected = [
        "open",
        "escalate",
        "deliver",
        "acknowledge",
        "start",
        "contact",
        "resolve",
        "reopen",
        "dismiss",
    ]
    assert [event["action"] for event in history] == expected
    assert [event["at"] for event in history] == sorted(event["at"] for event in history)
    assert [e["from_status"] for e in history[1:]] == [e["to_status"] for e in history[:-1]]
    roles = ["system", "system", "lead", "lead", "clinician", "lead", "clinician", "lead", "lead"]
    assert [event["actor_role"] for event in history] == roles
    assert history[1]["detail"] == {"level": 1}
    assert history[5]["detail"] == {"reached": True}
    assert history[-1]["note"] == BODIES["dismiss"]["note"]
    world.sign_in(clinician)
    assert world.ok(world.get(f"/v1/alerts/{alert_id}", clinician))["history"] == history


@pytest.mark.parametrize(
    "statement",
    [update(AlertEvent).values(note="never happened"), delete(AlertEvent)],
    ids=["update", "delete"],
)
def test_the_history_cannot_be_rewritten_by_the_application(
    app: Flask, fresh: Callable[..., str], statement: Any
) -> None:
    fresh()
    with pytest.raises(ProgrammingError, match="permission denied"), behind(app) as session:
        session.execute(statement)
    assert [event.action for event in rows(app, AlertEvent)] == ["open"]


def test_what_is_taken_up_climbs_no_more(
    world: World, clock: MovableClock, clinician: Caller, fresh: Callable[..., str]
) -> None:
    taken, left = fresh(tier=1), fresh(tier=1)
    done(world, clinician, taken, "acknowledge")
    clock.move_by(days=1)
    world.tick()
    world.sign_in(clinician)
    levels = {alert["id"]: alert["escalation"] for alert in world.alerts(clinician)}
    assert levels == {taken: 0, left: 3}
