"""A care plan through the weeks: made with reasons, moved on, held, locked, at its version."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from werkzeug.test import TestResponse

from backend.app import create_app
from backend.config import ROOT
from backend.core.clock import MovableClock
from backend.programme import service as programme
from backend.programme.models import (
    Activity,
    Adaptation,
    CarePlan,
    ModuleReading,
    PracticeLog,
    QuizAttempt,
)
from tests.backstage import behind, rows
from tests.conftest import make_settings
from tests.shipped import MODULES, PATHWAY
from tests.world import Caller, PatientAccount, World

CORE = ["M01", "M02", "M03", "M04"]
# What keeps the gains stands at the end.
END = ["M16"]


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    """One with a low risk, no factor, the four core modules and the flare-up plan."""
    return world.onboarded(clinician, 2)


def plan(world: World, patient: Caller) -> dict[str, dict[str, Any]]:
    """The patient's activities by module."""
    world.sign_in(patient)
    found = world.ok(world.get("/v1/me/plan", patient))
    return {activity["module_id"]: activity for activity in found["activities"]}


def standing(world: World, patient: Caller) -> dict[str, tuple[str, int]]:
    """Status and grade of each module that has begun."""
    activities = plan(world, patient).items()
    return {m: (a["status"], a["grade"]) for m, a in activities if a["status"] != "waiting"}


def for_provider(world: World, clinician: Caller, patient: Caller) -> dict[str, Any]:
    world.sign_in(clinician)
    found: dict[str, Any] = world.ok(world.get(f"/v1/patients/{patient.id}/plan", clinician))
    return found


def text_of(world: World, patient: Caller, module: str) -> TestResponse:
    activity = plan(world, patient)[module]
    return world.get(f"/v1/me/activities/{activity['id']}", patient)


def quiz(world: World, patient: Caller, module: str, answers: Any) -> TestResponse:
    activity = plan(world, patient)[module]
    address = f"/v1/me/activities/{activity['id']}/quiz"
    return world.post(address, patient, {"answers": answers})


def practise(world: World, patient: Caller, module: str, **body: Any) -> TestResponse:
    activity = plan(world, patient)[module]
    today = world.clock.now().date().isoformat()
    sent = {"day": today, "done": True, **body}
    return world.post(f"/v1/me/activities/{activity['id']}/practice", patient, sent)


def right_answers(module: str, grade: int) -> dict[str, int]:
    return {item.id: item.answer for item in MODULES[module].grades[grade].quiz}


def study(world: World, patient: Caller, *modules: str) -> None:
    """Do all that a week asks for in some modules."""
    for module in modules:
        grade = plan(world, patient)[module]["grade"]
        assert text_of(world, patient, module).status_code == 200
        told = world.ok(quiz(world, patient, module, right_answers(module, grade)))
        assert (told["percent"], told["passed"]) == (100, True)
        for days in range(1, 6):
            day = (world.clock.now() + timedelta(days=days)).date()
            world.clock.move_by(days=days)
            done = practise(world, patient, module, day=day.isoformat(), confidence=8)
            assert done.status_code == 204
            world.clock.move_by(days=-days)


def faulty_fields(answer: TestResponse) -> set[str]:
    assert answer.status_code == 422
    return {error["field"] for error in answer.get_json()["errors"]}


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["type"].rpartition(":")[2]


def decisions(app: Flask, module: str) -> list[str]:
    """What was decided week by week about a module."""
    known = {a.id: a.module_id for a in rows(app, Activity)}
    found = rows(app, Adaptation)
    return [a.decision for a in found if a.activity_id and known[a.activity_id] == module]


# --- Making it ---


def test_a_plan_comes_from_group_and_factors_and_every_module_says_why(
    world: World, clinician: Caller
) -> None:
    for severity, changes, weeks, extra, end, noted in (
        (2, {}, 4, {}, END, []),
        (2, {"weekly__fear": 10}, 4, {"M06": "fear-avoidance"}, END, []),
        (2, {"weekly__sleep": 9}, 4, {"M11": "sleep"}, END, []),
        (
            8,
            {},
            12,
            {
                "M10": "low-mood",
                "M07": "anxiety",
                "M09": "anxiety",
                "M12": "low-self-efficacy",
                "M13": "social",
            },
            ["M05", "M16", "M17"],
            ["Fear of movement", "more human contact"],
        ),
    ):
        patient = world.patient(clinician)
        world.answer(patient, "safety-screen")
        world.answer(patient, "baseline", severity, **changes)
        made = for_provider(world, clinician, patient)
        assert (made["weeks"], made["pathway_version"]) == (weeks, PATHWAY.label)
        assert made["support"]
        activities = made["activities"]
        assert [a["module_id"] for a in activities] == [*CORE, *extra, *end], changes
        assert {a["module_id"]: a["factor"] for a in activities if a["factor"]} == extra
        titles = {rule.factor: rule.title for rule in PATHWAY.factors}
        for activity in activities:
            expected = titles[activity["factor"]] if activity["factor"] else "of every plan"
            assert expected in activity["reason"]
        assert [a["status"] for a in activities] == ["active"] + ["waiting"] * (len(activities) - 1)
        assert bool(made["notes"]) is bool(noted)
        for words in noted:
            assert any(words in note for note in made["notes"]), words


def test_a_patient_reads_no_risk_in_their_plan(world: World, patient: PatientAccount) -> None:
    mine = world.ok(world.get("/v1/me/plan", patient))
    assert not mine.keys() & {"support", "notes"}
    assert not any(activity.keys() & {"reason", "factor"} for activity in mine["activities"])


def test_there_is_no_plan_before_the_baseline(world: World, clinician: Caller) -> None:
    patient = world.patient(clinician)
    assert refusal(world.get("/v1/me/plan", patient)) == (404, "not-found")
    answer = world.get(f"/v1/patients/{patient.id}/plan", clinician)
    assert refusal(answer) == (404, "not-found")


# --- Moving on ---


def test_whoever_does_the_work_goes_through_the_core_in_seven_weeks(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    expected: list[dict[str, tuple[str, int]]] = [
        {"M01": ("completed", 1), "M02": ("active", 1)},
        {"M02": ("active", 2), "M03": ("active", 1)},
        {"M02": ("completed", 2), "M03": ("active", 2), "M04": ("active", 1)},
        {"M03": ("active", 3), "M04": ("active", 2)},
        {"M03": ("completed", 3), "M04": ("active", 3)},
        {"M04": ("active", 4)},
        {"M04": ("completed", 4)},
    ]
    for week in expected:
        active = [m for m, (status, _) in standing(world, patient).items() if status == "active"]
        study(world, patient, *active)
        told = world.weekly(patient, 2)
        assert standing(world, patient).items() >= week.items()
        working = [m for m, (status, _) in standing(world, patient).items() if status == "active"]
        title = MODULES[working[-1]].title if working else None
        assert told["next"]["module"] == title
    for module in CORE:
        steps = ["advance"] * (MODULES[module].last_grade - 1)
        assert decisions(app, module) == [*steps, "complete"]
    for step in rows(app, Adaptation):
        assert (step.rule, step.rule_version) == ("progression", PATHWAY.label)
        assert step.inputs["lacking"] == []
        assert step.inputs["quiz_percent"] == 100
        assert step.for_patient and step.for_provider


def test_whoever_does_nothing_is_held_then_stuck_and_the_practice_hears_of_it(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    for week in range(1, 5):
        world.weekly(patient, 2)
        status = "active" if week < 3 else "stuck"
        assert standing(world, patient) == {"M01": (status, 1)}
        world.sign_in(clinician)
        rules = {alert["rule"] for alert in world.alerts(clinician)}
        # After the second week the practice is asked to call; being stuck twice comes on top.
        early, stuck = {"early-call"} if week >= 3 else set(), {"stuck"} if week == 4 else set()
        assert rules == early | stuck
    assert decisions(app, "M01") == ["hold", "hold", "stuck", "stuck"]
    [*_, last] = rows(app, Adaptation)
    assert len(last.inputs["lacking"]) == 3


def test_a_second_grade_that_does_not_work_steps_back_and_can_go_on(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    for module in ("M01", "M02"):
        study(world, patient, module)
        world.weekly(patient, 2)
    assert standing(world, patient)["M02"] == ("active", 2)
    world.weekly(patient, 2)
    assert standing(world, patient)["M02"] == ("active", 2)
    world.weekly(patient, 2)
    assert standing(world, patient)["M02"] == ("active", 1)
    study(world, patient, "M02")
    world.weekly(patient, 2)
    assert standing(world, patient)["M02"] == ("active", 2)
    assert decisions(app, "M02") == ["advance", "hold", "step-back", "advance"]


def test_a_grade_is_not_judged_before_its_week_is_over(
    app: Flask, world: World, clinician: Caller
) -> None:
    # Onboarded on a Tuesday; the first weekly check-in comes on the Thursday.
    patient = world.onboarded(clinician, 2, checkin_weekday="thursday")
    told = world.weekly(patient, 2)
    assert told["next"]["module"] == MODULES["M01"].title
    assert not rows(app, Adaptation)


def test_a_factor_that_has_risen_adds_a_module_once(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    world.weekly(patient, 2, weekly__fear=9)
    activities = for_provider(world, clinician, patient)["activities"]
    assert [a["module_id"] for a in activities] == [*CORE, "M06", *END]
    assert (activities[4]["factor"], activities[4]["status"]) == ("fear-avoidance", "waiting")
    assert "9" in activities[4]["reason"]
    [added] = rows(app, Adaptation, Adaptation.decision == "add-module")
    assert added.inputs == {"factor": "fear-avoidance", "value": 9.0}
    for _ in range(3):
        world.weekly(patient, 2)
    assert len(plan(world, patient)) == 6


# --- What is not open ---


def test_a_module_whose_turn_has_not_come_says_so(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    for answer in (
        text_of(world, patient, "M02"),
        quiz(world, patient, "M02", right_answers("M02", 1)),
        practise(world, patient, "M02"),
    ):
        assert refusal(answer) == (409, "not-yet")
    for model in (ModuleReading, QuizAttempt, PracticeLog):
        assert not rows(app, model)


def test_a_hold_keeps_activity_from_opening_and_all_else_goes_on(
    world: World, clinician: Caller, patient: PatientAccount
) -> None:
    for week in range(4):
        active = [m for m, (s, _) in standing(world, patient).items() if s == "active"]
        study(world, patient, *active)
        danger = {"safety__gateway": True, "safety__numbness": True} if week == 0 else {}
        world.weekly(patient, 2, **danger)
        if danger:
            # The answer was dealt with; the programme did not move in that week.
            assert standing(world, patient) == {"M01": ("active", 1)}
    assert standing(world, patient)["M03"][0] == "active"
    assert "M04" not in standing(world, patient)
    world.weekly(patient, 2)
    assert plan(world, patient)["M04"]["locked"] is True
    assert refusal(text_of(world, patient, "M04")) == (409, "on-hold")
    world.sign_in(clinician)
    address = f"/v1/patients/{patient.id}/safety-clearance"
    world.ok(world.post(address, clinician, {"reason": "Examined."}))
    assert plan(world, patient)["M04"]["locked"] is False
    study(world, patient, "M03")
    world.weekly(patient, 2)
    assert standing(world, patient)["M04"] == ("active", 1)


def test_somebody_elses_activity_looks_like_none(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    other = world.onboarded(clinician, 2)
    activity = plan(world, other)["M01"]
    address = f"/v1/me/activities/{activity['id']}"
    today = world.clock.now().date().isoformat()
    for answer in (
        world.get(address, patient),
        world.post(f"{address}/quiz", patient, {"answers": {}}),
        world.post(f"{address}/practice", patient, {"day": today, "done": True}),
    ):
        assert refusal(answer) == (404, "not-found")


# --- Quiz and practice ---


def test_a_quiz_says_what_was_right_and_why_and_may_be_tried_again(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    right = right_answers("M01", 1)
    wrong = {**right, "q1": (right["q1"] + 1) % 3, "q2": (right["q2"] + 1) % 3}
    percent = 100 * (len(right) - 2) // len(right)
    told = world.ok(quiz(world, patient, "M01", wrong))
    assert (told["percent"], told["passed"]) == (percent, False)
    assert {item["id"] for item in told["items"] if not item["right"]} == {"q1", "q2"}
    # Each answer has something of its own said to it.
    asked = {item.id: item for item in MODULES["M01"].grades[1].quiz}
    for item in told["items"]:
        assert item["feedback"] == asked[item["id"]].options[wrong[item["id"]]].feedback
    assert world.ok(quiz(world, patient, "M01", right))["passed"] is True
    assert [attempt.percent for attempt in rows(app, QuizAttempt)] == [percent, 100]


def test_a_quiz_is_answered_whole_and_within_its_options(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    right = right_answers("M01", 1)
    for answers, fields in (
        ({}, {f"answers.{name}" for name in right}),
        ({**right, "q9": 0}, {"answers.q9"}),
        ({**right, "q1": 3}, {"answers.q1"}),
        ({name: value for name, value in right.items() if name != "q2"}, {"answers.q2"}),
        (None, {"answers"}),
        ([1, 0], {"answers"}),
    ):
        assert faulty_fields(quiz(world, patient, "M01", answers)) == fields, answers
    for value in (-1, 21, "1", 1.0, True, None):
        assert quiz(world, patient, "M01", {**right, "q1": value}).status_code == 422, value
    assert not rows(app, QuizAttempt)


def test_practice_fits_what_the_module_asks(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    today = world.clock.now().date()
    for body, fields in (
        ({"day": str(today + timedelta(days=1))}, {"day"}),
        ({"day": str(today - timedelta(days=8))}, {"day"}),
        ({"day": "yesterday"}, {"day"}),
        ({"done": "perhaps"}, {"done"}),
        ({"confidence": 11}, {"confidence"}),
        ({"confidence": "8"}, {"confidence"}),
        ({"values": {"worry_now": "a lot"}}, {"values.worry_now"}),
        ({"values": {"worry_now": True}}, {"values.worry_now"}),
        ({"values": {"worry_now": 11}}, {"values.worry_now"}),
        ({"values": {"worry_now": -1}}, {"values.worry_now"}),
        ({"values": {"worry_now": 3.5}}, {"values.worry_now"}),
        ({"values": {"reassuring_fact": 7}}, {"values.reassuring_fact"}),
        ({"values": {"reassuring_fact": "x" * 2001}}, {"values.reassuring_fact"}),
        ({"values": {"steps": 1}}, {"values.steps"}),
        ({"pain": 3}, {"pain"}),
    ):
        assert faulty_fields(practise(world, patient, "M01", **body)) == fields, body
    assert not rows(app, PracticeLog)
    for days in (0, 7):
        day = str(today - timedelta(days=days))
        values = {"worry_now": 3, "reassuring_fact": "My back is made to move."}
        assert practise(world, patient, "M01", day=day, values=values).status_code == 204
    assert len(rows(app, PracticeLog)) == 2


def test_the_same_day_again_replaces_it(app: Flask, world: World, patient: PatientAccount) -> None:
    for confidence, done in ((3, True), (8, False)):
        assert practise(world, patient, "M01", confidence=confidence, done=done).status_code == 204
    [kept] = rows(app, PracticeLog)
    assert (kept.confidence, kept.done) == (8, False)


def test_today_is_the_patients_own_day(
    world: World, clock: MovableClock, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 2, time_zone="Pacific/Auckland")
    clock.move_by(hours=5)  # 15:00 UTC on 1 September; in Auckland the second has begun
    assert practise(world, patient, "M01", day="2026-09-02").status_code == 204
    assert practise(world, patient, "M01", day="2026-08-25").status_code == 422
    assert practise(world, patient, "M01", day="2026-08-26").status_code == 204


def test_a_reading_is_kept_once_a_day(
    app: Flask, world: World, clock: MovableClock, patient: PatientAccount
) -> None:
    for hours in (0, 1, 24):
        clock.move_by(hours=hours)
        text = world.ok(text_of(world, patient, "M01"))
        assert text["steps"] and text["quiz"]
        assert all(isinstance(option, str) for item in text["quiz"] for option in item["options"])
    assert len(rows(app, ModuleReading)) == 2


# --- Versions ---


@pytest.fixture
def newer(app: Flask, clock: MovableClock, database: str, tmp_path: Path) -> Flask:
    """The same practice after a new version of the first module has been published."""
    content = tmp_path / "content"
    shutil.copytree(ROOT / "content", content)
    [home] = (content / "modules").glob("M01-*")
    shutil.copytree(home / "2.0.0", home / "2.1.0")
    for file in (home / "2.1.0").glob("*.*"):
        text = file.read_text().replace("2.0.0", "2.1.0").replace("\n## ", "\n## Again: ")
        file.write_text(text)
    return create_app(make_settings(database, tmp_path, content=content), clock)


def test_a_patient_stays_on_the_version_they_started(
    app: Flask,
    newer: Flask,
    world: World,
    clock: MovableClock,
    clinician: Caller,
    patient: PatientAccount,
) -> None:
    later = World(newer, clock)
    study(later, patient, "M01")
    told = later.ok(text_of(later, patient, "M01"))
    assert told["module_version"] == "2.0.0"
    assert not any(step["title"].startswith("Again: ") for step in told["steps"])
    later.weekly(patient, 2)
    assert standing(later, patient)["M01"] == ("completed", 1)
    later.sign_in(clinician)
    other = later.onboarded(clinician, 2, family_name="Later")
    versions = {m: a["module_version"] for m, a in plan(later, other).items()}
    assert versions == {"M01": "2.1.0", **dict.fromkeys(["M02", "M03", "M04", *END], "2.0.0")}
    steps = later.ok(text_of(later, other, "M01"))["steps"]
    assert all(step["title"].startswith("Again: ") for step in steps)
    newer.extensions["database"].engine.dispose()


# --- Told late ---


def refolded(app: Flask, patient: Caller) -> None:
    with behind(app):
        programme.refold(patient.id)


def state_of(app: Flask) -> list[tuple[Any, ...]]:
    return [
        (a.module_id, a.status, a.grade, a.holds, a.started_at, a.grade_began_at, a.completed_at)
        for a in sorted(rows(app, Activity), key=lambda a: a.position)
    ]


def test_folding_again_from_the_start_gives_what_week_by_week_has_given(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 2)
    for week in range(8):
        active = [m for m, (s, _) in standing(world, patient).items() if s == "active"]
        if week not in (3, 4):
            study(world, patient, *active)
        world.weekly(patient, 2, **({"weekly__fear": 9} if week == 2 else {}))
    before, kept = state_of(app), len(rows(app, Adaptation))
    assert "M06" in {row[0] for row in before}
    assert len({row[1] for row in before}) > 1
    refolded(app, patient)
    assert state_of(app) == before
    assert len(rows(app, Adaptation)) == kept


def test_practice_told_late_changes_what_was_judged_and_what_was_decided_first_stays_marked(
    app: Flask, world: World, clock: MovableClock, patient: PatientAccount
) -> None:
    world.ok(quiz(world, patient, "M01", right_answers("M01", 1)))
    world.weekly(patient, 2)
    assert standing(world, patient) == {"M01": ("active", 1)}
    answered = clock.now().date()
    clock.move_by(days=1)
    for days in (1, 2, 3):
        day = (answered - timedelta(days=days)).isoformat()
        assert practise(world, patient, "M01", day=day, confidence=8).status_code == 204
    assert standing(world, patient) == {"M01": ("completed", 1), "M02": ("active", 1)}
    # Each day of practice changes what the decision rests on.
    # Each day of practice changes what the decision rests on; the last one counts.
    kept = rows(app, Adaptation)
    assert [each.decision for each in kept] == ["hold", "hold", "complete", "complete"]
    assert [each.superseded_at is None for each in kept] == [False, False, False, True]
    percents = [each.inputs["practice_percent"] for each in kept]
    assert percents == sorted(set(percents))
    assert len({each.at for each in kept}) == 1, "the same answers were judged"
    [opened] = rows(app, Activity, Activity.module_id == "M02")
    assert opened.started_at == kept[-1].at


def test_practice_and_quiz_move_a_grade_on_between_two_check_ins(
    app: Flask, world: World, clock: MovableClock, patient: PatientAccount
) -> None:
    clock.move_by(days=7, hours=1)
    for days in (3, 2, 1):
        day = (clock.now() - timedelta(days=days)).date().isoformat()
        world.sign_in(patient)
        assert practise(world, patient, "M01", day=day, confidence=8).status_code == 204
    assert not rows(app, Adaptation)
    world.ok(quiz(world, patient, "M01", right_answers("M01", 1)))
    assert standing(world, patient) == {"M01": ("completed", 1), "M02": ("active", 1)}
    [step] = rows(app, Adaptation)
    assert (step.decision, step.at) == ("complete", clock.now())


@pytest.mark.parametrize("language", ["en", "nl", "es"])
def test_a_decision_is_kept_with_a_sentence_in_the_patients_language(
    app: Flask, world: World, clinician: Caller, language: str
) -> None:
    patient = world.onboarded(clinician, 2, language=language)
    world.weekly(patient, 2, weekly__fear=9)
    words = yaml.safe_load((ROOT / "content" / "feedback" / f"{language}.yaml").read_text())
    held, joined = rows(app, Adaptation)
    assert (held.language, held.for_patient) == (language, words["plan"]["hold"])
    title = MODULES["M06"].title_in(language)
    assert joined.for_patient == words["plan"]["add-module"].format(module=title)
    assert joined.for_provider.startswith("M06 added: ")


# --- A plan that is moved by the rules ---


def test_a_lighter_plan_is_kept_once_and_stays_when_folded_again(
    app: Flask, world: World, clinician: Caller, patient: PatientAccount
) -> None:
    world.weekly(patient, 2, weekly__fear=9)
    for _ in range(11):
        world.weekly(patient, 0)
    [kept] = rows(app, Adaptation, Adaptation.decision == "step-down")
    assert MODULES["M17"].title in kept.for_patient
    assert "Higher pain intensity of the last two sets: 0" in kept.inputs["reason"]
    activities = {a.module_id: a for a in rows(app, Activity)}
    assert [m for m, a in activities.items() if a.optional] == ["M06"]
    assert activities["M17"].joined_at == kept.at
    before = state_of(app)
    refolded(app, patient)
    assert state_of(app) == before
    again = {a.module_id: a for a in rows(app, Activity)}
    assert again["M06"].optional
    assert again["M17"].started_at == activities["M17"].started_at is not None
    [same] = rows(app, Adaptation, Adaptation.decision == "step-down")
    assert (same.id, same.superseded_at) == (kept.id, None)


def test_support_is_raised_by_a_level_and_stays_so_when_folded_again(
    app: Flask, world: World, clinician: Caller
) -> None:
    hindered = {f"rmdq__{n}": True for n in range(1, 11)}
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline", 4, **hindered)
    for week in range(1, 7):
        active = [m for m, (s, _) in standing(world, patient).items() if s == "active"]
        study(world, patient, *active)
        world.weekly(patient, 4, **(hindered if week in (3, 6) else {}))
        [plan_] = rows(app, CarePlan)
        if week < 4:
            assert plan_.support == plan_.planned_support
    steps = rows(app, Adaptation, Adaptation.decision == "step-up")
    assert [step.rule for step in steps] == ["non-response"]
    assert steps[0].inputs["before"] == plan_.planned_support
    assert plan_.support != plan_.planned_support
    refolded(app, patient)
    [again] = rows(app, CarePlan)
    assert (again.support, again.planned_support) == (plan_.support, plan_.planned_support)
    assert len(rows(app, Adaptation, Adaptation.decision == "step-up")) == 1


def test_a_factor_that_has_not_moved_is_answered_once_for_each_module(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 2)
    world.weekly(patient, 2, weekly__fear=9)
    for _ in range(10):
        active = [m for m, (s, _) in standing(world, patient).items() if s == "active"]
        study(world, patient, *active)
        world.weekly(patient, 2)
    assert standing(world, patient)["M06"] == ("completed", MODULES["M06"].last_grade)
    for _ in range(2):
        world.weekly(patient, 2, **({} if _ else {"weekly__fear": 9}))
    [kept] = rows(app, Adaptation, Adaptation.decision == "swap")
    assert (kept.rule, kept.occurrence) == ("factor-unchanged", "fear-avoidance")
    assert f"{kept.inputs['change_percent']:.0f} %" in kept.for_provider
    [answered] = [a for a in rows(app, Activity) if a.swapped_at is not None]
    assert (answered.module_id, answered.swapped_at) == ("M06", kept.at)
    others = [m for m in MODULES.values() if "fear-avoidance" in m.target_factors]
    if len(others) == 1:
        assert standing(world, patient)["M06"] == ("active", MODULES["M06"].last_grade - 1)
    before = state_of(app)
    refolded(app, patient)
    assert state_of(app) == before
    [same] = rows(app, Adaptation, Adaptation.decision == "swap")
    assert (same.id, same.superseded_at) == (kept.id, None)
