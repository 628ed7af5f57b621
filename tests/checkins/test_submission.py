"""Answering a check-in: once, in time, whole, and danger before everything else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from backend.alerts.models import Alert, AlertEvent, AlertFeed
from backend.checkins.models import CheckIn
from backend.core import audit
from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from backend.instruments.models import QuestionnaireResponse, Score
from backend.messaging.models import Communication
from backend.messaging.sms.transport import Outcome, Retry
from backend.practices.models import Practice
from backend.programme.models import Activity, Adaptation
from backend.risk.models import RiskAssessment, SafetyHold
from tests.backstage import at_once, behind, rows
from tests.world import Answers, Caller, PatientAccount, World

NUMB = "safety.numbness"
MIND = "LA6569-3"  # "Several days" of PHQ-9 item 9
WRITTEN = (
    QuestionnaireResponse,
    Score,
    RiskAssessment,
    SafetyHold,
    Adaptation,
    Alert,
    AlertEvent,
    AlertFeed,
    Communication,
)


@pytest.fixture
def clinician(world: World) -> Caller:
    """One with a phone, who is texted about what cannot wait."""
    return world.provider(world.practice(), phone="+447700900999")


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    """One who has just joined; the safety screen is open."""
    return world.patient(clinician)


def screen(world: World, patient: Caller, **changes: Any) -> tuple[dict[str, Any], Answers]:
    """The open safety screen and answers to it."""
    [check_in] = world.check_ins(patient, "safety-screen")
    return check_in, {**world.sheet(patient, check_in), **changes}


def week_one(world: World, patient: Caller, severity: int = 3) -> tuple[dict[str, Any], Answers]:
    """Wait for the first weekly check-in; it and answers to it."""
    [coming] = world.check_ins(patient, "weekly", "scheduled")
    world.clock.move_by(days=7, hours=1)
    world.tick()
    world.sign_in(patient)
    [check_in] = world.check_ins(patient, "weekly")
    assert check_in["id"] == coming["id"]
    return check_in, world.sheet(patient, check_in, severity)


def stored(app: Flask) -> dict[str, int]:
    """How many rows there are of all that a submission may write."""
    return {model.__name__: len(rows(app, model)) for model in WRITTEN}  # type: ignore[type-var]


def refusal(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.content_type == "application/problem+json"
    return answer.status_code, answer.get_json()["type"].rpartition(":")[2]


def faulty_fields(answer: TestResponse) -> set[str]:
    assert answer.status_code == 422
    return {error["field"] for error in answer.get_json()["errors"]}


# --- Once ---


def test_the_same_answers_under_the_same_key_are_told_the_same_and_stored_once(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient)
    first = world.submit(patient, check_in, answers, "key-1")
    before = stored(app)
    world.clock.move_by(minutes=5)
    again = world.submit(patient, check_in, dict(reversed(answers.items())), "key-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    assert stored(app) == before
    assert len(rows(app, QuestionnaireResponse)) == 1


def test_the_same_again_is_told_the_same_even_after_the_window_has_closed(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician)
    check_in, answers = week_one(world, patient)
    first = world.submit(patient, check_in, answers, "key-1")
    world.clock.move_by(days=14)
    world.tick()
    world.sign_in(patient)
    again = world.submit(patient, check_in, answers, "key-1")
    assert (again.status_code, again.get_json()) == (201, first.get_json())


def test_other_answers_under_a_used_key_are_refused_and_the_first_kept(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient)
    world.ok(world.submit(patient, check_in, answers, "key-1"))
    before = stored(app)
    # Not even danger: those answers need a key of their own.
    for other in ({**answers, "safety.age": True}, {**answers, NUMB: True}, {}):
        again = world.submit(patient, check_in, other, "key-1")
        assert refusal(again) == (409, "key-used")
    assert stored(app) == before
    [kept] = rows(app, QuestionnaireResponse)
    assert kept.answers == answers


def test_a_key_used_on_another_check_in_is_refused(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient)
    world.ok(world.submit(patient, check_in, answers, "key-1"))
    [baseline] = world.check_ins(patient, "baseline")
    sheet = world.sheet(patient, baseline)
    before = stored(app)
    assert refusal(world.submit(patient, baseline, sheet, "key-1")) == (409, "key-used")
    assert stored(app) == before
    assert world.submit(patient, baseline, sheet, "key-2").status_code == 201


def test_two_people_may_use_the_same_key(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    for each in (patient, world.patient(clinician)):
        world.ok(world.submit(each, *screen(world, each), "key-1"))
    assert len(rows(app, QuestionnaireResponse)) == 2


def send(app: Flask, patient: Caller, check_in: Any, answers: Answers, key: str) -> Any:
    """A submission by a device of its own, to be made later."""

    def submit() -> TestResponse:
        return app.test_client().post(
            f"/v1/checkins/{check_in['id']}/response",
            json={"answers": answers},
            headers={**patient.headers, "Idempotency-Key": key},
        )

    return submit


def test_one_key_sent_twice_at_once_is_one_response(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient)
    one, two = at_once(*[send(app, patient, check_in, answers, "key-1")] * 2)
    assert (one.status_code, two.status_code) == (201, 201)
    assert one.get_json() == two.get_json()
    assert len(rows(app, QuestionnaireResponse)) == 1


def test_of_two_keys_at_once_one_counts_and_the_other_is_told_so(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient)
    calls = [send(app, patient, check_in, answers, key) for key in ("key-1", "key-2")]
    made, refused = sorted(at_once(*calls), key=lambda answer: answer.status_code)
    assert made.status_code == 201
    assert refusal(refused) == (409, "already-answered")
    [kept] = rows(app, QuestionnaireResponse)
    assert str(kept.id) == made.get_json()["response_id"]


def test_a_key_must_be_there_and_plain(world: World, patient: PatientAccount) -> None:
    check_in, answers = screen(world, patient)
    address = f"/v1/checkins/{check_in['id']}/response"
    for key in (None, "", "a b", "ä", "k" * 101):
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = world.post(address, patient, {"answers": answers}, headers)
        assert faulty_fields(answer) == {"Idempotency-Key"}, key


# --- In time ---


def test_an_answered_check_in_is_not_answered_again(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient)
    world.ok(world.submit(patient, check_in, answers))
    before = stored(app)
    assert refusal(world.submit(patient, check_in, answers)) == (409, "already-answered")
    assert stored(app) == before


def test_a_check_in_that_has_not_opened_says_when_it_will(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician)
    [coming] = world.check_ins(patient, "weekly", "scheduled")
    before = stored(app)
    answer = world.submit(patient, coming, world.sheet(patient, coming))
    assert refusal(answer) == (409, "not-open-yet")
    assert answer.get_json()["opens_at"] == coming["opens_at"]
    assert stored(app) == before


@pytest.mark.parametrize("has_ticked", [True, False], ids=["marked-missed", "not-marked-yet"])
def test_a_closed_window_is_closed_to_the_minute(
    app: Flask, world: World, clinician: Caller, has_ticked: bool
) -> None:
    patient = world.onboarded(clinician)
    check_in, answers = week_one(world, patient)
    [row] = rows(app, CheckIn, CheckIn.id == check_in["id"])
    assert row.closes_at is not None
    world.clock.move_to(row.closes_at)
    if has_ticked:
        world.tick()
    before = stored(app)
    world.sign_in(patient)
    assert refusal(world.submit(patient, check_in, answers)) == (409, "closed-window")
    assert stored(app) == before
    world.clock.move_to(row.closes_at - timedelta(seconds=1))
    if not has_ticked:
        assert world.submit(patient, check_in, answers).status_code == 201


def test_whoever_has_left_is_told_so(app: Flask, world: World, patient: PatientAccount) -> None:
    check_in, answers = screen(world, patient)
    world.ok(world.post("/v1/me/consent/withdrawal", patient))
    before = stored(app)
    assert refusal(world.submit(patient, check_in, answers)) == (409, "not-enrolled")
    assert stored(app) == before


def test_somebody_elses_check_in_looks_like_none(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient)
    other = world.patient(clinician)
    assert refusal(world.submit(other, check_in, answers)) == (404, "not-found")
    assert refusal(world.submit(other, {"id": uuid4()}, answers)) == (404, "not-found")
    assert not rows(app, QuestionnaireResponse)


# --- Whole ---


ABSENT = object()
FAULTS = [
    ("peg.1", ABSENT),
    ("peg.1", None),
    ("peg.1", 11),
    ("peg.1", -1),
    ("peg.1", 3.0),
    ("peg.1", "3"),
    ("peg.1", True),
    ("phq.1", "LA0"),
    ("phq.1", ["LA6568-5"]),
    ("phq.1", {}),
    ("safety.gateway", 1),
    ("safety.gateway", "false"),
    ("safety.gateway", ABSENT),
    ("safety.fever", False),
    ("gad.1", "LA6568-5"),
    ("nonsense", 1),
]


def test_each_fault_names_its_field_and_nothing_is_stored(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician)
    check_in, answers = week_one(world, patient)
    before = stored(app)
    for link, value in FAULTS:
        changed = {**answers, link: value}
        sent = {name: each for name, each in changed.items() if each is not ABSENT}
        answer = world.submit(patient, check_in, sent, "key-1")
        assert faulty_fields(answer) == {f"answers.{link}"}, (link, value)
    assert stored(app) == before
    # Nothing of it stands in the way of a better try, under the same key.
    assert world.submit(patient, check_in, answers, "key-1").status_code == 201


def test_all_faults_are_named_at_once(world: World, patient: PatientAccount) -> None:
    check_in, answers = screen(world, patient)
    wrong = {**answers, NUMB: "no", "safety.bladder": 0, "extra": True}
    del wrong["safety.legs"]
    answer = world.submit(patient, check_in, wrong)
    links = (NUMB, "safety.bladder", "extra", "safety.legs")
    assert faulty_fields(answer) == {f"answers.{link}" for link in links}


SHAPES: list[tuple[Any, str]] = [
    ({}, "answers"),
    ({"answers": None}, "answers"),
    ({"answers": []}, "answers"),
    ({"answers": {str(n): 1 for n in range(201)}}, "answers"),
    ({"answers": {}, "mode": "sms"}, "mode"),
    ({"answers": {}, "authored_at": "yesterday"}, "authored_at"),
    ({"answers": {}, "authored_at": "2026-09-01T10:00:00"}, "authored_at"),
    ({"answers": {}, "score": 3}, "score"),
]


def test_a_body_of_another_shape_is_refused(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    check_in, _ = screen(world, patient)
    address = f"/v1/checkins/{check_in['id']}/response"
    for body, field in SHAPES:
        answer = world.post(address, patient, body, {"Idempotency-Key": "key-1"})
        assert faulty_fields(answer) == {field}, body
    assert not rows(app, QuestionnaireResponse)


def test_a_fault_at_the_very_end_leaves_nothing_behind(
    app: Flask, world: World, clinician: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = world.onboarded(clinician)
    check_in, answers = week_one(world, patient)
    danger = {**answers, "safety.gateway": True, NUMB: True}
    before, trail = stored(app), len(rows(app, AuditEvent))
    record = audit.record

    def fail_last(action: str, **detail: Any) -> None:
        record(action, **detail)
        if action == "check-in.submit":
            raise RuntimeError("the machine stops here")

    with monkeypatch.context() as broken:
        broken.setattr(audit, "record", fail_last)
        for sent in (answers, danger):
            assert world.submit(patient, check_in, sent, "key-1").status_code == 500
    assert (stored(app), len(rows(app, AuditEvent))) == (before, trail)
    [row] = rows(app, CheckIn, CheckIn.id == check_in["id"])
    assert (row.status, row.completed_at) == ("open", None)
    assert [text.status for text in world.texts("check-in")] == ["pending"]
    assert world.submit(patient, check_in, answers, "key-1").status_code == 201
    assert [text.status for text in world.texts("check-in")] == ["cancelled"]


def test_an_answer_from_the_future_counts_from_now(
    app: Flask, world: World, clock: MovableClock, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient)
    sent = {"answers": answers, "authored_at": (clock.now() + timedelta(days=3)).isoformat()}
    address = f"/v1/checkins/{check_in['id']}/response"
    world.ok(world.post(address, patient, sent, {"Idempotency-Key": "key-1"}))
    [kept] = rows(app, QuestionnaireResponse)
    assert (kept.authored_at, kept.received_at) == (clock.now(), clock.now())


def test_a_completed_check_in_takes_its_waiting_texts_with_it(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician)
    check_in, answers = week_one(world, patient)
    [waiting] = world.texts("check-in")
    assert waiting.status == "pending"
    told = world.ok(world.submit(patient, check_in, answers))
    assert told["now"] is None
    assert [text.status for text in world.texts("check-in")] == ["cancelled"]
    [row] = rows(app, CheckIn, CheckIn.id == check_in["id"])
    assert (row.status, row.completed_at, row.next_reminder_at) == (
        "completed",
        world.clock.now(),
        None,
    )
    world.clock.move_by(days=4)
    world.tick()
    assert len(world.texts("check-in")) == 1
    [audit] = rows(app, AuditEvent, AuditEvent.entity_id == told["response_id"])
    assert (audit.action, audit.patient_id) == ("check-in.submit", patient.id)


# --- Danger first ---


def test_a_red_flag_is_dealt_with_on_that_very_response(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    told = world.answer(patient, "safety-screen", safety__numbness=True)
    assert told["now"]["level"] == "emergency"
    assert told["now"]["contacts"] == [{"label": "Emergency services", "phone": "999"}]
    assert told["next"]["kind"] == "wait"
    assert "not an emergency service" in told["statement"]

    [alert] = world.alerts(clinician)
    assert (alert["rule"], alert["tier"], alert["patient_id"]) == (
        "red-flag",
        1,
        str(patient.id),
    )
    assert alert["patient_was_told"] == told["now"]["text"]
    [evidence] = alert["evidence"]
    assert [(a["item"], a["answer"]) for a in evidence["answers"]] == [(NUMB, "Yes")]
    [hold] = rows(app, SafetyHold)
    assert (hold.level, hold.items, str(hold.response_id)) == (
        "emergency",
        [NUMB],
        told["response_id"],
    )
    assert not world.check_ins(patient), "the baseline waits"


@pytest.mark.parametrize(
    ("country", "item", "numbers"),
    [
        ("GB", "safety.fever", ["+441632960001", "111", "999"]),
        ("US", NUMB, ["911"]),
        ("US", "safety.fever", ["+441632960001", "911"]),
        ("NL", NUMB, ["112"]),
        ("FR", NUMB, ["112"]),
        ("NZ", "safety.fever", ["+441632960001", "0800 611 116", "111"]),
    ],
)
def test_contacts_are_those_of_the_practice_and_its_country(
    app: Flask, world: World, clinician: Caller, country: str, item: str, numbers: list[str]
) -> None:
    with behind(app) as session:
        session.get_one(Practice, clinician.practice_id).country = country
    patient = world.patient(clinician)
    check_in, answers = screen(world, patient, **{item: True})
    told = world.ok(world.submit(patient, check_in, answers))
    assert [contact["phone"] for contact in told["now"]["contacts"]] == numbers


def test_the_programme_stands_still_until_a_provider_clears_it(
    world: World, clinician: Caller, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient)
    world.ok(world.submit(patient, check_in, answers))
    [baseline] = world.check_ins(patient, "baseline")
    sheet = world.sheet(patient, baseline)
    world.ok(world.submit(patient, check_in, {**answers, NUMB: True}))
    assert refusal(world.submit(patient, baseline, sheet)) == (409, "on-hold")

    address = f"/v1/patients/{patient.id}/safety-clearance"
    cleared = world.ok(world.post(address, clinician, {"reason": "Examined; all is well."}))
    assert cleared["cleared_by"] == str(clinician.id)
    told = world.ok(world.submit(patient, baseline, sheet))
    assert told["next"]["kind"] == "plan"


def test_clearing_a_screen_that_was_held_opens_the_baseline(
    world: World, clinician: Caller, patient: PatientAccount
) -> None:
    world.answer(patient, "safety-screen", safety__fever=True)
    assert not world.check_ins(patient)
    address = f"/v1/patients/{patient.id}/safety-clearance"
    world.ok(world.post(address, clinician, {"reason": "Seen."}))
    assert [c["kind"] for c in world.check_ins(patient)] == ["baseline"]


def test_a_hold_locks_activity_and_exposure_and_leaves_the_rest_open(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline", 2, weekly__fear=10)
    plan = f"/v1/patients/{patient.id}/plan"
    activities = world.ok(world.get(plan, clinician))["activities"]
    assert [a["module_id"] for a in activities if a["locked"]] == []
    start_all(app)
    check_in, answers = week_one(world, patient)
    danger = {**answers, "safety.gateway": True, NUMB: True}
    world.ok(world.submit(patient, check_in, danger))

    locked = {a["module_id"] for a in world.ok(world.get("/v1/me/plan", patient))["activities"]
              if a["locked"]}  # fmt: skip
    assert locked == {"M04", "M06"}
    assert {a["module_id"] for a in activities} == {"M01", "M02", "M03", "M04", "M06", "M16"}
    for activity in activities:
        answer = world.get(f"/v1/me/activities/{activity['id']}", patient)
        if activity["module_id"] in locked:
            assert refusal(answer) == (409, "on-hold")
        else:
            assert answer.status_code == 200


def start_all(app: Flask) -> None:
    """Let every module have been started; getting there takes weeks."""
    with behind(app) as session:
        session.execute(update(Activity).values(status="active"))


@pytest.mark.parametrize(
    "wrong",
    [{"peg.1": 99}, {"peg.2": None}, {"nonsense": [1, {"a": "b"}]}, {"safety.legs": 7}],
    ids=["out-of-range", "missing", "unknown", "another-danger-item"],
)
def test_danger_is_taken_although_other_answers_are_faulty(
    app: Flask, world: World, clinician: Caller, wrong: Answers
) -> None:
    patient = world.onboarded(clinician)
    check_in, answers = week_one(world, patient)
    sent = {**answers, "safety.gateway": True, NUMB: True, **wrong}
    told = world.ok(world.submit(patient, check_in, sent))
    assert told["now"]["level"] == "emergency"
    assert len(tier_one(world, clinician)) == 1
    [kept] = rows(app, QuestionnaireResponse, QuestionnaireResponse.check_in_id == check_in["id"])
    assert kept.answers[NUMB] is True
    assert not kept.answers.keys() & wrong.keys()


def test_danger_is_taken_although_the_gateway_said_no(world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician)
    check_in, answers = week_one(world, patient)
    assert answers["safety.gateway"] is False
    told = world.ok(world.submit(patient, check_in, {**answers, NUMB: True}))
    assert told["now"]["level"] == "emergency"
    assert len(tier_one(world, clinician)) == 1


@pytest.mark.parametrize("status", ["closed", "scheduled", "cancelled", "completed", "withdrawn"])
def test_danger_is_taken_although_the_window_is_not_open(
    app: Flask, world: World, clinician: Caller, status: str
) -> None:
    patient = world.onboarded(clinician)
    [check_in] = world.check_ins(patient, "weekly", "scheduled")
    answers = world.sheet(patient, check_in)
    if status != "scheduled":
        week_one(world, patient)
    if status == "closed":
        world.clock.move_by(days=10)
        world.tick()
        world.sign_in(patient)
    elif status == "completed":
        world.ok(world.submit(patient, check_in, answers))
    elif status == "withdrawn":
        world.ok(world.post("/v1/me/consent/withdrawal", patient))
    elif status == "cancelled":
        with behind(app) as session:
            session.get_one(CheckIn, UUID(check_in["id"])).status = "cancelled"
    danger = {**answers, "safety.gateway": True, NUMB: True}
    told = world.ok(world.submit(patient, check_in, danger))
    assert told["now"]["level"] == "emergency"
    assert len(tier_one(world, clinician)) == 1


def test_danger_answered_again_adds_evidence_to_the_same_alert(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient)
    for link, level in ((NUMB, "emergency"), ("safety.fever", "same_day"), (NUMB, "emergency")):
        told = world.ok(world.submit(patient, check_in, {**answers, link: True}))
        assert told["now"]["level"] == level
        world.clock.move_by(minutes=1)
    [alert] = tier_one(world, clinician)
    assert [e["level"] for e in alert["evidence"]] == ["emergency", "same_day", "emergency"]
    assert len(rows(app, SafetyHold)) == 1
    # Whoever has seen the first must still hear of the next.
    assert len(world.texts("alert")) == 3


def test_danger_from_two_devices_at_once_is_one_alert_and_one_hold(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    check_in, answers = screen(world, patient, **{NUMB: True})
    calls = [send(app, patient, check_in, answers, f"key-{n}") for n in range(4)]
    assert [answer.status_code for answer in at_once(*calls)] == [201] * 4
    [alert] = tier_one(world, clinician)
    assert len(alert["evidence"]) == 4
    assert len(rows(app, SafetyHold)) == 1


@pytest.mark.parametrize(
    ("item", "held"), [("safety.weight", False), ("safety.age", None), ("safety.foot", True)]
)
def test_only_what_cannot_wait_holds_the_programme(
    app: Flask,
    world: World,
    clinician: Caller,
    patient: PatientAccount,
    item: str,
    held: bool | None,
) -> None:
    check_in, answers = screen(world, patient, **{item: True})
    told = world.ok(world.submit(patient, check_in, answers))
    assert [a["tier"] for a in world.alerts(clinician)] == {True: [1], False: [3], None: []}[held]
    assert bool(rows(app, SafetyHold)) is bool(held)
    assert (told["now"] is None) is (held is None)
    assert told["next"]["kind"] == ("wait" if held else "baseline")


def test_low_mood_in_two_questions_offers_the_nine(world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician, 2)
    told = world.weekly(patient, 2, phq__1="LA6570-1", phq__2="LA6569-3")
    assert told["next"]["kind"] == "follow_up"
    [follow_up] = world.check_ins(patient, "follow-up")
    # The first two have been answered a minute ago.
    assert set(world.sheet(patient, follow_up)) == {f"phq.{n}" for n in range(3, 10)}
    told = world.answer(patient, "follow-up", 9)
    assert (told["now"], told["next"]["kind"]) == (None, "check_in")
    assert [a["rule"] for a in signed_in(world, clinician)] == ["severe-low-mood"]


def test_two_points_of_low_mood_are_not_enough(world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician, 2)
    told = world.weekly(patient, 2, phq__1="LA6569-3", phq__2="LA6569-3")
    assert told["next"]["kind"] == "check_in"
    assert not world.check_ins(patient, "follow-up")


@pytest.mark.parametrize("severity", [0, 9])
def test_thoughts_of_self_harm_count_whatever_the_total(
    app: Flask, world: World, clinician: Caller, severity: int
) -> None:
    patient = world.onboarded(clinician, 2)
    world.weekly(patient, 2, phq__1="LA6571-9", phq__2="LA6571-9")
    told = world.answer(patient, "follow-up", severity, phq__9=MIND)
    assert told["now"]["level"] == "self_harm"
    assert [c["phone"] for c in told["now"]["contacts"]] == ["999", "116 123", "+441632960001"]
    [alert] = tier_one(world, clinician)
    assert alert["rule"] == "self-harm"
    [hold] = rows(app, SafetyHold)
    assert (hold.level, hold.items) == ("self_harm", ["phq.9"])


class Broken:
    """A transport that cannot send."""

    sender: str | None = None

    def __init__(self, fault: Outcome | Exception) -> None:
        self.fault = fault

    def send(self, *args: object) -> Outcome:
        if isinstance(self.fault, Exception):
            raise self.fault
        return self.fault

    def find(self, *args: object) -> None:
        return None


@pytest.mark.parametrize(
    "fault",
    [OSError("no network"), Retry(None), None],
    ids=["transport-raises", "transport-refuses", "no-worker"],
)
def test_response_and_alert_do_not_wait_for_the_carrier_or_the_worker(
    app: Flask,
    world: World,
    clinician: Caller,
    patient: PatientAccount,
    fault: Outcome | Exception | None,
) -> None:
    if fault is not None:
        app.extensions["sms"] = Broken(fault)
    told = world.answer(patient, "safety-screen", safety__numbness=True)
    assert told["now"]["contacts"]
    assert len(tier_one(world, clinician)) == 1
    [text] = world.texts("alert")
    assert (text.status, text.urgent, text.provider_id) == ("pending", True, clinician.id)
    if isinstance(fault, Exception):
        with pytest.raises(OSError):
            world.deliver()
    elif fault is not None:
        world.deliver()
    assert len(tier_one(world, clinician)) == 1
    assert world.get("/v1/me", patient).status_code == 200


def signed_in(world: World, clinician: Caller) -> list[dict[str, Any]]:
    """The feed, read with fresh tokens: weeks may have passed."""
    world.sign_in(clinician)
    return world.alerts(clinician)


def tier_one(world: World, clinician: Caller) -> list[dict[str, Any]]:
    return [alert for alert in signed_in(world, clinician) if alert["tier"] == 1]
