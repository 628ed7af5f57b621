"""Consultations in the console: recorded, rated by oneself and by others, and sampled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from backend.core.clock import MovableClock
from backend.quality.models import Consultation, ConsultationRating
from tests.backstage import rows, statements
from tests.browser import Browser, assert_is_a_safe_page
from tests.console.test_console import signed_in
from tests.quality.team import CHECKLIST, Team
from tests.world import Caller, PatientAccount, ProviderAccount, World


@pytest.fixture
def team(world: World) -> Team:
    learner = world.provider(world.practice(), name="Dr Learner")
    return Team(world, learner.practice_id, learner)


@pytest.fixture
def patient(team: Team, world: World) -> PatientAccount:
    """A patient of high risk."""
    return world.onboarded(team.lead, 10)


def window(app: Flask, world: World, caller: Caller) -> Browser:
    assert isinstance(caller, ProviderAccount)
    return signed_in(app, world, caller)


def filled(score: str = "2", **changes: str) -> dict[str, str]:
    sheet = {f"score.{item.id}": score for item in CHECKLIST.items}
    return sheet | {f"score.{name.removeprefix('item_')}": v for name, v in changes.items()}


def test_a_consultation_is_recorded_and_rated_by_who_held_it(
    app: Flask, world: World, team: Team, patient: PatientAccount, clock: MovableClock
) -> None:
    browser = window(app, world, team.learner).open(f"/console/patients/{patient.id}")
    assert f"/console/patients/{patient.id}/consultations" in browser.links
    browser.open(f"/console/patients/{patient.id}/consultations")
    assert "None is recorded." in browser.text
    assert_is_a_safe_page(browser)
    browser.send("/consultations")
    assert "The consultation is recorded." in browser.text and "Rate yourself" in browser.text
    [held] = rows(app, Consultation)
    assert timedelta(0) <= clock.now() - held.held_at < timedelta(minutes=1)
    browser.send("/ratings", **filled("2", item_7="0"), skill="4")
    assert "Your rating is kept." in browser.text
    assert "59 %, low" in browser.text and "Skill: 4. Alliance: not rated." in browser.text
    assert all(not action.endswith("/ratings") for action in browser.actions)
    assert_is_a_safe_page(browser)


@pytest.mark.parametrize("said", ["", "yesterday", "2020-01-01T10:00", "2099-01-01T10:00"])
def test_a_time_that_cannot_be_is_told_beside_its_field(
    app: Flask, world: World, team: Team, patient: PatientAccount, said: str
) -> None:
    browser = window(app, world, team.learner)
    browser.open(f"/console/patients/{patient.id}/consultations")
    browser.send("/consultations", held_at=said)
    assert browser.status == 422
    assert 'id="held_at-error"' in browser.html
    assert rows(app, Consultation) == []


def test_the_time_is_the_practices_own(
    app: Flask, world: World, team: Team, patient: PatientAccount, clock: MovableClock
) -> None:
    browser = window(app, world, team.learner)
    browser.open(f"/console/patients/{patient.id}/consultations")
    presently = browser.form("/consultations").values["held_at"]
    browser.send("/consultations", held_at=f"{presently[:10]}T00:01")
    [held] = rows(app, Consultation)
    wall = browser.open(f"/console/consultations/{held.id}").text
    assert ", 00:01 " in wall


def test_an_item_left_out_is_named_and_the_rest_stays(
    app: Flask, world: World, team: Team, patient: PatientAccount
) -> None:
    made = team.consult(patient)
    browser = window(app, world, team.lead).open(f"/console/consultations/{made['id']}")
    sheet = filled("1")
    del sheet["score.4"]
    sheet["score.5"] = "na"
    browser.send("/ratings", **sheet)
    assert browser.status == 422
    assert 'id="score-4-error"' in browser.html and 'id="score-5-error"' not in browser.html
    kept = browser.form("/ratings").values
    assert "score.4" not in kept and kept["score.5"] == "na" and kept["score.6"] == "1"
    browser.send("/ratings", **{"score.4": "0"})
    assert browser.status == 200
    [rating] = rows(app, ConsultationRating)
    assert rating.scores["5"] is None and rating.scores["4"] == 0


def test_an_observer_sees_other_ratings_only_after_the_own_one(
    app: Flask, world: World, team: Team, patient: PatientAccount
) -> None:
    made = team.consult(patient)
    team.rate(made, team.learner, 2)
    browser = window(app, world, team.lead).open(f"/console/consultations/{made['id']}")
    assert "Rate as an observer" in browser.text and "100 %" not in browser.text
    browser.send("/ratings", **filled("1"))
    assert "Own rating" in browser.text and "100 %, high" in browser.text
    assert "Observer 1" in browser.text and "50 %, low" in browser.text
    form = {"csrf_token": browser.form("/sign-out").values["csrf_token"], **filled()}
    answer = browser.client.post(f"/console/consultations/{made['id']}/ratings", data=form)
    assert answer.status_code == 409
    assert "You have rated this consultation." in answer.get_data(as_text=True)


def test_what_should_not_happen_is_counted_apart(
    app: Flask, world: World, team: Team, patient: PatientAccount
) -> None:
    made = team.consult(patient)
    browser = window(app, world, team.lead).open(f"/console/consultations/{made['id']}")
    form = {**browser.form("/ratings").values, **filled("2"), "prohibited": ["P1", "P3"]}
    shown = browser.client.post(browser.form("/ratings").action, data=form, follow_redirects=True)
    assert "Should not have happened: P1, P3." in shown.get_data(as_text=True)


def test_what_the_sample_asks_for_comes_first(
    app: Flask, world: World, team: Team, patient: PatientAccount
) -> None:
    light = world.onboarded(team.lead, 0)
    team.consult(light)
    wanted = team.consult(patient)
    team.consult(patient, by=team.lead)
    browser = window(app, world, team.lead).open("/console/training/observe")
    links = [link for link in browser.links if "/console/consultations/" in link]
    assert len(links) == 2, "one's own is not to be observed"
    assert links[0].endswith(wanted["id"]) and browser.text.count("Observe next") == 1
    assert_is_a_safe_page(browser)
    browser.open(links[0]).send("/ratings", **filled())
    browser.open("/console/training/observe")
    assert links[0] not in browser.links


def test_the_leads_page_tells_what_observers_saw(
    app: Flask, world: World, team: Team, patient: PatientAccount
) -> None:
    browser = window(app, world, team.lead).open("/console/practice/fidelity")
    assert "No consultation of this period has been rated." in browser.text
    made = team.consult(patient)
    for rater, score in ((team.learner, 2), (team.lead, 1), (team.colleague, 1)):
        world.ok(team.rate(made, rater, score))
    browser.open("/console/practice/fidelity?days=30")
    assert "0 of 1" in browser.text and "+50 points" in browser.text
    assert "100 % (1 of 1)" in browser.text and "Enough are rated by two." in browser.text
    assert_is_a_safe_page(browser)


def statements_of(app: Flask, browser: Browser, address: str) -> Any:
    with statements(app) as seen:
        browser.open(address)
    assert browser.status == 200
    return len(seen)


def test_lists_cost_the_same_with_more_consultations(
    app: Flask, world: World, team: Team, patient: PatientAccount
) -> None:
    browser = window(app, world, team.lead)
    addresses = (
        f"/console/patients/{patient.id}/consultations",
        "/console/training/observe",
        "/console/practice/fidelity",
        "/console/training/team",
    )
    team.rate(team.consult(patient), team.colleague)
    few = [statements_of(app, browser, address) for address in addresses]
    for _ in range(6):
        team.rate(team.consult(patient), team.colleague)
        world.provider(team.practice)
    assert [statements_of(app, browser, address) for address in addresses] == few


def test_another_practices_consultation_does_not_exist(
    app: Flask, world: World, team: Team, patient: PatientAccount
) -> None:
    made = team.consult(patient)
    stranger = signed_in(app, world, world.provider(world.practice("Vale Surgery"), "lead"))
    form = {"csrf_token": stranger.form("/sign-out").values["csrf_token"], **filled()}
    for address in (
        f"/console/consultations/{made['id']}",
        f"/console/patients/{patient.id}/consultations",
    ):
        assert stranger.open(address).status == 404
    sent = {**form, "held_at": "2026-01-01T10:00"}
    for address in (
        f"/console/consultations/{made['id']}/ratings",
        f"/console/patients/{patient.id}/consultations",
    ):
        assert stranger.client.post(address, data=sent).status_code == 404
    assert len(rows(app, Consultation)) == 1 and rows(app, ConsultationRating) == []
