"""A practice's hours and holidays, and what a change of them does to open alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from backend.alerts.models import Alert, AlertEvent
from backend.core.audit import AuditEvent
from tests.backstage import rows
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.world import Caller, World

ADDRESS = "/v1/practice/service-hours"
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
WEEK = {day: ["08:00", "18:00"] for day in WORKDAYS}


@pytest.fixture
def lead(world: World, clinician: Caller) -> Caller:
    return world.provider(clinician.practice_id, "lead")


@pytest.fixture
def alert(app: Flask, world: World, clinician: Caller) -> UUID:
    [patient] = crowd(app, clinician.practice_id, 1, world.clock.now() + timedelta(days=30))
    [made] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[2])
    return made.id


def put(world: World, who: Caller, **body: Any) -> Any:
    world.sign_in(who)
    whole = {"service_hours": WEEK, "holidays": [], **body}
    return world.client.put(ADDRESS, json=whole, headers=who.headers)


def stored(app: Flask, alert: UUID) -> Alert:
    [found] = rows(app, Alert, Alert.id == alert)
    return found


def test_hours_and_holidays_are_set_and_read(world: World, clinician: Caller, lead: Caller) -> None:
    days = [
        {"day": "2026-12-25", "name": "Christmas Day"},
        {"day": "2026-12-24", "name": "Christmas Eve"},
    ]
    hours = {"monday": ["07:30", "19:00"], "saturday": ["09:00", "12:00"]}
    world.ok(put(world, lead, service_hours=hours, holidays=days, time_zone="Europe/Dublin"))
    assert world.ok(world.get(ADDRESS, clinician)) == {
        "service_hours": hours,
        "holidays": days[::-1],
        "time_zone": "Europe/Dublin",
    }
    [event] = rows(world.app, AuditEvent, AuditEvent.action == "practice.service-hours")
    assert event.actor_id == lead.id


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"service_hours": {}}, "service_hours"),
        ({"service_hours": {"monday": ["18:00", "08:00"]}}, "service_hours.monday"),
        ({"service_hours": {"moonday": ["08:00", "18:00"]}}, "service_hours.moonday.key"),
        ({"service_hours": {"monday": ["8:00", "18:00"]}}, "service_hours.monday.value.0"),
        ({"service_hours": {"monday": ["08:00"]}}, "service_hours.monday.value"),
        ({"holidays": [{"day": "2026-02-30", "name": "None"}]}, "holidays.0.day"),
        ({"holidays": [{"day": "2026-12-25", "name": "A"}] * 2}, "holidays"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(
    world: World, lead: Caller, body: dict[str, Any], field: str
) -> None:
    answer = put(world, lead, **body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_a_holiday_moves_the_times_of_what_is_open(
    app: Flask, world: World, clinician: Caller, lead: Caller, alert: UUID
) -> None:
    # Tuesday 1 September: one working day to take it up, three to close it.
    before = stored(app, alert)
    assert before.respond_by == datetime(2026, 9, 2, 17, tzinfo=UTC)
    assert before.resolve_by == datetime(2026, 9, 4, 17, tzinfo=UTC)
    world.ok(put(world, lead, holidays=[{"day": "2026-09-02", "name": "Fair"}]))
    after = stored(app, alert)
    assert after.respond_by == after.escalate_at == datetime(2026, 9, 3, 17, tzinfo=UTC)
    assert after.resolve_by == datetime(2026, 9, 7, 17, tzinfo=UTC)
    assert after.feed_version > before.feed_version
    *_, event = world.ok(world.get("/v1/alerts/events", clinician))["items"]
    assert event["type"] == "alert.times-changed"
    assert event["respond_by"].startswith("2026-09-03T17:00")


def test_the_same_hours_again_move_nothing(
    app: Flask, world: World, lead: Caller, alert: UUID
) -> None:
    world.ok(put(world, lead))
    assert [event.action for event in rows(app, AlertEvent)] == ["open"]


def test_what_is_closed_keeps_its_times(
    app: Flask, world: World, clinician: Caller, lead: Caller, alert: UUID
) -> None:
    for action, body in (("acknowledge", {}), ("resolve", {"code": "contacted"})):
        world.ok(world.post(f"/v1/alerts/{alert}/{action}", clinician, body))
    before = stored(app, alert).resolve_by
    world.ok(put(world, lead, holidays=[{"day": "2026-09-02", "name": "Fair"}]))
    assert stored(app, alert).resolve_by == before


def test_what_is_in_hand_and_not_closed_in_time_climbs_once(
    app: Flask, world: World, clinician: Caller, lead: Caller, alert: UUID
) -> None:
    world.ok(world.post(f"/v1/alerts/{alert}/acknowledge", clinician, {}))
    held = stored(app, alert)
    assert held.escalate_at == held.resolve_by
    # It moves with the hours, too.
    world.ok(put(world, lead, holidays=[{"day": "2026-09-02", "name": "Fair"}]))
    assert stored(app, alert).escalate_at == datetime(2026, 9, 7, 17, tzinfo=UTC)
    world.clock.move_to(datetime(2026, 9, 7, 16, 59, tzinfo=UTC))
    world.tick()
    assert stored(app, alert).escalation == 0
    for _ in range(2):
        world.clock.move_by(minutes=2)
        world.tick()
    late = stored(app, alert)
    assert (late.escalation, late.escalate_at, late.status) == (1, None, "acknowledged")
    [event] = rows(app, AlertEvent, AlertEvent.action == "escalate")
    assert event.detail == {"level": 1, "because": "unresolved"}
    world.sign_in(clinician)
    world.ok(world.post(f"/v1/alerts/{alert}/contacts", clinician, {"reached": True}))
    assert stored(app, alert).escalate_at is None
