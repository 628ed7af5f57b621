"""A patient's timeline: one list of what happened, whatever it was."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise

import pytest
from flask import Flask

from backend.console import timeline
from tests.backstage import statements
from tests.browser import Browser, assert_is_a_safe_page
from tests.console.test_console import signed_in
from tests.world import PatientAccount, ProviderAccount, World


@pytest.fixture
def clinician(world: World) -> ProviderAccount:
    return world.provider(world.practice())


@pytest.fixture
def patient(world: World, clinician: ProviderAccount) -> PatientAccount:
    """One of whom there is something of every kind to tell."""
    patient = world.onboarded(clinician, 2, given_name="Rosamund", family_name="Quillfeather")
    world.weekly(patient, 2)
    world.deliver()
    world.next_week(patient)
    world.clock.move_by(days=6, hours=23)
    world.tick()
    world.weekly(patient, 9)
    world.sign_in(clinician)
    for alert in world.alerts(clinician):
        world.ok(world.post(f"/v1/alerts/{alert['id']}/acknowledge", clinician))
        contact = {"reached": False, "note": "No answer at noon."}
        world.ok(world.post(f"/v1/alerts/{alert['id']}/contacts", clinician, contact))
    address = f"/v1/patients/{patient.id}"
    world.ok(world.post(f"{address}/consultations", clinician))
    world.ok(world.post(f"{address}/notes", clinician, {"text": "Prefers the evening."}))
    return patient


@pytest.fixture
def browser(
    app: Flask, world: World, clinician: ProviderAccount, patient: PatientAccount
) -> Browser:
    return signed_in(app, world, clinician)


def entries(browser: Browser) -> list[tuple[datetime, str]]:
    """When and what, as the page tells it."""
    found = re.findall(
        r'<li>\s*<p class="at"><time datetime="([^"]+)">.*?<div>(.*?)</div>', browser.html, re.S
    )
    return [(datetime.fromisoformat(at), re.sub(r"<[^>]+>|\s+", " ", said)) for at, said in found]


def test_everything_that_happened_stands_in_one_list_newest_first(
    browser: Browser, patient: PatientAccount
) -> None:
    browser.open(f"/console/patients/{patient.id}/timeline")
    assert browser.status == 200, browser.text
    times = [at for at, _ in entries(browser)]
    assert all(later >= earlier for later, earlier in pairwise(times))
    for words in (
        "Note , by Dr Clinician",
        "Prefers the evening.",
        "Consultation with Dr Clinician",
        "Risk score is rising",
        "contact recorded , by Dr Clinician",
        "Patient not reached",
        "No answer at noon.",
        "Weekly check-in 1 answered",
        "Weekly check-in 2 closed without an answer",
        "Risk group: low",
        "Baseline answered",
        "Safety questions answered",
        "Check-in is open",
        "Agreed to take part",
        "Enrolled",
    ):
        assert words in browser.text or any(words in said for _, said in entries(browser)), words
    assert_is_a_safe_page(browser)


def test_pages_follow_each_other_without_a_gap_or_a_repetition(
    browser: Browser, patient: PatientAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = entries(browser.open(f"/console/patients/{patient.id}/timeline"))
    monkeypatch.setattr("backend.console.pages.ENTRIES", 4)
    browser.open(f"/console/patients/{patient.id}/timeline")
    found = entries(browser)
    while more := [link for link in browser.links if "cursor=" in link]:
        browser.open(more[0].replace("&amp;", "&"))
        found += entries(browser)
    assert found == whole
    assert len(found) > 12


@pytest.mark.parametrize("of", timeline.FILTERS)
def test_one_sort_of_thing_can_be_looked_at_alone(
    browser: Browser, patient: PatientAccount, of: str
) -> None:
    everything = entries(browser.open(f"/console/patients/{patient.id}/timeline"))
    browser.open(f"/console/patients/{patient.id}/timeline?of={of}")
    found = entries(browser)
    assert set(found) < set(everything)
    assert found or of == "plan"


def test_a_page_takes_as_many_queries_whatever_happened(
    app: Flask, world: World, browser: Browser, patient: PatientAccount, clinician: ProviderAccount
) -> None:
    def queries() -> int:
        with statements(app) as seen:
            browser.open(f"/console/patients/{patient.id}/timeline")
        return len(seen)

    before = queries()
    world.sign_in(clinician)
    for number in range(20):
        note = {"text": f"Note {number}"}
        world.ok(world.post(f"/v1/patients/{patient.id}/notes", clinician, note))
    assert queries() == before <= 12


def test_the_timeline_is_the_care_teams_and_of_their_own_practice(
    app: Flask, world: World, browser: Browser, patient: PatientAccount, clinician: ProviderAccount
) -> None:
    address = f"/console/patients/{patient.id}/timeline"
    administrator = signed_in(app, world, world.provider(clinician.practice_id, "administrator"))
    assert administrator.open(address).status == 403
    stranger = signed_in(app, world, world.provider(world.practice("Vale Surgery")))
    assert stranger.open(address).status == 404
    assert "Quillfeather" not in stranger.html
    for query in ("?of=nothing", "?cursor=made-up"):
        assert browser.open(address + query).status == 422
