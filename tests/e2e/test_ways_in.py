"""The ways into the alert feed over a real socket: many writers, many readers, and what is killed.

A reader must be told every event, once for each id, in order for each alert, whatever breaks.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import requests
from flask import Flask

from backend.hooks.models import WebhookDelivery
from tests.backstage import at_once, rows
from tests.browser import Browser
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.e2e.processes import Process, Site, wait_for
from tests.e2e.ways_in import AtomReader, ConsoleReader, Reader, RestReader, StreamReader, by_alert
from tests.hooks.receiver import Receiver, Reply
from tests.world import PASSWORD, Caller, ProviderAccount, World

WRITERS, READERS = 50, 20
RAISED_AND_MORE = ("alert.raised", "alert.evidence-added")


@pytest.mark.parametrize("way", [StreamReader, RestReader, AtomReader, ConsoleReader])
def test_every_reader_sees_every_event_once_and_in_order(
    app: Flask, world: World, site: Site, way: type[Reader]
) -> None:
    clinician = world.provider(world.practice())
    people = crowd(app, clinician.practice_id, WRITERS, world.clock.now() + timedelta(days=30))
    server = site.stream()
    is_console = way is ConsoleReader
    headers = _cookie(app, clinician) if is_console else clinician.headers
    readers = [way(site.url, headers) for _ in range(READERS)]
    try:
        wait_for(lambda: all(reader.answered.is_set() for reader in readers), "the readers", site)
        half = WRITERS // 2
        _write(app, clinician, people[:half])
        server = _restart(site, server)
        _write(app, clinician, people[half:])
        # Twice each: raised, then evidence added to the open alert.
        _write(app, clinician, people)
        wait_for(
            lambda: all(len(reader.events) >= 2 * WRITERS for reader in readers),
            "every event at every reader",
            site,
        )
    finally:
        for reader in readers:
            reader.stop()
    expected = [event["id"] for event in readers[0].events]
    assert len(set(expected)) == 2 * WRITERS
    for reader in readers:
        assert [event["id"] for event in reader.events] == expected
        assert reader.statuses <= {200, 304}
        assert set(map(tuple, by_alert(reader.events).values())) == {RAISED_AND_MORE}


def test_every_endpoint_is_sent_every_event_in_order(app: Flask, world: World, site: Site) -> None:
    """Twenty endpoints; the receiver and the worker are killed in between, and started again."""
    lead = world.provider(world.practice(), "lead")
    people = crowd(app, lead.practice_id, WRITERS, world.clock.now() + timedelta(days=30))
    receiver = Receiver()
    paths = [f"/{number}" for number in range(READERS)]
    for path in paths:
        body = {"url": receiver.url + path}
        world.ok(world.post("/v1/webhook-endpoints", lead, body))
    first, second = site.worker(), site.worker()
    try:
        third = WRITERS // 3
        _write(app, lead, people[:third])
        wait_for(lambda: len(receiver.received) > 2 * READERS, "the first webhooks", site)
        receiver.stop()
        _write(app, lead, people[third : 2 * third])
        receiver.start()
        wait_for(lambda: len(receiver.received) > third * READERS, "the receiver's return", site)
        first.kill()
        _write(app, lead, people[2 * third :])
        second.kill()
        site.worker()
        site.worker()
        _write(app, lead, people)
        wait_for(
            lambda: all(len({g.id for g in receiver.at(p)}) == 2 * WRITERS for p in paths),
            "every event at every endpoint",
            site,
            seconds=120,
        )
    finally:
        receiver.stop()
    expected = [event["id"] for event in _all_events(world, lead)]
    assert len(set(expected)) == 2 * WRITERS
    for path in paths:
        once = {got.id: got.event["data"] for got in receiver.at(path)}
        assert list(once) == expected
        assert set(map(tuple, by_alert(list(once.values())).values())) == {RAISED_AND_MORE}


def test_endpoints_that_never_answer_hold_up_nobody(app: Flask, world: World, site: Site) -> None:
    silent, good, released = Receiver(), Receiver(), threading.Event()

    def hang(got: Any) -> Reply:
        released.wait(60)
        return Reply()

    silent.reply = hang
    lead = world.provider(world.practice(), "lead")
    for number in range(READERS):
        world.ok(world.post("/v1/webhook-endpoints", lead, {"url": f"{silent.url}/{number}"}))
    other = world.provider(world.practice("Vale Surgery"), "lead")
    world.ok(world.post("/v1/webhook-endpoints", other, {"url": good.url}))
    for whose in (lead, other):
        [person] = crowd(app, whose.practice_id, 1, world.clock.now() + timedelta(days=30))
        raise_alert(app, whose.practice_id, person, **OF_TIER[3])
    site.worker()
    try:
        wait_for(lambda: len(silent.received) == READERS, "all that hang", site)
        raise_alert(app, other.practice_id, person, **OF_TIER[2])
        wait_for(lambda: len(good.received) == 2, "the one that answers", site)
        assert rows(app, WebhookDelivery, WebhookDelivery.practice_id == lead.practice_id) == []
    finally:
        released.set()
        silent.stop()
        good.stop()


def test_whoever_may_not_read_is_told_so(world: World, site: Site) -> None:
    site.stream()
    answer = requests.get(f"{site.url}/v1/alerts/stream", timeout=10)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    administrator = world.provider(world.practice(), "administrator")
    refused = requests.get(
        f"{site.url}/v1/alerts/stream", headers=administrator.headers, timeout=10
    )
    assert refused.status_code == 403


def test_all_else_is_served_as_ever(world: World, site: Site) -> None:
    site.stream()
    clinician = world.provider(world.practice())
    assert requests.get(f"{site.url}/healthz", timeout=10).json() == {"status": "ok"}
    listed = requests.get(f"{site.url}/v1/alerts", headers=clinician.headers, timeout=10)
    assert listed.json()["items"] == []
    wrong = requests.post(f"{site.url}/v1/sign-in/provider", json={"email": 7}, timeout=10)
    assert wrong.status_code == 422


def _write(app: Flask, clinician: Caller, people: Any) -> None:
    calls = [
        lambda person=person: raise_alert(app, clinician.practice_id, person, **OF_TIER[3])
        for person in people
    ]
    at_once(*calls)


def _restart(site: Site, server: Process) -> Process:
    port = site.ports[0]
    server.kill()
    return site.stream(port)


def _cookie(app: Flask, account: ProviderAccount) -> dict[str, str]:
    """The cookie of somebody who has signed in to the console."""
    browser = Browser(app).open("/console/sign-in")
    code = pyotp.TOTP(account.totp_secret).at(app.extensions["clock"].now())
    browser.send("/sign-in", email=account.email, password=PASSWORD, code=code)
    assert browser.address == "/console/"
    found = browser.client.get_cookie("session")
    assert found is not None
    return {"Cookie": f"{found.key}={found.value}"}


def _all_events(world: World, caller: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    place, more = "0", True
    while more:
        page = world.ok(world.get(f"/v1/alerts/events?after={place}", caller))
        found, place, more = [*found, *page["items"]], page["place"], page["more"]
    return found
