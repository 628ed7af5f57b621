"""The card on a graded module's page: quota, flare-up and ladder, on a phone without scripts."""

from __future__ import annotations

import pytest
from flask import Flask

from backend.companion.graded_words import WORDS
from backend.programme.models import ActivityEvent
from backend.programme.words import ENGLISH
from tests.backstage import rows, statements
from tests.browser import Browser, assert_is_a_safe_page
from tests.companion.test_today_at_length import AT_MOST
from tests.programme.test_practice import (
    LADDER,
    WALKING,
    climber,
    put,
    rate,
    walker,
)
from tests.programme.test_service import plan, practise
from tests.world import PatientAccount, World

__all__ = ["climber", "walker"]
DECIDED = ("week-", "rung-", "pacing-")


def page(app: Flask, world: World, patient: PatientAccount, module: str) -> Browser:
    """The module's page, open on the patient's phone."""
    phone = Browser(app)
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code())
    return phone.open(f"/my/plan/{plan(world, patient)[module]['id']}")


def test_a_page_says_what_a_program_is_told() -> None:
    told = {code: text for code, text in ENGLISH.items() if not code.startswith(DECIDED)}
    assert {code: str(text) for code, text in WORDS.items()} == told


def test_a_module_of_another_kind_has_no_such_card(
    app: Flask, world: World, walker: PatientAccount
) -> None:
    phone = page(app, world, walker, "M03")
    assert "Where you are now" not in phone.text
    assert not [each for each in phone.actions if each.endswith(("/aim", "/ladder"))]


def test_a_person_chooses_an_activity_and_sees_todays_amount(
    app: Flask, world: World, walker: PatientAccount
) -> None:
    phone = page(app, world, walker, "M04")
    assert "Choose one activity that leads towards your goal" in phone.text
    assert not [each for each in phone.actions if each.endswith("/flare")]
    phone.send("/aim", activity="Walking <b>", measure="minutes", amount="20,5")
    assert phone.status == 200
    assert_is_a_safe_page(phone)
    assert "You are working towards: Walking <b>, 20.5 minutes." in phone.text
    assert "Tries still to do, each on another day: 3." in phone.text
    for amount in (10, 12, 14):
        assert practise(world, walker, "M04", values={"trial_amount": amount}).status_code == 204
        world.clock.move_by(days=1)
        world.sign_in(walker)
    phone = page(app, world, walker, "M04")
    assert "Today: 8 minutes, then stop." in phone.text
    phone.send("/flare")
    assert "You have a flare-up. Today: 8 minutes." in phone.text
    assert not [each for each in phone.actions if each.endswith("/flare")]


def test_a_choice_that_lacks_something_is_asked_for_again_and_kept(
    app: Flask, world: World, walker: PatientAccount
) -> None:
    phone = page(app, world, walker, "M04")
    phone.send("/aim", activity="Walking", amount="many", planned_days="9")
    assert phone.status == 422
    assert_is_a_safe_page(phone)
    assert phone.form("/aim").values["activity"] == "Walking"
    assert phone.form("/aim").values["amount"] == "many"
    for words in (
        "Something in your choice needs another look.",
        "Write something here.",
        "Give a number above 0, no smaller than a step.",
        "Choose a number from 3 to 7.",
    ):
        assert words in phone.text
    assert not rows(app, ActivityEvent)


def test_a_person_rates_movements_and_sees_the_present_one(
    app: Flask, world: World, climber: PatientAccount
) -> None:
    phone = page(app, world, climber, "M06")
    assert "Write down 5 to 12 movements that you avoid" in phone.text
    phone.send("/ladder", **{"item.0": "Bend", "rating.0": "25"})
    assert phone.status == 422
    assert "Write down at least 5 and at most 12 movements" in phone.text
    assert phone.form("/ladder").values["item.0"] == "Bend"
    sent = {}
    for n, (item, rating) in enumerate(LADDER.items()):
        sent |= {f"item.{n}": item, f"rating.{n}": str(rating)}
    phone.send("/ladder", **sent)
    assert phone.status == 200
    assert_is_a_safe_page(phone)
    assert "Your movement now: Bend." in phone.text
    assert "(talk to your practice first)" in phone.text
    # What stands in the form is what was rated, ready to be rated again.
    assert phone.form("/ladder").values["rating.4"] == "85"


@pytest.mark.parametrize(
    ("language", "words"),
    [("nl", "Waar je nu bent"), ("es", "Dónde está ahora")],
)
def test_the_card_speaks_the_persons_language(
    app: Flask, world: World, walker: PatientAccount, language: str, words: str
) -> None:
    world.ok(world.client.patch("/v1/me", json={"language": language}, headers=walker.headers))
    phone = page(app, world, walker, "M04")
    phone.send("/aim", activity="x", measure="min", amount="9")
    assert words in phone.text
    assert "Today" not in phone.text and "Tries" not in phone.text
    assert_is_a_safe_page(phone, language)


def test_what_was_chosen_is_kept_as_a_program_would_send_it(
    app: Flask, world: World, walker: PatientAccount
) -> None:
    phone = page(app, world, walker, "M04")
    phone.send("/aim", activity="Walking", measure="minutes", amount="20")
    [kept] = rows(app, ActivityEvent)
    assert kept.values == {
        "activity": "Walking",
        "measure": "minutes",
        "amount": "20.00",
        "rounded_to": "1.00",
        "planned_days": 5,
    }


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Today: 8 minutes, then stop. It is a little below the average of your tries"),
        ("nl", "Vandaag: 8 minutes"),
        ("es", "Hoy: 8 minutes"),
    ],
)
def test_the_day_says_todays_amount_in_the_persons_language(
    app: Flask, world: World, walker: PatientAccount, language: str, sentence: str
) -> None:
    world.ok(put(world, walker, "M04", "aim", WALKING))
    for amount in (10, 12, 14):
        assert practise(world, walker, "M04", values={"trial_amount": amount}).status_code == 204
        world.clock.move_by(days=1)
        world.sign_in(walker)
    change = {"language": language}
    world.ok(world.client.patch("/v1/me", json=change, headers=walker.headers))
    with statements(app) as seen:
        day = world.ok(world.get("/v1/me/today", walker))
    assert len(seen) <= AT_MOST
    told = {t["module"]["id"]: t["module"]["today"] for t in day["to_do"] if t["module"]}
    assert told["M04"].startswith(sentence)
    assert not any(text for name, text in told.items() if name != "M04")


def test_the_day_names_the_present_movement(world: World, climber: PatientAccount) -> None:
    rate(world, climber, LADDER)
    day = world.ok(world.get("/v1/me/today", climber))
    [told] = [t["module"]["today"] for t in day["to_do"] if (t["module"] or {}).get("id") == "M06"]
    assert told == "Your movement now: Bend. Write down what you expect, try it, and compare."
