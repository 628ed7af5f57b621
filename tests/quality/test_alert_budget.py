"""The alert budget: counted by the practice's own weeks, shown with its rules, never silent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from backend import worker
from backend.alerts.models import Alert
from backend.checkins.models import CheckIn
from backend.core.clock import MovableClock
from backend.practices.models import Practice
from backend.quality.alert_load import allowed, in_a_row, is_over, rate, wants_review
from tests.backstage import behind, rows, statements
from tests.console.test_console import signed_in
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.world import Caller, ProviderAccount, World

# The clock of tests begins on Tuesday, 1 September 2026.
MONDAY = date(2026, 8, 31)


@pytest.mark.parametrize(
    ("check_ins", "most"), [(0, 0), (1, 1), (12, 1), (13, 2), (25, 2), (100, 8), (101, 9)]
)
def test_the_allowance_is_rounded_up_to_whole_alerts(check_ins: int, most: int) -> None:
    assert allowed(check_ins, 8) == most
    assert not is_over(most, check_ins, 8)
    assert is_over(most + 1, check_ins, 8) is (check_ins > 0)


def test_rates_are_per_hundred_and_none_without_check_ins() -> None:
    assert (rate(3, 40), rate(0, 5), rate(2, 0)) == (7.5, 0.0, None)


@given(st.lists(st.booleans()))
def test_a_run_asks_for_a_review_once(over: list[bool]) -> None:
    asked = [wants_review(over[: n + 1], 2) for n in range(len(over))]
    runs = "".join("x" if each else " " for each in over).split()
    assert sum(asked) == sum(len(run) >= 2 for run in runs)
    assert in_a_row(over) == (len(runs[-1]) if over and over[-1] else 0)


@pytest.fixture
def lead(world: World, clinician: Caller) -> ProviderAccount:
    return world.provider(clinician.practice_id, "lead")


class Weeks:
    """Weeks of a practice with so many answered check-ins and so many alerts."""

    def __init__(self, app: Flask, clock: MovableClock, practice_id: UUID) -> None:
        self.app, self.clock, self.practice_id = app, clock, practice_id
        self.made = 0

    def week(self, check_ins: int, alerts: int, tier: int = 3) -> None:
        """Happens in the present week; then it is the Tuesday of the next."""
        self.made += 1
        people = crowd(
            self.app,
            self.practice_id,
            max(check_ins, alerts),
            self.clock.now(),
            prefix=f"+44770{self.made:02d}",
        )
        at = self.clock.now()
        with behind(self.app) as store:
            answered = update(CheckIn).where(CheckIn.patient_id.in_(people[:check_ins]))
            store.execute(answered.values(status="completed", completed_at=at))
            rest = update(CheckIn).where(CheckIn.patient_id.in_(people[check_ins:]))
            store.execute(rest.values(status="cancelled"))
        for patient in people[:alerts]:
            raise_alert(self.app, self.practice_id, patient, **OF_TIER[tier])
        self.clock.move_by(days=7)


@pytest.fixture
def weeks(app: Flask, clock: MovableClock, clinician: Caller) -> Weeks:
    return Weeks(app, clock, clinician.practice_id)


def read(world: World, who: Caller, query: str = "?weeks=3") -> dict[str, Any]:
    world.sign_in(who)
    found: dict[str, Any] = world.ok(world.get(f"/v1/practice/alert-budget{query}", who))
    return found


def tasks(app: Flask) -> list[Alert]:
    return list(rows(app, Alert, Alert.rule == "alert-load-review"))


def test_weeks_are_shown_with_their_rules(
    world: World, lead: Caller, weeks: Weeks, app: Flask
) -> None:
    weeks.week(check_ins=25, alerts=2)
    weeks.week(check_ins=10, alerts=3, tier=2)
    weeks.week(check_ins=0, alerts=1)
    found = read(world, lead)
    assert found["allowed_per_100"] == 8
    assert [
        (week["begins"], week["check_ins"], week["alerts"], week["per_100"], week["is_over"])
        for week in found["weeks"]
    ] == [
        ("2026-08-31", 25, 2, 8.0, False),
        ("2026-09-07", 10, 3, 30.0, True),
        ("2026-09-14", 0, 1, None, False),
        ("2026-09-21", 0, 0, None, False),
    ]
    assert [week["is_complete"] for week in found["weeks"]] == [True, True, True, False]
    assert [(each["alerts"], each["per_100"]) for each in found["rules"]] == [(3, 8.6), (3, 8.6)]
    titles = {alert.rule: alert.title for alert in rows(app, Alert)}
    assert {each["rule"]: each["title"] for each in found["rules"]} == titles


def test_two_weeks_over_ask_the_lead_for_a_review_once(
    app: Flask, world: World, lead: Caller, clinician: Caller, weeks: Weeks
) -> None:
    world.tick()
    for expected in (0, 1, 1):
        weeks.week(check_ins=10, alerts=3)
        world.tick()
        world.tick()
        assert len(tasks(app)) == expected
    [task] = tasks(app)
    assert (task.tier, task.patient_id, task.owner_id) == (3, None, lead.id)
    assert "3 alerts came from 10 weekly check-ins" in task.evidence[0]["why"]
    assert read(world, lead)["weeks_over"] == 3
    # A quiet week ends the run; the next run asks again, and adds to what is still open.
    weeks.week(check_ins=10, alerts=0)
    for _ in range(2):
        weeks.week(check_ins=10, alerts=3)
        world.tick()
    [task] = tasks(app)
    assert len(task.evidence) == 2


def test_a_run_after_a_closed_review_asks_again(
    app: Flask, world: World, lead: Caller, weeks: Weeks
) -> None:
    def run() -> None:
        for _ in range(2):
            weeks.week(check_ins=10, alerts=3)
            world.tick()

    run()
    [task] = tasks(app)
    world.sign_in(lead)
    for action, body in (("take", {}), ("resolve", {"code": "pathway-changed"})):
        world.ok(world.post(f"/v1/alerts/{task.id}/{action}", lead, body))
    weeks.week(check_ins=10, alerts=0)
    run()
    assert len(tasks(app)) == 2


def test_weeks_missed_by_the_clock_are_judged_later(
    app: Flask, world: World, lead: Caller, weeks: Weeks
) -> None:
    world.tick()
    for _ in range(4):
        weeks.week(check_ins=10, alerts=3)
    world.tick()
    assert len(tasks(app)) == 1


def test_a_week_is_one_of_the_practices_calendar(
    app: Flask, world: World, clock: MovableClock
) -> None:
    # Sunday 23:30 in Auckland is Sunday noon in UTC; an hour later it is Monday there.
    practice = world.practice("Harbour", "Pacific/Auckland")
    lead = world.provider(practice, "lead")
    [first, second] = crowd(app, practice, 2, clock.now() + timedelta(days=60))
    clock.move_to(datetime(2026, 9, 6, 11, 30, tzinfo=UTC))
    raise_alert(app, practice, first, **OF_TIER[3])
    clock.move_by(hours=1)
    raise_alert(app, practice, second, **OF_TIER[3])
    found = read(world, lead, "?weeks=1")
    assert [(week["begins"], week["alerts"]) for week in found["weeks"]] == [
        ("2026-08-31", 1),
        ("2026-09-07", 1),
    ]


def test_the_task_stands_in_the_feed_and_names_no_patient(
    app: Flask, world: World, lead: ProviderAccount, weeks: Weeks
) -> None:
    for _ in range(2):
        weeks.week(check_ins=10, alerts=3)
    world.tick()
    [task] = tasks(app)
    world.sign_in(lead)
    shown = world.ok(world.get(f"/v1/alerts/{task.id}", lead))
    assert (shown["alert"]["patient_id"], shown["alert"]["patient"]) == (None, None)
    assert (shown["trend"], shown["dose"]) == ([], None)
    items = world.ok(world.get("/v1/alerts?owner=me", lead))["items"]
    assert [item["id"] for item in items] == [str(task.id)]
    *_, event = world.ok(world.get("/v1/alerts/events", lead))["items"]
    assert (event["alert_id"], event["patient_id"]) == (str(task.id), None)
    browser = signed_in(app, world, lead)
    for address in ("/console/", f"/console/alerts/{task.id}"):
        page = browser.open(address)
        assert page.address == address
        assert "The practice" in page.text


def test_the_weekly_look_costs_the_same_for_many_patients(
    app: Flask, world: World, lead: Caller, weeks: Weeks
) -> None:
    costs = []
    for check_ins in (2, 60):
        weeks.week(check_ins=check_ins, alerts=0)
        with statements(app) as seen:
            worker.tick(app, "review-alert-load")
        costs.append(len(seen))
    assert costs[0] == costs[1]
    with statements(app) as seen:
        worker.tick(app, "review-alert-load")
    assert len(seen) < costs[0], "judged weeks are not judged again"
    assert rows(app, Practice)[0].load_judged_to == MONDAY + timedelta(days=14)
