"""The practice's feed: what is open and how urgent, what has changed, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from backend.alerts.models import AlertEvent
from backend.core.clock import MovableClock
from tests.backstage import rows
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.world import Caller, World


@pytest.fixture
def alerts(app: Flask, clock: MovableClock, clinician: Caller) -> list[str]:
    """Ids of a dozen alerts of all tiers, raised an hour apart, the oldest first."""
    people = crowd(app, clinician.practice_id, 12, clock.now() + timedelta(days=30))
    made = []
    for n, patient in enumerate(people):
        made += raise_alert(app, clinician.practice_id, patient, **OF_TIER[3 - n % 3])
        clock.move_by(hours=1)
    return [str(alert.id) for alert in made]


def read(world: World, clinician: Caller, query: str = "") -> dict[str, Any]:
    world.sign_in(clinician)
    page: dict[str, Any] = world.ok(world.get(f"/v1/alerts{query}", clinician))
    return page


def walk(world: World, clinician: Caller, query: str) -> list[dict[str, Any]]:
    """All pages of a query."""
    items, cursor = [], ""
    while True:
        page = read(world, clinician, f"?{query}{cursor}")
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"


def act(world: World, clinician: Caller, alert_id: str, action: str, **body: Any) -> None:
    world.sign_in(clinician)
    world.ok(world.post(f"/v1/alerts/{alert_id}/{action}", clinician, body))


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]


def test_the_highest_tier_and_the_nearest_respond_by_come_first(
    world: World, clinician: Caller, alerts: list[str]
) -> None:
    items = read(world, clinician)["items"]
    assert sorted(ids(items)) == sorted(alerts)
    order = [(item["tier"], item["respond_by"]) for item in items]
    assert order == sorted(order)
    assert [tier for tier, _ in order] == [1] * 4 + [2] * 4 + [3] * 4
    assert len({at for _, at in order}) > 3


@pytest.mark.parametrize("limit", [1, 5, 12, 100])
def test_pages_cover_every_alert_once(
    world: World, clinician: Caller, alerts: list[str], limit: int
) -> None:
    found = ids(walk(world, clinician, f"limit={limit}"))
    assert found == ids(read(world, clinician, "?limit=100")["items"])
    assert sorted(found) == sorted(alerts)


def test_pages_cover_every_alert_once_although_alerts_change_between(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, alerts: list[str]
) -> None:
    before = ids(read(world, clinician, "?limit=100")["items"])
    first = read(world, clinician, "?limit=4")
    seen = ids(first["items"])
    # A new one, more evidence, escalation; one taken up, and one of a later page closed.
    [stranger] = crowd(app, clinician.practice_id, 1, clock.now() + timedelta(days=9), prefix="+44")
    raise_alert(app, clinician.practice_id, stranger, **OF_TIER[1])
    for item in read(world, clinician, "?limit=100")["items"][::2]:
        facts = OF_TIER[item["tier"]]
        raise_alert(app, clinician.practice_id, UUID(item["patient_id"]), **facts)
    clock.move_by(days=2)
    world.tick()
    act(world, clinician, before[5], "acknowledge")
    act(world, clinician, before[9], "acknowledge")
    act(world, clinician, before[9], "resolve", code="contacted")
    cursor = first["next_cursor"]
    while cursor is not None:
        page = read(world, clinician, f"?limit=4&cursor={cursor}")
        seen += ids(page["items"])
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen))
    assert [each for each in seen if each in before] == [e for e in before if e != before[9]]
    # What a walk cannot show (new since it began, closed meanwhile) is in the changes.
    changed = ids(walk(world, clinician, f"since={first['version']}&limit=3"))
    assert {before[9], before[5]} < set(changed)
    assert len(set(changed) - set(before)) == 1


def test_nothing_new_is_304_and_any_change_is_not(
    app: Flask, world: World, clinician: Caller, alerts: list[str]
) -> None:
    world.sign_in(clinician)
    first = world.get("/v1/alerts", clinician)
    etag = first.headers["ETag"]

    def again() -> Any:
        return world.get("/v1/alerts", clinician, {"If-None-Match": etag})

    unchanged = again()
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["ETag"] == etag
    other = world.provider(world.practice("Dale Surgery"))
    [stranger] = crowd(app, other.practice_id, 1, world.clock.now() + timedelta(days=9))
    raise_alert(app, other.practice_id, stranger, **OF_TIER[1])
    assert again().status_code == 304, "another practice's alert is no change of ours"
    assert world.get("/v1/alerts", other, {"If-None-Match": etag}).status_code == 200
    assert world.get("/v1/alerts", headers={"If-None-Match": etag}).status_code == 401
    act(world, clinician, alerts[0], "acknowledge")
    changed = again()
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_changes_since_a_version_come_in_their_order_closed_ones_included(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, alerts: list[str]
) -> None:
    version = read(world, clinician)["version"]
    assert read(world, clinician, f"?since={version}")["items"] == []
    for each in (alerts[7], alerts[2], alerts[4]):
        act(world, clinician, each, "acknowledge")
    act(world, clinician, alerts[7], "resolve", code="contacted")
    [stranger] = crowd(app, clinician.practice_id, 1, clock.now() + timedelta(days=9), prefix="+44")
    [new] = raise_alert(app, clinician.practice_id, stranger, **OF_TIER[2])
    expected = [alerts[2], alerts[4], alerts[7], str(new.id)]
    changes = read(world, clinician, f"?since={version}")
    assert ids(changes["items"]) == expected
    assert [item["status"] for item in changes["items"]][2] == "resolved"
    assert ids(walk(world, clinician, f"since={version}&limit=1")) == expected
    assert read(world, clinician, f"?since={changes['version']}")["items"] == []
    assert len(walk(world, clinician, "since=0&limit=5")) == len(alerts) + 1


def test_closed_alerts_leave_the_feed(world: World, clinician: Caller, alerts: list[str]) -> None:
    act(world, clinician, alerts[1], "acknowledge")
    act(world, clinician, alerts[1], "dismiss", note="Not called for.")
    assert sorted(ids(read(world, clinician)["items"])) == sorted(set(alerts) - {alerts[1]})


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_one_tier_may_be_asked_for(
    world: World, clinician: Caller, alerts: list[str], tier: int
) -> None:
    found = walk(world, clinician, f"tier={tier}&limit=3")
    assert sorted(ids(found)) == sorted(a for n, a in enumerate(alerts) if 3 - n % 3 == tier)
    assert len(walk(world, clinician, f"tier={tier}&since=0")) == 4


def test_another_practice_sees_nothing_of_it(
    world: World, clinician: Caller, alerts: list[str]
) -> None:
    other = world.provider(world.practice("Dale Surgery"))
    assert read(world, other) == {"items": [], "next_cursor": None, "version": 0}
    assert read(world, other, "?since=0")["items"] == []
    cursor = read(world, clinician, "?limit=1")["next_cursor"]
    assert read(world, other, f"?cursor={cursor}")["items"] == []
    assert world.get(f"/v1/alerts/{alerts[0]}", other).status_code == 404


def test_served_is_delivered_and_not_acknowledged(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, alerts: list[str]
) -> None:
    world.sign_in(clinician)
    assert world.ok(world.get(f"/v1/alerts/{alerts[0]}", clinician))["alert"]["status"] == "new"
    for _ in range(2):
        for item in read(world, clinician)["items"]:
            assert (item["status"], item["acknowledged_at"], item["acknowledged_by"]) == (
                "delivered",
                None,
                None,
            )
    events = rows(app, AlertEvent, AlertEvent.action == "deliver")
    assert sorted(str(event.alert_id) for event in events) == sorted(alerts)
    assert {(e.actor_id, e.from_status, e.to_status) for e in events} == {
        (clinician.id, "new", "delivered")
    }
    # It climbs on until somebody takes it up.
    clock.move_by(days=3)
    world.tick()
    levels = {item["tier"]: item["escalation"] for item in read(world, clinician)["items"]}
    assert levels == {1: 3, 2: 2, 3: 0}


def test_only_what_was_on_the_page_is_delivered(
    app: Flask, world: World, clinician: Caller, alerts: list[str]
) -> None:
    shown = ids(read(world, clinician, "?limit=5")["items"])
    delivered = rows(app, AlertEvent, AlertEvent.action == "deliver")
    assert sorted(str(event.alert_id) for event in delivered) == sorted(shown)


def test_what_is_not_ours_to_read_is_refused_with_the_field(
    world: World, clinician: Caller, alerts: list[str]
) -> None:
    cursor = read(world, clinician, "?limit=1")["next_cursor"]
    changed = read(world, clinician, "?limit=1&since=0")["next_cursor"]
    patients = world.ok(world.get("/v1/patients?limit=1", clinician))["next_cursor"]
    for query, field in (
        ("cursor=nonsense", "cursor"),
        (f"cursor={cursor[:-1]}", "cursor"),
        (f"cursor=A{cursor}", "cursor"),
        (f"cursor={changed}", "cursor"),
        (f"since=0&cursor={cursor}", "cursor"),
        (f"cursor={patients}", "cursor"),
        ("cursor=", "cursor"),
        (f"cursor={'x' * 501}", "cursor"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("since=-1", "since"),
        (f"since={2**63}", "since"),
        ("tier=4", "tier"),
    ):
        answer = world.get(f"/v1/alerts?{query}", clinician)
        assert answer.status_code == 422, query
        assert [error["field"] for error in answer.get_json()["errors"]] == [field], query
