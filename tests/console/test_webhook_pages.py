"""Webhooks in the console: added, tried, switched, given a new secret, sent again, deleted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from backend.hooks.models import WebhookDelivery, WebhookEndpoint
from tests.backstage import rows, statements
from tests.browser import Browser, assert_is_a_safe_page
from tests.console.test_console import signed_in
from tests.crowd import OF_TIER, raise_alert
from tests.hooks.receiver import Receiver, Reply
from tests.world import ProviderAccount, World


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def lead(world: World) -> ProviderAccount:
    return world.provider(world.practice(), "lead")


@pytest.fixture
def browser(app: Flask, world: World, lead: ProviderAccount) -> Browser:
    return signed_in(app, world, lead)


@pytest.fixture
def endpoint(app: Flask, browser: Browser, receiver: Receiver) -> str:
    """Where the page of an endpoint stands that the lead has added."""
    browser.open("/console/settings/webhooks")
    browser.send("/webhooks", url=receiver.url, description="The records")
    [made] = rows(app, WebhookEndpoint)
    return f"/console/settings/webhooks/{made.id}"


def test_an_endpoint_is_added_and_its_secret_shown_once(
    app: Flask, browser: Browser, endpoint: str
) -> None:
    [made] = rows(app, WebhookEndpoint)
    assert made.secret in browser.text and "This is shown once." in browser.text
    assert_is_a_safe_page(browser)
    assert made.secret not in browser.open(endpoint).html
    assert_is_a_safe_page(browser)
    assert made.secret not in browser.open("/console/settings/webhooks").html
    assert "The records" in browser.text
    assert_is_a_safe_page(browser)


@pytest.mark.parametrize("url", ["", "ftp://example.org", "http://10.0.0.1/", "example"])
def test_an_address_that_nothing_may_be_sent_to_is_told_beside_it(
    app: Flask, browser: Browser, url: str
) -> None:
    browser.open("/console/settings/webhooks").send("/webhooks", url=url, description="Mine")
    assert browser.status == 422
    assert 'id="new-url-error"' in browser.html
    assert browser.form("/webhooks").values["description"] == "Mine"
    assert rows(app, WebhookEndpoint) == []


def test_what_was_sent_is_in_the_log_and_is_sent_again(
    world: World, lead: ProviderAccount, browser: Browser, endpoint: str, receiver: Receiver,
    app: Flask,
) -> None:  # fmt: skip
    receiver.reply = lambda received: Reply(500)
    raise_alert(app, lead.practice_id, world.enrol(lead).id, **OF_TIER[1])
    world.send_webhooks()
    browser.open(endpoint)
    assert "alert.raised" in browser.text and "Failed, answered 500" in browser.text
    assert "Failing" in browser.text
    receiver.reply = lambda received: Reply()
    browser.send("/replay")
    assert "The event is on its way once more." in browser.text
    world.send_webhooks()
    browser.open(endpoint)
    assert "Delivered, answered 204" in browser.text and "sent again, try 1" in browser.text
    assert len({received.id for received in receiver.received}) == 1
    assert_is_a_safe_page(browser)


def test_a_test_is_sent(world: World, browser: Browser, endpoint: str, receiver: Receiver) -> None:
    browser.open(endpoint).send("/test")
    assert "A test is on its way." in browser.text and "Waiting" in browser.text
    world.send_webhooks()
    assert receiver.received[0].event["type"] == "webhook.test"


def test_it_is_switched_off_and_on(app: Flask, browser: Browser, endpoint: str) -> None:
    browser.open(endpoint).send("/state")
    assert "The endpoint is switched off." in browser.text
    assert "Switched off by hand." in browser.text
    browser.send("/state")
    assert "The endpoint is switched on" in browser.text
    assert rows(app, WebhookEndpoint)[0].status == "active"


def test_it_is_changed_and_what_it_is_sent_chosen(
    app: Flask, browser: Browser, endpoint: str
) -> None:
    form = browser.open(endpoint).form(endpoint)
    assert form.values["description"] == "The records"
    sent = {**form.values, "event_types": ["alert.raised", "alert.resolved"]}
    shown = browser.client.post(endpoint, data=sent, follow_redirects=True)
    assert "The endpoint is changed." in shown.get_data(as_text=True)
    assert rows(app, WebhookEndpoint)[0].event_types == ["alert.raised", "alert.resolved"]
    browser.open(endpoint).send(endpoint, url="nowhere")
    assert browser.status == 422 and 'id="change-url-error"' in browser.html


def test_a_new_secret_wants_a_tick(app: Flask, browser: Browser, endpoint: str) -> None:
    [before] = rows(app, WebhookEndpoint)
    browser.open(endpoint).send("/secret")
    assert browser.status == 422 and "Tick this to go on." in browser.text
    browser.send("/secret", confirm="yes")
    [after] = rows(app, WebhookEndpoint)
    assert after.secret != before.secret and after.secret in browser.text
    assert "The secret before is good until" in browser.open(endpoint).text


def test_deleting_wants_a_tick(app: Flask, browser: Browser, endpoint: str) -> None:
    browser.open(endpoint).send("/deletion")
    assert browser.status == 422
    browser.send("/deletion", confirm="yes")
    assert "The endpoint and its log are deleted." in browser.text
    assert rows(app, WebhookEndpoint) == []
    assert browser.open(endpoint).status == 404


@pytest.mark.parametrize(
    ("role", "status", "forms"),
    [("clinician", 403, 0), ("lead", 200, 5), ("administrator", 200, 0), ("researcher", 403, 0)],
)
def test_leads_change_administrators_look(
    app: Flask, world: World, lead: ProviderAccount, endpoint: str, role: str, status: int,
    forms: int,
) -> None:  # fmt: skip
    shown = signed_in(app, world, world.provider(lead.practice_id, role))
    assert shown.open("/console/settings/webhooks").status == status
    shown.open(endpoint)
    assert shown.status == status
    assert len([action for action in shown.actions if "/webhooks/" in action]) == forms
    if role == "administrator":
        form = {"csrf_token": shown.form("/sign-out").values["csrf_token"], "confirm": "yes"}
        for what in ("", "/state", "/secret", "/test", "/deletion"):
            assert shown.client.post(endpoint + what, data=form).status_code == 403


def test_another_practices_endpoint_does_not_exist(
    app: Flask, world: World, browser: Browser, endpoint: str
) -> None:
    browser.open(endpoint).send("/test")
    [delivery] = rows(app, WebhookDelivery)
    stranger = signed_in(app, world, world.provider(world.practice("Vale Surgery"), "lead"))
    assert stranger.open(endpoint).status == 404
    form = {"csrf_token": stranger.form("/sign-out").values["csrf_token"], "confirm": "yes",
            "url": "https://example.org"}  # fmt: skip
    for what in (
        "",
        "/state",
        "/secret",
        "/test",
        "/deletion",
        f"/deliveries/{delivery.id}/replay",
    ):
        assert stranger.client.post(endpoint + what, data=form).status_code == 404
    assert "The records" not in stranger.open("/console/settings/webhooks").html


def test_the_log_costs_the_same_however_long(app: Flask, browser: Browser, endpoint: str) -> None:
    def cost() -> int:
        with statements(app) as seen:
            browser.open(endpoint)
        return len(seen)

    browser.open(endpoint).send("/test")
    few = cost()
    for _ in range(30):
        browser.send("/test")
    assert cost() == few
    assert browser.text.count("Send again") == 25
    [earlier] = [link for link in browser.links if "cursor=" in link]
    assert "Newest" in browser.open(earlier).text
