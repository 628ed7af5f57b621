"""Consultations are recorded, rated by their provider and by others, and sampled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from tests.backstage import rows, statements
from tests.quality.team import Team
from tests.world import Caller, World


@pytest.fixture
def team(world: World) -> Team:
    return Team(world)


@pytest.fixture
def patient(team: Team, world: World) -> Caller:
    """A patient of high risk."""
    return world.onboarded(team.lead, 10)


def fidelity(team: Team) -> dict[str, Any]:
    found: dict[str, Any] = team.world.ok(team.world.get("/v1/practice/fidelity", team.lead))
    return found


def test_own_and_others_ratings_are_never_mixed(team: Team, patient: Caller, world: World) -> None:
    made = team.consult(patient)
    assert (made["risk_group"], made["stratum"], made["ratings"]) == ("high", "early", [])
    world.ok(team.rate(made, team.learner, 2))
    seen = world.ok(team.rate(made, team.colleague, 1))
    assert [(each["source"], each["fidelity"], each["band"]) for each in seen["ratings"]] == [
        ("self", 100.0, "high"),
        ("observer", 50.0, "low"),
    ]
    [provider] = fidelity(team)["providers"]
    assert (provider["observed"], provider["mean"], provider["high"]) == (1, 50.0, 0)
    assert (provider["own"], provider["own_mean"], provider["gap"]) == (1, 100.0, 50.0)


def test_an_observer_rates_without_knowing_other_ratings(
    team: Team, patient: Caller, world: World
) -> None:
    made = team.consult(patient)
    world.ok(team.rate(made, team.learner))
    address = f"/v1/consultations/{made['id']}"
    assert world.ok(world.get(address, team.colleague))["ratings"] == []
    world.ok(team.rate(made, team.colleague))
    assert len(world.ok(world.get(address, team.colleague))["ratings"]) == 2


def test_a_rater_rates_once(team: Team, patient: Caller) -> None:
    made = team.consult(patient)
    assert team.rate(made, team.lead).status_code == 201
    again = team.rate(made, team.lead)
    assert again.status_code == 409
    assert again.get_json()["type"].endswith("rated-before")


def test_unchecked_danger_holds_the_value_down(team: Team, patient: Caller, world: World) -> None:
    made = team.consult(patient)
    [rating] = world.ok(team.rate(made, team.lead, 2, item_7=0))["ratings"]
    assert rating["fidelity"] == 59.0


def test_a_checklist_that_does_not_fit_names_its_items(team: Team, patient: Caller) -> None:
    answer = team.rate(team.consult(patient), team.lead, 2, item_99=1, item_3=3)
    assert answer.status_code == 422
    assert any(error["field"].startswith("scores.3") for error in answer.get_json()["errors"])


def test_too_few_items_give_no_value(team: Team, patient: Caller, world: World) -> None:
    changes = {f"item_{n}": None for n in range(1, 11)}
    [rating] = world.ok(team.rate(team.consult(patient), team.lead, 2, **changes))["ratings"]
    assert rating["fidelity"] is None and rating["band"] is None


def test_sampling_asks_for_one_in_five_early_and_late(
    team: Team, patient: Caller, clock: MovableClock, world: World
) -> None:
    first = team.consult(patient)
    assert [due["observe_next"] for due in fidelity(team)["sampling"]] == [True]
    world.ok(team.rate(first, team.lead))
    assert [due["observe_next"] for due in fidelity(team)["sampling"]] == [False]
    for _ in range(4):
        team.consult(patient)
    [early] = fidelity(team)["sampling"]
    assert (early["held"], early["observed"], early["percent"]) == (5, 1, 20.0)
    # With the sixth it would be less than one in five.
    assert early["observe_next"]
    team.wait(clock, days=43)
    team.consult(patient)
    strata = {due["stratum"]: due["held"] for due in fidelity(team)["sampling"]}
    assert strata == {"early": 5, "late": 1}


def test_two_raters_are_compared(team: Team, patient: Caller, world: World) -> None:
    made = team.consult(patient)
    world.ok(team.rate(made, team.lead, 2, item_1=0, item_2=1))
    assert fidelity(team)["agreement"] == {"items": 0, "percent": None, "kappa": None}
    world.ok(team.rate(made, team.colleague, 2, item_1=2, item_2=0))
    found = fidelity(team)
    assert found["agreement"]["items"] == 16
    assert found["agreement"]["percent"] == 87.5
    # First rater 0:1, 1:1, 2:14; second 0:1, 2:15. Distances by chance: 0-2: 1*15*2 = 30,
    # 1-0: 1*1*1 = 1, 1-2: 1*15*1 = 15, 2-0: 14*1*2 = 28; together 74. Seen: 3 * 16 = 48.
    # 1 - 48/74 = 0.35.
    assert found["agreement"]["kappa"] == 0.35
    assert found["recalibrate"]


def test_a_consultation_lies_in_the_last_month(
    team: Team, patient: Caller, clock: MovableClock, world: World
) -> None:
    address = f"/v1/patients/{patient.id}/consultations"
    for days, status in ((0, 201), (30, 201), (32, 422), (-1, 422)):
        held = (clock.now() - timedelta(days=days)).isoformat()
        assert world.post(address, team.learner, {"held_at": held}).status_code == status


def test_another_practice_has_no_such_consultation(
    team: Team, patient: Caller, world: World
) -> None:
    made = team.consult(patient)
    stranger = world.provider(world.practice("Vale Surgery"))
    assert world.get(f"/v1/consultations/{made['id']}", stranger).status_code == 404
    assert team.rate(made, stranger).status_code == 404
    assert world.post(f"/v1/patients/{patient.id}/consultations", stranger, {}).status_code == 404


def test_looks_are_recorded_and_cost_the_same_for_many(
    app: Flask, team: Team, patient: Caller, world: World
) -> None:
    def cost() -> int:
        with statements(app) as seen:
            world.ok(world.get(f"/v1/patients/{patient.id}/consultations", team.lead))
            fidelity(team)
        return len(seen)

    world.ok(team.rate(team.consult(patient), team.lead))
    few = cost()
    for _ in range(5):
        world.ok(team.rate(team.consult(patient), team.lead))
    assert cost() == few
    assert rows(app, AuditEvent, AuditEvent.action == "consultation.list")
