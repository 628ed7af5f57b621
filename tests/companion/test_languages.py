"""A patient is spoken to in their own language: on their pages, in texts and by the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser

import pytest
from flask import Flask, render_template_string

from backend.alerts.models import Alert
from backend.checkins.feedback import load_texts
from backend.companion import forms
from backend.companion.session import IDLE
from backend.core.audit import AuditEvent
from backend.core.schema import LANGUAGES
from backend.instruments.definitions import Group, Item
from backend.instruments.questionnaires import Questionnaire
from backend.messaging.templates import in_language
from backend.patients.consent import load_text
from backend.patients.models import Patient
from tests.backstage import rows
from tests.browser import Browser, assert_is_a_safe_page
from tests.companion.test_companion import answer, sheet, sign_in_by
from tests.shipped import CONTENT
from tests.world import Caller, PatientAccount, World

NUMB = "a.safety.numbness"
ENGLISH = re.compile(r"\b(the|you|your|and|this|that|with|please|are|have|answer)\b", re.I)
# One heading of the page before sign-in, one of the page after it.
CODE_COMES = {"en": "We will text you a code", "nl": "We sturen je een code per sms",
              "es": "Le enviaremos un código en un mensaje"}  # fmt: skip
HELLO = {"en": "Hello Ann", "nl": "Hallo Ann", "es": "Hola, Ann"}

in_each = pytest.mark.parametrize("language", LANGUAGES)
translated = pytest.mark.parametrize("language", ["nl", "es"])


@pytest.fixture
def phone(app: Flask) -> Browser:
    return Browser(app)


class _Spoken(HTMLParser):
    """The words of a page that are said in the page's own language."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._inside: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        self.words += [has[name] or "" for name in ("aria-label", "title") if name in has]
        if tag not in ("meta", "link", "input", "br", "hr", "img"):
            is_other = (tag not in ("html",) and "lang" in has) or tag == "title"
            self._inside.append(is_other or any(self._inside))

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "link", "input", "br", "hr", "img"):
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._inside):
            self.words.append(data)


def assert_speaks(phone: Browser, language: str) -> None:
    """The page says which language it is in, and has no English of its own left."""
    assert_is_a_safe_page(phone, language)
    if language != "en":
        page = _Spoken()
        page.feed(phone.html)
        assert len(" ".join(page.words).split()) > 20
        assert [words for words in page.words if ENGLISH.search(words)] == []


def texts_of(world: World, patient: PatientAccount) -> Iterator[tuple[str | None, str, str]]:
    """Template, language and words of the texts to a person, newest first."""
    for text in world.texts():
        if text.phone == patient.phone:
            yield text.template, text.language, text.body or ""


def opening(text: str) -> str:
    """The words of a message before its first value that tells it from another language's."""
    return max(re.split(r"\{\w+\}", text), key=len)


@in_each
def test_the_whole_road_is_in_the_patients_language(
    app: Flask, world: World, clinician: Caller, phone: Browser, language: str
) -> None:
    patient = world.enrol(clinician, language=language)
    said, agreed = load_texts(CONTENT, language), load_text(CONTENT, "programme", language)
    phone.open(f"/i/{world.link()}")
    assert CODE_COMES[language] in phone.text
    assert_speaks(phone, language)
    phone.send("/my/sign-in/code")
    assert_speaks(phone, language)
    phone.send("/my/sign-in", code=world.code())
    assert HELLO[language] in phone.text
    assert_speaks(phone, language)
    world.sign_in(patient)

    assert world.ok(world.get("/v1/me/consent", patient))["title"] == agreed.title
    phone.open("/my/consent")
    assert agreed.title in phone.text
    assert_speaks(phone, language)
    phone.send("/my/consent", agree="yes")
    [line] = rows(app, AuditEvent, AuditEvent.action == "consent.given")
    assert line.detail == {"text_version": agreed.version, "language": language}

    assert_speaks(phone, language)
    phone.send(phone.address, **sheet(world, patient, "safety-screen"))
    assert said.feedback["next"]["baseline"] in phone.text
    assert_speaks(phone, language)
    told = world.answer(patient, "baseline")
    assert told["next"]["sentence"] == said.feedback["next"]["plan"]
    phone.open("/my/")
    assert_speaks(phone, language)

    told = world.weekly(patient)
    assert told["trend"]["sentence"] == said.feedback["trend"][told["trend"]["decision"] or "none"]
    assert told["next"]["sentence"] == said.feedback["next"]["check_in"]
    assert told["statement"] == said.safety["statement"]

    words = in_language(CONTENT, language).by_name
    sent = list(texts_of(world, patient))
    assert {template for template, _, _ in sent} >= {"invitation", "sign-in-code", "check-in-open"}
    for template, spoken, body in sent:
        assert spoken == language
        assert opening(words[template or ""].text) in body


@in_each
def test_danger_is_told_in_the_patients_language_and_the_provider_in_english(
    app: Flask, world: World, phone: Browser, language: str
) -> None:
    practice = world.practice()
    clinician = world.provider(practice, phone="+447700900999")
    patient = world.enrol(clinician, language=language)
    sign_in_by(world, phone, f"/i/{world.link()}")
    world.sign_in(patient)
    phone.open("/my/consent").send("/my/consent", agree="yes")
    answer(world, phone, patient, "safety-screen", **{NUMB: "yes"})
    safety = load_texts(CONTENT, language).safety
    assert safety["levels"]["emergency"]["title"] in phone.text
    assert safety["contacts"]["emergency"] in phone.text
    assert "tel:999" in phone.links
    assert_speaks(phone, language)
    [alerted] = world.texts("alert")
    assert alerted.language == "en"
    assert "urgent alert" in (alerted.body or "")
    [alert] = rows(app, Alert)
    [asked] = alert.evidence[0]["answers"]
    assert asked["answer"] == "Yes" and ENGLISH.search(asked["text"])
    phone.open("/my/")
    assert_speaks(phone, language)


@translated
def test_faults_are_told_in_the_patients_language(
    world: World, clinician: Caller, phone: Browser, language: str
) -> None:
    patient = world.patient(clinician, language=language)
    world.answer(patient, "safety-screen")
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code()).open("/my/next")
    filled = sheet(world, patient, "baseline")
    del filled["a.peg.1"]
    phone.send(phone.address, **{**filled, "a.peg.2": "11"})
    assert phone.status == 422
    missing = {"nl": "Deze vraag heeft nog een antwoord nodig.",
               "es": "Falta la respuesta a esta pregunta."}  # fmt: skip
    beyond = {"nl": "Kies een getal van 0 tot en met 10.", "es": "Elija un número del 0 al 10."}
    assert missing[language] in phone.text and beyond[language] in phone.text
    assert_speaks(phone, language)


@translated
def test_every_page_of_the_plan_is_in_the_patients_language_and_marks_what_is_not(
    world: World, clinician: Caller, phone: Browser, language: str
) -> None:
    patient = world.onboarded(clinician, language=language)
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code())
    assert_speaks(phone, language)
    phone.open("/my/next")
    module = phone.address
    assert module.startswith("/my/plan/")
    assert_speaks(phone, language)
    quiz = {name: "0" for name in phone.form("/quiz").names if name.startswith("q.")}
    phone.send("/quiz")
    assert phone.status == 422
    assert_speaks(phone, language)
    phone.send("/quiz", **quiz)
    assert_speaks(phone, language)
    phone.open(module).send("/practice", confidence="7")
    assert phone.status == 422
    assert_speaks(phone, language)
    phone.send("/practice", done="yes")
    assert_speaks(phone, language)
    for address in ("/my/settings", "/my/nowhere", "/my/checkins/x", "/i/made-up", "/my/plan/x"):
        assert_speaks(phone.open(address), language)
    phone.open("/my/settings").send("/my/settings")
    assert phone.status == 422
    assert_speaks(phone, language)
    phone.send("/my/settings", leave="yes")
    assert_speaks(phone, language)
    phone.send("/my/sign-out")
    assert_speaks(phone, language)


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en", "Tuesday 8 September at 10:00"),
        ("nl", "dinsdag 8 september om 10:00 uur"),
        ("es", "martes 8 de septiembre a las 10:00"),
    ],
)
def test_days_and_times_are_written_as_the_language_writes_them_in_the_patients_zone(
    world: World, clinician: Caller, phone: Browser, language: str, day: str
) -> None:
    patient = world.onboarded(clinician, language=language, time_zone="Europe/Amsterdam")
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code())
    assert day in phone.text


# Before anybody is signed in


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("nl", "nl"),
        ("nl-BE,nl;q=0.9,en;q=0.5", "nl"),
        ("es-MX", "es"),
        ("es-419,es;q=0.9", "es"),
        ("de", "en"),
        ("de,es;q=0.7,en;q=0.3", "es"),
        ("fr;q=0.9,en;q=0.8,nl;q=0.7", "en"),
        ("*", "en"),
        ("nonsense;;q=x", "en"),
    ],
)
def test_a_stranger_is_spoken_to_in_the_language_their_browser_asks_for(
    phone: Browser, accepted: str | None, language: str
) -> None:
    for address in ("/my/sign-in", "/my/", "/i/made-up", "/c/made-up", "/my/nowhere"):
        assert_speaks(phone.open(address, accepted), language)


def test_a_link_decides_before_the_browser_does_and_the_person_after_it(
    world: World, clinician: Caller, phone: Browser
) -> None:
    world.enrol(clinician, language="nl")
    assert_speaks(phone.open(f"/i/{world.link()}", "es"), "nl")
    assert_speaks(phone.open("/my/sign-in", "es"), "nl")
    phone.send("/my/sign-in/code").send("/my/sign-in", code=world.code())
    assert_speaks(phone.open("/my/", "es"), "nl")


def test_on_a_shared_phone_each_person_is_spoken_to_in_their_own_language(
    world: World, clinician: Caller, phone: Browser
) -> None:
    ann = world.enrol(clinician, language="nl")
    sign_in_by(world, phone, f"/i/{world.link()}")
    assert_speaks(phone, "nl")
    world.enrol(clinician, language="es", given_name="Ben", phone=ann.phone)
    assert_speaks(phone.open(f"/i/{world.link()}"), "es")
    phone.send("/my/sign-in/code").send("/my/sign-in", code=world.code())
    assert "Hola, Ben" in phone.text


def test_who_was_away_is_asked_to_come_back_in_their_language(
    world: World, clinician: Caller, phone: Browser
) -> None:
    world.enrol(clinician, language="nl")
    sign_in_by(world, phone, f"/i/{world.link()}")
    world.clock.move_by(seconds=IDLE.total_seconds() + 1)
    phone.open("/my/", "es")
    assert "Je was even weg" in phone.text
    assert_speaks(phone, "nl")


def test_after_signing_out_the_device_keeps_no_language(
    world: World, clinician: Caller, phone: Browser
) -> None:
    world.enrol(clinician, language="nl")
    sign_in_by(world, phone, f"/i/{world.link()}").send("/my/sign-out")
    assert "Je bent uitgelogd" in phone.text
    assert_speaks(phone.open("/my/sign-in", "es"), "es")


# Choosing


def test_a_person_chooses_their_language_and_the_next_text_is_in_it(
    app: Flask, world: World, clinician: Caller, phone: Browser
) -> None:
    patient = world.onboarded(clinician)
    phone.open("/my/").send("/my/sign-in/code", phone=patient.phone)
    phone.send("/my/sign-in", code=world.code()).open("/my/settings")
    assert phone.form("/my/settings/language").values["language"] == "en"
    assert all(name in phone.text for name in ("English", "Nederlands", "Español"))
    phone.send("/my/settings/language", language="es")
    assert phone.address == "/my/settings"
    assert phone.form("/my/settings/language").values["language"] == "es"
    assert_speaks(phone, "es")
    [line] = rows(app, AuditEvent, AuditEvent.action == "patient.language")
    assert (line.actor_role, line.detail) == ("patient", {"before": "en", "after": "es"})
    [weekly] = world.check_ins(patient, "weekly", "scheduled")
    world.clock.move_to(datetime.fromisoformat(weekly["opens_at"]) + timedelta(hours=1))
    world.tick()
    assert world.texts("check-in")[0].language == "es"


@pytest.mark.parametrize("wanted", ["", "de", "EN", "<b>"])
def test_a_language_we_do_not_speak_changes_nothing(
    app: Flask, world: World, clinician: Caller, phone: Browser, wanted: str
) -> None:
    world.enrol(clinician, language="nl")
    sign_in_by(world, phone, f"/i/{world.link()}").open("/my/settings")
    phone.send("/my/settings/language", language=wanted)
    assert_speaks(phone, "nl")
    assert [p.language for p in rows(app, Patient)] == ["nl"]
    assert rows(app, AuditEvent, AuditEvent.action == "patient.language") == []


# Free text

NOTE = Item("note.1", "Anything else?", "string")
ASKED = Questionnaire(
    battery="notes",
    version="urn:lumbra:questionnaire:notes|1.0.0",
    title="Notes",
    instruments=("notes",),
    groups=(Group("notes", "", (NOTE,)),),
    behind={},
    danger=(),
)


@pytest.mark.parametrize(
    ("typed", "answers"),
    [
        ("It was a good week.", {"note.1": "It was a good week."}),
        ("  two\r\nlines ", {"note.1": "two\r\nlines"}),
        ("7", {"note.1": "7"}),
        ("a\0b", {"note.1": "ab"}),
        ("", {}),
        (" \n ", {}),
    ],
)
def test_free_text_is_taken_as_it_was_written(typed: str, answers: dict[str, str]) -> None:
    assert forms.answers({"a.note.1": typed}, ASKED) == answers


def test_free_text_is_asked_for_in_an_area_that_keeps_what_was_written(app: Flask) -> None:
    with app.test_request_context():
        html = render_template_string(
            '{% from "companion/_fields.html" import area with context %}'
            '{{ area("a.note.1", "Anything else?", given, message, 2000, True, "stem") }}',
            given="</textarea><b>bold</b>",
            message="Write up to 2000 characters.",
        )
    assert '<label for="a.note.1">Anything else? (if you like)</label>' in html
    assert 'name="a.note.1" rows="4" maxlength="2000" aria-invalid="true"' in html
    assert 'aria-describedby="stem fault-a.note.1"' in html
    assert "&lt;/textarea&gt;&lt;b&gt;bold" in html and "<b>bold" not in html


@in_each
def test_what_is_wrong_with_a_free_text_is_told(app: Flask, language: str) -> None:
    words = {"en": "Write up to 2000 characters.", "nl": "Schrijf niet meer dan 2000 tekens.",
             "es": "Escriba 2000 caracteres como máximo."}  # fmt: skip
    with app.test_request_context(headers={"Accept-Language": language}):
        told = forms.answer_faults({"answers.note.1": "Too long."}, ASKED, {"note.1": "x" * 2001})
    assert told == {"note.1": words[language]}
