"""The patient's pages, from the link in a text to the plan, on a phone without scripts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask

from backend.alerts.models import Alert
from backend.checkins.models import CheckIn
from backend.core.clock import MovableClock
from backend.core.sessions import SignInSession
from backend.instruments.models import QuestionnaireResponse
from backend.messaging import service as messaging
from backend.patients.models import Consent
from backend.programme.models import PracticeLog, QuizAttempt
from tests.backstage import behind, rows
from tests.browser import Browser, assert_is_a_safe_page, cookie_of
from tests.world import Caller, PatientAccount, World, questions

NUMB = "a.safety.numbness"
MARKUP = '<script>alert("x")</script>'
UP_TO_DATE = "There are no questions to answer at the moment."


@pytest.fixture
def phone(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def patient(world: World, clinician: Caller, phone: Browser) -> PatientAccount:
    """Invited, and signed in on the phone by the link."""
    patient = world.enrol(clinician)
    sign_in_by(world, phone, f"/i/{world.link()}")
    world.sign_in(patient)
    return patient


def sign_in_by(world: World, phone: Browser, link: str) -> Browser:
    return phone.open(link).send("/my/sign-in/code").send("/my/sign-in", code=world.code())


def consent(phone: Browser) -> Browser:
    return phone.open("/my/consent").send("/my/consent", agree="yes")


def sheet(world: World, patient: Caller, kind: str, severity: int = 3) -> dict[str, str]:
    """A form full of answers, as a browser sends them."""
    [check_in] = world.check_ins(patient, kind)
    words = {"True": "yes", "False": "no"}
    answers = world.sheet(patient, check_in, severity)
    return {f"a.{link}": words.get(str(value), str(value)) for link, value in answers.items()}


def answer(
    world: World, phone: Browser, patient: Caller, kind: str, severity: int = 3, **changes: str
) -> Browser:
    """Answer the open check-in of a kind on its page."""
    filled = {**sheet(world, patient, kind, severity), **changes}
    [check_in] = world.check_ins(patient, kind)
    address = f"/my/checkins/{check_in['id']}"
    return phone.open(address).send(address, **filled)


def test_from_the_link_to_the_first_check_in(
    app: Flask, world: World, clinician: Caller, phone: Browser
) -> None:
    patient = world.enrol(clinician)
    link = f"/i/{world.link()}"

    phone.open(link)
    assert phone.address == "/my/sign-in"
    assert "We will text you a code" in phone.text
    assert_is_a_safe_page(phone)
    phone.send("/my/sign-in/code")
    assert "Type in the code" in phone.text
    phone.send("/my/sign-in", code=world.code())
    assert phone.address == "/my/"
    assert "Hello Ann" in phone.text and "Hill Surgery invites you" in phone.text
    world.sign_in(patient)

    consent(phone)
    [screen] = world.check_ins(patient, "safety-screen")
    assert phone.address == f"/my/checkins/{screen['id']}"
    assert_is_a_safe_page(phone)
    phone.send(phone.address, **sheet(world, patient, "safety-screen"))
    assert "Thank you" in phone.text and "We have your answers." in phone.text

    phone.open("/my/next")
    [baseline] = world.check_ins(patient, "baseline")
    assert phone.address == f"/my/checkins/{baseline['id']}"
    assert_is_a_safe_page(phone)
    phone.send(phone.address, **sheet(world, patient, "baseline"))
    assert "What comes next" in phone.text

    phone.open("/my/next")
    assert phone.address.startswith("/my/plan/")
    assert "What you will get from this" in phone.text
    assert_is_a_safe_page(phone)
    plan = phone.address
    quiz = {name: "0" for name in phone.form("/quiz").names if name.startswith("q.")}
    phone.send("/quiz", **quiz)
    assert re.search(r"You got \d of \d right", phone.text)
    assert len(rows(app, QuizAttempt)) == 1
    phone.open(plan).send("/practice", done="yes", confidence="7")
    assert "We have noted your practice." in phone.text
    assert [(log.done, log.confidence) for log in rows(app, PracticeLog)] == [(True, 7)]

    [weekly] = world.check_ins(patient, "weekly", "scheduled")
    world.clock.move_to(datetime.fromisoformat(weekly["opens_at"]) + timedelta(hours=1))
    world.tick()
    world.sign_in(patient)
    phone.open(f"/c/{world.link('check-in')}")
    assert phone.address == "/my/sign-in"
    phone.send("/my/sign-in/code").send("/my/sign-in", code=world.code())
    assert phone.address == f"/my/checkins/{weekly['id']}"
    phone.send(phone.address, **sheet(world, patient, "weekly"))
    assert "Thank you" in phone.text
    assert UP_TO_DATE in phone.open("/my/").text


# Links and codes


@pytest.mark.parametrize("kind", ["i", "c"])
def test_a_link_that_is_not_ours_says_how_to_get_a_new_one(phone: Browser, kind: str) -> None:
    phone.open(f"/{kind}/made-up")
    assert phone.status == 410
    assert "This link no longer works" in phone.text
    assert_is_a_safe_page(phone)


def test_the_link_is_not_left_in_the_address_and_shows_nothing_personal(
    world: World, clinician: Caller, phone: Browser
) -> None:
    world.enrol(clinician, given_name="Rosamund")
    token = world.link()
    answered = phone.client.get(f"/i/{token}")
    assert (answered.status_code, answered.headers["Location"]) == (303, "/my/sign-in")
    phone.open(f"/i/{token}")
    for secret in (token, "Rosamund", "Hill Surgery"):
        assert secret not in phone.html
    phone.send("/my/sign-in/code")
    for secret in (token, "Rosamund", "+4477"):
        assert secret not in phone.html


def test_a_link_works_until_it_has_been_used(
    app: Flask, world: World, clinician: Caller, phone: Browser
) -> None:
    world.enrol(clinician)
    link = f"/i/{world.link()}"
    for _ in range(3):
        assert phone.open(link).address == "/my/sign-in"
    sign_in_by(world, phone, link)
    phone.send("/my/sign-out")
    assert phone.open(link).status == 410
    assert Browser(app).open(link).status == 410


def test_a_link_of_one_kind_does_not_serve_as_the_other(
    world: World, clinician: Caller, phone: Browser
) -> None:
    world.enrol(clinician)
    assert phone.open(f"/c/{world.link()}").status == 410


def test_a_wrong_code_is_said_and_the_right_one_still_works(
    world: World, clinician: Caller, phone: Browser
) -> None:
    world.enrol(clinician)
    phone.open(f"/i/{world.link()}").send("/my/sign-in/code")
    wrong = f"{(int(world.code()) + 1) % 10**6:06d}"
    phone.send("/my/sign-in", code=wrong)
    assert phone.status == 401
    assert "This code is not right or is out of date." in phone.text
    phone.send("/my/sign-in", code="12")
    assert phone.status == 422 and "The code has six digits." in phone.text
    spaced = f"{world.code()[:3]} {world.code()[3:]}"
    assert phone.send("/my/sign-in", code=spaced).address == "/my/"


def test_a_number_serves_as_well_as_a_link(world: World, clinician: Caller, phone: Browser) -> None:
    patient = world.enrol(clinician)
    phone.open("/my/").send("/my/sign-in/code", phone=f" {patient.phone[:3]} {patient.phone[3:]}")
    assert patient.phone in phone.html
    phone.send("/my/sign-in", code=world.code())
    assert "Hello Ann" in phone.text


def test_a_number_we_do_not_know_looks_the_same(phone: Browser, world: World) -> None:
    phone.open("/my/sign-in").send("/my/sign-in/code", phone="+44 7700 900555")
    assert "If we know your number, a text with six digits is on its way." in phone.text
    assert world.texts() == []


def test_a_number_that_is_none_is_said(phone: Browser) -> None:
    phone.open("/my/sign-in").send("/my/sign-in/code", phone="my phone")
    assert phone.status == 422
    assert "Write your mobile number" in phone.text


def test_on_a_shared_phone_another_persons_link_does_not_open_this_ones_pages(
    world: World, clinician: Caller, patient: PatientAccount, phone: Browser
) -> None:
    ben = world.enrol(clinician, given_name="Ben", phone=patient.phone)
    phone.open(f"/i/{world.link()}")
    assert phone.address == "/my/sign-in"
    assert "Ann" not in phone.text
    phone.send("/my/sign-in/code").send("/my/sign-in", code=world.code())
    assert "Hello Ben" in phone.text
    assert ben.id != patient.id


# Sessions and forms


def test_nobody_signed_in_is_asked_to_sign_in_and_then_goes_on(
    world: World, clinician: Caller, phone: Browser
) -> None:
    patient = world.patient(clinician)
    [screen] = world.check_ins(patient)
    wanted = f"/my/checkins/{screen['id']}"
    assert phone.open(wanted).address == "/my/sign-in"
    phone.send("/my/sign-in/code", phone=patient.phone)
    assert phone.send("/my/sign-in", code=world.code()).address == wanted


def test_who_was_away_is_signed_out(
    app: Flask, clock: MovableClock, patient: PatientAccount, phone: Browser
) -> None:
    clock.move_by(minutes=15)
    assert phone.open("/my/").address == "/my/"
    clock.move_by(minutes=15, seconds=1)
    assert phone.open("/my/").address == "/my/sign-in"
    assert "You were away for a while" in phone.text
    assert "Ann" not in phone.text


def test_answers_that_took_long_are_not_lost(
    app: Flask, world: World, patient: PatientAccount, phone: Browser
) -> None:
    consent(phone)
    address, filled = phone.address, sheet(world, patient, "safety-screen")
    world.clock.move_by(hours=2)
    phone.send(address, **filled)
    assert "We have your answers." in phone.text
    assert len(rows(app, QuestionnaireResponse)) == 1


def test_signing_out_ends_the_session_for_good(
    app: Flask, patient: PatientAccount, phone: Browser
) -> None:
    kept = cookie_of(phone).value
    phone.send("/my/sign-out")
    assert "You are signed out" in phone.text
    phone.client.set_cookie("session", kept)
    assert phone.open("/my/").address == "/my/sign-in"
    assert rows(app, SignInSession, SignInSession.revoked_because == "sign-out")


@pytest.mark.parametrize("token", ["", "made-up", None])
@pytest.mark.parametrize(
    "address", ["/my/consent", "/my/settings", "/my/sign-out", "/my/sign-in", "/my/sign-in/code"]
)
def test_a_form_from_elsewhere_is_refused(
    app: Flask, patient: PatientAccount, phone: Browser, address: str, token: str | None
) -> None:
    form = {"agree": "yes", "leave": "yes"} | ({} if token is None else {"csrf_token": token})
    before = len(rows(app, Consent))
    answered = phone.client.post(address, data=form)
    assert answered.status_code == 400
    assert "Nothing was changed." in answered.get_data(as_text=True)
    assert len(rows(app, Consent)) == before
    assert phone.open("/my/").address == "/my/"


def test_a_provider_is_nobody_here_and_a_patient_nobody_there(
    patient: PatientAccount, phone: Browser
) -> None:
    for address in ("/console/", "/console/patients"):
        assert phone.open(address).address == "/console/sign-in"
    assert phone.open("/my/").address == "/my/"


# Consent


def test_consent_needs_the_box_ticked(app: Flask, patient: PatientAccount, phone: Browser) -> None:
    phone.open("/my/consent").send("/my/consent")
    assert phone.status == 422
    assert "Please tick the box" in phone.text
    assert rows(app, Consent) == []


def test_the_text_read_must_be_the_present_one(
    app: Flask, patient: PatientAccount, phone: Browser
) -> None:
    phone.open("/my/consent").send("/my/consent", agree="yes", version="0.1")
    assert phone.status == 409
    assert "The text has changed since you opened it." in phone.text
    assert rows(app, Consent) == []


def test_leaving_needs_the_box_ticked_and_ends_it(
    app: Flask, patient: PatientAccount, phone: Browser
) -> None:
    consent(phone)
    phone.open("/my/settings").send("/my/settings")
    assert phone.status == 422
    phone.send("/my/settings", leave="yes")
    assert "You have left the programme" in phone.text
    acts = rows(app, Consent, Consent.kind == "programme")
    assert [act.action for act in acts] == ["given", "withdrawn"]
    assert phone.open("/my/next").address == "/my/"


def test_text_reminders_are_turned_off_and_on_in_settings(
    app: Flask, patient: PatientAccount, phone: Browser
) -> None:
    consent(phone)
    assert "We text you when a check-in opens." in phone.open("/my/settings").text
    phone.send("/my/settings/reminders", reminders="none")
    assert phone.address == "/my/settings"
    assert "You get no reminders." in phone.text
    phone.send("/my/settings/reminders", reminders="perhaps")
    phone.send("/my/settings/reminders", reminders="sms")
    assert "We text you when a check-in opens." in phone.text
    words = rows(app, Consent, Consent.kind == "texts")
    assert [(word.action, word.how) for word in words] == [
        ("given", "web"),
        ("withdrawn", "web"),
        ("given", "web"),
    ]


def test_settings_say_when_a_number_has_stopped_all_texts(
    app: Flask, patient: PatientAccount, phone: Browser
) -> None:
    consent(phone)
    with behind(app):
        messaging.opt_out(patient.phone, "reply")
    assert "because somebody replied STOP" in phone.open("/my/settings").text


# Answering


def test_danger_is_told_first_with_numbers_to_call(
    app: Flask, world: World, patient: PatientAccount, phone: Browser
) -> None:
    consent(phone)
    answer(world, phone, patient, "safety-screen", **{NUMB: "yes"})
    assert phone.html.index('role="alert"') < phone.html.index("We have your answers")
    calls = [link for link in phone.links if link.startswith("tel:")]
    assert "tel:999" in calls
    assert_is_a_safe_page(phone)
    [alert] = rows(app, Alert)
    assert alert.tier == 1
    phone.open("/my/")
    assert "Your programme is waiting" in phone.text
    assert "tel:+441632960001" in phone.links


def test_danger_is_heard_though_the_rest_is_missing(
    app: Flask, world: World, patient: PatientAccount, phone: Browser
) -> None:
    consent(phone)
    phone.send(phone.address, **{NUMB: "yes"})
    assert phone.status == 200
    assert any(link.startswith("tel:") for link in phone.links)
    assert len(rows(app, Alert)) == 1


def test_danger_below_a_gateway_is_heard_though_the_gateway_said_no(
    app: Flask, world: World, clinician: Caller, phone: Browser
) -> None:
    patient = world.onboarded(clinician)
    [weekly] = world.check_ins(patient, "weekly", "scheduled")
    world.clock.move_to(datetime.fromisoformat(weekly["opens_at"]) + timedelta(hours=1))
    world.tick()
    world.sign_in(patient)
    sign_in_by(world, phone, f"/c/{world.link('check-in')}")
    assert "Only if you said yes above" in phone.text
    filled = sheet(world, patient, "weekly")
    assert NUMB not in filled
    phone.send(phone.address, **{**filled, "a.safety.gateway": "no", NUMB: "yes"})
    assert any(link.startswith("tel:") for link in phone.links)
    assert [a.tier for a in rows(app, Alert)] == [1]


def test_a_form_sent_twice_counts_once(
    app: Flask, world: World, patient: PatientAccount, phone: Browser
) -> None:
    consent(phone)
    form = phone.form(phone.address)
    sent = {**form.values, **sheet(world, patient, "safety-screen")}
    pages = [phone.client.post(form.action, data=sent) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    assert "We have your answers." in pages[1].get_data(as_text=True)
    assert len(rows(app, QuestionnaireResponse)) == 1


def test_a_form_sent_again_with_other_answers_keeps_the_first(
    app: Flask, world: World, patient: PatientAccount, phone: Browser
) -> None:
    consent(phone)
    form = phone.form(phone.address)
    sent = {**form.values, **sheet(world, patient, "safety-screen")}
    phone.client.post(form.action, data=sent)
    again = phone.client.post(form.action, data={**sent, "a.safety.fever": "yes"})
    assert again.status_code == 409
    assert "We kept them as they were." in again.get_data(as_text=True)
    [kept] = rows(app, QuestionnaireResponse)
    assert kept.answers["safety.fever"] is False


def test_what_is_missing_is_named_beside_it_and_the_rest_is_kept(
    app: Flask, world: World, clinician: Caller, phone: Browser
) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code()).open("/my/next")
    filled = sheet(world, patient, "baseline")
    removed = filled.pop("a.peg.1")
    key = phone.form(phone.address).values["key"]
    phone.send(phone.address, **filled)
    assert phone.status == 422
    assert "Please look at one answer again" in phone.text
    assert 'id="fault-a.peg.1"' in phone.html and "#f-a.peg.1" in phone.links
    kept = phone.form(phone.address).values
    assert {name: kept[name] for name in filled} == filled
    assert kept["key"] == key
    assert_is_a_safe_page(phone)
    assert len(rows(app, QuestionnaireResponse)) == 1
    phone.send(phone.address, **{"a.peg.1": removed})
    assert "We have your answers." in phone.text


@pytest.mark.parametrize("value", ["11", "-1", "many", "1.5", "9" * 30, "٣", MARKUP, "a\0b"])
def test_an_answer_that_was_never_offered_is_refused_politely(
    app: Flask, world: World, clinician: Caller, phone: Browser, value: str
) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code()).open("/my/next")
    phone.send(phone.address, **{**sheet(world, patient, "baseline"), "a.peg.1": value})
    assert phone.status == 422
    assert 'id="fault-a.peg.1"' in phone.html
    assert_is_a_safe_page(phone)


def test_questions_that_are_not_open_say_so(
    world: World, clinician: Caller, phone: Browser
) -> None:
    patient = world.onboarded(clinician)
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code())
    assert "The next ones open on Tuesday 8 September at 10:00" in phone.text
    [weekly] = world.check_ins(patient, "weekly", "scheduled")
    assert "A little later" in phone.open(f"/my/checkins/{weekly['id']}").text
    [done] = world.check_ins(patient, "baseline", "completed")
    assert "answered these questions already" in phone.open(f"/my/checkins/{done['id']}").text


def test_every_question_is_on_the_page_with_its_options(
    world: World, clinician: Caller, phone: Browser
) -> None:
    patient = world.patient(clinician)
    world.answer(patient, "safety-screen")
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code()).open("/my/next")
    [check_in] = world.check_ins(patient, "baseline")
    asked = world.ok(world.get(f"/v1/checkins/{check_in['id']}", patient))["questionnaire"]
    names = phone.form(phone.address).names
    links = [item["linkId"] for item in questions(asked["item"])]
    assert len(links) > 15
    assert {f"a.{link}" for link in links} == {name for name in names if name.startswith("a.")}
    for item in questions(asked["item"]):
        assert item["text"] in phone.text


# The plan


def test_parts_of_the_plan_wait_for_their_turn(
    world: World, clinician: Caller, phone: Browser
) -> None:
    patient = world.onboarded(clinician)
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code())
    plan = world.ok(world.get("/v1/me/plan", patient))["activities"]
    open_now = {f"/my/plan/{a['id']}" for a in plan if a["status"] == "active"}
    assert {link for link in phone.links if link.startswith("/my/plan/")} == open_now
    assert "Later. This part opens after the ones before it." in phone.text
    waiting = next(a["id"] for a in plan if a["status"] == "waiting")
    assert phone.open(f"/my/plan/{waiting}").status == 409
    assert_is_a_safe_page(phone)


@pytest.fixture
def module(world: World, clinician: Caller, phone: Browser) -> str:
    """Where the first module stands, open on the phone."""
    patient = world.onboarded(clinician)
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code()).open("/my/next")
    return phone.address


def test_a_quiz_half_answered_is_asked_again(app: Flask, phone: Browser, module: str) -> None:
    [first, *_] = sorted(n for n in phone.form("/quiz").names if n.startswith("q."))
    phone.send("/quiz", **{first: "1"})
    assert phone.status == 422
    assert "Some questions still need an answer." in phone.text
    assert phone.form("/quiz").values[first] == "1"
    assert rows(app, QuizAttempt) == []


def test_a_practice_note_says_what_it_lacks_and_keeps_the_rest(
    app: Flask, phone: Browser, module: str
) -> None:
    phone.send("/practice", confidence="7")
    assert phone.status == 422
    assert "Choose yes or no." in phone.text
    assert phone.form("/practice").values["confidence"] == "7"
    assert rows(app, PracticeLog) == []
    phone.send("/practice", done="no", day="2020-01-01")
    assert phone.status == 422
    assert rows(app, PracticeLog) == []


def test_the_newer_note_of_a_day_counts(app: Flask, phone: Browser, module: str) -> None:
    for done in ("no", "yes"):
        phone.send("/practice", done=done)
        assert phone.status == 200
    assert [log.done for log in rows(app, PracticeLog)] == [True]


# Every page


def test_every_page_is_safe_and_says_that_nobody_watches(
    world: World, clinician: Caller, phone: Browser, module: str
) -> None:
    for address in (
        "/my/",
        "/my/consent",
        "/my/settings",
        module,
        "/my/nowhere",
        f"/my/checkins/{uuid4()}",
        f"/my/plan/{uuid4()}",
        "/my/checkins/not-an-id",
        "/i/made-up",
        "/my/sign-in",
    ):
        phone.open(address)
        assert_is_a_safe_page(phone)
        assert "call your emergency number" in phone.text


@pytest.mark.parametrize("what", ["checkins", "plan"])
def test_another_persons_pages_do_not_exist(
    world: World, clinician: Caller, phone: Browser, module: str, what: str
) -> None:
    other = world.onboarded(clinician)
    [check_in] = world.check_ins(other, "weekly", "scheduled")
    plan = world.ok(world.get("/v1/me/plan", other))["activities"]
    address = {"checkins": check_in["id"], "plan": plan[0]["id"]}[what]
    assert phone.open(f"/my/{what}/{address}").status == 404


def test_the_stylesheet_is_ours_and_names_no_other_host(phone: Browser) -> None:
    answered = phone.client.get("/my/static/companion.css")
    assert (answered.status_code, answered.mimetype) == (200, "text/css")
    assert "//" not in re.sub(r"/\*.*?\*/", "", answered.get_data(as_text=True), flags=re.S)


def test_what_people_wrote_is_shown_as_text(world: World, phone: Browser) -> None:
    clinician = world.provider(world.practice(name=f"Hill {MARKUP}"))
    patient = world.enrol(clinician, given_name=MARKUP)
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code())
    assert f"Hello {MARKUP}" in phone.text
    for address in ("/my/", "/my/settings", "/my/consent"):
        assert_is_a_safe_page(phone.open(address))


def test_a_check_in_that_closed_while_it_was_read_says_so(
    app: Flask, world: World, clinician: Caller, phone: Browser
) -> None:
    patient = world.onboarded(clinician)
    [weekly] = world.check_ins(patient, "weekly", "scheduled")
    closes = datetime.fromisoformat(weekly["closes_at"])
    world.clock.move_to(closes - timedelta(minutes=5))
    world.tick()
    world.sign_in(patient)
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code()).open("/my/next")
    address, filled = phone.address, sheet(world, patient, "weekly")
    world.clock.move_to(closes)
    phone.send(address, **filled)
    assert phone.status == 409
    assert "This check-in has closed" in phone.text
    assert_is_a_safe_page(phone)
    [row] = rows(app, CheckIn, CheckIn.kind == "weekly", CheckIn.occasion == 1)
    assert row.status == "open"
