"""What is stored of a judgement by rule, that it can be replayed, and clearing a safety hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.core import tenancy
from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from backend.risk import profile, response_index, service, stratification, trajectory
from backend.risk.course import LONGEST_SERIES
from backend.risk.models import RiskAssessment, SafetyHold
from tests.backstage import behind, rows, statements
from tests.shipped import PATHWAY
from tests.world import Caller, World

KINDS = {"stratification", "factor-profile", "response-index", "trajectory"}


def risk_of(world: World, clinician: Caller, patient: Caller) -> dict[str, Any]:
    world.sign_in(clinician)
    found: dict[str, Any] = world.ok(world.get(f"/v1/patients/{patient.id}/risk", clinician))
    return found


def clear(world: World, clinician: Caller, patient: Caller, **body: Any) -> TestResponse:
    address = f"/v1/patients/{patient.id}/safety-clearance"
    return world.post(address, clinician, body or {"reason": "Examined; all is well."})


def decimals(inputs: dict[str, Any]) -> dict[str, Decimal | None]:
    numbers = {c: v for c, v in inputs.items() if isinstance(v, int | float)}
    return {code: Decimal(f"{value:g}") for code, value in numbers.items()}


@pytest.mark.parametrize("severity", [0, 2, 5, 8, 10])
def test_each_judgement_is_kept_with_rule_version_inputs_and_reasons_and_replays(
    app: Flask, world: World, clinician: Caller, severity: int
) -> None:
    patient = world.onboarded(clinician, severity)
    stored = {row.kind: row for row in rows(app, RiskAssessment)}
    assert stored.keys() == KINDS
    assert {row.method_version for row in stored.values()} == {PATHWAY.label}
    assert {row.patient_id for row in stored.values()} == {patient.id}
    assert all(row.method and row.inputs and row.response_id for row in stored.values())

    row = stored["stratification"]
    assigning = PATHWAY.stratification.assigning
    method = PATHWAY.stratification.methods[assigning]
    stratum = stratification.stratify(method, decimals(row.inputs))
    assert (row.method, row.outcome) == (assigning, stratum.group)
    assert row.reasons == list(stratum.reasons)

    row = stored["factor-profile"]
    elevated = profile.elevated_factors(PATHWAY.factors, decimals(row.inputs), row.inputs)
    assert [f["factor"] for f in row.result["elevated"]] == [f.factor for f in elevated]
    assert row.reasons == [f.reason for f in elevated]

    row = stored["response-index"]
    index = response_index.response_index(PATHWAY.response_index, decimals(row.inputs))
    assert (row.value, row.outcome) == (index.value, index.level)
    assert (row.result["points"], row.reasons) == (dict(index.points), list(index.reasons))

    row = stored["trajectory"]
    occasion = trajectory.Occasion(row.at, row.inputs["course"], row.inputs["severity"])
    [(score, judged)] = trajectory.replay(PATHWAY.trajectory, [occasion])
    assert judged is not None
    assert (score.value, judged.decision) == (row.value, row.outcome)


def test_a_course_replays_from_what_is_stored(app: Flask, world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician, 5)
    for severity in (5, 4, 7, 1, 3, 9, 9):
        world.weekly(patient, severity)
    course = rows(app, RiskAssessment, RiskAssessment.kind == "trajectory")
    assert len(course) == 8
    occasions = [
        trajectory.Occasion(row.at, row.inputs["course"], row.inputs["severity"]) for row in course
    ]
    replayed = trajectory.replay(PATHWAY.trajectory, occasions)
    for row, (score, judged) in zip(course, replayed, strict=True):
        assert judged is not None
        assert (row.value, row.outcome) == (score.value, judged.decision)
        assert row.reasons == list(judged.reasons)
        assert row.result == {
            "expected": judged.expected,
            "error": round(PATHWAY.trajectory.standard_error, 2),
            "present": judged.present,
            "usual": judged.usual,
            "deviation": judged.deviation,
            "band": judged.band,
            "contributions": {n: float(share) for n, share in score.contributions.items()},
            "older": list(score.older),
        }
    assert course[-1].outcome in ("rising", "rising_fast")


def test_a_course_of_more_than_a_year_is_judged_from_its_start(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 8)
    # Sixty more answers in the week until the next check-in stand for a long course.
    with behind(app) as session:
        [start] = session.scalars(select(RiskAssessment).where(RiskAssessment.kind == "trajectory"))
        kept = ("practice_id", "patient_id", "kind", "method", "method_version", "outcome", "value")
        copied = {name: getattr(start, name) for name in (*kept, "inputs", "result", "reasons")}
        session.add_all(
            RiskAssessment(**copied, at=start.at + timedelta(hours=hour)) for hour in range(1, 61)
        )
    world.weekly(patient, 8)
    course = sorted(
        rows(app, RiskAssessment, RiskAssessment.kind == "trajectory"), key=lambda row: row.at
    )
    assert len(course) == 62 > LONGEST_SERIES
    occasions = [
        trajectory.Occasion(row.at, row.inputs["course"], row.inputs["severity"]) for row in course
    ]
    _, judged = trajectory.replay(PATHWAY.trajectory, occasions)[-1]
    _, cut = trajectory.replay(PATHWAY.trajectory, occasions[-LONGEST_SERIES:])[-1]
    assert judged is not None and cut is not None
    assert course[-1].result["expected"] == judged.expected != cut.expected


def test_the_trend_is_told_oldest_first_with_its_decisions(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 3)
    at = [world.clock.now()]
    for severity in (4, 6, 8):
        world.weekly(patient, severity)
        at.append(world.clock.now())
    told = risk_of(world, clinician, patient)
    assert [datetime.fromisoformat(point["at"]) for point in told["trend"]] == at
    values = [point["value"] for point in told["trend"]]
    assert values == sorted(values) and len(set(values)) == 4
    assert all(0 <= value <= 100 for value in values)
    assert told["trend"][-1]["decision"] == "rising_fast"
    newest = {each["kind"]: each for each in told["assessments"]}
    assert newest.keys() == KINDS
    assert datetime.fromisoformat(newest["trajectory"]["at"]) == at[-1]
    assert datetime.fromisoformat(newest["stratification"]["at"]) == at[0]
    assert newest["trajectory"]["value"] == values[-1]


def test_the_course_is_told_with_all_that_was_stored_of_it_in_one_query(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 3)
    for severity in (4, 6, 8):
        world.weekly(patient, severity)
    stored = rows(app, RiskAssessment, RiskAssessment.kind == "trajectory")
    with app.app_context(), tenancy.across_practices(), statements(app) as sent:
        told = service.course_of(patient.id)
        last_two = service.course_of(patient.id, limit=2)
    assert sum("risk_assessment" in statement for statement in sent) == 2
    assert last_two == told[-2:]
    assert len(told) == 4
    for point, row in zip(told, stored, strict=True):
        assert (point.at, point.value, point.decision) == (row.at, row.value, row.outcome)
        assert point.severity == row.inputs["severity"]
        assert point.contributions == row.result["contributions"]
        assert point.error == pytest.approx(PATHWAY.trajectory.standard_error, abs=0.005)
        assert point.expected == row.result["expected"]
        assert (point.band, point.method_version) == (row.result["band"], PATHWAY.label)
        assert (list(point.reasons), list(point.older)) == (row.reasons, row.result["older"])
    assert told[0].older == () and told[1].older, "a week asks only some of the questions"


def test_the_trend_explains_each_score(app: Flask, world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician, 3)
    world.weekly(patient, 8)
    told = risk_of(world, clinician, patient)["trend"]
    stored = rows(app, RiskAssessment, RiskAssessment.kind == "trajectory")
    assert len(told) == len(stored) == 2
    for point, row in zip(told, stored, strict=True):
        for name in ("expected", "error", "contributions", "older"):
            assert point[name] == row.result[name]
        assert (point["reasons"], point["method_version"]) == (row.reasons, row.method_version)
        assert sum(point["contributions"].values()) == pytest.approx(point["value"], abs=0.5)
    assert told[0]["older"] == [] and told[1]["older"]


def test_before_the_baseline_nothing_is_judged(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    told = risk_of(world, clinician, patient)
    assert (told["assessments"], told["trend"], told["hold"]) == ([], [], None)


def test_a_hold_is_cleared_once_by_a_provider_with_a_reason(
    app: Flask, world: World, clock: MovableClock, clinician: Caller
) -> None:
    patient = world.patient(clinician)
    assert clear(world, clinician, patient).status_code == 404
    world.answer(patient, "safety-screen", safety__numbness=True, safety__fever=True)
    hold = risk_of(world, clinician, patient)["hold"]
    assert (hold["level"], hold["items"]) == ("emergency", ["safety.numbness", "safety.fever"])
    for body in ({"reason": ""}, {"reason": " "}, {"reason": "x" * 501}, {"because": "x"}):
        assert clear(world, clinician, patient, **body).status_code == 422
    assert risk_of(world, clinician, patient)["hold"] == hold
    clock.move_by(hours=1)
    world.sign_in(clinician)
    cleared = world.ok(clear(world, clinician, patient))
    assert cleared["cleared_by"] == str(clinician.id)
    assert cleared["reason"] == "Examined; all is well."
    assert risk_of(world, clinician, patient)["hold"] is None
    assert clear(world, clinician, patient).status_code == 404
    [kept] = rows(app, SafetyHold)
    assert (kept.cleared_at, kept.cleared_by) == (clock.now(), clinician.id)
    [trail] = rows(app, AuditEvent, AuditEvent.action == "safety-hold.clear")
    assert (trail.actor_id, trail.patient_id, trail.entity_id) == (
        clinician.id,
        patient.id,
        kept.id,
    )


def test_danger_after_a_clearance_holds_again(app: Flask, world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician, 2)
    for _ in range(2):
        world.weekly(patient, 2, safety__gateway=True, safety__foot=True)
        assert risk_of(world, clinician, patient)["hold"]["level"] == "same_day"
        world.ok(clear(world, clinician, patient))
    holds = rows(app, SafetyHold)
    assert len(holds) == 2
    assert all(hold.cleared_at is not None for hold in holds)


def test_check_ins_are_answered_during_a_hold(world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician, 2)
    world.weekly(patient, 2, safety__gateway=True, safety__foot=True)
    before = len(risk_of(world, clinician, patient)["trend"])
    told = world.weekly(patient, 2)
    assert (told["now"], told["next"]["kind"]) == (None, "check_in")
    assert len(risk_of(world, clinician, patient)["trend"]) == before + 1
