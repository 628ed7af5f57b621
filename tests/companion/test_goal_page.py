"""A person's goal on a phone, without scripts: set, made smaller, and told at its day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from backend.programme.models import Goal
from tests.backstage import rows
from tests.browser import Browser, assert_is_a_safe_page
from tests.programme.test_practice import reach
from tests.programme.test_service import plan
from tests.world import Caller, PatientAccount, World


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician, 2)


def home(app: Flask, world: World, patient: PatientAccount) -> Browser:
    phone = Browser(app)
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    return phone.send("/my/sign-in", code=world.code())


def written(world: World, **changes: str) -> dict[str, str]:
    by = (world.clock.now() + timedelta(days=42)).date()
    return {
        "activity": "Walk to the shop <b>",
        "amount": "20",
        "unit": "minutes",
        "starts_from": "8",
        "times_a_week": "3",
        "by": by.isoformat(),
        "why": "I want to see people.",
        "obstacle": "Rain",
        "if_then": "Then I take a coat.",
        "confidence": "8",
        **changes,
    }


def test_a_goal_is_set_from_home_and_told_at_its_day(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    phone = home(app, world, patient)
    assert "/my/goal" in phone.links
    phone.open("/my/goal")
    assert_is_a_safe_page(phone)
    assert not [each for each in phone.actions if each.endswith("/attainment")]
    phone.send("/my/goal", **written(world))
    assert phone.status == 200
    assert_is_a_safe_page(phone)
    assert "Your goal is set." in phone.text
    assert "20 minutes, 3 times a week, by Tuesday 13 October." in phone.text
    assert not [each for each in phone.actions if each.endswith("/attainment")]
    assert "Walk to the shop <b>: 20 minutes." in phone.open("/my/").text
    world.clock.move_by(days=42)
    phone = home(app, world, patient)
    assert "Its day has come." in phone.text
    phone.open("/my/goal").send("/my/goal/attainment", reached="a lot")
    assert phone.status == 422 and "Give a number." in phone.text
    phone.send("/my/goal/attainment", reached="14,5")
    assert "You told us: 14.5 minutes. You are on your way." in phone.text
    assert "Its day has come." not in phone.open("/my/").text
    [kept] = rows(app, Goal)
    assert (kept.reached, kept.attainment) == (14.5, -1)


def test_who_is_not_sure_is_offered_a_quarter_less(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    phone = home(app, world, patient).open("/my/goal")
    phone.send("/my/goal", **written(world, confidence="6"))
    assert phone.status == 422
    assert_is_a_safe_page(phone)
    assert "How about 15 minutes?" in phone.text
    assert phone.form("/my/goal").values["why"] == "I want to see people."
    assert not rows(app, Goal)
    phone.send("/my/goal", **written(world, amount="15", confidence="7"))
    assert "Your goal is set." in phone.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"activity": ""}, "What would you like to do?"),
        ({"activity": "No pain"}, "Pain is hard to steer."),
        ({"amount": "many"}, "How much? Give a number and what you count."),
        ({"unit": ""}, "How much? Give a number and what you count."),
        ({"starts_from": "20"}, "This must be less than what you want to do."),
        ({"times_a_week": "8"}, "Choose a number from 1 to 7."),
        ({"by": "2026-09-02"}, "Choose a day from Tuesday 8 September to Tuesday 24 November."),
        ({"by": "soon"}, "Choose a day from Tuesday 8 September to Tuesday 24 November."),
        ({"why": " "}, "Write something here."),
        ({"confidence": ""}, "Choose a number from 0 to 10."),
    ],
)
def test_what_a_goal_lacks_is_said_at_its_field(
    app: Flask, world: World, patient: PatientAccount, changes: dict[str, str], sentence: str
) -> None:
    phone = home(app, world, patient).open("/my/goal")
    phone.send("/my/goal", **written(world, **changes))
    assert phone.status == 422
    assert_is_a_safe_page(phone)
    assert f"Please look again: {sentence}" in phone.text
    assert not rows(app, Goal)


def test_a_changed_goal_leaves_the_one_before_among_the_earlier(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    phone = home(app, world, patient).open("/my/goal")
    phone.send("/my/goal", **written(world))
    phone.send("/my/goal", **written(world, activity="Swim"))
    assert phone.html.index("Swim") < phone.html.index("Earlier goals")
    assert "Walk to the shop <b>: 20 minutes." in phone.text
    assert len(rows(app, Goal)) == 2


@pytest.mark.parametrize(("language", "title"), [("nl", "Je doel"), ("es", "Su meta")])
def test_the_page_speaks_the_persons_language(
    app: Flask, world: World, clinician: Caller, language: str, title: str
) -> None:
    patient = world.onboarded(clinician, 2, language=language)
    phone = home(app, world, patient).open("/my/goal")
    assert f"<h1>{title}</h1>" in phone.html
    phone.send("/my/goal", **written(world, confidence="5"))
    assert "15 minutes?" in phone.text and "How about" not in phone.text


def test_the_module_on_goals_leads_to_the_page(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    reach(world, patient, "M03")
    activities = plan(world, patient)
    phone = home(app, world, patient)
    for module, leads in (("M03", True), ("M01", False)):
        phone.open(f"/my/plan/{activities[module]['id']}")
        assert ("Go to your goal" in phone.text) is leads
