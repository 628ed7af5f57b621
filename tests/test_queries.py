"""The number of SQL statements does not grow with the number of rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from backend import worker
from backend.alerts.models import Alert
from backend.core.clock import MovableClock
from backend.core.ids import new_id
from backend.instruments.models import Score
from backend.messaging.models import Communication
from backend.programme.models import Adaptation, ModuleReading, PracticeLog, QuizAttempt
from backend.risk.history import INDEX_WEEKS
from backend.risk.models import RiskAssessment
from tests.backstage import behind, rows, statements
from tests.console.test_console import signed_in
from tests.crowd import OF_TIER, crowd, raise_alert
from tests.shipped import PATHWAY
from tests.world import Caller, World

FEW, MANY = 5, 50


def cost(app: Flask, call: Callable[[], Any]) -> list[str]:
    """The statements of a call; their number is what counts, their words say which one is new."""
    with statements(app) as seen:
        call()
    assert seen
    return seen


def multiply(app: Flask, model: Any, patient: Caller, by: int, apart: timedelta) -> None:
    """Copy each of a patient's rows ``by`` times, further and further back in time."""
    found = rows(app, model, model.patient_id == patient.id)
    assert found, model
    instants = [c.key for c in model.__table__.columns if c.type.python_type is datetime]
    copies = []
    for row in found:
        for n in range(1, by + 1):
            copy = {c.key: getattr(row, c.key) for c in model.__table__.columns}
            for key in instants:
                if copy[key] is not None and key != "send_after":
                    copy[key] -= n * apart
            if "day" in copy:
                copy["day"] -= n * timedelta(days=1)
            if "scoring_version" in copy:
                copy["scoring_version"] += f" copy {n}"
            if "occurrence" in copy:
                copy["occurrence"] += f" copy {n}"
            copies.append({**copy, "id": new_id()})
    with behind(app) as session:
        session.execute(insert(model), copies)


def test_a_check_in_costs_the_same_with_a_long_history(
    app: Flask, world: World, clock: MovableClock, clinician: Caller
) -> None:
    people = [world.onboarded(clinician, 2) for _ in range(2)]
    for patient in people:
        [activity, *_] = world.ok(world.get("/v1/me/plan", patient))["activities"]
        address = f"/v1/me/activities/{activity['id']}"
        text = world.ok(world.get(address, patient))
        answers = {item["id"]: 0 for item in text["quiz"]}
        world.ok(world.post(f"{address}/quiz", patient, {"answers": answers}))
        done = {"day": clock.now().date().isoformat(), "done": True}
        world.ok(world.post(f"{address}/practice", patient, done))
    clock.move_by(days=7, hours=1)
    world.tick()
    for model in (RiskAssessment, Score, Communication, ModuleReading, QuizAttempt, PracticeLog):
        multiply(app, model, people[1], MANY, timedelta(hours=3))
    costs = []
    for patient in people:
        world.sign_in(patient)
        [check_in] = world.check_ins(patient, "weekly")
        answers = world.sheet(patient, check_in, 2)
        costs.append(cost(app, lambda p=patient, c=check_in, a=answers: world.submit(p, c, a)))
    assert rows(app, Adaptation), "the plan was looked at"
    few, many = costs
    assert len(few) == len(many), set(many) - set(few)


def test_a_week_of_which_no_rule_speaks_looks_nothing_up_for_the_rules(
    app: Flask, world: World, clinician: Caller
) -> None:
    weeks = PATHWAY.rule_book.review_weeks | INDEX_WEEKS
    assert 4 in weeks and 5 not in weeks
    patient = world.onboarded(clinician, 2)
    seen = {}
    for week in range(1, 6):
        world.sign_in(patient)
        [coming] = world.check_ins(patient, "weekly", "scheduled")
        world.clock.move_to(datetime.fromisoformat(coming["opens_at"]) + timedelta(hours=1))
        world.tick()
        world.sign_in(patient)
        [check_in] = world.check_ins(patient, "weekly")
        answers = world.sheet(patient, check_in, 2)
        seen[week] = cost(app, lambda c=check_in, a=answers: world.submit(patient, c, a))
    looked_up = ("FROM score", "FROM module_reading")
    assert all(any(table in s for s in seen[4]) for table in looked_up)
    assert not [s for s in seen[5] for table in looked_up if table in s]
    # The practice comes with the lock; its pathway is never asked for.
    for week in seen:
        assert sum("practice.pathway" in s for s in seen[week]) == 1
        assert not [s for s in seen[week] if "\nFROM practice" in s and "practice_log" not in s]


@pytest.mark.parametrize("again", [False, True], ids=["first-served", "served-before"])
def test_a_page_of_the_feed_costs_the_same_with_more_alerts(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, again: bool
) -> None:
    costs = []
    for practice, alerts in (("Hill Surgery", 3), ("Dale Surgery", 20)):
        who = world.provider(world.practice(practice))
        people = crowd(app, who.practice_id, alerts, clock.now() + timedelta(days=9))
        for n, patient in enumerate(people):
            raise_alert(app, who.practice_id, patient, **OF_TIER[1 + n % 3])
        if again:
            assert len(world.alerts(who, "?limit=100")) == alerts
        costs.append(cost(app, lambda w=who: world.alerts(w, "?limit=100")))
    few, many = costs
    assert len(few) == len(many), set(many) - set(few)


@pytest.mark.parametrize("query", ["", "?owner=pool"])
def test_the_work_list_costs_the_same_with_more_alerts(
    app: Flask, world: World, clock: MovableClock, query: str
) -> None:
    costs = []
    for practice, alerts in (("Hill Surgery", 3), ("Dale Surgery", 20)):
        who = world.provider(world.practice(practice))
        for _ in range(3):
            world.provider(who.practice_id)
        people = crowd(app, who.practice_id, alerts, clock.now() + timedelta(days=9))
        for n, patient in enumerate(people):
            raise_alert(app, who.practice_id, patient, **OF_TIER[1 + n % 3])
        browser = signed_in(app, world, who)
        costs.append(cost(app, lambda b=browser: b.open(f"/console/{query}")))
        assert browser.html.count("data-alert=") == alerts
    few, many = costs
    assert len(few) == len(many), set(many) - set(few)


def test_a_patients_page_costs_the_same_with_a_long_history(
    app: Flask, world: World, clock: MovableClock
) -> None:
    who = world.provider(world.practice())
    people = [world.onboarded(who, 6) for _ in range(2)]
    for patient in people:
        world.weekly(patient, 8)
    multiply(app, RiskAssessment, people[1], MANY, timedelta(hours=3))
    for alert in rows(app, Alert, Alert.patient_id == people[1].id):
        with behind(app) as session:
            old = {c.key: getattr(alert, c.key) for c in Alert.__table__.columns}
            closed = {"status": "resolved", "resolution": "contacted", "closed_at": clock.now()}
            session.execute(insert(Alert), [{**old, **closed, "id": new_id()} for _ in range(MANY)])
    multiply(app, Communication, people[1], MANY, timedelta(hours=3))
    multiply(app, Adaptation, people[1], MANY, timedelta(hours=3))
    browser = signed_in(app, world, who)
    for page in ("timeline", "timeline?of=texts", ""):
        costs = [
            cost(
                app,
                lambda p=patient, s=page: browser.open(f"/console/patients/{p.id}/{s}".rstrip("/")),
            )
            for patient in people
        ]
        assert browser.status == 200
        few, many = costs
        assert len(few) == len(many), set(many) - set(few)
    assert browser.html.count("/console/alerts/") > MANY


@pytest.mark.parametrize("query", ["/v1/patients?limit=100", "/v1/providers"])
def test_a_list_costs_the_same_with_more_rows(
    app: Flask, world: World, clock: MovableClock, query: str
) -> None:
    costs = []
    for practice, count in (("Hill Surgery", 3), ("Dale Surgery", 20)):
        who = world.provider(world.practice(practice), "administrator")
        crowd(app, who.practice_id, count, clock.now() + timedelta(days=9))
        costs.append(cost(app, lambda w=who: world.ok(world.get(query, w))))
    few, many = costs
    assert len(few) == len(many), set(many) - set(few)


@pytest.mark.parametrize(
    ("job", "status", "age"),
    [
        ("open-check-ins", "scheduled", timedelta(0)),
        ("plan-reminders", "open", timedelta(0)),
        ("ask-for-calls", "open", timedelta(days=5)),
        ("close-check-ins", "open", timedelta(days=7)),
    ],
)
def test_a_tick_costs_the_same_with_more_due(
    app: Flask,
    world: World,
    clock: MovableClock,
    clinician: Caller,
    job: str,
    status: str,
    age: timedelta,
) -> None:
    worker.tick(app, job)
    costs = []
    for count, prefix in ((FEW, "+4477001"), (MANY, "+4477002")):
        opens_at = clock.now() - age
        crowd(app, clinician.practice_id, count, opens_at, status, prefix)
        costs.append(cost(app, lambda: worker.tick(app, job)))
    few, many = costs
    assert len(few) == len(many), set(many) - set(few) or many


@pytest.mark.parametrize("tier", [1, 2])
def test_escalation_costs_the_same_with_more_due(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, tier: int
) -> None:
    world.provider(clinician.practice_id, "lead", "+447700900998")
    costs = []
    for count, prefix in ((FEW, "+4477001"), (MANY, "+4477002")):
        people = crowd(
            app, clinician.practice_id, count, clock.now() + timedelta(days=99), prefix=prefix
        )
        for patient in people:
            raise_alert(app, clinician.practice_id, patient, **OF_TIER[tier])
        clock.move_by(days=9)
        costs.append(cost(app, lambda: worker.tick(app, "escalate-alerts")))
    few, many = costs
    assert len(few) == len(many), set(many) - set(few) or many


@pytest.mark.parametrize("count", [FEW, MANY])
def test_a_page_of_the_feed_takes_at_most_three_statements(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, count: int
) -> None:
    people = crowd(app, clinician.practice_id, count, clock.now() + timedelta(days=30))
    for patient in people:
        raise_alert(app, clinician.practice_id, patient, **OF_TIER[2])
    world.sign_in(clinician)
    # The first look marks them as delivered: one statement, however many they are.
    first = cost(app, lambda: world.ok(world.get("/v1/alerts?limit=100", clinician)))
    again = cost(app, lambda: world.ok(world.get("/v1/alerts?limit=100", clinician)))
    page = world.ok(world.get(f"/v1/alerts?limit={count - 1}", clinician))
    further = f"/v1/alerts?limit=50&cursor={page['next_cursor']}"
    deep = cost(app, lambda: world.ok(world.get(further, clinician)))
    assert (len(first), len(again), len(deep)) == (3, 2, 2), first
