"""A question is asked once a day: what a follow-up carries, asks, stores and scores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from backend.checkins.models import CheckIn
from backend.core.clock import MovableClock
from backend.instruments import scoring
from backend.instruments.models import QuestionnaireResponse, Score
from tests.backstage import rows
from tests.shipped import INSTRUMENTS
from tests.world import Caller, PatientAccount, World

NEVER, SOME, MOST, DAILY = "LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"
ALL_NINE = {f"phq.{n}" for n in range(1, 10)}
THE_REST = ALL_NINE - {"phq.1", "phq.2"}


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    """Somebody whose weekly check-in has just told of a low mood: 2 and 1 points."""
    patient = world.onboarded(clinician, 2)
    told = world.weekly(patient, 2, phq__1=MOST, phq__2=SOME)
    assert told["next"]["kind"] == "follow_up"
    return patient


def follow_up(world: World, patient: Caller) -> Mapping[str, Any]:
    [open_] = world.check_ins(patient, "follow-up")
    return open_


def test_a_follow_up_of_the_same_day_asks_only_the_rest(
    world: World, patient: PatientAccount
) -> None:
    assert set(world.sheet(patient, follow_up(world, patient))) == THE_REST


def test_both_are_scored_together_from_the_row_of_the_follow_up(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    world.answer(patient, "follow-up", 0, phq__3=DAILY)
    stored = rows(app, QuestionnaireResponse)[-1]
    assert set(stored.answers) == THE_REST
    assert stored.carried == {"phq.1": MOST, "phq.2": SOME}
    [kept] = rows(app, Score, Score.response_id == stored.id)
    assert (kept.code, kept.value) == ("phq9.total", Decimal(6))
    whole = {**stored.carried, **stored.answers}
    assert scoring.score(INSTRUMENTS["phq9"], whole)[0].value == kept.value


def test_other_answers_carry_nothing(app: Flask, patient: PatientAccount) -> None:
    assert [each.carried for each in rows(app, QuestionnaireResponse)] == [{}, {}, {}]


def test_the_next_day_asks_everything(
    app: Flask, world: World, clock: MovableClock, patient: PatientAccount
) -> None:
    clock.move_by(days=1)
    world.sign_in(patient)
    assert set(world.sheet(patient, follow_up(world, patient))) == ALL_NINE
    world.answer(patient, "follow-up", 0)
    assert rows(app, QuestionnaireResponse)[-1].carried == {}


@pytest.mark.parametrize(("hours", "asked"), [(3.9, THE_REST), (4.1, ALL_NINE)])
def test_the_day_is_the_patients_own(
    world: World, clock: MovableClock, clinician: Caller, hours: float, asked: set[str]
) -> None:
    # 19:00 and a little in New York is the next day in London, and five hours before midnight.
    patient = world.onboarded(clinician, 2, time_zone="America/New_York", checkin_hour=19)
    world.weekly(patient, 2, phq__1=MOST, phq__2=SOME)
    clock.move_by(hours=hours)
    world.sign_in(patient)
    assert set(world.sheet(patient, follow_up(world, patient))) == asked


def test_answers_sent_late_belong_to_the_day_they_were_given(
    app: Flask, world: World, clock: MovableClock, patient: PatientAccount
) -> None:
    check_in = follow_up(world, patient)
    answers = world.sheet(patient, check_in, 0)
    answered_at = clock.now()
    clock.move_by(days=1)
    world.sign_in(patient)
    body = {"answers": answers, "authored_at": (answered_at + timedelta(hours=1)).isoformat()}
    key = {"Idempotency-Key": "late"}
    world.ok(world.post(f"/v1/checkins/{check_in['id']}/response", patient, body, key))
    assert set(rows(app, QuestionnaireResponse)[-1].carried) == {"phq.1", "phq.2"}


def test_a_newer_answer_counts_before_the_carried_one(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    world.answer(patient, "follow-up", 0, phq__1=NEVER)
    stored = rows(app, QuestionnaireResponse)[-1]
    assert stored.answers["phq.1"] == NEVER
    assert stored.carried == {"phq.2": SOME}
    [kept] = rows(app, Score, Score.response_id == stored.id)
    assert kept.value == 1


def test_what_is_still_missing_is_named_the_next_day(
    world: World, clock: MovableClock, patient: PatientAccount
) -> None:
    check_in = follow_up(world, patient)
    answers = world.sheet(patient, check_in, 0)
    clock.move_by(days=1)
    world.sign_in(patient)
    refused = world.submit(patient, check_in, answers)
    assert refused.status_code == 422
    fields = {error["field"] for error in refused.get_json()["errors"]}
    assert fields == {"answers.phq.1", "answers.phq.2"}


def test_each_person_carries_their_own_answers(
    app: Flask, world: World, clock: MovableClock, clinician: Caller, patient: PatientAccount
) -> None:
    check_in = follow_up(world, patient)
    clock.move_by(days=1)
    world.sign_in(clinician)
    other = world.onboarded(clinician, 2)
    assert {r.patient_id for r in rows(app, QuestionnaireResponse)} == {patient.id, other.id}
    world.sign_in(patient)
    assert set(world.sheet(patient, check_in)) == ALL_NINE


def test_danger_in_the_rest_is_read_as_ever(world: World, patient: PatientAccount) -> None:
    told = world.answer(patient, "follow-up", 0, phq__9=SOME)
    assert told["now"]["level"] == "self_harm"


def test_certain_weeks_ask_more(app: Flask, world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician, 2)
    for _ in range(6):
        world.weekly(patient, 2)
    weeks = rows(app, CheckIn, CheckIn.kind == "weekly", CheckIn.patient_id == patient.id)
    batteries = {week.occasion: week.battery for week in weeks}
    longer = {3: "week-3", 6: "week-6"}
    assert batteries == {n: longer.get(n, "weekly") for n in range(1, 8)}
    third, sixth = (
        {score.code for score in rows(app, Score, Score.at == week.completed_at)}
        for week in sorted(weeks, key=lambda each: each.occasion)
        if week.occasion in longer
    )
    mediators = {scale.code for scale in INSTRUMENTS["lumbra-weekly"].scales}
    assert third >= mediators | {"rmdq.total", "phq4.total", "context.days_lost", "peg.mean"}
    assert sixth - third == {"sbst.total", "sbst.psychosocial", "pgic.change"}


def test_a_shared_question_is_stored_once_and_scored_for_each(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 5)
    baseline = rows(app, QuestionnaireResponse, QuestionnaireResponse.patient_id == patient.id)[-1]
    found = {s.code: s.value for s in rows(app, Score, Score.response_id == baseline.id)}
    assert found["phq4.total"] == found["phq2.total"] + found["gad2.total"]
    assert len([link for link in baseline.answers if link.startswith("phq.")]) == 2
