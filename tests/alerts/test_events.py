"""The feed's events: every change in order, the same by every way in, and nobody else's."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from backend.alerts.event_formats import (
    ATOM,
    HISTORY,
    archive_stretch,
    newest_stretch,
    server_sent,
)
from backend.alerts.events import TYPES, evidence_action
from backend.alerts.models import Alert, AlertEvent
from backend.core.clock import MovableClock
from tests.backstage import at_once, rows
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.world import Caller, World

NS = {"atom": ATOM, "fh": HISTORY}


@pytest.fixture
def patient(app: Flask, clock: MovableClock, clinician: Caller) -> UUID:
    [made] = crowd(app, clinician.practice_id, 1, clock.now() + timedelta(days=30))
    return made


def read(world: World, caller: Caller, after: str = "0", limit: int = 100) -> dict[str, Any]:
    world.sign_in(caller)
    page: dict[str, Any] = world.ok(
        world.get(f"/v1/alerts/events?after={after}&limit={limit}", caller)
    )
    return page


def types(page: dict[str, Any]) -> list[str]:
    return [event["type"] for event in page["items"]]


def act(world: World, caller: Caller, alert_id: UUID, action: str, **body: Any) -> None:
    world.ok(world.post(f"/v1/alerts/{alert_id}/{action}", caller, body))


def test_a_life_of_an_alert_is_told_in_order(
    app: Flask, world: World, clinician: Caller, patient: UUID, clock: MovableClock
) -> None:
    [alert] = raise_alert(app, clinician.practice_id, patient, **OF_TIER[2])
    raise_alert(app, clinician.practice_id, patient, **OF_TIER[2])
    clock.move_by(days=5)
    world.tick()
    world.sign_in(clinician)
    world.alerts(clinician)
    act(world, clinician, alert.id, "acknowledge")
    act(world, clinician, alert.id, "start")
    act(world, clinician, alert.id, "contacts", reached=True)
    act(world, clinician, alert.id, "resolve", code="contacted")
    act(world, clinician, alert.id, "reopen", note="It came back.")
    act(world, clinician, alert.id, "dismiss", note="Seen today.")
    page = read(world, clinician)
    assert types(page) == [
        "alert.raised",
        "alert.evidence-added",
        "alert.escalated",
        "alert.acknowledged",
        "alert.started",
        "alert.contact-recorded",
        "alert.resolved",
        "alert.reopened",
        "alert.dismissed",
    ]
    others = {"alert.tier-raised", "alert.times-changed"}
    owned = {"alert.assigned", "alert.taken", "alert.handed-over", "alert.released"}
    assert set(types(page)) | others | owned == set(TYPES.values())
    first = page["items"][0]
    assert (first["tier"], first["status"], first["actor_role"]) == (2, "new", "system")
    assert first["patient_id"] == str(patient)
    assert "Crowd" not in json.dumps(page)
    # That it was shown on a screen is kept in the alert's history, and is no news to a machine.
    kept = rows(app, AlertEvent, AlertEvent.alert_id == alert.id)
    assert [event.action for event in kept if event.feed_version is None] == ["deliver"]


@pytest.mark.parametrize(("before", "after", "action"), [(2, 2, "evidence"), (2, 1, "raise-tier")])
def test_a_tier_that_rises_is_an_event_of_its_own(before: int, after: int, action: str) -> None:
    assert evidence_action(before, after) == action


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_reading_on_gives_each_once(
    app: Flask, world: World, clinician: Caller, clock: MovableClock, limit: int
) -> None:
    for person in crowd(app, clinician.practice_id, 4, clock.now() + timedelta(days=30)):
        raise_alert(app, clinician.practice_id, person, **OF_TIER[3])
    found, place, more = [], "0", True
    while more:
        page = read(world, clinician, place, limit)
        found += [event["id"] for event in page["items"]]
        place, more = page["place"], page["more"]
    assert len(found) == len(set(found)) == 4
    assert read(world, clinician, place) == {"items": [], "place": place, "more": False}
    assert read(world, clinician, "latest")["place"] == place


def test_several_alerts_of_one_transaction_are_all_told(
    app: Flask, world: World, clinician: Caller, patient: UUID
) -> None:
    raise_alert(app, clinician.practice_id, patient, **OF_TIER[2])
    raise_alert(app, clinician.practice_id, patient, **OF_TIER[3])
    first = read(world, clinician, limit=1)
    assert len(read(world, clinician, first["place"])["items"]) == 1


@pytest.mark.parametrize(
    "place", ["x", "1", "-", "1-2", "1-" + "0" * 40, "٣-" + "0" * 32, "9" * 30]
)
def test_a_place_that_is_none_is_refused(world: World, clinician: Caller, place: str) -> None:
    for address in ("events", "stream"):
        answer = world.get(f"/v1/alerts/{address}?after={place}", clinician)
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["field"] == "after"


def test_nobody_elses_events_are_told(
    app: Flask, world: World, clinician: Caller, patient: UUID
) -> None:
    raise_alert(app, clinician.practice_id, patient, **OF_TIER[2])
    stranger = world.provider(world.practice("Vale Surgery"))
    assert read(world, stranger)["items"] == []
    mine = read(world, clinician)["place"]
    assert read(world, stranger, mine)["items"] == []
    entries = ElementTree.fromstring(world.get("/v1/alerts/events.atom", stranger).get_data())
    assert entries.findall("atom:entry", NS) == []


def test_every_way_in_tells_the_same(
    app: Flask, world: World, clinician: Caller, clock: MovableClock
) -> None:
    for person in crowd(app, clinician.practice_id, 3, clock.now() + timedelta(days=30)):
        raise_alert(app, clinician.practice_id, person, **OF_TIER[3])
        clock.move_by(minutes=1)
    by_rest = read(world, clinician)["items"]
    stream = world.get("/v1/alerts/stream", clinician)
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    said = stream.get_data(as_text=True)
    assert [json.loads(line[6:]) for line in said.splitlines() if line.startswith("data: ")] == (
        by_rest
    )
    assert [line[4:] for line in said.splitlines() if line.startswith("id: ")] == [
        event["place"] for event in by_rest
    ]
    feed = ElementTree.fromstring(world.get("/v1/alerts/events.atom", clinician).get_data())
    entries = feed.findall("atom:entry", NS)
    told = [json.loads(entry.findtext("atom:content", "", NS)) for entry in entries]
    assert told == by_rest[::-1]
    assert [entry.findtext("atom:id", "", NS) for entry in entries] == [
        f"urn:uuid:{event['id']}" for event in by_rest[::-1]
    ]


def test_a_stream_goes_on_after_the_last_event_id(
    app: Flask, world: World, clinician: Caller, clock: MovableClock
) -> None:
    for person in crowd(app, clinician.practice_id, 2, clock.now() + timedelta(days=30)):
        raise_alert(app, clinician.practice_id, person, **OF_TIER[3])
    first, second = read(world, clinician)["items"]
    again = world.get("/v1/alerts/stream?after=0", clinician, {"Last-Event-ID": first["place"]})
    said = again.get_data(as_text=True)
    assert second["id"] in said and first["id"] not in said


def test_an_unchanged_atom_feed_is_not_sent_again(
    app: Flask, world: World, clinician: Caller, patient: UUID
) -> None:
    raise_alert(app, clinician.practice_id, patient, **OF_TIER[2])
    etag = world.get("/v1/alerts/events.atom", clinician).headers["ETag"]
    seen = {"If-None-Match": etag}
    assert world.get("/v1/alerts/events.atom", clinician, seen).status_code == 304
    raise_alert(app, clinician.practice_id, patient, **OF_TIER[3])
    assert world.get("/v1/alerts/events.atom", clinician, seen).status_code == 200


def entries_of(feed: ElementTree.Element) -> list[str]:
    return [
        json.loads(entry.findtext("atom:content", "", NS))["id"]
        for entry in feed.findall("atom:entry", NS)
    ]


def link_of(feed: ElementTree.Element, relation: str) -> str | None:
    found = feed.find(f"atom:link[@rel='{relation}']", NS)
    return None if found is None else found.attrib["href"].removeprefix("http://localhost:8000")


@pytest.mark.parametrize("count", [0, 49, 50, 101, 160])
def test_every_event_is_reached_by_the_links_of_the_atom_feed(
    app: Flask, world: World, clinician: Caller, clock: MovableClock, count: int
) -> None:
    opens_at = clock.now() + timedelta(days=30)
    for person in crowd(app, clinician.practice_id, count, opens_at) if count else ():
        raise_alert(app, clinician.practice_id, person, **OF_TIER[3])
    by_rest, place, more = [], "0", True
    while more:
        page = read(world, clinician, place)
        by_rest += [event["id"] for event in page["items"]]
        place, more = page["place"], page["more"]
    found: list[str] = []
    address: str | None = "/v1/alerts/events.atom"
    while address:
        document = world.get(address, clinician)
        feed = ElementTree.fromstring(document.get_data())
        is_archive = "archive=" in address
        assert (feed.find("fh:archive", NS) is not None) is is_archive
        assert link_of(feed, "self") == address
        assert link_of(feed, "current") == ("/v1/alerts/events.atom" if is_archive else None)
        found += entries_of(feed)
        address = link_of(feed, "prev-archive")
    assert found == by_rest[::-1] and len(found) == count


@given(st.integers(0, 1000))
def test_the_documents_of_the_atom_feed_leave_out_no_version(version: int) -> None:
    newest = newest_stretch(version)
    told, number = [*range(newest.above + 1, version + 1)], newest.before
    while number is not None:
        archive = archive_stretch(number, version)
        assert archive is not None and archive.up_to is not None
        told = [*range(archive.above + 1, archive.up_to + 1), *told]
        number = archive.before
    assert told == [*range(1, version + 1)]


def test_an_archive_is_the_same_for_good(
    app: Flask, world: World, clinician: Caller, clock: MovableClock
) -> None:
    people = crowd(app, clinician.practice_id, 170, clock.now() + timedelta(days=30))
    address = "/v1/alerts/events.atom?archive=0"
    assert world.get(address, clinician).status_code == 404
    for person in people[:60]:
        raise_alert(app, clinician.practice_id, person, **OF_TIER[3])
    first = world.get(address, clinician)
    for person in people[60:]:
        raise_alert(app, clinician.practice_id, person, **OF_TIER[3])
    again = world.get(address, clinician)
    assert entries_of(ElementTree.fromstring(first.get_data())) == entries_of(
        ElementTree.fromstring(again.get_data())
    )
    assert first.headers["ETag"] == again.headers["ETag"]
    kept = {"If-None-Match": first.headers["ETag"]}
    assert world.get(address, clinician, kept).status_code == 304
    middle = ElementTree.fromstring(world.get(address.replace("=0", "=1"), clinician).get_data())
    assert (link_of(middle, "prev-archive"), link_of(middle, "next-archive")) == (
        "/v1/alerts/events.atom?archive=0",
        "/v1/alerts/events.atom?archive=2",
    )
    stranger = world.provider(world.practice("Vale Surgery"))
    assert world.get(address, stranger).status_code == 404


def test_writers_at_once_leave_no_gap_behind_a_reader(
    app: Flask, world: World, clinician: Caller, clock: MovableClock
) -> None:
    people = crowd(app, clinician.practice_id, 24, clock.now() + timedelta(days=30))
    seen: list[str] = []

    def write(person: UUID) -> None:
        raise_alert(app, clinician.practice_id, person, **OF_TIER[3])

    def follow() -> None:
        place, client = "0", app.test_client()
        while len(seen) < len(people):
            answer = client.get(f"/v1/alerts/events?after={place}", headers=clinician.headers)
            page = answer.get_json()
            seen.extend(event["id"] for event in page["items"])
            place = page["place"]

    at_once(follow, *[lambda person=person: write(person) for person in people])
    assert len(set(seen)) == len(seen) == len(people)
    versions = {row.feed_version for row in rows(app, Alert)}
    assert versions == set(range(1, len(people) + 1))


WORDS = st.fixed_dictionaries({"title": st.text(), "rule": st.text()})


@given(st.lists(WORDS))
def test_a_stream_holds_one_event_a_block_whatever_the_words(events: list[dict[str, str]]) -> None:
    made = [{**each, "place": "1-x", "type": "alert.raised"} for each in events]
    said = server_sent(made)
    lines = [line for line in said.split("\n") if line.startswith("data: ")]
    assert [json.loads(line[6:]) for line in lines] == made
    assert said.count("\n\n") == len(made)
