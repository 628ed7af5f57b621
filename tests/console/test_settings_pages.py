"""Settings in the console: people, absence, service hours, the pathway and the budget of texts."""

from __future__ import annotations

from uuid import uuid4

import pyotp
import pytest
from flask import Flask

from backend.alerts.models import Alert
from backend.practices.models import Practice, Provider
from tests.backstage import rows, statements
from tests.browser import Browser, assert_is_a_safe_page
from tests.console.test_console import signed_in
from tests.crowd import OF_TIER, raise_alert
from tests.world import PASSWORD, ProviderAccount, World

NEWCOMER = {
    "name": "Dr Newcomer",
    "email": "newcomer@example.org",
    "role": "clinician",
    "password": "a long enough password",
}


@pytest.fixture
def administrator(world: World) -> ProviderAccount:
    return world.provider(world.practice(), "administrator")


@pytest.fixture
def clinician(world: World, administrator: ProviderAccount) -> ProviderAccount:
    return world.provider(administrator.practice_id, name="Dr Clinician")


@pytest.fixture
def lead(world: World, administrator: ProviderAccount) -> ProviderAccount:
    return world.provider(administrator.practice_id, "lead", name="Dr Lead")


@pytest.fixture
def browser(app: Flask, world: World, administrator: ProviderAccount) -> Browser:
    """Signed in as the administrator."""
    return signed_in(app, world, administrator)


def account(app: Flask, account: ProviderAccount) -> Provider:
    [found] = rows(app, Provider, Provider.id == account.id)
    assert isinstance(found, Provider)
    return found


# People


def test_an_account_is_opened_and_its_person_sets_up_the_second_factor(
    app: Flask, world: World, browser: Browser
) -> None:
    browser.open("/console/settings/people").send("/people", **NEWCOMER)
    assert "The account is open." in browser.text and "Dr Newcomer" in browser.text
    assert_is_a_safe_page(browser)
    theirs = Browser(app).open("/console/first-sign-in")
    theirs.send("/first-sign-in", email=NEWCOMER["email"], password=NEWCOMER["password"])
    [made] = rows(app, Provider, Provider.email == NEWCOMER["email"])
    assert made.totp_secret not in browser.html
    theirs.send("/app", code=pyotp.TOTP(made.totp_secret).at(world.clock.now()))
    assert theirs.address == "/console/"


@pytest.mark.parametrize(
    ("field", "said"),
    [("name", ""), ("email", "somewhere"), ("role", ""), ("password", "short"), ("phone", "12")],
)
def test_what_an_account_cannot_be_like_is_told_beside_the_field(
    app: Flask, browser: Browser, field: str, said: str
) -> None:
    browser.open("/console/settings/people").send("/people", **{**NEWCOMER, field: said})
    assert browser.status == 422
    assert f'id="{field}-error"' in browser.html
    assert browser.form("/people").values["email" if field != "email" else "name"]
    assert NEWCOMER["password"] not in browser.html
    assert rows(app, Provider, Provider.email == NEWCOMER["email"]) == []


def test_an_account_is_closed_with_a_tick_and_opened_again(
    app: Flask, browser: Browser, clinician: ProviderAccount, world: World
) -> None:
    theirs = signed_in(app, world, clinician)
    browser.open(f"/console/settings/people/{clinician.id}").send("/closure")
    assert browser.status == 422 and "Tick this to go on." in browser.text
    assert account(app, clinician).active
    browser.send("/closure", confirm="yes")
    assert "The account is closed. Its sessions have ended." in browser.text
    assert theirs.open("/console/").address == "/console/sign-in"
    assert "Closed accounts, by name" in browser.open("/console/settings/people").text
    browser.open(f"/console/settings/people/{clinician.id}").send("/opening")
    assert "The account is open again" in browser.text
    assert account(app, clinician).active
    assert_is_a_safe_page(browser)


def test_a_role_is_changed(app: Flask, browser: Browser, clinician: ProviderAccount) -> None:
    browser.open(f"/console/settings/people/{clinician.id}").send("/role", role="lead")
    assert "They must sign in anew." in browser.text
    assert browser.form("/role").values["role"] == "lead"
    assert account(app, clinician).role == "lead"


def test_a_lost_phone_gets_a_new_secret(
    app: Flask, browser: Browser, clinician: ProviderAccount
) -> None:
    browser.open(f"/console/settings/people/{clinician.id}").send("/second-factor")
    assert browser.status == 422
    browser.send("/second-factor", confirm="yes")
    assert account(app, clinician).totp_secret != clinician.totp_secret
    assert account(app, clinician).totp_secret[:4] in browser.text
    assert clinician.totp_secret not in browser.html
    assert_is_a_safe_page(browser)
    again = Browser(app).open("/console/first-sign-in")
    again.send("/first-sign-in", email=clinician.email, password=PASSWORD)
    assert again.status == 409, "the password alone gives nobody a secret"


def test_ones_own_account_offers_nothing(browser: Browser, administrator: ProviderAccount) -> None:
    browser.open(f"/console/settings/people/{administrator.id}")
    assert "This is your own account." in browser.text
    assert [action for action in browser.actions if "/people/" in action] == []


# Absence


def test_an_absence_is_noted_and_ended(
    app: Flask, world: World, clinician: ProviderAccount, lead: ProviderAccount
) -> None:
    theirs = signed_in(app, world, clinician).open("/console/settings/absence")
    day = world.clock.now().date().isoformat()
    [action] = [action for action in theirs.actions if "/settings/absence/" in action]
    theirs.send(action, away_from=day, away_until="2020-01-01", cover_id=str(lead.id))
    assert theirs.status == 422 and "The last day is before the first." in theirs.text
    assert theirs.form(action).values["cover_id"] == str(lead.id)
    theirs.send(action, away_from=day, away_until=day, cover_id=str(lead.id))
    assert "The absence is noted." in theirs.text
    assert account(app, clinician).cover_id == lead.id
    assert_is_a_safe_page(theirs)
    theirs.send(f"{action}/end")
    assert "The absence is ended." in theirs.text
    assert account(app, clinician).away_from is None


def test_a_clinician_says_so_of_nobody_else(
    app: Flask, world: World, clinician: ProviderAccount, lead: ProviderAccount
) -> None:
    theirs = signed_in(app, world, clinician).open("/console/settings/absence")
    assert str(lead.id) not in " ".join(theirs.actions)
    day = world.clock.now().date().isoformat()
    form = {"csrf_token": theirs.form("/sign-out").values["csrf_token"]}
    sent = {**form, "away_from": day, "away_until": day}
    answer = theirs.client.post(f"/console/settings/absence/{lead.id}", data=sent)
    assert answer.status_code == 403
    assert account(app, lead).away_from is None


# Service hours


def test_hours_and_holidays_are_set_and_open_alerts_follow(
    app: Flask, world: World, clinician: ProviderAccount, browser: Browser
) -> None:
    patient = world.enrol(clinician)
    raise_alert(app, clinician.practice_id, patient.id, **OF_TIER[1])
    [before] = rows(app, Alert)
    browser.open("/console/settings/hours")
    shown = browser.form("/hours").values
    assert (shown["opens.monday"], shown["closes.friday"]) == ("08:00", "18:00")
    assert shown["opens.sunday"] == ""
    closed = {f"{what}.{day}": "" for what in ("opens", "closes")
              for day in ("monday", "tuesday", "wednesday", "thursday")}  # fmt: skip
    browser.send(
        "/hours",
        **{
            **closed,
            "opens.saturday": "09:30",
            "closes.saturday": "12:00",
            "holiday.0.day": "2026-12-25",
            "holiday.0.name": "Christmas Day",
        },
    )
    assert "The hours are set." in browser.text
    [practice] = rows(app, Practice)
    assert practice.service_hours == {
        "friday": ["08:00", "18:00"],
        "saturday": ["09:30", "12:00"],
    }
    assert practice.holidays == [{"day": "2026-12-25", "name": "Christmas Day"}]
    [after] = rows(app, Alert)
    assert after.respond_by > before.respond_by
    assert_is_a_safe_page(browser)
    browser.send("/hours", **{"holiday.0.day": "", "holiday.0.name": ""})
    assert rows(app, Practice)[0].holidays == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"opens.monday": "18:00", "closes.monday": "08:00"}, "hours-monday-error"),
        ({"opens.sunday": "08:00"}, "hours-sunday-error"),
        ({"holiday.1.name": "Some day"}, "holiday-1-day-error"),
        ({"holiday.2.day": "2026-12-25"}, "holiday-2-name-error"),
        ({"time_zone": "Europe/Nowhere"}, "time_zone-error"),
    ],
)
def test_what_hours_cannot_be_is_told_beside_the_field(
    app: Flask, browser: Browser, changes: dict[str, str], error: str
) -> None:
    browser.open("/console/settings/hours").send("/hours", **changes)
    assert browser.status == 422
    assert f'id="{error}"' in browser.html
    kept = browser.form("/hours").values
    assert {name: kept[name] for name in changes} == changes
    assert len(rows(app, Practice)[0].service_hours) == 5
    assert_is_a_safe_page(browser)


# Texts and the pathway


def test_the_lead_sets_the_limits_of_texts(
    app: Flask, world: World, lead: ProviderAccount, browser: Browser
) -> None:
    assert "The lead sets the limits." in browser.open("/console/settings/texts").text
    theirs = signed_in(app, world, lead).open("/console/settings/texts")
    theirs.send("/texts", soft="many", hard="20")
    assert theirs.status == 422 and 'id="soft-error"' in theirs.html
    theirs.send("/texts", soft="10", hard="20")
    assert "The limits are set." in theirs.text and "0 of 20 segments" in theirs.text
    assert theirs.form("/texts").values["soft"] == "10"
    theirs.send("/texts", soft="", hard="")
    [practice] = rows(app, Practice)
    assert (practice.segments_soft, practice.segments_hard) == (None, None)
    assert_is_a_safe_page(theirs)


def test_the_pathway_says_what_each_rule_does_and_where_it_comes_from(browser: Browser) -> None:
    browser.open("/console/settings/pathway")
    assert "default" in browser.text and "Source:" in browser.text
    assert "1 hour of service time" in browser.text
    assert_is_a_safe_page(browser)


# Who may


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("clinician", {"settings", "settings/absence"}),
        ("lead", {"settings", "settings/absence", "settings/hours", "settings/people",
                  "settings/texts", "settings/pathway"}),
        ("administrator", {"settings", "settings/absence", "settings/hours", "settings/people",
                           "settings/texts", "settings/pathway"}),
        ("researcher", set()),
    ],
)  # fmt: skip
def test_each_role_sees_its_own_settings(
    app: Flask, world: World, administrator: ProviderAccount, role: str, allowed: set[str]
) -> None:
    shown = signed_in(app, world, world.provider(administrator.practice_id, role))
    for page in ("settings", "settings/absence", "settings/hours", "settings/people",
                 "settings/texts", "settings/pathway"):  # fmt: skip
        shown.open(f"/console/{page}")
        assert shown.status == (200 if page in allowed else 403), page
        assert_is_a_safe_page(shown)


def test_only_administrators_change_accounts(
    app: Flask, world: World, clinician: ProviderAccount, lead: ProviderAccount
) -> None:
    theirs = signed_in(app, world, lead).open("/console/settings/people")
    assert [action for action in theirs.actions if "people" in action] == []
    token = theirs.form("/sign-out").values["csrf_token"]
    for action in ("closure", "opening", "role", "second-factor"):
        address = f"/console/settings/people/{clinician.id}/{action}"
        sent = {"csrf_token": token, "confirm": "yes", "role": "lead"}
        assert theirs.client.post(address, data=sent).status_code == 403
    assert account(app, clinician).role == "clinician"


def test_another_practices_account_does_not_exist(
    app: Flask, world: World, clinician: ProviderAccount
) -> None:
    elsewhere = world.provider(world.practice("Vale Surgery"), "administrator")
    stranger = signed_in(app, world, elsewhere)
    token = stranger.form("/sign-out").values["csrf_token"]
    for who in (clinician.id, uuid4()):
        assert stranger.open(f"/console/settings/people/{who}").status == 404
        day = world.clock.now().date().isoformat()
        sent = {"csrf_token": token, "confirm": "yes", "role": "lead",
                "away_from": day, "away_until": day}  # fmt: skip
        for action in ("closure", "opening", "role", "second-factor"):
            address = f"/console/settings/people/{who}/{action}"
            assert stranger.client.post(address, data=sent).status_code == 404
        for address in (f"/console/settings/absence/{who}", f"/console/settings/absence/{who}/end"):
            assert stranger.client.post(address, data=sent).status_code == 404
    assert account(app, clinician).active
    assert "Dr Clinician" not in stranger.open("/console/settings/people").html


def test_settings_cost_the_same_with_more_people(
    app: Flask, world: World, administrator: ProviderAccount, browser: Browser
) -> None:
    def costs() -> list[int]:
        found = []
        for page in ("people", "absence", "hours", "texts", "pathway"):
            with statements(app) as seen:
                browser.open(f"/console/settings/{page}")
            found.append(len(seen))
        return found

    few = costs()
    for _ in range(8):
        world.provider(administrator.practice_id)
    assert costs() == few
