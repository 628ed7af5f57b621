"""How we reach somebody: number, answering by text, and what is asked when texts do not arrive."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from backend.core.crypto import blind_index
from backend.messaging import numbers
from backend.patients.models import Enrolment, Patient
from tests.backstage import behind, rows
from tests.browser import Browser
from tests.world import Caller, PatientAccount, World

NEW = "+447700900777"


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician)


@pytest.fixture
def phone(app: Flask, world: World, patient: PatientAccount) -> Browser:
    browser = Browser(app)
    browser.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    return browser.send("/my/sign-in", code=world.code())


def number_code(world: World) -> str:
    found = re.search(r"\b\d{6}\b", world.texts("number")[0].body or "")
    assert found is not None
    return found[0]


def test_a_number_is_changed_with_the_code_that_came_to_it(
    app: Flask, world: World, phone: Browser
) -> None:
    assert "/my/settings/number" in phone.open("/my/settings").links
    phone.open("/my/settings/number").send("/my/settings/number", address="12")
    assert phone.status == 422 and "like +44 7700 900123" in phone.text
    phone.send("/my/settings/number", address="+44 7700 900777")
    assert NEW in phone.text
    right = number_code(world)
    phone.send("/my/settings/number/code", code="111111" if right != "111111" else "222222")
    assert phone.status == 409 and "This code is not right" in phone.text
    phone.send("/my/settings/number/code", code=right)
    assert phone.address == "/my/settings" and "ends in 777" in phone.text
    assert rows(app, Patient)[0].phone == NEW


def test_too_many_codes_are_told_kindly(app: Flask, world: World, phone: Browser) -> None:
    phone.open("/my/settings/number")
    for _ in range(app.extensions["settings"].codes_per_hour + 1):
        phone.open("/my/settings/number").send("/my/settings/number", address=NEW)
    assert phone.status == 429
    assert "Please wait an hour" in phone.text


def test_a_number_that_texts_do_not_reach_is_asked_about_until_a_code_shows_it(
    app: Flask, world: World, patient: PatientAccount, phone: Browser
) -> None:
    assert "Is your phone number still right?" not in phone.open("/my/").text
    with behind(app):
        numbers.mark(blind_index(patient.phone), "unreachable", 30003)
    assert "Is your phone number still right?" in phone.open("/my/").text
    assert "/my/settings/number" in phone.links
    phone.open("/my/settings/number").send("/my/settings/number", address=patient.phone)
    phone.send("/my/settings/number/code", code=number_code(world))
    assert "Is your phone number still right?" not in phone.open("/my/").text


def test_answering_by_text_is_agreed_to_and_ended(app: Flask, phone: Browser) -> None:
    assert "/my/settings/answers" in phone.open("/my/settings").links
    phone.open("/my/settings/answers").send("/my/settings/answers")
    assert phone.status == 422 and "Please tick the box" in phone.text
    assert rows(app, Enrolment)[0].text_letter is None
    phone.send("/my/settings/answers", agree="yes", version="0.1")
    assert phone.status == 409
    phone.send("/my/settings/answers", agree="yes")
    letter = rows(app, Enrolment)[0].text_letter
    assert letter and f"begin with your letter: {letter}" in phone.text
    phone.send("/my/settings/answers/end")
    assert rows(app, Enrolment)[0].text_letter is None
    phone.open("/my/settings").send("/my/settings/reminders", reminders="none")
    assert "choose reminders by text" in phone.open("/my/settings/answers").text
