"""How a practice's texts fared, counted by hand and by the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from backend.core.clock import MovableClock
from backend.messaging.models import Communication
from tests.backstage import behind, statements
from tests.console.test_console import signed_in
from tests.world import Caller, ProviderAccount, World


@pytest.fixture
def lead(world: World) -> ProviderAccount:
    return world.provider(world.practice(), "lead")


def report(world: World, lead: Caller) -> dict[str, Any]:
    world.sign_in(lead)
    found: dict[str, Any] = world.ok(world.get("/v1/practice/texts", lead))
    return found


def fare(app: Flask, template: str, clock: MovableClock, **values: Any) -> None:
    """Let all texts of a template have been sent now, and fare like this."""
    with behind(app) as session:
        found = session.scalars(
            select(Communication.id).where(Communication.template == template)
        ).all()
        for n, key in enumerate(found):
            session.execute(
                update(Communication)
                .where(Communication.id == key)
                .values(submitted_at=clock.now(), sid=f"SM{template[-8:]}{n:022d}"[:34], **values)
            )


def test_figures_are_those_worked_by_hand(
    app: Flask, world: World, lead: ProviderAccount, clock: MovableClock
) -> None:
    # Three people are texted at the opening: one answers in an hour, one in two days, one never.
    quick, slow, silent = (world.onboarded(lead) for _ in range(3))
    [coming] = world.check_ins(quick, "weekly", "scheduled")
    clock.move_to(coming_at(coming))
    world.tick()
    fare(app, "check-in-open", clock, status="delivered")
    clock.move_by(hours=1)
    world.sign_in(quick)
    world.answer(quick, "weekly")
    clock.move_by(hours=30)
    world.sign_in(slow)
    world.answer(slow, "weekly")
    assert report(world, lead)["answered"] == []
    clock.move_by(hours=42)
    found = report(world, lead)
    assert found["answered"] == [
        {
            "number": 0,
            "template": "check-in-open",
            "sent": 3,
            "within_24_hours": 1,
            "within_72_hours": 2,
        }
    ]
    assert found["delivered"] == 3
    fare(app, "check-in-open", clock, status="undelivered", error_code=30005)
    found = report(world, lead)
    assert (found["sent"], found["delivered"], found["failed"]) == (3, 0, 3)
    assert found["failed_by_code"] == {"30005": 3}
    assert found["answered"] == []
    assert (found["segments"], found["cost"]) == (3, None)
    # The invitations wait, for this world has no carrier that runs by itself.
    assert found["waiting"] == 3
    assert (found["numbers"], found["stopped"]) == (3, 0)
    assert silent


def coming_at(check_in: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(check_in["opens_at"])


def test_a_practice_sees_its_own_texts_only(world: World, lead: ProviderAccount) -> None:
    world.enrol(lead)
    other = world.provider(world.practice("Vale Surgery"), "lead")
    assert report(world, lead)["waiting"] == 1
    assert report(world, other)["waiting"] == 0


def test_the_period_bounds_what_is_counted(
    world: World, lead: ProviderAccount, clock: MovableClock
) -> None:
    world.enrol(lead)
    made = clock.now().date()
    clock.move_by(days=5)
    world.sign_in(lead)

    def waiting(query: str) -> int:
        return int(world.ok(world.get(f"/v1/practice/texts{query}", lead))["waiting"])

    before, after = (made - timedelta(days=1)).isoformat(), (made + timedelta(days=1)).isoformat()
    total = world.ok(world.get("/v1/practice/texts", lead))
    assert total["waiting"] + total["not_sent"] == 1
    assert waiting(f"?from={before}&until={after}") == 1
    assert waiting(f"?from={after}") == 0
    assert world.get("/v1/practice/texts?from=2026-09-09&until=2026-09-01", lead).status_code == 422


def test_the_number_of_statements_is_the_same_for_many(
    app: Flask, world: World, lead: ProviderAccount
) -> None:
    world.onboarded(lead)
    with statements(app) as few:
        report(world, lead)
    for _ in range(5):
        world.onboarded(lead)
    with statements(app) as many:
        report(world, lead)
    assert len(many) == len(few)


def test_the_console_shows_the_same(
    app: Flask, world: World, lead: ProviderAccount, clock: MovableClock
) -> None:
    patient = world.onboarded(lead)
    fare(app, "invitation", clock, status="undelivered", error_code=30006)
    clock.move_by(minutes=1)
    browser = signed_in(app, world, lead)
    browser.open("/console/practice/texts")
    assert "Texts of the last 30 days" in browser.text
    assert "100 % (1 of 1)" in browser.text and "30006" in browser.text
    browser.open(f"/console/patients/{patient.id}")
    assert "Did not arrive" in browser.text and "Invitation" in browser.text
    clinician = world.provider(lead.practice_id)
    refused = signed_in(app, world, clinician).open("/console/practice/texts")
    assert "Not for your role" in refused.text
