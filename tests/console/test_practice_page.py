"""The practice's page: alerts by week, rule and tier, response times, budget, reach and dose."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from backend.console.bars import PHONE, Bars, bars
from backend.core import tenancy
from backend.core.clock import MovableClock
from backend.core.database import unit_of_work
from backend.core.identity import Actor, become
from backend.core.ids import new_id
from backend.quality import service as quality
from backend.quality.overview import Overview
from tests.backstage import statements
from tests.browser import Browser, assert_is_a_safe_page
from tests.console.test_console import signed_in
from tests.crowd import OF_TIER, raise_alert
from tests.world import ProviderAccount, World


@pytest.fixture
def lead(world: World) -> ProviderAccount:
    return world.provider(world.practice(), "lead", name="Dr Lead")


@pytest.fixture
def browser(app: Flask, world: World, lead: ProviderAccount) -> Browser:
    return signed_in(app, world, lead)


def overview(app: Flask, lead: ProviderAccount, weeks: int = 4) -> Overview:
    with app.app_context(), tenancy.across_practices(), unit_of_work():
        become(Actor(lead.id, lead.practice_id, "lead", new_id()))
        return quality.overview(weeks)


def alert(app: Flask, world: World, lead: ProviderAccount, tier: int) -> str:
    """An alert of a tier about somebody new; its id."""
    world.sign_in(lead)
    patient = world.enrol(lead)
    [made] = raise_alert(app, lead.practice_id, patient.id, **OF_TIER[tier])
    return str(made.id)


def act(world: World, lead: ProviderAccount, alert_id: str, what: str, **body: str) -> None:
    world.sign_in(lead)
    world.ok(world.post(f"/v1/alerts/{alert_id}/{what}", lead, body))


def to(clock: MovableClock, weekday: int, hour: int, minute: int = 0) -> None:
    """Wait for the next such time of the week in London (Monday 0), in summer time."""
    at = clock.now() + timedelta(hours=1)
    ahead = (weekday - at.weekday()) % 7 or 7
    midnight = (at + timedelta(days=ahead)).replace(hour=0, minute=0, second=0, microsecond=0)
    clock.move_to(midnight + timedelta(hours=hour - 1, minutes=minute))


def test_response_times_are_minutes_of_service_worked_by_hand(
    app: Flask, world: World, lead: ProviderAccount, clock: MovableClock
) -> None:
    to(clock, 1, 11)
    quick = alert(app, world, lead, 1)
    clock.move_by(minutes=30)
    act(world, lead, quick, "acknowledge")
    to(clock, 2, 17, 30)
    over_night = alert(app, world, lead, 1)
    to(clock, 3, 8, 45)
    act(world, lead, over_night, "acknowledge")
    to(clock, 4, 17)
    over_the_weekend = alert(app, world, lead, 1)
    to(clock, 0, 9)
    act(world, lead, over_the_weekend, "acknowledge")
    nobody = alert(app, world, lead, 1)
    clock.move_by(hours=2)
    alert(app, world, lead, 3)
    found = {each.tier: each for each in overview(app, lead).responses}
    # 30 minutes; 30 in the evening and 45 in the morning; 60 on Friday and 60 on Monday.
    first = found[1]
    assert (first.taken_up, first.median) == (3, 75)
    assert first.p90 == round(75 + 0.8 * 45)
    # In an hour of service: the first alone of four that were due.
    assert (first.in_time.done, first.in_time.of) == (1, 4), nobody
    # Not due yet, and not taken up: nothing can be said.
    third = found[3]
    assert (third.in_time.of, third.taken_up, third.median, third.p90) == (0, 0, None, None)


def test_alerts_are_counted_by_week_and_by_rule(
    app: Flask, world: World, lead: ProviderAccount, clock: MovableClock
) -> None:
    to(clock, 1, 11)
    before = clock.now().date() - timedelta(days=1)
    for _ in range(2):
        closed = alert(app, world, lead, 3)
    act(world, lead, closed, "acknowledge")
    act(world, lead, closed, "dismiss", note="Known.")
    to(clock, 6, 23, 59)
    alert(app, world, lead, 1)
    to(clock, 0, 0, 1)
    alert(app, world, lead, 1)
    found = overview(app, lead, 2)
    assert found.raised == {before: {3: 2, 1: 1}, before + timedelta(days=7): {1: 1}}
    [one, three] = sorted(found.rules, key=lambda each: each.tier)
    assert (one.raised, one.dismissed, three.raised, three.dismissed) == (2, 0, 2, 1)
    by_tier = {each.tier: each for each in found.open_now}
    assert (by_tier[1].count, by_tier[3].count, by_tier[1].pool) == (2, 1, 2)


def test_reach_is_told_with_what_it_is_of(
    app: Flask, world: World, lead: ProviderAccount, clock: MovableClock
) -> None:
    world.enrol(lead)
    world.patient(lead)
    answering = world.onboarded(lead)
    world.weekly(answering)
    reach = overview(app, lead).reach
    assert (reach.enrolled, reach.joined.done, reach.answered.done) == (3, 2, 1)
    assert (reach.answering.done, reach.answering.of, reach.left.done) == (1, 2, 0)
    clock.move_by(days=60)
    later = overview(app, lead).reach
    assert (later.enrolled, later.joined.percent) == (0, None)
    assert (later.answering.done, later.answering.of) == (0, 2)


def test_the_page_of_an_empty_practice_says_so(browser: Browser) -> None:
    browser.open("/console/practice")
    assert browser.status == 200
    for words in ("Nothing is open.", "None was raised.", "There is nothing to measure yet."):
        assert words in browser.text
    assert "<svg" not in browser.html
    assert_is_a_safe_page(browser)


def test_the_page_shows_pictures_with_their_tables(
    app: Flask, world: World, lead: ProviderAccount, browser: Browser
) -> None:
    for tier in (1, 2, 3, 3):
        alert(app, world, lead, tier)
    browser.open("/console/practice?weeks=4")
    assert "The practice in the last 4 weeks" in browser.text
    assert browser.html.count("<svg") == 2, "one for each width"
    assert browser.html.count('aria-hidden="true"') >= 2
    assert "2 open" in browser.text
    assert_is_a_safe_page(browser)
    assert "in the last 12 weeks" in browser.open("/console/practice?weeks=1000").text


def test_the_page_costs_the_same_with_more_alerts(
    app: Flask, world: World, lead: ProviderAccount, browser: Browser
) -> None:
    def cost() -> int:
        with statements(app) as seen:
            browser.open("/console/practice?weeks=26")
        return len(seen)

    for tier in (1, 2, 3):
        alert(app, world, lead, tier)
    few = cost()
    for tier in (1, 2, 3, 3, 2, 1):
        alert(app, world, lead, tier)
    assert cost() == few


@pytest.mark.parametrize(
    ("role", "status"),
    [("clinician", 403), ("lead", 200), ("administrator", 200), ("researcher", 403)],
)
def test_it_is_for_who_runs_the_practice(
    app: Flask, world: World, lead: ProviderAccount, role: str, status: int
) -> None:
    shown = signed_in(app, world, world.provider(lead.practice_id, role))
    assert shown.open("/console/practice").status == status


def test_another_practices_alerts_are_not_counted(
    app: Flask, world: World, lead: ProviderAccount
) -> None:
    elsewhere = world.provider(world.practice("Vale Surgery"), "lead")
    alert(app, world, elsewhere, 1)
    found = overview(app, lead)
    assert (found.open_now, found.rules, found.responses) == ([], [], [])
    assert found.reach.enrolled == 0


def test_bars_stand_for_each_week_and_kind() -> None:
    weeks = [date(2026, 8, 3) + timedelta(days=7 * n) for n in range(12)]
    counts = {"tier-1": [0, 1] * 6, "tier-2": [3] * 12}
    drawn = bars(Bars(weeks, counts))
    assert drawn.count("<rect") >= 24
    assert 'class="series tier-1"' in drawn and 'class="series tier-2"' in drawn
    assert "3 Aug" in drawn and "<script" not in drawn and "<style" not in drawn
    assert bars(Bars(weeks, counts), PHONE).count("Aug") < drawn.count("Aug")
    assert bars(Bars(weeks, {"tier-1": [0] * 12})) == ""
