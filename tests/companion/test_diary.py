"""The diary of a module on a phone without scripts, and the offer after pain that lasts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from backend.programme.models import ActivityEntry
from tests.backstage import rows
from tests.browser import Browser, assert_is_a_safe_page
from tests.companion.test_graded import page
from tests.programme.test_entries import diary, planner, thinker
from tests.programme.test_practice import amount, on_the_way, quota, reach, walker
from tests.programme.test_service import plan, practise
from tests.world import Caller, PatientAccount, World

__all__ = ["planner", "thinker", "walker"]

THOUGHT = {
    "v.situation": "Tying <b>my</b> shoes.",
    "v.thought": "It will go again.",
    "v.belief_before": "80",
}


def opened(app: Flask, world: World, patient: PatientAccount, module: str) -> Browser:
    phone = page(app, world, patient, module)
    return phone.open(f"{phone.address}/diary")


def test_a_thought_is_written_changed_and_removed(
    app: Flask, world: World, thinker: PatientAccount
) -> None:
    phone = opened(app, world, thinker, "M08")
    assert_is_a_safe_page(phone)
    phone.send("/diary", **THOUGHT)
    assert "We have kept what you wrote." in phone.text
    assert "Tying <b>my</b> shoes." in phone.text and "80 of 100" in phone.text
    assert_is_a_safe_page(phone)
    [entry] = rows(app, ActivityEntry)
    assert (entry.shared, entry.values["belief_before"]) == (False, 80)
    world.clock.move_by(minutes=5)
    [again] = [link for link in phone.links if "entry=" in link]
    phone.open(again)
    assert "Change what you wrote" in phone.text
    phone.send("/diary", **{"v.belief_after": "30", "shared": "yes"})
    assert "(shown to your practice)" in phone.text
    [entry] = rows(app, ActivityEntry)
    assert (entry.shared, entry.values["belief_after"]) == (True, 30)
    phone.send("/remove")
    assert "It is removed." in phone.text
    assert "What you wrote" not in phone.text


def test_the_form_sent_twice_is_one_entry(
    app: Flask, world: World, thinker: PatientAccount
) -> None:
    phone = opened(app, world, thinker, "M08")
    sent = {**phone.form("/diary").values, **THOUGHT}
    for _ in range(2):
        assert phone.client.post(phone.form("/diary").action, data=sent).status_code == 303
    assert len(rows(app, ActivityEntry)) == 1


def test_what_needs_another_look_is_told_beside_it_and_nothing_is_lost(
    app: Flask, world: World, thinker: PatientAccount
) -> None:
    phone = opened(app, world, thinker, "M08")
    phone.send("/diary", **{**THOUGHT, "v.situation": "", "v.belief_before": "101"})
    assert phone.status == 422
    assert_is_a_safe_page(phone)
    assert "This question needs an answer." in phone.text
    assert "Choose a number from 0 to 100." in phone.text
    assert phone.form("/diary").values["v.thought"] == "It will go again."
    assert rows(app, ActivityEntry) == []


def test_an_act_is_planned_and_then_done(app: Flask, world: World, planner: PatientAccount) -> None:
    day = (world.clock.now() + timedelta(days=2)).date().isoformat()
    phone = opened(app, world, planner, "M10")
    act = {"v.act": "Call Jo", "v.planned_day": day, "v.sort": "pleasure", "v.done": "planned"}
    phone.send("/diary", **act)
    assert "Not yet" in phone.text and "To enjoy" in phone.text
    phone.send("/diary", **{**act, "v.planned_day": "2020-01-01"})
    assert "Choose a day no more than a week back" in phone.text


def test_a_new_version_of_the_flare_up_plan_begins_with_the_last(
    app: Flask, world: World, clinician: Caller
) -> None:
    patient = world.onboarded(clinician, 2, language="es")
    reach(world, patient, "M16")
    phone = opened(app, world, patient, "M16")
    assert "Mi plan para los brotes" in phone.text
    phone.send("/diary", **{"v.first_48_hours": "Paseos.", "v.whom_to_call": "Al centro."})
    assert "Tal como está ahora" in phone.text
    assert phone.form("/diary").values["v.first_48_hours"] == "Paseos."
    world.clock.move_by(minutes=5)
    phone.send("/diary", **{"v.who_knows": "Jo"})
    assert "Versiones anteriores" in phone.text
    assert len(diary(world, patient, "M16")["items"]) == 2
    assert not [link for link in phone.links if "entry=" in link]
    assert_is_a_safe_page(phone, "es")


@pytest.mark.parametrize("module", ["M03", "M16"])
def test_a_diary_that_is_not_there_yet_is_said_in_plain_words(
    app: Flask, world: World, thinker: PatientAccount, module: str
) -> None:
    phone = page(app, world, thinker, "M08")
    phone.open(f"/my/plan/{plan(world, thinker)[module]['id']}/diary")
    assert phone.status == 409


def sore(world: World, patient: PatientAccount, **pain: Any) -> None:
    told = quota(world, patient)
    noted = amount(world, patient, told["today"])
    assert practise(world, patient, "M04", values=noted, **pain).status_code == 204
    world.clock.move_by(days=1)
    world.sign_in(patient)


def home(world: World, patient: PatientAccount) -> tuple[list[str], list[str]]:
    """Offers on the modules, and the kinds of what is to do."""
    to_do = world.ok(world.get("/v1/me/today", patient))["to_do"]
    offers = [task["module"]["offer"] for task in to_do if task["module"]]
    return [offer for offer in offers if offer], [task["kind"] for task in to_do]


def test_strong_pain_that_lasts_after_two_sessions_offers_a_smaller_amount_and_asks_again(
    app: Flask, world: World, walker: PatientAccount
) -> None:
    on_the_way(world, walker)
    sore(world, walker, pain_after=8, pain_lasted=True)
    assert quota(world, walker)["offer"] is None
    sore(world, walker, pain_after=9, pain_lasted=False)
    sore(world, walker, pain_after=7, pain_lasted=True)
    sore(world, walker, pain_after=8, pain_lasted=True)
    before = quota(world, walker)
    assert before["offer"] is None
    assert home(world, walker)[0] == []
    sore(world, walker, pain_after=9, pain_lasted=True)
    told = quota(world, walker)
    assert told["today"] == before["today"], "pain changes no amount"
    assert told["offer"].startswith("Your pain was strong for more than a day")
    [offer], kinds = home(world, walker)
    assert offer.startswith("Your pain was strong")
    # Asked once, however often somebody looks.
    assert home(world, walker) == ([offer], kinds)
    assert len(world.check_ins(walker, "follow-up")) == 1
    phone = page(app, world, walker, "M04")
    assert "Your pain was strong for more than a day" in phone.text
    phone.send("/flare")
    assert "Your pain was strong for more than a day" not in phone.text
    assert home(world, walker)[0] == []


def test_pain_after_practice_is_noted_on_the_page(
    app: Flask, world: World, walker: PatientAccount
) -> None:
    on_the_way(world, walker)
    phone = page(app, world, walker, "M04")
    phone.send("/practice", done="yes", pain_after="8", pain_lasted="yes")
    assert "We have noted your practice." in phone.text
    assert "pain_after" not in page(app, world, walker, "M03").form("/practice").names
