"""Who leads a patient's care: of high risk, only somebody found competent for it."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from backend.quality.models import CareLead
from tests.backstage import rows
from tests.quality.team import Team
from tests.world import Caller, World


@pytest.fixture
def team(world: World) -> Team:
    return Team(world)


def assign(team: Team, patient: Caller, reason: str | None = None) -> TestResponse:
    body = {"provider_id": str(team.learner.id)}
    if reason is not None:
        body["emergency_reason"] = reason
    return team.world.client.put(
        f"/v1/patients/{patient.id}/lead", json=body, headers=team.lead.headers
    )


def test_high_risk_needs_competence(team: Team, world: World) -> None:
    patient = world.onboarded(team.lead, 10)
    refused = assign(team, patient)
    assert refused.status_code == 409
    assert refused.get_json()["type"].endswith("not-competent")
    assert refused.get_json()["level"] == "not_started"
    team.pass_everything()
    assert assign(team, patient).status_code == 409
    world.ok(team.decide("high"))
    assert world.ok(assign(team, patient))["provider_id"] == str(team.learner.id)


def test_low_risk_does_not(team: Team, world: World) -> None:
    patient = world.onboarded(team.lead, 0)
    assert assign(team, patient).status_code == 200


def test_an_emergency_is_possible_and_leaves_its_reason(
    app: Flask, team: Team, world: World
) -> None:
    patient = world.onboarded(team.lead, 10)
    told = world.ok(assign(team, patient, "Nobody else is in today."))
    assert told["emergency_reason"] == "Nobody else is in today."
    assert rows(app, AuditEvent, AuditEvent.action == "care-lead.assign-in-emergency")


def test_who_has_lapsed_keeps_whom_they_have_and_gets_nobody_new(
    team: Team, world: World, clock: MovableClock
) -> None:
    team.pass_everything()
    world.ok(team.decide("high"))
    known, new = (world.onboarded(team.lead, 10) for _ in range(2))
    world.ok(assign(team, known))
    team.wait(clock, days=366)
    assert assign(team, new).status_code == 409
    assert world.ok(assign(team, known))["provider_id"] == str(team.learner.id)


def test_one_leads_at_a_time(app: Flask, team: Team, world: World, clock: MovableClock) -> None:
    patient = world.onboarded(team.lead, 0)
    world.ok(assign(team, patient))
    team.wait(clock, days=1)
    address = f"/v1/patients/{patient.id}/lead"
    body = {"provider_id": str(team.colleague.id)}
    world.ok(world.client.put(address, json=body, headers=team.lead.headers))
    found = world.ok(world.get(address, team.lead))
    assert found["provider_id"] == str(team.colleague.id)
    first, second = sorted(rows(app, CareLead), key=lambda row: row.since)
    assert first.until == second.since and second.until is None


def test_a_lead_changes_hands_within_one_instant(team: Team, world: World, app: Flask) -> None:
    patient = world.onboarded(team.lead, 0)
    world.ok(assign(team, patient))
    body = {"provider_id": str(team.colleague.id)}
    address = f"/v1/patients/{patient.id}/lead"
    world.ok(world.client.put(address, json=body, headers=team.lead.headers))
    first, second = sorted(rows(app, CareLead), key=lambda row: row.since)
    assert first.until == second.since > first.since


def test_nobody_leads_at_first(team: Team, world: World) -> None:
    patient = world.onboarded(team.lead, 0)
    found = world.ok(world.get(f"/v1/patients/{patient.id}/lead", team.lead))
    assert found == {"provider_id": None, "since": None, "emergency_reason": None}
