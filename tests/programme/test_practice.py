"""What is practised by number, through the public API: quotas, flare-ups and ladders."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.programme.models import ActivityEvent, Adaptation, PracticeLog
from tests.backstage import rows, statements
from tests.programme.test_service import (
    faulty_fields,
    for_provider,
    plan,
    practise,
    refusal,
    standing,
    study,
    text_of,
)
from tests.shipped import PATHWAY
from tests.world import Caller, PatientAccount, World

TUESDAY = 1
WALKING = {"activity": "Walking", "measure": "minutes", "amount": 20}
LADDER = {"Bend": 25, "Lift a bag": 40, "Vacuum": 55, "Garden": 70, "Jog": 85}
CALMED = {"fear_before": 40, "fear_after": 10, "belief_before": 60, "belief_after": 20}
AFRAID = {"fear_before": 60, "fear_after": 60, "belief_before": 60, "belief_after": 60}


@pytest.fixture
def walker(world: World, clinician: Caller) -> PatientAccount:
    """One whose module on steady steps has begun."""
    return reach(world, world.onboarded(clinician, 2), "M04")


@pytest.fixture
def climber(world: World, clinician: Caller) -> PatientAccount:
    """One who has rated movements in the text and is about to try the first."""
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline", 2, weekly__fear=10)
    reach(world, patient, "M06")
    study(world, patient, "M06")
    world.weekly(patient, 2)
    assert standing(world, patient)["M06"] == ("active", 2)
    return patient


def reach(world: World, patient: PatientAccount, module: str) -> PatientAccount:
    """Work on what is open, week by week, until a module begins."""
    while plan(world, patient)[module]["status"] == "waiting":
        open_now = [m for m, (status, _) in standing(world, patient).items() if status == "active"]
        study(world, patient, *open_now)
        world.weekly(patient, 2)
    return patient


def put(world: World, patient: Caller, module: str, what: str, body: Any) -> TestResponse:
    activity = plan(world, patient)[module]
    address = f"/v1/me/activities/{activity['id']}/{what}"
    return world.client.put(address, json=body, headers=patient.headers)


def choose(world: World, patient: Caller, **changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = world.ok(put(world, patient, "M04", "aim", {**WALKING, **changes}))
    return told


def flare(world: World, patient: Caller, **body: Any) -> TestResponse:
    activity = plan(world, patient)["M04"]
    return world.post(f"/v1/me/activities/{activity['id']}/flare", patient, body)


def quota(world: World, patient: Caller) -> dict[str, Any]:
    told: dict[str, Any] = world.ok(text_of(world, patient, "M04"))["quota"]
    return told


def walk(world: World, patient: Caller, *amounts: float | None) -> None:
    """Walk on one day after the other, or not (``None``); the last day is over afterwards."""
    for done in amounts:
        if done is not None:
            noted = amount(world, patient, done)
            assert practise(world, patient, "M04", values=noted).status_code == 204
        world.clock.move_by(days=1)
        world.sign_in(patient)
        if world.clock.now().weekday() == TUESDAY:
            world.weekly(patient, 2)


def study_all_but(world: World, patient: Caller, module: str) -> None:
    """Do a week's work on everything else that is open."""
    found = standing(world, patient).items()
    study(world, patient, *[m for m, (status, _) in found if status == "active" and m != module])


def amount(world: World, patient: Caller, done: float) -> dict[str, float]:
    """What the present grade calls an amount: tries and quotas are noted under their own names."""
    asked = world.ok(text_of(world, patient, "M04"))["practice"]["values"]
    [name] = {value["id"] for value in asked} & {"trial_amount", "amount_done"}
    return {name: done}


def next_grade(world: World, patient: Caller) -> None:
    """From tries to quotas in the texts, by a week's work and a check-in."""
    study(world, patient, "M04")
    world.weekly(patient, 2)
    assert standing(world, patient)["M04"] == ("active", 2)


def on_the_way(world: World, patient: Caller, **changes: Any) -> None:
    """Past the tries 10, 12 and 14 into the module's second grade; the quota was 8 at first."""
    next_grade(world, patient)
    choose(world, patient, **changes)
    walk(world, patient, 10, 12, 14)


def rate(world: World, patient: Caller, items: dict[str, int]) -> TestResponse:
    body = {"items": [{"item": item, "rating": rating} for item, rating in items.items()]}
    return put(world, patient, "M06", "ladder", body)


def climb(world: World, patient: Caller, *trials: dict[str, Any]) -> dict[str, Any]:
    """One trial a day; the ladder after them."""
    for values in trials:
        assert practise(world, patient, "M06", values=values).status_code == 204
        world.clock.move_by(days=1)
    told: dict[str, Any] = world.ok(text_of(world, patient, "M06"))["ladder"]
    return told


def agree(world: World, provider: Caller, patient: Caller, item: str) -> TestResponse:
    activity = plan(world, patient)["M06"]
    world.sign_in(provider)
    address = f"/v1/patients/{patient.id}/activities/{activity['id']}/approvals"
    return world.post(address, provider, {"item": item})


def graded(app: Flask) -> list[tuple[str, Any]]:
    found = [r for r in rows(app, Adaptation) if r.rule.startswith("graded")]
    assert {r.rule_version for r in found} <= {PATHWAY.label}
    assert all(r.for_patient and r.for_provider for r in found)
    return [(r.decision, r.inputs) for r in found]


# --- Quotas ---


def test_before_an_aim_is_chosen_the_module_asks_for_one(
    world: World, clinician: Caller, walker: PatientAccount
) -> None:
    told = quota(world, walker)
    assert (told["aim"], told["phase"], told["today"]) == (None, None, None)
    assert told["for_patient"].startswith("Choose one activity")
    other = world.ok(text_of(world, walker, "M03"))
    assert (other["quota"], other["ladder"]) == (None, None)
    progress = {
        a["module_id"]: a["progress"] for a in for_provider(world, clinician, walker)["activities"]
    }
    assert progress["M04"] == "No activity chosen yet."
    assert progress["M03"] is None


def test_three_tries_give_a_quota_below_their_mean(
    world: World, clinician: Caller, walker: PatientAccount
) -> None:
    told = choose(world, walker)
    assert (told["phase"], told["today"], told["tries"]) == ("baseline", None, 0)
    assert "each on another day: 3." in told["for_patient"]
    walk(world, walker, 10, 12)
    assert quota(world, walker)["tries"] == 2
    [m04] = [
        a for a in for_provider(world, clinician, walker)["activities"] if a["module_id"] == "M04"
    ]
    assert m04["progress"] == "Walking, goal 20 minutes: 2 of 3 tries done."
    walk(world, walker, 14)
    told = quota(world, walker)
    # 70 % of 12 is 8.4.
    assert (told["phase"], told["today"]) == ("quota", 8)
    assert told["for_patient"].startswith("Today: 8 minutes, then stop.")
    assert told["aim"]["amount"] == 20 and told["aim"]["activity"] == "Walking"


def test_tries_far_apart_ask_for_a_fourth(world: World, walker: PatientAccount) -> None:
    choose(world, walker)
    walk(world, walker, 2, 10, 20)
    told = quota(world, walker)
    assert (told["today"], told["advice"]) == (None, ["fourth-try"])
    walk(world, walker, 8)
    # The median of the four is 9.
    assert quota(world, walker)["today"] == 6


def test_a_week_on_plan_goes_up_a_step_and_is_decided_once(
    app: Flask, world: World, walker: PatientAccount
) -> None:
    on_the_way(world, walker)
    walk(world, walker, 8, 8, 8, 8, 8, None, None)
    told = quota(world, walker)
    assert told["today"] == 10
    assert "it went up a step" in told["for_patient"]
    assert [(w["planned"], w["decision"]) for w in told["weeks"]] == [(5, "advance")]
    assert graded(app) == []
    # The next two check-ins find it, and it is kept once.
    walk(world, walker, *[10] * 14)
    kept = graded(app)
    assert [each for each, _ in kept] == ["advance", "advance"]
    assert [(i["planned"], i["met"]) for _, i in kept] == [(5, 5), (5, 6)]


def test_a_day_done_without_an_amount_is_a_day_on_plan(
    world: World, walker: PatientAccount
) -> None:
    on_the_way(world, walker)
    for _ in range(5):
        assert practise(world, walker, "M04").status_code == 204
        world.clock.move_by(days=1)
    world.clock.move_by(days=2)
    world.sign_in(walker)
    assert quota(world, walker)["today"] == 10


def test_too_much_on_a_good_day_is_no_step_up(world: World, walker: PatientAccount) -> None:
    on_the_way(world, walker)
    walk(world, walker, 16, 16, 16, 16, 16)
    world.clock.move_by(days=2)
    world.sign_in(walker)
    told = quota(world, walker)
    assert told["weeks"][0]["met"] == 0
    assert told["today"] == 8


def test_a_late_note_of_a_day_changes_the_week_and_both_judgements_are_kept(
    app: Flask, world: World, walker: PatientAccount
) -> None:
    on_the_way(world, walker)
    # A week from Thursday with too few days on plan; the check-in after it is on Tuesday.
    walk(world, walker, None, None, None, None, 8, 8, 8)
    walk(world, walker, 8, 8, 8, 8, 8)
    assert [each for each, _ in graded(app)] == ["hold"]
    assert quota(world, walker)["today"] == 8
    late = world.clock.now().date() - timedelta(days=6)
    done = practise(world, walker, "M04", day=late.isoformat(), values=amount(world, walker, 8))
    assert done.status_code == 204
    late -= timedelta(days=1)
    done = practise(world, walker, "M04", day=late.isoformat(), values=amount(world, walker, 8))
    assert done.status_code == 204
    world.weekly(walker, 2)
    assert [each for each, _ in graded(app)][:2] == ["hold", "advance"]


def test_two_weeks_down_ask_for_a_new_start_and_mark_the_person_stuck(
    app: Flask, world: World, clinician: Caller, walker: PatientAccount
) -> None:
    on_the_way(world, walker)
    for _ in range(2):
        study_all_but(world, walker, "M04")
        walk(world, walker, 3, *[None] * 6)
    told = quota(world, walker)
    assert (told["phase"], told["today"], told["stuck"]) == ("baseline", None, True)
    study_all_but(world, walker, "M04")
    walk(world, walker, *[None] * 5)
    assert [each for each, _ in graded(app)] == ["step-back", "stuck"]
    progress = [a["progress"] for a in for_provider(world, clinician, walker)["activities"]]
    assert "Walking, goal 20 minutes: 0 of 3 tries done; stuck." in progress
    # With one more mark, for the text that was not read, the practice is asked to call.
    stuck = rows(app, Adaptation, Adaptation.decision == "stuck")
    assert sorted(r.rule for r in stuck) == ["graded-activity", "progression"]
    world.sign_in(clinician)
    assert "stuck" in {alert["rule"] for alert in world.alerts(clinician)}


def test_a_flare_lowers_the_quota_never_to_nothing_and_told_twice_is_told_once(
    app: Flask, world: World, walker: PatientAccount
) -> None:
    on_the_way(world, walker, amount=40)
    for each in (8, 10, 11, 12):
        walk(world, walker, *[each] * 5, None, None)
    assert quota(world, walker)["today"] == 13
    for _ in range(2):
        told = world.ok(flare(world, walker))
    assert (told["today"], told["in_flare"]) == (8, True)
    assert told["for_patient"].startswith("You have a flare-up. Today: 8 minutes.")
    assert len(rows(app, ActivityEvent, ActivityEvent.kind == "flare")) == 1
    walk(world, walker, None, None, None)
    back = []
    for _ in range(3):
        told = quota(world, walker)
        assert not told["in_flare"]
        back.append((told["today"], "come back to your old amount" in told["for_patient"]))
        walk(world, walker, told["today"])
    assert back == [(10, True), (11, True), (13, False)]


def test_a_pause_is_answered_by_its_length(world: World, walker: PatientAccount) -> None:
    on_the_way(world, walker)
    walk(world, walker, 8, 8, 8, 8, 8)
    last = world.clock.now()
    seen = {}
    for days in (2, 8, 16, 27):
        world.clock.move_to(last + timedelta(days=days))
        world.sign_in(walker)
        told = quota(world, walker)
        seen[days] = (told["phase"], told["today"])
    assert seen[2] == ("quota", 10)
    assert seen[8] == ("quota", 8)
    assert seen[16] == ("quota", 6)
    assert seen[27] == ("baseline", None)


def test_a_higher_goal_goes_on_from_where_one_is(world: World, walker: PatientAccount) -> None:
    on_the_way(world, walker, amount=8)
    told = quota(world, walker)
    assert (told["today"], told["reached_goal"]) == (8, True)
    assert told["for_patient"].startswith("You are at your goal.")
    walk(world, walker, 8, 8, 8, 8, 8, None, None)
    told = choose(world, walker, amount=20)
    assert (told["today"], told["reached_goal"], told["phase"]) == (8, False, "quota")
    walk(world, walker, 8, 8, 8, 8, 8, None, None)
    # One step of a tenth of the mean above the goal that was kept to.
    assert quota(world, walker)["today"] == 9


@pytest.mark.parametrize("other", [{"activity": "Cycling"}, {"measure": "steps", "amount": 900}])
def test_another_activity_or_measure_begins_with_new_tries(
    world: World, walker: PatientAccount, other: dict[str, Any]
) -> None:
    on_the_way(world, walker)
    assert quota(world, walker)["today"] == 8
    told = choose(world, walker, **other)
    assert (told["phase"], told["tries"]) == ("baseline", 0)
    walk(world, walker, 5, 5, 5)
    assert quota(world, walker)["phase"] == "quota"


def test_a_goal_below_the_present_quota_is_kept_to(world: World, walker: PatientAccount) -> None:
    on_the_way(world, walker)
    assert choose(world, walker, amount=5)["today"] == 5


def test_a_safety_hold_locks_the_quota_and_gives_it_back(
    world: World, clinician: Caller, walker: PatientAccount
) -> None:
    on_the_way(world, walker)
    world.weekly(walker, 2, safety__gateway=True, safety__numbness=True)
    assert refusal(put(world, walker, "M04", "aim", WALKING)) == (409, "on-hold")
    assert refusal(flare(world, walker)) == (409, "on-hold")
    progress = [a["progress"] for a in for_provider(world, clinician, walker)["activities"]]
    assert "Walking, goal 20 minutes: locked by a safety hold." in progress
    world.clock.move_by(days=10)
    world.sign_in(clinician)
    address = f"/v1/patients/{walker.id}/safety-clearance"
    world.ok(world.post(address, clinician, {"reason": "Examined."}))
    world.sign_in(walker)
    told = quota(world, walker)
    # The days of the lock are no pause of theirs.
    assert (told["phase"], told["today"]) == ("quota", 8)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"activity": " "}, "activity"),
        ({"measure": ""}, "measure"),
        ({"amount": 0}, "amount"),
        ({"amount": 1_000_001}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": 20, "rounded_to": 30}, "amount"),
        ({"rounded_to": -1}, "rounded_to"),
        ({"planned_days": 2}, "planned_days"),
        ({"planned_days": 8}, "planned_days"),
    ],
)
def test_an_aim_that_cannot_be_worked_towards_is_named(
    app: Flask, world: World, walker: PatientAccount, changes: dict[str, Any], field: str
) -> None:
    assert faulty_fields(put(world, walker, "M04", "aim", {**WALKING, **changes})) == {field}
    assert not rows(app, ActivityEvent)


def test_a_flare_of_another_time_or_length_is_named(world: World, walker: PatientAccount) -> None:
    today = world.clock.now().date()
    for body, field in (
        ({"days": 8}, "days"),
        ({"days": 0}, "days"),
        ({"day": (today - timedelta(days=8)).isoformat()}, "day"),
        ({"day": (today + timedelta(days=1)).isoformat()}, "day"),
    ):
        assert faulty_fields(flare(world, walker, **body)) == {field}


def test_each_module_is_practised_in_its_own_way(world: World, walker: PatientAccount) -> None:
    activity = plan(world, walker)["M03"]
    for what, body in (("aim", WALKING), ("ladder", {"items": [{"item": "x", "rating": 1}]})):
        assert refusal(put(world, walker, "M03", what, body)) == (409, "other-practice")
    address = f"/v1/me/activities/{activity['id']}/flare"
    assert refusal(world.post(address, walker)) == (409, "other-practice")


def test_a_long_history_costs_no_more_statements(
    app: Flask, world: World, walker: PatientAccount
) -> None:
    on_the_way(world, walker)
    costs = []
    for _ in range(2):
        quota(world, walker)
        activity = plan(world, walker)["M04"]["id"]
        with statements(app) as seen:
            world.ok(world.get(f"/v1/me/activities/{activity}", walker))
        costs.append(list(seen))
        walk(world, walker, 8, 8, 8, 8, 8)
        world.sign_in(walker)
        choose(world, walker, amount=25)
        world.ok(flare(world, walker))
    few, many = costs
    # The second time is another day, on which the reading is noted.
    quiet = [[s for s in each if "module_reading" not in s] for each in (few, many)]
    assert len(quiet[0]) == len(quiet[1]), set(quiet[1]) - set(quiet[0])
    assert len(rows(app, PracticeLog, PracticeLog.grade > 1)) >= 8


# --- Ladders ---


def test_a_ladder_begins_at_its_lowest_rung(
    world: World, clinician: Caller, climber: PatientAccount
) -> None:
    told = world.ok(text_of(world, climber, "M06"))["ladder"]
    assert (told["complete"], told["current"]) == (False, None)
    assert told["for_patient"].startswith("Write down 5 to 12 movements")
    told = world.ok(rate(world, climber, {"Sit": 10, **LADDER}))
    # What is rated under 20 is no rung.
    assert [r["item"] for r in told["rungs"]] == list(LADDER)
    assert told["current"] == "Bend"
    assert [r["needs_provider"] for r in told["rungs"]] == [False] * 4 + [True]
    assert "Your movement now: Bend." in told["for_patient"]
    progress = [a["progress"] for a in for_provider(world, clinician, climber)["activities"]]
    assert "0 of 5 movements done; now: Bend." in progress


def test_two_calm_trials_on_different_days_climb_a_rung_by_name_or_by_turn(
    app: Flask, world: World, climber: PatientAccount
) -> None:
    world.ok(rate(world, climber, LADDER))
    assert climb(world, climber, CALMED)["current"] == "Bend"
    told = climb(world, climber, {**CALMED, "movement": "  bend "})
    assert told["current"] == "Lift a bag"
    assert told["rungs"][0]["status"] == "done"
    # A movement that is on no ladder, or of which numbers are missing, climbs nothing.
    half = {"fear_before": 10, "fear_after": 5}
    stray = {**CALMED, "movement": "Dance"}
    told = climb(world, climber, stray, stray, half, half)
    assert told["current"] == "Lift a bag"
    world.weekly(climber, 2)
    assert [each for each in graded(app) if each[0] == "advance"] == [
        ("advance", {"item": "Bend", "rating": 25, "verdict": "advance"})
    ]


def test_a_safety_habit_keeps_a_rung_from_being_done(world: World, climber: PatientAccount) -> None:
    world.ok(rate(world, climber, LADDER))
    guarded = {**CALMED, "safety_behaviours": "Held on to the table"}
    assert climb(world, climber, guarded, guarded)["current"] == "Bend"
    assert climb(world, climber, CALMED)["current"] == "Lift a bag"


def test_fear_that_does_not_drop_asks_for_an_easier_rung_then_for_the_practice(
    app: Flask, world: World, clinician: Caller, climber: PatientAccount
) -> None:
    world.ok(rate(world, climber, LADDER))
    told = climb(world, climber, *[AFRAID] * 3)
    assert told["verdict"] == "easier-item"
    assert "add an easier movement" in told["for_patient"]
    told = climb(world, climber, *[AFRAID] * 2)
    assert told["verdict"] == "stuck"
    world.weekly(climber, 2)
    assert [each for each, _ in graded(app)] == ["stuck"]
    told = world.ok(rate(world, climber, {"Nod": 20}))
    assert (told["current"], len(told["rungs"])) == ("Nod", 6)


def test_a_very_high_rung_waits_for_the_practice(
    world: World, clinician: Caller, climber: PatientAccount
) -> None:
    high = dict.fromkeys(["A", "B", "C", "D", "E"], 90)
    told = world.ok(rate(world, climber, high))
    assert (told["current"], told["waits_for_provider"]) == (None, True)
    assert told["for_patient"] == "Please talk to your practice before you try this movement: A."
    assert climb(world, climber, CALMED)["current"] is None
    told = world.ok(agree(world, clinician, climber, "a"))
    assert (told["current"], told["waits_for_provider"]) == ("A", False)
    assert faulty_fields(agree(world, clinician, climber, "Z")) == {"item"}


def test_only_ones_own_practice_can_agree(
    world: World, clinician: Caller, climber: PatientAccount
) -> None:
    world.ok(rate(world, climber, LADDER))
    stranger = world.provider(world.practice("Vale Surgery"))
    assert agree(world, stranger, climber, "Jog").status_code == 404
    world.sign_in(clinician)
    other = world.onboarded(clinician, 2)
    activity = plan(world, climber)["M06"]["id"]
    address = f"/v1/patients/{other.id}/activities/{activity}/approvals"
    assert world.post(address, clinician, {"item": "Jog"}).status_code == 404


def test_rating_again_keeps_the_first_rating_and_the_same_day_replaces(
    app: Flask, world: World, climber: PatientAccount
) -> None:
    for _ in range(2):
        world.ok(rate(world, climber, LADDER))
    assert len(rows(app, ActivityEvent)) == len(LADDER)
    world.clock.move_by(days=1)
    halved = {item.upper(): rating // 2 for item, rating in LADDER.items()}
    told = world.ok(rate(world, climber, halved))
    assert [(r["item"], r["first_rating"], r["rating"]) for r in told["rungs"]] == [
        (item, rating, rating // 2) for item, rating in LADDER.items()
    ]
    assert told["success"] is True


def test_a_list_of_movements_that_is_none_is_named(
    app: Flask, world: World, climber: PatientAccount
) -> None:
    few, many = dict.fromkeys("abcd", 50), dict.fromkeys("abcdefghijklm", 50)
    for items in (few, many, {**LADDER, "bend": 30}):
        assert faulty_fields(rate(world, climber, items)) == {"items"}
    assert faulty_fields(rate(world, climber, {**LADDER, "Run": 101})) == {"items.5.rating"}
    assert not rows(app, ActivityEvent)
    world.ok(rate(world, climber, LADDER))
    assert faulty_fields(rate(world, climber, dict.fromkeys("abcdefgh", 50))) == {"items"}


def test_days_are_of_the_patients_own_calendar(app: Flask, world: World, clinician: Caller) -> None:
    patient = reach(world, world.onboarded(clinician, 2, time_zone="Pacific/Auckland"), "M04")
    world.clock.move_to(world.clock.now().replace(hour=13, minute=0))
    world.sign_in(patient)
    tomorrow = world.clock.now().date() + timedelta(days=1)
    assert date.fromisoformat(choose(world, patient)["aim"]["day"]) == tomorrow
