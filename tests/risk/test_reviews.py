"""Looking back through the API: who gets worse, does not respond, rises in risk, or is well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from backend.core.clock import MovableClock
from backend.practices import service as practices
from backend.programme.models import Adaptation, CarePlan
from backend.risk.models import DecisionRecord, RiskAssessment
from tests.backstage import behind, rows
from tests.disability import application, begin, own_content, own_pathway, practise, week
from tests.shipped import PATHWAY
from tests.world import Caller, World


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return own_content(tmp_path / "content")


@pytest.fixture
def asking(app: Flask, clock: MovableClock, database: str, content: Path) -> Iterator[Flask]:
    """The application over content that asks for disability; ``app`` has emptied its database."""
    with application(content, database, clock) as made:
        yield made


@pytest.fixture
def world(asking: Flask, clock: MovableClock) -> World:
    return World(asking, clock)


def alerts_of(world: World, clinician: Caller) -> dict[str, int]:
    """Rule and tier of every alert."""
    world.sign_in(clinician)
    return {alert["rule"]: alert["tier"] for alert in world.alerts(clinician)}


def decided(world: World, clinician: Caller, patient: Caller) -> list[dict[str, Any]]:
    """What was decided for a patient, newest first, as the provider reads it."""
    world.sign_in(clinician)
    told = world.ok(world.get(f"/v1/patients/{patient.id}/risk", clinician))
    found: list[dict[str, Any]] = told["decisions"]
    return found


def weeks(world: World, patient: Caller, count: int, disability: int, **how: Any) -> None:
    for _ in range(count):
        week(world, patient, disability, **how)


# --- R-RISKUP ---


@pytest.mark.parametrize(
    ("before", "after", "raised"),
    [
        ("low", "medium", {"risk-up-medium": 3}),
        ("low", "high", {"risk-up-high": 2}),
        ("medium", "high", {"risk-up-high": 2}),
        ("medium", "low", {}),
        ("high", "high", {}),
    ],
)
def test_a_risen_risk_group_is_told_and_the_start_stays_as_it_was(
    asking: Flask,
    world: World,
    clinician: Caller,
    before: str,
    after: str,
    raised: dict[str, int],
) -> None:
    patient = begin(world, clinician, disability=2, group=before)
    weeks(world, patient, 5, 0, group=before, tasks=3)
    week(world, patient, 0, group=after, tasks=3)
    found = alerts_of(world, clinician)
    assert {rule: tier for rule, tier in found.items() if rule.startswith("risk-up")} == raised
    strata = rows(asking, RiskAssessment, RiskAssessment.kind == "stratification")
    assert strata[0].outcome == before and strata[-1].outcome == after
    assert all("STarT Back total" in row.reasons[0] for row in strata)
    if raised:
        [newest] = [d for d in decided(world, clinician, patient) if d["rule"] in raised]
        assert f"Risk group: {after}" in newest["reason"]
        assert f"Risk group before: {before}" in newest["reason"]
        assert (newest["rule_version"], newest["inputs"]["group_before"]) == (PATHWAY.label, before)
    profiles = rows(asking, RiskAssessment, RiskAssessment.kind == "factor-profile")
    assert len(profiles) == 1, "the moderators of the baseline are frozen"


# --- R-WORSE ---


def test_worse_disability_asks_the_red_flags_again_and_alerts_once_it_is_held(
    world: World, clinician: Caller
) -> None:
    patient = begin(world, clinician, disability=6)
    weeks(world, patient, 2, 6, tasks=3)
    told = week(world, patient, 14, tasks=3)
    assert told["next"]["kind"] == "follow_up"
    assert "worse" not in alerts_of(world, clinician)
    world.sign_in(patient)
    [again] = world.check_ins(patient, "follow-up")
    asked = world.sheet(patient, again)
    assert "safety.numbness" in asked and not any(asked.values())
    [once] = [d for d in decided(world, clinician, patient) if d["rule"] == "worse-once"]
    assert (once["kind"], once["tier"]) == ("red-flag-check", None)
    assert "8 points, which is 5 or more" in once["reason"] and "133.3 %" in once["reason"]
    assert once["for_patient"]
    weeks(world, patient, 3, 14, tasks=3)
    assert alerts_of(world, clinician)["worse"] == 2


def test_danger_among_the_red_flags_asked_again_is_an_alert_of_tier_1(
    world: World, clinician: Caller
) -> None:
    patient = begin(world, clinician, disability=6)
    weeks(world, patient, 2, 6, tasks=3)
    week(world, patient, 14, tasks=3)
    world.answer(patient, "follow-up", safety__numbness=True)
    assert alerts_of(world, clinician)["red-flag"] == 1


def test_a_little_worse_is_not_worse(world: World, clinician: Caller) -> None:
    patient = begin(world, clinician, disability=6)
    weeks(world, patient, 6, 10, tasks=3)
    assert not {d["rule"] for d in decided(world, clinician, patient)} & {"worse", "worse-once"}


# --- R-NONRESP, R-NONRESP2 and the guard ---


def risen_to(step: Adaptation) -> str:
    """The support that a plan was raised to."""
    ladder = {level.name: level.raised for level in PATHWAY.plan.support_ladder}
    return ladder[step.inputs["level"]]


def test_no_response_steps_up_in_week_4_and_hands_over_in_week_6(
    asking: Flask, world: World, clinician: Caller
) -> None:
    patient = begin(world, clinician, disability=12, group="medium")
    weeks(world, patient, 3, 12, group="medium", tasks=4)
    assert "non-response" not in alerts_of(world, clinician)
    week(world, patient, 12, group="medium", tasks=4)
    assert alerts_of(world, clinician)["non-response"] == 3
    assert "non-response-6" not in alerts_of(world, clinician)
    weeks(world, patient, 2, 12, group="medium", tasks=4)
    found = alerts_of(world, clinician)
    assert found["non-response-6"] == 2 and "non-engagement" not in found
    [plan] = rows(asking, CarePlan)
    noted = [note for note in plan.notes if note.startswith(("No response", "Still no response"))]
    assert len(noted) == 2 and "fall since the start: 0 %" in noted[0]
    first, second = rows(asking, Adaptation, Adaptation.decision == "step-up")
    assert (first.rule, second.rule) == ("non-response", "non-response-6")
    assert second.inputs["before"] == risen_to(first) != risen_to(second) == plan.support
    assert first.for_patient and first.inputs["reason"] in first.for_provider


def test_little_use_is_called_by_its_name_and_nothing_is_stepped_up(
    world: World, clinician: Caller
) -> None:
    patient = begin(world, clinician, disability=12, group="medium")
    weeks(world, patient, 6, 12, group="medium")
    found = alerts_of(world, clinician)
    assert found["non-engagement"] == 3
    assert not {"non-response", "non-response-6"} & set(found)
    [newest, *_] = [d for d in decided(world, clinician, patient) if d["rule"] == "non-engagement"]
    assert "Part of the programme received: 0 %, which is under 50" in newest["reason"]


def test_whoever_responds_is_left_alone(world: World, clinician: Caller) -> None:
    patient = begin(world, clinician, disability=12, group="medium")
    weeks(world, patient, 6, 8, group="medium", tasks=4)
    assert not {d["rule"] for d in decided(world, clinician, patient)} & {
        "non-response",
        "non-response-6",
        "non-engagement",
        "worse",
        "worse-once",
    }


# --- R-EARLY ---


@pytest.mark.parametrize("ticks", [1, 3])
def test_no_task_by_the_second_week_is_reminded_of_and_then_called_about(
    asking: Flask, world: World, clinician: Caller, ticks: int
) -> None:
    begin(world, clinician)
    steps = []
    for days in (13.9, 0.2, 2.8, 0.2, 20):
        world.clock.move_by(days=days)
        for _ in range(ticks):
            world.tick()
        steps.append([d.rule for d in rows(asking, DecisionRecord) if d.rule.startswith("early")])
    call = ["early-reminder", "early-call"]
    assert steps == [[], call[:1], call[:1], call, call]
    assert alerts_of(world, clinician)["early-call"] == 3


def test_somebody_at_work_on_the_plan_is_not_reminded(
    asking: Flask, world: World, clinician: Caller
) -> None:
    patient = begin(world, clinician)
    for days in (13, 4):
        world.clock.move_by(days=days)
        world.sign_in(patient)
        practise(world, patient, 0)
        world.clock.move_by(days=1.1)
        world.tick()
    assert not [d for d in rows(asking, DecisionRecord) if d.rule.startswith("early")]


def test_nobody_is_chased_about_tasks_while_the_programme_stands_still(
    asking: Flask, world: World, clinician: Caller
) -> None:
    patient = begin(world, clinician)
    world.weekly(patient, 2, safety__gateway=True, safety__foot=True)
    world.clock.move_by(days=30)
    world.tick()
    assert not [d for d in rows(asking, DecisionRecord) if d.rule.startswith("early")]


# --- The response index after the first week ---


@pytest.mark.parametrize(("tasks", "points"), [(0, 0), (2, 1), (3, 2)])
def test_the_response_index_takes_in_the_first_week_once(
    asking: Flask, world: World, clinician: Caller, tasks: int, points: int
) -> None:
    patient = begin(world, clinician)
    weeks(world, patient, 3, 10, tasks=tasks)
    start, *later = rows(asking, RiskAssessment, RiskAssessment.kind == "response-index")
    assert start.result["provisional"] and "first_week" not in start.inputs
    [final] = later
    assert not final.result["provisional"]
    assert final.result["points"]["first_week"] == points
    assert final.inputs["context.expectation"] == start.inputs["context.expectation"]


# --- A pathway of one's own ---


def test_each_practice_is_judged_by_its_own_pathway(
    asking: Flask, world: World, content: Path
) -> None:
    own_pathway(content, "strict", rules={"stuck": {"tier": 2}})
    with behind(asking):
        first, second = (
            practices.create_practice(name, "GB", "Europe/London").id
            for name in ("Hill Surgery", "Dale Surgery")
        )
        practices.use_pathway(second, "strict")
    labels = []
    for practice in (first, second):
        clinician = world.provider(practice)
        patient = begin(world, clinician, group="high")
        told = decided(world, clinician, patient)
        labels.append({each["rule_version"] for each in told})
        assert [each["rule"] for each in told] == ["high-risk"]
        [alert] = world.alerts(clinician)
        assert alert["rule_version"] in labels[-1]
    assert labels == [{PATHWAY.label}, {"strict/1.0.0"}]
    versions = {row.practice_id: row.method_version for row in rows(asking, RiskAssessment)}
    assert versions == {first: PATHWAY.label, second: "strict/1.0.0"}


def test_danger_is_heard_though_the_practices_own_pathway_is_gone(
    asking: Flask, world: World, clinician: Caller
) -> None:
    with behind(asking):
        practices.use_pathway(clinician.practice_id, "gone")
    patient = world.patient(clinician)
    told = world.answer(patient, "safety-screen", safety__numbness=True)
    assert told["now"]["level"] == "emergency"
    assert alerts_of(world, clinician) == {"red-flag": 1}
    [alert] = world.alerts(clinician)
    assert alert["rule_version"] == PATHWAY.label


def test_a_second_tool_is_kept_beside_the_one_that_assigns(
    asking: Flask, world: World, content: Path
) -> None:
    # The Örebro form has no words here; another score stands in for its total.
    methods = {
        **_start_back(),
        "ompsq-sf": {
            "title": "Örebro short form",
            "total": "rmdq.total",
            "high_from": 10,
            "otherwise": "low",
        },
    }
    for name, assigning in (("first", "sbst"), ("second", "ompsq-sf")):
        own_pathway(content, name, stratification={"assigning": assigning, "methods": methods})
        practice = world.practice(name)
        with behind(asking):
            practices.use_pathway(practice, name)
        clinician = world.provider(practice)
        patient = begin(world, clinician, disability=12, group="low")
        of_patient = RiskAssessment.patient_id == patient.id
        found = {r.kind: (r.method, r.outcome) for r in rows(asking, RiskAssessment, of_patient)}
        both = {"sbst": ("sbst", "low"), "ompsq-sf": ("ompsq-sf", "high")}
        other = {"sbst": "ompsq-sf", "ompsq-sf": "sbst"}[assigning]
        assert (found["stratification"], found["comparison"]) == (both[assigning], both[other])
        assert ("high-risk" in alerts_of(world, clinician)) == (assigning == "ompsq-sf")


def _start_back() -> dict[str, Any]:
    return {
        "sbst": {
            "title": "STarT Back",
            "total": "sbst.total",
            "psychosocial": "sbst.psychosocial",
            "low_up_to": 3,
            "high_from": 4,
        }
    }


def test_silence_after_a_rise_is_more_urgent_than_silence(
    asking: Flask, world: World, clinician: Caller
) -> None:
    patient = begin(world, clinician)
    week(world, patient, 10, tasks=3)
    world.weekly(patient, 9)
    world.clock.move_by(days=1)
    for _ in range(20):
        world.clock.move_by(days=1)
        world.tick()
    found = alerts_of(world, clinician)
    assert found["rising"] == 2 and found["silent-after-rise"] == 2
    silent = rows(asking, DecisionRecord, DecisionRecord.rule == "silent-after-rise")
    assert silent and all(each.inputs["silent_days"] >= 14 for each in silent)
