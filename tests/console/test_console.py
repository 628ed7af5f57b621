"""The console, page by page: sign-in, feed, an alert from first look to resolved, patients."""

from __future__ import annotations

import base64
import re
import zlib
from uuid import uuid4

import pyotp
import pytest
from flask import Flask

from backend.alerts.models import Alert
from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from backend.core.sessions import SignInSession
from backend.patients.models import ContraindicationAnswer
from tests.backstage import rows
from tests.browser import Browser, assert_is_a_safe_page, cookie_of
from tests.owner import ask
from tests.world import PASSWORD, PatientAccount, ProviderAccount, World

RED_FLAG = {"safety__numbness": True}
MARKUP = '<script>alert("x")</script>'


@pytest.fixture
def clinician(world: World) -> ProviderAccount:
    return world.provider(world.practice())


@pytest.fixture
def browser(app: Flask, world: World, clinician: ProviderAccount) -> Browser:
    """Signed in as the clinician."""
    return signed_in(app, world, clinician)


@pytest.fixture
def patient(world: World, clinician: ProviderAccount) -> PatientAccount:
    """One who has just told of a red flag."""
    patient = world.patient(clinician, given_name="Rosamund", family_name="Quillfeather")
    world.answer(patient, "safety-screen", **RED_FLAG)
    return patient


@pytest.fixture
def alert(app: Flask, patient: PatientAccount) -> str:
    """Where the alert of that patient stands."""
    [alert] = rows(app, Alert)
    return f"/console/alerts/{alert.id}"


def code_of(world: World, account: ProviderAccount) -> str:
    return pyotp.TOTP(account.totp_secret).at(world.clock.now())


def signed_in(app: Flask, world: World, account: ProviderAccount) -> Browser:
    browser = Browser(app).open("/console/")
    assert browser.address == "/console/sign-in"
    return browser.send(
        "/sign-in", email=account.email, password=PASSWORD, code=code_of(world, account)
    )


# Signing in and out


def test_nobody_signed_in_is_shown_the_sign_in_page(app: Flask, alert: str) -> None:
    for address in ("/console/", "/console/patients", alert, f"/console/patients/{uuid4()}"):
        shown = Browser(app).open(address)
        assert shown.address == "/console/sign-in"
        assert "Quillfeather" not in shown.html


def test_signing_in_leads_to_the_feed(browser: Browser) -> None:
    assert browser.address == "/console/"
    assert "Open alerts" in browser.text and "Nothing is open." in browser.text
    assert "Dr Clinician" in browser.text and "Hill Surgery" in browser.text


@pytest.mark.parametrize("field", ["email", "password", "code"])
def test_whatever_is_wrong_the_page_says_the_same(
    app: Flask, world: World, clinician: ProviderAccount, field: str
) -> None:
    wrong = {"email": "nobody@example.org", "password": "not the password", "code": "000000"}
    right = {"email": clinician.email, "password": PASSWORD, "code": code_of(world, clinician)}
    shown = Browser(app).open("/console/sign-in")
    shown.send("/sign-in", **{**right, field: wrong[field]})
    assert shown.status == 401
    assert "E-mail, password or code is not right." in shown.text
    assert shown.form("/sign-in").values["email"] in (clinician.email, wrong["email"])
    assert "not the password" not in shown.html and PASSWORD not in shown.html


def test_a_paused_account_says_when_to_come_back(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    shown = Browser(app).open("/console/sign-in")
    for _ in range(6):
        shown.send("/sign-in", email=clinician.email, password="x", code="000000")
    assert shown.status == 429
    assert shown.headers["Retry-After"] == "901"
    assert "Too many failed sign-ins" in shown.text


def test_fields_that_are_not_filled_in_are_named_beside_them(app: Flask) -> None:
    shown = Browser(app).open("/console/sign-in").send("/sign-in", email="me", code="12")
    assert shown.status == 422
    assert "Write the six digits." in shown.text and "Fill this in." in shown.text


def test_signing_out_ends_the_session_for_good(app: Flask, browser: Browser) -> None:
    kept = cookie_of(browser).value
    browser.send("/sign-out")
    assert "You are signed out." in browser.text
    assert browser.open("/console/").address == "/console/sign-in"
    browser.client.set_cookie("session", kept)
    assert browser.open("/console/").address == "/console/sign-in"
    assert rows(app, SignInSession, SignInSession.revoked_because == "sign-out")


def test_who_does_nothing_for_a_while_is_signed_out(browser: Browser, clock: MovableClock) -> None:
    clock.move_by(minutes=14, seconds=59)
    assert browser.open("/console/").address == "/console/"
    clock.move_by(minutes=14, seconds=59)
    assert browser.open("/console/").address == "/console/"
    clock.move_by(minutes=15)
    assert browser.open("/console/").address == "/console/sign-in"
    assert "nothing was done for a while" in browser.text


def test_a_page_that_renews_itself_is_no_sign_of_life(
    browser: Browser, clock: MovableClock
) -> None:
    assert "/console/?auto=1" in browser.html
    for _ in range(14):
        clock.move_by(minutes=1)
        assert browser.open("/console/?auto=1").address == "/console/"
    clock.move_by(minutes=1)
    assert browser.open("/console/?auto=1").address == "/console/sign-in"


@pytest.mark.parametrize(
    "change", ["active = false", "role = 'researcher'"], ids=["closed", "new role"]
)
def test_an_account_that_has_changed_must_sign_in_anew(
    browser: Browser, database: str, change: str
) -> None:
    ask(database, f"UPDATE provider SET {change}")
    assert browser.open("/console/").address == "/console/sign-in"


def test_the_cookie_holds_no_token_and_no_name(browser: Browser) -> None:
    cookie = cookie_of(browser)
    assert cookie.http_only and cookie.same_site == "Lax"
    packed = cookie.value.split(".")[1 if cookie.value.startswith(".") else 0]
    raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    said = (zlib.decompress(raw) if cookie.value.startswith(".") else raw).decode()
    assert '"session"' in said
    for secret in ("Clinician", "example.org", "eyJ", "Bearer"):
        assert secret not in said


def test_a_cookie_that_was_made_up_is_nobody(app: Flask) -> None:
    shown = Browser(app)
    shown.client.set_cookie("session", "eyJjb25zb2xlIjp7fX0.aaaa.bbbb")
    assert shown.open("/console/").address == "/console/sign-in"


# Roles and practices


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("clinician", {"/console/", "/console/patients"}),
        ("lead", {"/console/", "/console/patients"}),
        ("administrator", {"/console/patients"}),
        ("researcher", set()),
    ],
)
def test_each_role_sees_its_own_pages(
    app: Flask, world: World, patient: PatientAccount, role: str, sees: set[str]
) -> None:
    shown = signed_in(app, world, world.provider(patient.practice_id, role))
    for address in ("/console/", "/console/patients"):
        shown.open(address)
        assert shown.status == (200 if address in sees else 403)
        if address not in sees:
            assert "Not for your role" in shown.text
            assert "Quillfeather" not in shown.html
        assert_is_a_safe_page(shown)


def test_an_administrator_sees_whom_but_nothing_clinical(
    app: Flask, world: World, patient: PatientAccount
) -> None:
    shown = signed_in(app, world, world.provider(patient.practice_id, "administrator"))
    shown.open(f"/console/patients/{patient.id}")
    assert "Rosamund Quillfeather" in shown.text
    assert "Safety hold" not in shown.text and "Risk group" not in shown.text


def test_another_practices_pages_do_not_exist(
    app: Flask, world: World, patient: PatientAccount, alert: str, browser: Browser
) -> None:
    stranger = signed_in(app, world, world.provider(world.practice("Vale Surgery"), "lead"))
    token = stranger.form("/sign-out").values["csrf_token"]
    hidden = f"/console/patients/{patient.id}"
    for address in (alert, hidden):
        assert stranger.open(address).status == 404
        assert "Quillfeather" not in stranger.html
    for address in (f"{alert}/acknowledge", f"{hidden}/safety-clearance"):
        form = {"csrf_token": token, "reason": "x"}
        assert stranger.client.post(address, data=form).status_code == 404
    for address in ("/console/", "/console/patients"):
        assert "Quillfeather" not in stranger.open(address).html
    assert rows(app, Alert)[0].acknowledged_at is None


# Forms


@pytest.mark.parametrize("token", ["", "made-up", None])
def test_a_form_from_elsewhere_is_refused(
    app: Flask, browser: Browser, alert: str, token: str | None
) -> None:
    form = {} if token is None else {"csrf_token": token}
    for address in (f"{alert}/acknowledge", "/console/patients", "/console/sign-out"):
        answer = browser.client.post(address, data=form)
        assert answer.status_code == 400
        assert answer.mimetype == "text/html"
        assert "did not come from this site" in answer.get_data(as_text=True)
    assert rows(app, Alert)[0].acknowledged_at is None
    assert browser.open("/console/").address == "/console/"


def test_one_browsers_token_does_not_serve_another(
    app: Flask, world: World, clinician: ProviderAccount, alert: str, browser: Browser
) -> None:
    world.clock.move_by(minutes=1)
    other = signed_in(app, world, clinician)
    token = other.form("/sign-out").values["csrf_token"]
    answer = browser.client.post(f"{alert}/acknowledge", data={"csrf_token": token})
    assert answer.status_code == 400


def test_a_token_changes_when_somebody_signs_in(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    browser = Browser(app).open("/console/sign-in")
    before = browser.form("/sign-in").values["csrf_token"]
    browser.send(
        "/sign-in", email=clinician.email, password=PASSWORD, code=code_of(world, clinician)
    )
    answer = browser.client.post("/console/sign-out", data={"csrf_token": before})
    assert answer.status_code == 400


# The feed and an alert


def test_the_feed_shows_who_how_urgent_and_until_when(browser: Browser, alert: str) -> None:
    browser.open("/console/")
    assert "Tier 1: Critical" in browser.text
    assert "Rosamund Quillfeather" in browser.text
    assert alert in browser.links
    assert "Overdue" not in browser.text
    assert "Europe/London" in browser.text


def test_changes_are_told_to_the_page_from_the_place_where_it_stands(
    world: World, clinician: ProviderAccount, browser: Browser, alert: str
) -> None:
    [stream] = re.findall(r'data-stream="([^"]+)"', browser.open("/console/").html)
    stream = stream.replace("&amp;", "&")
    assert "event:" not in browser.client.get(stream).get_data(as_text=True)
    browser.open(alert).send("/acknowledge")
    told = browser.client.get(stream)
    assert told.mimetype == "text/event-stream"
    assert re.findall(r"event: (.+)", told.get_data(as_text=True)) == ["alert.acknowledged"]
    assert "Quillfeather" not in told.get_data(as_text=True)
    [place] = re.findall(r"id: (.+)", told.get_data(as_text=True))
    again = browser.client.get(stream, headers={"Last-Event-ID": place})
    assert "event:" not in again.get_data(as_text=True)


def test_a_stream_is_no_sign_of_life_and_for_the_care_team_alone(
    app: Flask, world: World, clinician: ProviderAccount, browser: Browser, clock: MovableClock
) -> None:
    administrator = signed_in(app, world, world.provider(clinician.practice_id, "administrator"))
    assert administrator.client.get("/console/alerts/stream").status_code == 403
    for _ in range(14):
        clock.move_by(minutes=1)
        assert browser.client.get("/console/alerts/stream?auto=1").status_code == 200
    clock.move_by(minutes=1)
    assert browser.client.get("/console/alerts/stream?auto=1").status_code == 303


def test_an_alert_is_given_away_handed_over_and_given_back(
    app: Flask, world: World, clinician: ProviderAccount, alert: str, browser: Browser
) -> None:
    colleague = world.provider(clinician.practice_id, name="Dr Lee")
    theirs = signed_in(app, world, colleague)
    browser.open("/console/").send(f"{alert}/assign", provider_id=str(colleague.id))
    assert "it waits until they take it up" in browser.text and "With Dr Lee" in browser.text
    assert "Nothing is yours." in browser.open("/console/?owner=me").text
    assert "Nothing waits for somebody." in browser.open("/console/?owner=pool").text
    assert alert in theirs.open("/console/?owner=me").links
    theirs.send(f"{alert}/acknowledge")
    assert "Yours" in theirs.text
    # What a colleague has in hand is theirs to give away; it can be taken over, with a reason.
    browser.open(alert)
    assert not [a for a in browser.actions if a.endswith(("/release", "/hand-over"))]
    assert browser.send("/take").status == 409
    assert "Say in the note why you take it." in browser.text
    browser.send("/take", note="They have gone home.")
    assert "This alert is yours now." in browser.text
    assert browser.send("/hand-over", provider_id=str(colleague.id)).status == 422
    browser.send("/hand-over", note="You know her.")
    assert "With Dr Lee" in browser.text and "You know her." in browser.text
    assert theirs.open(alert).send("/release").status == 200
    assert "Nobody's yet" in theirs.text
    assert str(colleague.id) not in theirs.text


def test_nobody_who_is_away_is_offered(
    app: Flask, world: World, clinician: ProviderAccount, alert: str, browser: Browser
) -> None:
    colleague = world.provider(clinician.practice_id, name="Dr Lee")
    assert "Dr Lee" in browser.open(alert).text
    absence = {"away_from": "2026-09-01", "away_until": "2026-09-02"}
    world.ok(world.put(f"/v1/providers/{colleague.id}/absence", colleague, absence))
    assert "Dr Lee" not in browser.open(alert).text
    assert "/assign" not in "".join(browser.open("/console/").actions)


def test_what_was_done_by_mistake_is_undone_for_five_minutes(
    app: Flask, browser: Browser, alert: str, clock: MovableClock
) -> None:
    browser.open(alert).send("/acknowledge")
    browser.send("/undo")
    assert "That is undone." in browser.text and "Nobody's yet" in browser.text
    assert f"{alert}/undo" not in browser.actions
    browser.send("/acknowledge")
    browser.send("/resolve", code="contacted")
    clock.move_by(minutes=4)
    browser.open(alert).send("/undo")
    assert rows(app, Alert)[0].status == "acknowledged"
    browser.send("/resolve", code="contacted")
    clock.move_by(minutes=5, seconds=1)
    token = browser.form("/undo").values["csrf_token"]
    late = browser.client.post(f"{alert}/undo", data={"csrf_token": token})
    assert late.status_code == 409
    assert "It is too late to undo this" in late.get_data(as_text=True)
    assert f"{alert}/undo" not in browser.open(alert).actions


def test_undoing_gains_no_time(
    app: Flask, world: World, clinician: ProviderAccount, alert: str, clock: MovableClock
) -> None:
    clock.move_by(minutes=70)
    world.tick()
    [before] = rows(app, Alert)
    browser = signed_in(app, world, clinician).open(alert)
    browser.send("/acknowledge")
    clock.move_by(minutes=2)
    browser.send("/undo")
    [after] = rows(app, Alert)
    assert (before.escalation, after.escalation) == (2, 2)
    assert after.respond_by == before.respond_by < clock.now()
    assert after.escalate_at == before.escalate_at is not None
    assert (after.owner_id, after.acknowledged_by, after.acknowledged_at) == (None, None, None)
    clock.move_by(hours=1)
    world.tick()
    assert rows(app, Alert)[0].escalation == 3


def test_nobody_undoes_what_another_did_or_what_has_gone_on_since(
    app: Flask, world: World, clinician: ProviderAccount, alert: str, browser: Browser
) -> None:
    browser.open(alert).send("/acknowledge")
    other = signed_in(app, world, world.provider(clinician.practice_id)).open(alert)
    assert f"{alert}/undo" not in other.actions
    browser.send("/contact", reached="no")
    assert f"{alert}/undo" not in browser.open(alert).actions


def test_an_alert_that_waits_too_long_is_marked(
    app: Flask, world: World, clinician: ProviderAccount, alert: str
) -> None:
    world.clock.move_by(days=2)
    shown = signed_in(app, world, clinician)
    assert "Overdue" in shown.text
    assert "Overdue" in shown.open(alert).text


def test_an_alert_from_first_look_to_resolved(app: Flask, browser: Browser, alert: str) -> None:
    browser.open(alert)
    assert "What the patient was told" in browser.text
    assert "What to do" in browser.text and "Why" in browser.text
    browser.send("/acknowledge", note="On it.")
    assert "You have taken up this alert." in browser.text
    assert "Taken up by Dr Clinician" in browser.text
    assert "On it." in browser.text
    assert f"{alert}/acknowledge" not in browser.actions
    browser.send("/start")
    browser.send("/contact", reached="yes", note="Sent to A&E.")
    assert "The contact is recorded." in browser.text and "Sent to A&E." in browser.text
    browser.send("/resolve", code="visit-booked", note="Seen there.")
    assert "The alert is resolved." in browser.text
    assert [a for a in browser.actions if a.startswith(alert)] == [
        f"{alert}/undo",
        f"{alert}/reopen",
    ]
    assert "Nothing is open." in browser.open("/console/").text
    [row] = rows(app, Alert)
    assert (row.status, row.resolution) == ("resolved", "visit-booked")


def test_only_moves_that_are_legal_now_are_offered(browser: Browser, alert: str) -> None:
    browser.open(alert)
    offered = {a.rsplit("/", 1)[1] for a in browser.actions if a.startswith(alert)}
    assert "acknowledge" in offered
    assert not offered & {"resolve", "reopen", "dismiss"}


def test_the_second_to_take_it_up_is_told_who_was_first(
    app: Flask, world: World, clinician: ProviderAccount, alert: str, browser: Browser
) -> None:
    second = signed_in(app, world, world.provider(clinician.practice_id, "lead")).open(alert)
    browser.open(alert).send("/acknowledge")
    second.send("/acknowledge")
    assert second.status == 409
    assert "Dr Clinician has taken it up." in second.text
    assert "Quillfeather" in second.text


def test_a_form_that_lacks_something_is_shown_again_as_it_was_filled_in(
    app: Flask, browser: Browser, alert: str
) -> None:
    browser.open(alert).send("/acknowledge")
    browser.send("/contact", note="No answer, will try again.")
    assert browser.status == 422
    assert "Fill this in." in browser.text
    assert browser.form("/contact").values["note"] == "No answer, will try again."
    assert_is_a_safe_page(browser)
    assert rows(app, Alert)[0].status == "acknowledged"


@pytest.mark.parametrize("action", ["escalate", "deliver", "delete", "open"])
def test_what_is_no_move_of_a_person_is_no_page(browser: Browser, alert: str, action: str) -> None:
    token = browser.open(alert).form("/acknowledge").values["csrf_token"]
    answer = browser.client.post(f"{alert}/{action}", data={"csrf_token": token})
    assert answer.status_code == 404


def test_a_course_is_drawn_and_told_in_a_table(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    patient = world.onboarded(clinician, 2)
    for severity in (2, 2, 8, 9):
        world.weekly(patient, severity)
    [alert] = [a for a in rows(app, Alert) if a.rule == "rising"]
    shown = signed_in(app, world, clinician).open(f"/console/alerts/{alert.id}")
    pictures = re.findall(r"<svg.*?</svg>", shown.html, re.S)
    assert len(pictures) == 2, "one for a desk, one for a phone"
    for picture in pictures:
        assert picture.count("<circle") >= 4
        assert "http" not in re.sub(r'xmlns(:\w+)?="http://www\.w3\.org/[^"]+"', "", picture)
    assert "Risk score by check-in, oldest first" in shown.text
    assert_is_a_safe_page(shown)
    assert_is_a_safe_page(shown.open(f"/console/patients/{patient.id}"))
    assert "<svg" in shown.html


def test_more_alerts_than_a_page_holds_are_on_the_next(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    for _ in range(21):
        world.answer(world.patient(clinician), "safety-screen", **RED_FLAG)
    shown = signed_in(app, world, clinician)
    first = {link for link in shown.links if link.startswith("/console/alerts/")}
    [more] = [link for link in shown.links if "cursor=" in link]
    second = {link for link in shown.open(more).links if link.startswith("/console/alerts/")}
    assert (len(first), len(second)) == (20, 1)
    assert not first & second
    assert "http-equiv" not in shown.html


@pytest.mark.parametrize("query", ["?cursor=made-up", "?cursor=%00"])
def test_a_page_that_does_not_exist_is_said_as_a_page(browser: Browser, query: str) -> None:
    for address in ("/console/", "/console/patients"):
        browser.open(address + query)
        assert browser.status == 422
        assert_is_a_safe_page(browser)


# Patients

ENROLMENT = {
    "given_name": "Ben",
    "family_name": "Example",
    "phone": "+447700900124",
    "checkin_weekday": "friday",
    "checkin_hour": "18",
    "agreed_to_text": "yes",
}


def test_a_patient_is_enrolled_and_invited(world: World, browser: Browser) -> None:
    browser.open("/console/patients").send("/patients", **ENROLMENT)
    assert "The patient is enrolled; an invitation by text is on its way." in browser.text
    assert "Friday, 18:00 in Europe/London" in browser.text
    assert [t.phone for t in world.texts("invitation")] == ["+447700900124"]
    assert "Ben Example" in browser.open("/console/patients").text


def test_nobody_is_texted_who_was_not_asked(app: Flask, world: World, browser: Browser) -> None:
    unasked = {**ENROLMENT, "agreed_to_text": ""}
    browser.open("/console/patients").send("/patients", **unasked)
    assert browser.status == 422 and 'id="agreed_to_text-error"' in browser.html
    assert world.texts() == []
    browser.send("/patients", agreed_to_text="yes")
    assert len(world.texts("invitation")) == 1
    trail = [row.action for row in rows(app, AuditEvent)]
    assert trail.count("patient.agreed-to-invitation") == 1


def test_an_invitation_is_texted_again_until_somebody_has_joined(
    world: World, browser: Browser, clinician: ProviderAccount, patient: PatientAccount
) -> None:
    invited = world.enrol(clinician)
    before = len(world.texts("invitation"))
    browser.open(f"/console/patients/{invited.id}").send("/invitation")
    assert "The invitation is on its way once more" in browser.text
    assert len(world.texts("invitation")) == before + 1
    joined = f"/console/patients/{patient.id}"
    form = {"csrf_token": browser.open(joined).form("/sign-out").values["csrf_token"]}
    assert not any(action.endswith("/invitation") for action in browser.actions)
    assert browser.client.post(f"{joined}/invitation", data=form).status_code == 409


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", ""),
        ("phone", "07700 900124"),
        ("phone", "+44 7700 9001x4"),
        ("time_zone", "Mars/Olympus"),
        ("checkin_weekday", "someday"),
        ("checkin_hour", "3"),
        ("family_name", "a\0b"),
        ("language", "xx"),
    ],
)
def test_a_field_that_needs_another_look_is_told_beside_it_and_nothing_is_lost(
    world: World, browser: Browser, field: str, value: str
) -> None:
    filled = {**ENROLMENT, field: value}
    browser.open("/console/patients").send("/patients", **filled)
    assert browser.status == 422
    assert f'id="{field}-error"' in browser.html
    kept = browser.form("/patients").values
    for name in ("given_name", "family_name", "phone"):
        if name != field:
            assert kept[name] == ENROLMENT[name]
    assert world.texts() == []


@pytest.mark.parametrize(
    ("ticked", "expected"),
    [("none", {"no"}), ("epilepsy", {"no", "yes"}), ("", set())],
)
def test_what_is_ticked_at_enrolment_is_an_answer_to_every_question(
    app: Flask, browser: Browser, ticked: str, expected: set[str]
) -> None:
    before = {row.id for row in rows(app, ContraindicationAnswer)}
    answers = {"contraindications": ticked} if ticked else {}
    browser.open("/console/patients").send("/patients", **ENROLMENT, **answers)
    kept = [row for row in rows(app, ContraindicationAnswer) if row.id not in before]
    assert {row.answer for row in kept} == expected
    assert [row.code for row in kept if row.answer == "yes"] == [ticked] * (len(expected) == 2)


def test_none_of_these_and_one_of_them_at_once_is_asked_again(browser: Browser) -> None:
    browser.open("/console/patients")
    browser.send("/patients", **ENROLMENT, contraindications="gout")
    assert browser.status == 422
    assert "Choose what applies." in browser.text


def test_answers_are_changed_on_the_patients_page(
    app: Flask, browser: Browser, patient: PatientAccount
) -> None:
    browser.open(f"/console/patients/{patient.id}")
    browser.send("/contraindications", **{"answer.epilepsy": "cleared"})
    assert browser.status == 422
    assert "Say why it may go ahead." in browser.text
    assert browser.form("/contraindications").values["answer.epilepsy"] == "cleared"
    browser.send("/contraindications", reason="Well controlled.")
    assert "The answers are kept." in browser.text
    assert "Agreed: Well controlled." in browser.text
    answers = rows(app, ContraindicationAnswer, ContraindicationAnswer.code == "epilepsy")
    assert [row.answer for row in answers if row.patient_id == patient.id] == ["no", "cleared"]
    browser.send("/contraindications")
    assert browser.status == 422


def test_somebody_enrolled_already_is_linked_to(
    browser: Browser, world: World, patient: PatientAccount
) -> None:
    same = {"given_name": "ROSAMUND", "family_name": "quillfeather", "phone": patient.phone}
    browser.open("/console/patients").send("/patients", **{**ENROLMENT, **same})
    assert browser.status == 409
    assert "This person is enrolled already." in browser.text
    assert f"/console/patients/{patient.id}" in browser.links


def test_a_note_is_kept_and_corrected_by_another(browser: Browser, patient: PatientAccount) -> None:
    address = f"/console/patients/{patient.id}"
    token = browser.open(address).form("/notes").values["csrf_token"]
    assert "There is no note yet." in browser.text
    assert browser.send("/notes", text="").status == 422
    browser.open(address).send("/notes", text=f"Prefers the evening. {MARKUP}")
    assert "The note is kept." in browser.text and MARKUP in browser.text
    corrects = re.findall(r'name="corrects_id" value="([^"]+)"', browser.html)[0]
    form = {"csrf_token": token, "text": "Prefers the morning.", "corrects_id": corrects}
    assert browser.client.post(f"{address}/notes", data=form).status_code == 303
    browser.open(address)
    assert "Prefers the morning." in browser.text
    # The old words stand in the timeline alone, as corrected.
    assert "stands in place of an earlier one" in browser.text
    assert "Note, corrected since" in browser.open(f"{address}/timeline").text
    again = browser.client.post(f"{address}/notes", data=form)
    assert again.status_code == 409
    assert "correct the newer one" in again.get_data(as_text=True)


def test_a_hold_is_cleared_with_a_reason(
    world: World, browser: Browser, patient: PatientAccount
) -> None:
    browser.open(f"/console/patients/{patient.id}")
    assert "Safety hold" in browser.text
    browser.send("/safety-clearance", reason="")
    assert browser.status == 422
    assert "Safety hold" in browser.text
    browser.send("/safety-clearance", reason="Seen in A&E, all clear.")
    assert "The safety hold is cleared; the programme goes on." in browser.text
    assert [c["kind"] for c in world.check_ins(patient)] == ["baseline"]


def test_looking_at_a_page_is_in_the_trail(
    app: Flask, browser: Browser, patient: PatientAccount, alert: str
) -> None:
    for address in ("/console/", alert, "/console/patients", f"/console/patients/{patient.id}"):
        browser.open(address)
    actions = {row.action for row in rows(app, AuditEvent) if row.actor_role == "clinician"}
    assert {"alert.list", "alert.read", "patient.list", "patient.read", "risk.read"} <= actions


# Every page


def test_every_page_is_safe_and_asks_no_other_host(
    browser: Browser, patient: PatientAccount, alert: str
) -> None:
    for address in (
        "/console/",
        alert,
        "/console/patients",
        f"/console/patients/{patient.id}",
        "/console/sign-in",
        "/console/nowhere",
        f"/console/alerts/{uuid4()}",
        "/console/alerts/not-an-id",
    ):
        assert_is_a_safe_page(browser.open(address))


def test_the_stylesheet_is_ours_and_names_no_other_host(browser: Browser) -> None:
    answer = browser.client.get("/console/static/console.css")
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert "//" not in re.sub(r"/\*.*?\*/", "", answer.get_data(as_text=True), flags=re.S)
    for path in ("../routes.py", "%2e%2e/routes.py", "nothing.css"):
        assert browser.client.get(f"/console/static/{path}").status_code == 404


def test_what_people_wrote_is_shown_as_text(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    patient = world.patient(clinician, given_name=MARKUP, family_name='"><img src=x onerror=1>')
    world.answer(patient, "safety-screen", **RED_FLAG)
    shown = signed_in(app, world, clinician)
    [alert] = rows(app, Alert)
    pages = ["/console/", "/console/patients", f"/console/patients/{patient.id}"]
    for address in [*pages, f"/console/alerts/{alert.id}"]:
        shown.open(address)
        assert MARKUP in shown.text
        assert "<img" not in shown.html
        assert_is_a_safe_page(shown)
    shown.send("/acknowledge", note=MARKUP)
    assert MARKUP in shown.text
    assert_is_a_safe_page(shown)


def test_a_fault_of_ours_is_a_page_without_its_words(
    app: Flask, browser: Browser, alert: str, database: str
) -> None:
    ask(database, 'UPDATE alert SET evidence = \'[{"at": "Quillfeather"}]\'')
    browser.open(alert)
    assert browser.status == 500
    assert "Something went wrong on our side." in browser.text
    assert "Quillfeather" not in browser.html
    assert_is_a_safe_page(browser)
