"""Reminders by e-mail, for patients who choose it: through a real mail server on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.core.clock import MovableClock
from backend.core.crypto import blind_index
from backend.messaging import numbers
from backend.messaging.models import EMAIL, Communication
from backend.patients.models import Consent, Enrolment, Patient
from tests.backstage import behind, rows
from tests.browser import Browser
from tests.messaging.mail_server import MailServer, mailing
from tests.world import Caller, PatientAccount, World

ADDRESS = "ann@mail.example"


@pytest.fixture
def post_office() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def world(
    database: str, tmp_path: Path, clock: MovableClock, post_office: MailServer
) -> Iterator[World]:
    with mailing(database, tmp_path, clock, post_office) as made:
        yield made


@pytest.fixture
def clinician(world: World) -> Caller:
    return world.provider(world.practice())


@pytest.fixture
def patient(world: World, clinician: Caller) -> PatientAccount:
    return world.onboarded(clinician)


def change(world: World, caller: Caller, address: str = "/v1/me", **body: Any) -> Any:
    return world.client.patch(address, json=body, headers=caller.headers)


def code_in(post_office: MailServer) -> str:
    """The code in the newest e-mail."""
    found = re.search(r"\b\d{6}\b", post_office.letters[-1].get_content())
    assert found is not None
    return found[0]


@pytest.fixture
def mailed(world: World, patient: PatientAccount, post_office: MailServer) -> PatientAccount:
    """Somebody whose reminders come by e-mail."""
    world.ok(change(world, patient, email="Ann@Mail.example"))
    world.deliver()
    world.ok(world.post("/v1/me/email", patient, {"code": code_in(post_office)}))
    told = world.ok(change(world, patient, reminders_by="email"))
    assert (told["email"], told["reminders_by"], told["email_works"]) == (ADDRESS, "email", True)
    post_office.letters.clear()
    return patient


def opening(world: World, patient: Caller) -> datetime:
    world.sign_in(patient)
    [coming] = world.check_ins(patient, "weekly", "scheduled")
    return datetime.fromisoformat(coming["opens_at"])


def go_to(world: World, at: datetime) -> None:
    world.clock.move_to(at)
    world.tick()
    world.deliver()


def letters(world: World) -> list[Communication]:
    found = rows(world.app, Communication, Communication.channel == EMAIL)
    return [row for row in found if row.purpose == "check-in"]


def test_an_address_is_used_only_once_its_code_came_back(
    world: World, patient: PatientAccount, post_office: MailServer
) -> None:
    world.ok(change(world, patient, email=ADDRESS))
    refused = change(world, patient, reminders_by="email")
    assert (refused.status_code, refused.json["type"]) == (409, "urn:lumbra:problem:no-email")
    world.deliver()
    [letter] = post_office.letters
    assert (letter["To"], letter["Subject"]) == (ADDRESS, "Your code")
    assert letter["List-Unsubscribe"] is None
    right = code_in(post_office)
    wrong = "111111" if right != "111111" else "222222"
    assert world.post("/v1/me/email", patient, {"code": wrong}).status_code == 409
    # The code of an e-mail address says nothing of a number.
    assert world.post("/v1/me/phone", patient, {"code": right}).status_code == 409
    assert world.ok(world.get("/v1/me", patient))["email"] is None
    world.ok(world.post("/v1/me/email", patient, {"code": right}))
    assert world.ok(world.get("/v1/me", patient))["email"] == ADDRESS
    assert rows(world.app, Patient)[0].phone == patient.phone


def test_reminders_come_by_mail_at_the_same_times_and_no_texts(
    world: World, mailed: PatientAccount, post_office: MailServer
) -> None:
    opens_at = opening(world, mailed)
    for days in (0, 2, 4):
        go_to(world, opens_at + timedelta(days=days))
    assert [letter["Subject"] for letter in post_office.letters] == [
        "Your check-in is open",
        "Your check-in is still open",
        "Last reminder of your check-in",
    ]
    assert world.texts("check-in") and {t.channel for t in world.texts("check-in")} == {EMAIL}
    assert {row.status for row in letters(world)} == {"sent"}
    for letter in post_office.letters:
        assert letter["To"] == ADDRESS
        assert "Hill Surgery" in letter.get_content()
        for word in ("Ann", "pain", "risk", str(mailed.id)):
            assert word not in letter.get_content()


def test_the_link_in_a_mail_opens_the_check_in(
    world: World, mailed: PatientAccount, post_office: MailServer
) -> None:
    go_to(world, opening(world, mailed))
    found = re.search(r"https?://[^/]+(/c/\S+)", post_office.letters[0].get_content())
    assert found is not None
    browser = Browser(world.app)
    assert browser.open(found[1]).status == 200
    assert browser.address == "/my/sign-in"


def test_no_mail_leaves_in_quiet_hours_and_an_answer_ends_them(
    world: World, mailed: PatientAccount, post_office: MailServer
) -> None:
    opens_at = opening(world, mailed)
    world.clock.move_to(opens_at + timedelta(hours=11))
    world.tick()
    world.deliver()
    assert post_office.letters == []
    go_to(world, opens_at + timedelta(hours=23))
    assert len(post_office.letters) == 1
    world.sign_in(mailed)
    world.answer(mailed, "weekly", 3)
    for days in (2, 4):
        go_to(world, opens_at + timedelta(days=days))
    assert len(post_office.letters) == 1


def test_each_word_on_reminders_is_kept_with_channel_and_address(
    world: World, mailed: PatientAccount
) -> None:
    world.ok(change(world, mailed, reminders_by="none"))
    words = rows(world.app, Consent, Consent.kind == "texts")
    assert [(w.action, w.channel, w.phone) for w in words] == [
        ("given", "sms", mailed.phone),
        ("withdrawn", "sms", mailed.phone),
        ("given", "email", ADDRESS),
        ("withdrawn", "email", ADDRESS),
    ]


def test_what_waits_by_mail_is_cancelled_when_texts_are_chosen(
    world: World, mailed: PatientAccount, post_office: MailServer
) -> None:
    opens_at = opening(world, mailed)
    world.clock.move_to(opens_at)
    world.tick()
    world.sign_in(mailed)
    world.ok(change(world, mailed, reminders_by="sms"))
    world.deliver()
    assert post_office.letters == []
    go_to(world, opens_at + timedelta(days=2))
    assert [t.channel for t in world.texts("check-in")] == ["sms", EMAIL]


def test_an_address_that_bounces_is_marked_asked_about_and_written_to_no_more(
    world: World, mailed: PatientAccount, post_office: MailServer
) -> None:
    post_office.recipients[ADDRESS] = "550 no such user"
    opens_at = opening(world, mailed)
    go_to(world, opens_at)
    assert [(row.status, row.error_code) for row in letters(world)] == [("rejected", 550)]
    world.sign_in(mailed)
    assert world.ok(world.get("/v1/me", mailed))["email_works"] is False
    go_to(world, opens_at + timedelta(days=2))
    # Found when the reminder is planned, not only when it is about to leave.
    assert len(letters(world)) == 1
    del post_office.recipients[ADDRESS]
    world.sign_in(mailed)
    world.ok(change(world, mailed, email=ADDRESS))
    world.deliver()
    world.ok(world.post("/v1/me/email", mailed, {"code": code_in(post_office)}))
    assert world.ok(world.get("/v1/me", mailed))["email_works"] is True
    go_to(world, opens_at + timedelta(days=4))
    assert post_office.letters[-1]["Subject"] == "Last reminder of your check-in"


def test_a_number_that_texts_do_not_reach_is_found_when_reminders_are_planned(
    world: World, patient: PatientAccount
) -> None:
    with behind(world.app):
        numbers.mark(blind_index(patient.phone), "landline", 30006)
    go_to(world, opening(world, patient))
    assert world.texts("check-in") == []


def stop_link(post_office: MailServer) -> str:
    found = re.fullmatch(r"<https?://[^/]+(/u/\S+)>", post_office.letters[0]["List-Unsubscribe"])
    assert found is not None
    return found[1]


def test_one_click_of_a_mail_program_ends_the_mails(
    world: World, mailed: PatientAccount, post_office: MailServer
) -> None:
    opens_at = opening(world, mailed)
    go_to(world, opens_at)
    [letter] = post_office.letters
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = stop_link(post_office)
    assert link in letter.get_content()
    answered = world.client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answered.status_code == 200
    assert rows(world.app, Enrolment)[0].reminders_by == "none"
    word = rows(world.app, Consent, Consent.kind == "texts")[-1]
    assert (word.action, word.channel, word.how) == ("withdrawn", "email", "link in an e-mail")
    go_to(world, opens_at + timedelta(days=2))
    assert len(post_office.letters) == 1


def test_a_person_who_follows_the_link_is_asked_once(
    world: World, mailed: PatientAccount, post_office: MailServer
) -> None:
    go_to(world, opening(world, mailed))
    link = stop_link(post_office)
    browser = Browser(world.app)
    assert "End these e-mails?" in browser.open(link).text
    assert rows(world.app, Enrolment)[0].reminders_by == "email", "a look alone ends nothing"
    browser.send(link)
    assert "You get no more of these e-mails" in browser.text
    assert rows(world.app, Enrolment)[0].reminders_by == "none"
    # Nobody is signed in by it, and once more is the same.
    assert browser.open("/my/").address == "/my/sign-in"
    assert "You get no more of these e-mails" in browser.open(link).text


@pytest.mark.parametrize("token", ["x", "A" * 43, "é", "A" * 400])
def test_a_made_up_link_ends_nothing(world: World, mailed: PatientAccount, token: str) -> None:
    assert world.client.post(f"/u/{token}").status_code == 404
    assert rows(world.app, Enrolment)[0].reminders_by == "email"


def test_forgetting_the_address_ends_the_mails(
    world: World, mailed: PatientAccount, post_office: MailServer
) -> None:
    told = world.ok(change(world, mailed, email=None))
    assert (told["email"], told["reminders_by"], told["email_works"]) == (None, "none", None)
    go_to(world, opening(world, mailed))
    assert post_office.letters == []


def test_the_practice_starts_it_and_the_patient_reads_the_code_out(
    world: World, clinician: Caller, patient: PatientAccount, post_office: MailServer
) -> None:
    address = f"/v1/patients/{patient.id}"
    world.sign_in(clinician)
    world.ok(change(world, clinician, address, email=ADDRESS))
    world.deliver()
    told = world.ok(world.post(f"{address}/email", clinician, {"code": code_in(post_office)}))
    assert told["email"] == ADDRESS


@pytest.mark.parametrize("bad", ["", "x", "a@b", "a@b.c\nBcc: d@e.f", "ä@mail.example", 7, ["x"]])
def test_what_is_no_address_is_refused(world: World, patient: PatientAccount, bad: Any) -> None:
    refused = change(world, patient, email=bad)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json["errors"]] == ["email"]


def test_the_pages_take_an_address_and_choose(
    world: World, patient: PatientAccount, post_office: MailServer
) -> None:
    browser = Browser(world.app)
    browser.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    world.deliver()
    browser.send("/my/sign-in", code=world.code())
    assert "/my/settings/email" in browser.open("/my/settings").links
    browser.open("/my/settings/email").send("/my/settings/email", address="nothing")
    assert browser.status == 422 and "name@example.org" in browser.text
    browser.send("/my/settings/email", address=ADDRESS)
    assert "An e-mail with six digits is on its way" in browser.text
    world.deliver()
    browser.send("/my/settings/email/code", code="12")
    assert browser.status == 422
    browser.send("/my/settings/email/code", code=code_in(post_office))
    assert browser.address == "/my/settings"
    assert f"We write to {ADDRESS}" in browser.text
    assert rows(world.app, Enrolment)[0].reminders_by == "email"
    browser.send("/my/settings/reminders", reminders="sms")
    assert "We text you when a check-in opens." in browser.text
    browser.open("/my/settings/email").send("/my/settings/email/forget")
    assert rows(world.app, Patient)[0].email is None
