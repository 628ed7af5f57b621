"""Webhooks on the road: in order, signed, again after a fault, and to nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from standardwebhooks import Webhook, WebhookVerificationError

from backend.core.clock import MovableClock
from backend.hooks import following, retries
from backend.hooks.models import WebhookDelivery, WebhookEndpoint
from backend.hooks.sending import Answer
from tests.backstage import behind, rows
from tests.hooks.conftest import Raise, made_by
from tests.hooks.receiver import Receiver, Reply
from tests.owner import ask
from tests.world import Caller, World

DELIVERED = Answer(200, None, "", 1)


def log_of(world: World, lead: Caller, made: dict[str, Any]) -> list[dict[str, Any]]:
    address = f"/v1/webhook-endpoints/{made['endpoint']['id']}/deliveries"
    items: list[dict[str, Any]] = world.ok(world.get(address, lead))["items"]
    return items


def of(world: World, lead: Caller, made: dict[str, Any]) -> dict[str, Any]:
    address = f"/v1/webhook-endpoints/{made['endpoint']['id']}"
    found: dict[str, Any] = world.ok(world.get(address, lead))
    return found


def do(world: World, lead: Caller, made: dict[str, Any], what: str, **body: Any) -> Any:
    address = f"/v1/webhook-endpoints/{made['endpoint']['id']}/{what}"
    return world.ok(world.post(address, lead, body))


def change(world: World, lead: Caller, made: dict[str, Any], **body: Any) -> Any:
    address = f"/v1/webhook-endpoints/{made['endpoint']['id']}"
    return world.ok(world.client.patch(address, json=body, headers=lead.headers))


def events(world: World, lead: Caller) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = world.ok(world.get("/v1/alerts/events", lead))["items"]
    return items


def test_what_happens_is_sent_in_order_and_as_the_feed_tells_it(
    world: World, lead: Caller, receiver: Receiver, endpoint: dict[str, Any], happen: Raise
) -> None:
    happen(25)
    world.send_webhooks()
    told = events(world, lead)
    assert receiver.ids == [event["id"] for event in told]
    assert len(told) == 25
    for got, event in zip(receiver.received, told, strict=True):
        assert got.event == {"type": event["type"], "timestamp": event["at"], "data": event}
        assert b"Crowd" not in got.body and b"+44" not in got.body
    world.send_webhooks()
    assert len(receiver.received) == 25
    assert {each["status"] for each in log_of(world, lead, endpoint)} == {"delivered"}


def test_what_happened_before_is_not_sent(
    world: World, lead: Caller, receiver: Receiver, happen: Raise
) -> None:
    happen()
    made_by(world, lead, receiver.url)
    world.send_webhooks()
    assert receiver.received == []
    happen()
    world.send_webhooks()
    assert len(receiver.received) == 1


def test_only_the_types_that_were_asked_for_are_sent(
    world: World, lead: Caller, receiver: Receiver, happen: Raise
) -> None:
    made_by(world, lead, receiver.url, event_types=["alert.acknowledged"])
    happen(30)
    for alert in world.alerts(lead)[:2]:
        world.ok(world.post(f"/v1/alerts/{alert['id']}/acknowledge", lead))
    world.send_webhooks()
    assert [got.event["type"] for got in receiver.received] == ["alert.acknowledged"] * 2


def test_the_signature_is_checked_by_the_schemes_own_library(
    world: World, lead: Caller, receiver: Receiver, endpoint: dict[str, Any], happen: Raise
) -> None:
    happen()
    world.send_webhooks()
    [got] = receiver.received
    check = Webhook(endpoint["secret"])
    with time_machine.travel(world.clock.now()):
        assert check.verify(got.body, got.headers) == got.event
        with pytest.raises(WebhookVerificationError):
            check.verify(got.body.replace(b'"tier":3', b'"tier":1'), got.headers)
        with pytest.raises(WebhookVerificationError):
            check.verify(got.body, {**got.headers, "webhook-id": "another"})
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + "A" * 43 + "=").verify(got.body, got.headers)
    late = world.clock.now() + timedelta(minutes=6)
    with time_machine.travel(late), pytest.raises(WebhookVerificationError):
        check.verify(got.body, got.headers)


def test_the_old_secret_is_good_for_a_day_after_a_new_one(
    world: World,
    lead: Caller,
    receiver: Receiver,
    endpoint: dict[str, Any],
    happen: Raise,
    clock: MovableClock,
) -> None:
    new = do(world, lead, endpoint, "secret")["secret"]
    assert new != endpoint["secret"]
    happen()
    world.send_webhooks()
    clock.move_by(hours=24, minutes=1)
    happen()
    world.send_webhooks()
    first, second = receiver.received
    assert len(first.headers["webhook-signature"].split(" ")) == 2
    assert len(second.headers["webhook-signature"].split(" ")) == 1
    with time_machine.travel(clock.now() - timedelta(hours=24)):
        for secret in (endpoint["secret"], new):
            Webhook(secret).verify(first.body, first.headers)
    with time_machine.travel(clock.now()):
        Webhook(new).verify(second.body, second.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(endpoint["secret"]).verify(second.body, second.headers)


def test_a_secret_is_shown_once_and_not_stored_as_it_is(
    app: Flask, world: World, lead: Caller, endpoint: dict[str, Any], database: str
) -> None:
    listed = world.get("/v1/webhook-endpoints", lead).get_data(as_text=True)
    assert "whsec_" not in listed
    [(secret, url)] = ask(database, "SELECT secret, url FROM webhook_endpoint")
    assert b"whsec_" not in bytes(secret) and b"127.0.0.1" not in bytes(url)


def test_a_fault_is_tried_again_with_growing_pauses_and_then_no_more(
    app: Flask,
    world: World,
    lead: Caller,
    receiver: Receiver,
    endpoint: dict[str, Any],
    happen: Raise,
    clock: MovableClock,
) -> None:
    receiver.reply = lambda got: Reply(500, b"Out of order")
    happen(2)
    tried_at = []
    for pause in (*retries.PAUSES, timedelta(hours=10)):
        world.send_webhooks()
        tried_at.append(clock.now())
        clock.move_by(seconds=pause.total_seconds() - 1)
        world.send_webhooks()
        assert len(receiver.received) == len(tried_at), "nothing is tried before its time"
        clock.move_by(seconds=1)
    world.sign_in(lead)
    first = events(world, lead)[0]["id"]
    assert set(receiver.ids) == {first} and len(receiver.ids) == retries.TRIES == 8
    found = of(world, lead, endpoint)
    assert (found["status"], found["disabled_reason"]) == ("disabled", "failing")
    log = log_of(world, lead, endpoint)
    assert [each["attempt"] for each in log] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert {(each["http_status"], each["response"]) for each in log} == {(500, "Out of order")}
    assert [text.template for text in world.texts("webhook")] == ["webhook-off"]
    # Switched on again, it goes on where it stopped.
    receiver.reply = lambda got: Reply()
    change(world, lead, endpoint, status="active")
    world.send_webhooks()
    assert receiver.ids[8:] == [event["id"] for event in events(world, lead)]


def test_an_endpoint_that_comes_back_gets_all_in_order(
    world: World,
    lead: Caller,
    receiver: Receiver,
    endpoint: dict[str, Any],
    happen: Raise,
    clock: MovableClock,
) -> None:
    receiver.stop()
    happen(3)
    world.send_webhooks()
    [failed] = log_of(world, lead, endpoint)
    assert (failed["error"], failed["http_status"]) == ("no-connection", None)
    receiver.start()
    clock.move_by(seconds=6)
    world.send_webhooks()
    assert receiver.ids == [event["id"] for event in events(world, lead)]
    assert of(world, lead, endpoint)["failures"] == 0


def test_one_that_is_gone_is_switched_off_at_once(
    world: World, lead: Caller, receiver: Receiver, endpoint: dict[str, Any], happen: Raise
) -> None:
    receiver.reply = lambda got: Reply(410)
    happen(2)
    world.send_webhooks()
    assert len(receiver.received) == 1
    assert of(world, lead, endpoint)["disabled_reason"] == "gone"
    assert len(world.texts("webhook")) == 1


def test_a_redirect_is_a_fault_and_not_followed(
    world: World, lead: Caller, receiver: Receiver, endpoint: dict[str, Any], happen: Raise
) -> None:
    receiver.reply = lambda got: Reply(307, headers={"Location": f"{receiver.url}/elsewhere"})
    happen()
    world.send_webhooks()
    assert [got.path for got in receiver.received] == ["/"]
    assert log_of(world, lead, endpoint)[0]["http_status"] == 307


def test_no_more_of_an_answer_is_kept_than_its_beginning(
    world: World, lead: Caller, receiver: Receiver, endpoint: dict[str, Any], happen: Raise
) -> None:
    receiver.reply = lambda got: Reply(200, b"\0\xff" + b"x" * 100_000)
    happen()
    world.send_webhooks()
    [tried] = log_of(world, lead, endpoint)
    assert tried["response"] == "\ufffd\ufffd" + "x" * 498


def test_a_dead_endpoint_holds_up_no_other(
    world: World, lead: Caller, receiver: Receiver, happen: Raise
) -> None:
    dead = Receiver()
    made_by(world, lead, dead.url)
    dead.stop()
    made_by(world, lead, receiver.url)
    happen(3)
    world.send_webhooks()
    assert len(receiver.received) == 3


def test_a_test_event_is_sent_and_logged(
    world: World, lead: Caller, receiver: Receiver, endpoint: dict[str, Any]
) -> None:
    asked = do(world, lead, endpoint, "test")
    assert asked["status"] == "pending"
    world.send_webhooks()
    [got] = receiver.received
    assert got.event["type"] == "webhook.test"
    [logged] = log_of(world, lead, endpoint)
    assert (logged["id"], logged["status"], logged["cause"]) == (asked["id"], "delivered", "test")


def test_one_delivery_is_sent_again_under_its_old_id(
    world: World, lead: Caller, receiver: Receiver, endpoint: dict[str, Any], happen: Raise
) -> None:
    happen(2)
    world.send_webhooks()
    newest, oldest = log_of(world, lead, endpoint)
    do(world, lead, endpoint, f"deliveries/{oldest['id']}/replay")
    world.send_webhooks()
    assert receiver.ids == [oldest["event_id"], newest["event_id"], oldest["event_id"]]
    first, _, again = receiver.received
    assert first.body == again.body
    assert [each["cause"] for each in log_of(world, lead, endpoint)] == ["replay", "feed", "feed"]


@pytest.mark.parametrize("way", ["after", "since", "beginning"])
def test_everything_from_a_place_on_is_sent_again_in_order(
    world: World,
    lead: Caller,
    receiver: Receiver,
    endpoint: dict[str, Any],
    happen: Raise,
    clock: MovableClock,
    way: str,
) -> None:
    for _ in range(3):
        happen()
        clock.move_by(minutes=1)
    world.send_webhooks()
    told = events(world, lead)
    ids = [event["id"] for event in told]
    from_where = {
        "after": {"after": told[0]["place"]},
        "since": {"since": told[1]["at"]},
        "beginning": {"after": "0"},
    }[way]
    do(world, lead, endpoint, "replay", **from_where)
    world.send_webhooks()
    assert receiver.ids == ids + (ids if way == "beginning" else ids[1:])


def test_whoever_lost_an_endpoint_moves_it_no_further(
    app: Flask, world: World, lead: Caller, endpoint: dict[str, Any], happen: Raise
) -> None:
    happen(2)
    [row] = rows(app, WebhookEndpoint)
    with app.app_context():
        slow = following.claim(row.id)
        assert slow is not None
        assert following.claim(row.id) is None, "one at a time"
    world.clock.move_by(seconds=31)
    with app.app_context():
        other = following.claim(row.id)
        assert other is not None and other.parcels == slow.parcels
        assert not following.record(slow, slow.parcels[0], DELIVERED)
        assert following.record(other, other.parcels[0], DELIVERED)
        following.release(slow)
        assert following.record(other, other.parcels[1], DELIVERED)
        following.release(other)
        assert following.claim(row.id) is None


def test_what_fell_by_the_wayside_is_found_by_the_clock(
    app: Flask, world: World, lead: Caller, endpoint: dict[str, Any], happen: Raise, database: str
) -> None:
    def jobs() -> int:
        [(count,)] = ask(
            database, "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'follow-feed'"
        )
        return int(count)

    world.tick()
    assert jobs() == 0, "nothing has happened"
    happen()
    world.tick()
    assert jobs() == 1
    world.tick()
    assert jobs() == 1, "it is queued"
    world.clock.move_by(seconds=31)
    world.tick()
    assert jobs() == 2, "that job is lost"


def test_the_log_is_kept_for_a_month(
    app: Flask, world: World, lead: Caller, endpoint: dict[str, Any], happen: Raise
) -> None:
    happen(2)
    world.send_webhooks()
    [old, _] = rows(app, WebhookDelivery)
    with behind(app) as store:
        aged = {"created_at": world.clock.now() - timedelta(days=31)}
        store.execute(update(WebhookDelivery).where(WebhookDelivery.id == old.id).values(aged))
    world.tick()
    assert [row.id for row in rows(app, WebhookDelivery)] != [] and old.id not in {
        row.id for row in rows(app, WebhookDelivery)
    }
