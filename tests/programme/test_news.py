"""What a person is told has changed in their plan, in their own language."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import update

from backend.core.ids import new_id
from backend.programme.models import Activity, Adaptation, CarePlan
from backend.programme.news import newest_words
from tests.backstage import behind, rows
from tests.browser import Browser
from tests.programme.test_service import plan, study
from tests.world import Caller, World


def changes(world: World, patient: Caller) -> list[dict[str, object]]:
    world.sign_in(patient)
    found: list[dict[str, object]] = world.ok(world.get("/v1/me/plan", patient))["changes"]
    return found


def test_a_plan_without_changes_has_none_to_tell(world: World, clinician: Caller) -> None:
    assert changes(world, world.onboarded(clinician, 2)) == []


def test_what_the_weekly_step_decided_is_told_in_the_persons_language(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 2, language="nl")
    study(world, patient, "M01")
    world.weekly(patient, 2)
    [change] = changes(world, patient)
    assert (change["sentence"], change["language"]) == (
        "Je hebt deze module af. Wat je hebt geleerd, blijft van jou.",
        "nl",
    )
    assert change["activity_id"] == plan(world, patient)["M01"]["id"]
    [kept] = rows(app, Adaptation)
    assert change["at"] == kept.at.isoformat()


def test_the_newest_five_come_first_and_a_week_judged_again_is_told_once(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 2)
    activity = plan(world, patient)["M04"]["id"]
    [care_plan] = rows(app, CarePlan)
    with behind(app) as session:
        for n in range(8):
            world.clock.move_by(minutes=1)
            session.add(
                Adaptation(
                    id=new_id(),
                    practice_id=patient.practice_id,
                    patient_id=patient.id,
                    care_plan_id=care_plan.id,
                    activity_id=activity,
                    decision="advance",
                    rule="graded-activity",
                    rule_version="default",
                    # Weeks 0, 0, 1, 1, ...: each is judged anew once.
                    occurrence=f"{n}",
                    inputs={"week_from": f"week {n // 2}"},
                    for_patient=f"Sentence {n}.",
                    language="en",
                    for_provider="",
                    at=world.clock.now(),
                )
            )
    told = [change["sentence"] for change in changes(world, patient)]
    assert told == ["Sentence 7.", "Sentence 5.", "Sentence 3.", "Sentence 1."]


def test_what_is_no_week_is_never_taken_for_a_repetition() -> None:
    found = [Adaptation(rule="generic", inputs={}, for_patient=str(n)) for n in range(3)]
    assert [row.for_patient for row in newest_words(found)] == ["0", "1", "2"]


def test_the_persons_page_shows_it_and_what_is_theirs_to_choose(
    app: Flask, world: World, clinician: Caller
) -> None:
    phone = Browser(app)
    enrolled = world.patient(clinician)
    world.answer(enrolled, "safety-screen")
    world.answer(enrolled, "baseline", 2)
    study(world, enrolled, "M01")
    world.weekly(enrolled, 2)
    with behind(app) as session:
        session.execute(update(Activity).where(Activity.module_id == "M02").values(optional=True))
    phone.open("/my/").send("/my/sign-in/code", phone=enrolled.phone)
    page = phone.send("/my/sign-in", code=world.code()).open("/my/").text
    assert "What has changed in your plan" in page
    assert "You have finished this module." in page
    assert "Your choice. Your plan is lighter now" in page
    world.sign_in(enrolled)
    day = world.ok(world.get("/v1/me/today", enrolled))
    [module] = [task for task in day["to_do"] if task["kind"] == "module"]
    assert module["module"]["optional"] and module["why"].endswith("so this part is your choice.")
