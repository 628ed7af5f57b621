"""A patient's day: what to do now and why, how it goes, what is next, in one call."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import update

from backend.checkins.feedback import load_texts
from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from backend.core.schema import LANGUAGES
from backend.patients.models import Enrolment
from backend.programme.models import Activity
from tests.backstage import behind, rows
from tests.browser import Browser, assert_is_a_safe_page
from tests.companion.test_companion import sign_in_by
from tests.shipped import CONTENT, PATHWAY
from tests.world import Caller, World

TEXTS = {language: load_texts(CONTENT, language).feedback for language in LANGUAGES}
FACTORS = sorted({rule.factor for rule in PATHWAY.factors})
# Words of our risk groups and factors, which label a person and help nobody.
LABELS = {
    "en": r"risk|score|fear|avoid|catastroph|depress|mood|anxi|self.efficacy|belief|factor|"
    r"missed|late|behind|streak",
    "nl": r"risico|score|angst|bang|vermijd|catastrof|depress|somber|stemming|factor|gemist|"
    r"te laat",
    "es": r"riesgo|puntuaci|miedo|evita|catastrof|depre|ansiedad|creencia|factor|perdid|tarde",
}
in_each = pytest.mark.parametrize("language", LANGUAGES)


def today(world: World, patient: Caller) -> dict[str, Any]:
    found: dict[str, Any] = world.ok(world.get("/v1/me/today", patient))
    return found


def kinds(day: dict[str, Any]) -> list[str]:
    return [task["kind"] for task in day["to_do"]]


def plan(world: World, patient: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.ok(world.get("/v1/me/plan", patient))["activities"]
    return found


def read(world: World, patient: Caller, activity: dict[str, Any]) -> dict[str, Any]:
    text: dict[str, Any] = world.ok(world.get(f"/v1/me/activities/{activity['id']}", patient))
    return text


def practise(world: World, patient: Caller, activity: dict[str, Any], day: date) -> None:
    body = {"day": day.isoformat(), "done": True}
    world.ok(world.post(f"/v1/me/activities/{activity['id']}/practice", patient, body))


def change(app: Flask, patient: Caller, model: Any, **values: Any) -> None:
    with behind(app) as session:
        session.execute(update(model).where(model.patient_id == patient.id).values(**values))


# What to do now


@in_each
def test_who_is_invited_is_asked_to_read_and_choose(
    world: World, clinician: Caller, language: str
) -> None:
    patient = world.enrol(clinician, language=language)
    world.sign_in(patient)
    day = today(world, patient)
    assert day["enrolment_status"] == "invited" and kinds(day) == ["join"]
    assert day["to_do"][0]["title"] == TEXTS[language]["today"]["join"]
    assert "Hill Surgery" in day["message"]
    assert day["trend"] is day["progress"] is day["next_check_in"] is day["days"] is None


@in_each
def test_a_new_patient_has_the_safety_questions_and_then_the_baseline(
    world: World, clinician: Caller, language: str
) -> None:
    patient = world.patient(clinician, language=language)
    for kind, minutes in (("safety-screen", (1, 3)), ("baseline", (6, 10))):
        day = today(world, patient)
        [task] = day["to_do"]
        [check_in] = world.check_ins(patient, kind)
        assert (task["kind"], task["id"]) == ("check-in", check_in["id"])
        assert task["why"] == TEXTS[language]["why"][kind]
        assert minutes[0] <= task["minutes"] <= minutes[1]
        assert day["minutes"] == task["minutes"] and day["how_long"] == task["how_long"]
        assert task["closes_at"] is task["closes"] is day["progress"] is None
        assert day["trend"]["sentence"] == TEXTS[language]["trend"]["none"]
        world.answer(patient, kind)
    assert kinds(today(world, patient)) == ["module"]


@in_each
def test_the_first_module_comes_with_its_steps_its_minutes_and_why(
    world: World, clinician: Caller, language: str
) -> None:
    patient = world.onboarded(clinician, language=language)
    first = plan(world, patient)[0]
    text_before = today(world, patient)
    [task] = text_before["to_do"]
    text = read(world, patient, first)
    assert (task["kind"], task["id"], task["title"]) == ("module", first["id"], first["title"])
    assert task["title_language"] == language
    assert task["minutes"] == text["minutes"]
    assert task["module"] == {
        "id": first["module_id"],
        "grade": 1,
        "grades": first["grades"],
        "grade_title": text["grade_title"],
        "language": text["language"],
        "steps": len(text["steps"]),
        "optional": False,
        "begun": False,
        "offer": None,
        "today": None,
        "position": None,
        "go_on": None,
    }
    assert task["why"] == TEXTS[language]["why"]["core"]
    assert text_before["language"] == language and text_before["statement"]


def test_what_was_read_is_practised_until_the_days_of_the_week_are_done(
    world: World, clinician: Caller, clock: MovableClock
) -> None:
    patient = world.onboarded(clinician)
    first = plan(world, patient)[0]
    planned = read(world, patient, first)["practice"]["planned_days"]
    module, practice = today(world, patient)["to_do"]
    assert module["module"]["begun"] is True
    assert (practice["kind"], practice["id"]) == ("practice", first["id"])
    assert practice["practice"]["planned_days"] == planned
    assert practice["practice"]["days_done"] == 0
    assert practice["minutes"] is None and str(planned) in practice["why"]

    at = clock.now().date()
    practise(world, patient, first, at)
    assert kinds(today(world, patient)) == ["module"], "once a day"
    clock.move_by(days=1)
    world.sign_in(patient)
    [_, again] = today(world, patient)["to_do"]
    assert again["practice"]["days_done"] == 1
    for n in range(1, planned):
        practise(world, patient, first, at - timedelta(days=n))
    assert kinds(today(world, patient)) == ["module"], "enough for this week"


def test_practice_that_was_not_done_counts_for_nothing(world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician)
    first = plan(world, patient)[0]
    read(world, patient, first)
    body = {"day": world.clock.now().date().isoformat(), "done": False}
    world.ok(world.post(f"/v1/me/activities/{first['id']}/practice", patient, body))
    assert kinds(today(world, patient)) == ["module", "practice"]


@in_each
def test_questions_come_before_the_module_and_say_until_when(
    world: World, clinician: Caller, language: str
) -> None:
    patient = world.onboarded(clinician, language=language, time_zone="Europe/Madrid")
    [coming] = world.check_ins(patient, "weekly", "scheduled")
    day = today(world, patient)
    told = day["next_check_in"]
    assert told["opens_at"] == coming["opens_at"]
    opens = datetime.fromisoformat(coming["opens_at"]).astimezone(ZoneInfo("Europe/Madrid"))
    assert opens.hour == 10
    # 8 September 2026 is a Tuesday; in UTC it would be eight o'clock.
    words = {
        "en": "Tuesday 8 September at 10:00",
        "nl": "dinsdag 8 september om 10:00 uur",
        "es": "martes 8 de septiembre a las 10:00",
    }
    assert told["when"] == words[language] and told["when"] in told["sentence"]

    world.clock.move_to(datetime.fromisoformat(coming["opens_at"]) + timedelta(hours=1))
    world.tick()
    world.sign_in(patient)
    day = today(world, patient)
    assert kinds(day) == ["check-in", "module"]
    questions = day["to_do"][0]
    assert questions["id"] == coming["id"] and questions["closes_at"] == coming["closes_at"]
    assert questions["minutes"] <= 2 and questions["title_language"] == language
    assert "23:59" in questions["closes"]
    assert day["minutes"] == questions["minutes"] + day["to_do"][1]["minutes"]
    assert day["next_check_in"] is None or day["next_check_in"]["opens_at"] > coming["opens_at"]


def test_a_window_that_has_passed_is_not_offered(world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician)
    [coming] = world.check_ins(patient, "weekly", "scheduled")
    world.clock.move_to(datetime.fromisoformat(coming["opens_at"]) + timedelta(hours=1))
    world.tick()
    # The worker that would close it is away.
    world.clock.move_to(datetime.fromisoformat(coming["closes_at"]))
    world.sign_in(patient)
    assert "check-in" not in kinds(today(world, patient))


@in_each
def test_while_a_hold_stands_safety_comes_first_and_what_is_locked_waits(
    world: World, clinician: Caller, language: str
) -> None:
    patient = world.onboarded(clinician, language=language)
    read(world, patient, plan(world, patient)[0])
    [screen] = world.check_ins(patient, "safety-screen", "completed")
    danger = {**world.sheet(patient, screen), "safety.numbness": True}
    told = world.ok(world.submit(patient, screen, danger))["now"]
    day = today(world, patient)
    first = day["to_do"][0]
    assert first["kind"] == "safety" and first["safety"] == told
    assert first["title"] == told["title"]
    assert "999" in {contact["phone"] for contact in first["safety"]["contacts"]}
    assert first["why"] == load_texts(CONTENT, language).safety["after_hold"]
    locked = {a["id"] for a in plan(world, patient) if a["locked"]}
    assert locked and not locked & {task["id"] for task in day["to_do"]}
    cleared = world.post(
        f"/v1/patients/{patient.id}/safety-clearance", clinician, {"reason": "Examined."}
    )
    world.ok(cleared)
    assert "safety" not in kinds(today(world, patient))


def test_a_locked_module_is_not_in_the_day_while_a_hold_stands(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician)
    # Whatever was begun goes on after the hold, and not before.
    change(app, patient, Activity, status="active", started_at=world.clock.now())
    before = {task["id"] for task in today(world, patient)["to_do"]}
    [screen] = world.check_ins(patient, "safety-screen", "completed")
    danger = {**world.sheet(patient, screen), "safety.numbness": True}
    world.ok(world.submit(patient, screen, danger))
    after = {task["id"] for task in today(world, patient)["to_do"]}
    activities = plan(world, patient)
    assert before == {a["id"] for a in activities}
    assert after - {None} == {a["id"] for a in activities if not a["locked"]} != before


def test_a_hold_from_the_first_questions_leaves_nothing_else_to_do(
    world: World, clinician: Caller
) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen", safety__numbness=True)
    day = today(world, patient)
    assert kinds(day) == ["safety"] and day["minutes"] == 0 and day["how_long"] is None
    assert not world.check_ins(patient, "baseline")


# Leaving and coming to the end


@in_each
def test_who_has_left_is_thanked_and_asked_for_nothing(
    world: World, clinician: Caller, language: str
) -> None:
    patient = world.onboarded(clinician, language=language)
    world.ok(world.post("/v1/me/consent/withdrawal", patient))
    day = today(world, patient)
    assert day["enrolment_status"] == "withdrawn" and day["to_do"] == []
    expected = TEXTS[language]["today"]["withdrawn"].format(practice="Hill Surgery")
    assert day["message"] == expected
    assert day["trend"] is day["progress"] is day["next_check_in"] is day["days"] is None


def test_who_has_left_with_a_red_flag_is_still_told_what_to_do(
    world: World, clinician: Caller
) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen", safety__numbness=True)
    world.ok(world.post("/v1/me/consent/withdrawal", patient))
    day = today(world, patient)
    assert kinds(day) == ["safety"] and day["message"]
    # Nothing waits for somebody who has left, and nothing is there to be answered.
    assert day["to_do"][0]["why"] == TEXTS["en"]["why"]["safety"]


@in_each
def test_a_finished_programme_asks_for_nothing_and_says_well_done(
    app: Flask, world: World, clinician: Caller, language: str
) -> None:
    patient = world.onboarded(clinician, language=language)
    at = world.clock.now()
    change(app, patient, Activity, status="completed", completed_at=at)
    day = today(world, patient)
    modules = len(plan(world, patient))
    assert day["to_do"] == [] and day["message"] == TEXTS[language]["today"]["nothing"]
    progress = day["progress"]
    assert progress["modules_done"] == progress["modules"] == modules
    assert progress["sentence"] == TEXTS[language]["today"]["progress_all"].format(modules=modules)
    change(app, patient, Enrolment, status="completed", ended_at=at)
    day = today(world, patient)
    assert day["enrolment_status"] == "completed" and day["progress"] is None
    assert day["message"] == TEXTS[language]["today"]["completed"].format(practice="Hill Surgery")


# How it goes


def test_the_week_of_the_plan_is_counted_and_stops_at_its_end(
    world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician)
    progress = today(world, patient)["progress"]
    weeks = progress["weeks"]
    assert (progress["week"], progress["modules_done"]) == (1, 0)
    assert f"week 1 of {weeks}" in progress["sentence"]
    for days, week in ((6, 1), (1, 2), (7, 3)):
        world.clock.move_by(days=days)
        world.sign_in(patient)
        assert today(world, patient)["progress"]["week"] == week
    world.clock.move_by(days=7 * weeks)
    world.sign_in(patient)
    progress = today(world, patient)["progress"]
    assert progress["week"] == weeks and "no hurry" in progress["sentence"]


def test_days_with_something_done_are_counted_once_a_day_in_the_persons_own_zone(
    world: World, clinician: Caller, clock: MovableClock
) -> None:
    # Half past eleven at night in London is the next morning in Auckland.
    clock.move_to(datetime.fromisoformat("2026-09-01T22:30:00+00:00"))
    world.sign_in(clinician)
    patient = world.onboarded(clinician, time_zone="Pacific/Auckland")
    first = plan(world, patient)[0]
    read(world, patient, first)
    days = today(world, patient)["days"]
    assert (days["last_7"], days["last_28"]) == (1, 1)
    practise(world, patient, first, date(2026, 9, 2))
    assert today(world, patient)["days"]["last_7"] == 1, "the same day"
    practise(world, patient, first, date(2026, 8, 31))
    days = today(world, patient)["days"]
    assert (days["last_7"], days["last_28"]) == (2, 2)
    assert "2 of the last 7 days" in days["sentence"]
    for moved, week, month, words in (
        (4, 2, 2, "2 of the last 7"),
        (1, 1, 2, "1 of the last 7"),
        (2, 0, 2, "2 of the last 28"),
        (18, 0, 2, "2 of the last 28"),
        (1, 0, 1, "1 of the last 28"),
        (2, 0, 0, "first step"),
    ):
        clock.move_by(days=moved)
        world.sign_in(patient)
        days = today(world, patient)["days"]
        assert (days["last_7"], days["last_28"]) == (week, month), moved
        assert words in days["sentence"]


def test_the_trend_is_of_the_last_answers_and_is_not_said_when_these_are_old(
    world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 2)
    first = {"sentence": TEXTS["en"]["trend"]["none"]}
    assert today(world, patient)["trend"] == first, "there are no last weeks yet"
    for _ in range(4):
        told = world.weekly(patient, 2)
    assert told["trend"]["decision"] == "stable"
    assert today(world, patient)["trend"] == {"sentence": told["trend"]["sentence"]}
    world.clock.move_by(days=9)
    world.sign_in(patient)
    assert today(world, patient)["trend"] == {"sentence": TEXTS["en"]["today"]["trend_later"]}


@in_each
@pytest.mark.parametrize("factor", FACTORS)
def test_every_factor_of_the_pathway_has_a_reason_of_its_own(language: str, factor: str) -> None:
    reasons = TEXTS[language]["why"]
    assert reasons[factor] != reasons["core"]


@in_each
@pytest.mark.parametrize("part", ["today", "why"])
def test_no_sentence_labels_a_person_or_counts_against_them(language: str, part: str) -> None:
    for key, words in TEXTS[language][part].items():
        assert not re.search(rf"\b(?:{LABELS[language]})", words, re.I), (key, words)


@in_each
def test_the_reason_of_a_module_is_the_patients_own_and_no_label_is_in_the_answer(
    app: Flask, world: World, clinician: Caller, language: str
) -> None:
    patient = world.onboarded(clinician, 8, language=language)
    change(app, patient, Activity, status="active", started_at=world.clock.now())
    day = today(world, patient)
    earned = {str(a.id): a.factor for a in rows(app, Activity, Activity.patient_id == patient.id)}
    assert any(earned.values())
    modules = [task for task in day["to_do"] if task["kind"] == "module"]
    assert len(modules) == len(earned)
    for task in modules:
        assert task["why"] == TEXTS[language]["why"][earned[task["id"]] or "core"]
    said = [v for task in day["to_do"] for k, v in task.items() if k == "why"]
    said += [day[part]["sentence"] for part in ("days", "trend", "progress")]
    assert not [words for words in said if re.search(rf"\b(?:{LABELS[language]})", words, re.I)]
    keys = re.findall(r'"(\w+)":', json.dumps(day))
    assert not {"factor", "reason", "decision", "risk_group", "score", "value"} & set(keys)


# HTTP


def test_nothing_changed_is_304_and_a_change_is_told(world: World, clinician: Caller) -> None:
    patient = world.onboarded(clinician)
    answer = world.get("/v1/me/today", patient)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    seen = {"If-None-Match": answer.headers["ETag"]}
    again = world.get("/v1/me/today", patient, seen)
    assert again.status_code == 304 and again.get_data() == b""
    assert again.headers["ETag"] == answer.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"
    read(world, patient, plan(world, patient)[0])
    changed = world.get("/v1/me/today", patient, seen)
    assert changed.status_code == 200 and changed.headers["ETag"] != answer.headers["ETag"]


def test_two_people_never_share_an_answer(world: World, clinician: Caller) -> None:
    one, other = world.onboarded(clinician), world.onboarded(clinician)
    etag = world.get("/v1/me/today", one).headers["ETag"]
    assert world.get("/v1/me/today", other, {"If-None-Match": etag}).status_code == 200


def test_the_look_is_in_the_trail_once_whether_or_not_anything_changed(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician)
    etag = world.get("/v1/me/today", patient).headers["ETag"]
    world.get("/v1/me/today", patient, {"If-None-Match": etag})
    looks = rows(app, AuditEvent, AuditEvent.action == "today.read")
    assert [(look.patient_id, look.actor_role) for look in looks] == [(patient.id, "patient")] * 2


def test_the_app_and_the_page_say_the_same(app: Flask, world: World, clinician: Caller) -> None:
    patient = world.enrol(clinician)
    phone = sign_in_by(world, Browser(app), f"/i/{world.link()}")
    phone.open("/my/consent").send("/my/consent", agree="yes")
    world.sign_in(patient)
    world.answer(patient, "safety-screen")
    world.answer(patient, "baseline")
    read(world, patient, plan(world, patient)[0])
    phone.open("/my/")
    day = today(world, patient)
    assert len(day["to_do"]) == 2
    for task in day["to_do"]:
        assert task["why"] in phone.text
    for part in ("days", "trend", "progress"):
        assert day[part]["sentence"] in phone.text
    assert day["next_check_in"]["when"] in phone.text


def test_the_page_tells_what_to_do_while_a_hold_stands_and_after_leaving_too(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.enrol(clinician)
    phone = sign_in_by(world, Browser(app), f"/i/{world.link()}")
    phone.open("/my/consent").send("/my/consent", agree="yes")
    world.sign_in(patient)
    told = world.answer(patient, "safety-screen", safety__numbness=True)["now"]
    for words in ("Your programme is waiting", "You have left the programme"):
        phone.open("/my/")
        assert words in phone.text and told["title"] in phone.text
        assert {"tel:999", "tel:+441632960001"} <= set(phone.links)
        assert_is_a_safe_page(phone)
        world.ok(world.post("/v1/me/consent/withdrawal", patient))
    assert "is waiting" not in phone.text


def test_a_patients_day_is_that_of_the_newest_enrolment(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician)
    old = UUID(str(rows(app, Enrolment, Enrolment.patient_id == patient.id)[0].id))
    world.ok(world.post("/v1/me/consent/withdrawal", patient))
    with behind(app) as session:
        was = session.get_one(Enrolment, old)
        session.add(
            Enrolment(
                practice_id=was.practice_id,
                patient_id=was.patient_id,
                status="invited",
                checkin_weekday=1,
                checkin_hour=10,
                enrolled_at=was.enrolled_at + timedelta(days=1),
            )
        )
    assert today(world, patient)["enrolment_status"] == "invited"
