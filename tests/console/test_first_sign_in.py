"""The first sign-in: the second factor is set up on the page, by its own person."""

from __future__ import annotations

import re

import pyotp
import pytest
from flask import Flask

from backend.core import tenancy
from backend.core.audit import AuditEvent
from backend.core.clock import MovableClock
from backend.core.database import unit_of_work
from backend.practices import service as practices
from tests.backstage import rows
from tests.browser import Browser, assert_is_a_safe_page, cookie_of
from tests.console.test_console import code_of
from tests.world import PASSWORD, ProviderAccount, World


@pytest.fixture
def newcomer(app: Flask, world: World) -> ProviderAccount:
    """An account that nobody has signed in to."""
    practice_id = world.practice()
    with app.app_context(), tenancy.across_practices(), unit_of_work():
        made = practices.create_provider(
            practice_id, "new@example.org", "Dr New", "clinician", PASSWORD
        )
        return ProviderAccount(
            made.provider.id,
            practice_id,
            "clinician",
            email="new@example.org",
            totp_secret=made.totp_secret,
        )


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app).open("/console/sign-in")


def key_on(browser: Browser) -> str:
    [words] = re.findall(r'<p class="secret"><code>(.*?)</code>', browser.html, re.S)
    return re.sub(r"<[^>]+>|\s+", "", words)


def begin(browser: Browser, account: ProviderAccount, password: str = PASSWORD) -> Browser:
    browser.open("/console/first-sign-in")
    return browser.send("/first-sign-in", email=account.email, password=password)


def test_a_newcomer_sets_up_the_app_and_is_signed_in(
    browser: Browser, world: World, newcomer: ProviderAccount
) -> None:
    assert "/console/first-sign-in" in browser.links
    begin(browser, newcomer)
    assert browser.address == "/console/first-sign-in/app"
    assert "<svg" in browser.html and "QR code" in browser.html
    assert_is_a_safe_page(browser)
    secret = key_on(browser)
    assert secret != newcomer.totp_secret, "a key that nobody else has seen"
    assert any(link.startswith("otpauth://totp/") and secret in link for link in browser.links)
    assert secret not in browser.address and "new@example.org" not in browser.address
    browser.send("/app", code=pyotp.TOTP(secret).at(world.clock.now()))
    assert browser.address == "/console/"
    assert "Dr New" in browser.text
    # From now on the ordinary way, with the next code.
    browser.send("/sign-out")
    world.clock.move_by(minutes=1)
    code = pyotp.TOTP(secret).at(world.clock.now())
    browser.send("/sign-in", email=newcomer.email, password=PASSWORD, code=code)
    assert browser.address == "/console/"


def test_a_wrong_code_is_told_and_the_same_key_shown_again(
    browser: Browser, newcomer: ProviderAccount
) -> None:
    secret = key_on(begin(browser, newcomer))
    browser.send("/app", code="000000")
    assert browser.status == 401
    assert "This code is not right." in browser.text
    assert key_on(browser) == secret
    assert browser.send("/app", code="12").status == 422


def test_guessing_codes_pauses_the_account(browser: Browser, newcomer: ProviderAccount) -> None:
    begin(browser, newcomer)
    statuses = []
    for _ in range(6):
        token = browser.client.post(
            "/console/first-sign-in/app",
            data={"csrf_token": browser.form("/app").values["csrf_token"], "code": "000000"},
        )
        statuses.append(token.status_code)
    assert statuses[:4] == [401] * 4 and statuses[-1] == 429


@pytest.mark.parametrize("wrong", ["password", "email"])
def test_whatever_is_wrong_the_first_page_says_the_same(
    browser: Browser, newcomer: ProviderAccount, wrong: str
) -> None:
    browser.open("/console/first-sign-in")
    sent = {"email": newcomer.email, "password": PASSWORD, wrong: "nobody@example.org"}
    browser.send("/first-sign-in", **sent)
    assert browser.status == 401
    assert "E-mail, password or code is not right." in browser.text
    assert browser.open("/console/first-sign-in/app").address == "/console/first-sign-in"


def test_a_factor_in_use_is_never_shown_or_changed(
    app: Flask, browser: Browser, world: World, newcomer: ProviderAccount
) -> None:
    other = Browser(app)
    begin(other, newcomer)
    secret = key_on(begin(browser, newcomer))
    browser.send("/app", code=pyotp.TOTP(secret).at(world.clock.now()))
    # Whoever was between the steps elsewhere is shown nothing.
    other.open("/console/first-sign-in/app")
    assert other.status == 409 and secret not in other.html
    begin(other, newcomer)
    assert other.status == 409
    assert "sign in with its code" in other.text
    world.clock.move_by(minutes=1)
    newcomer.totp_secret = secret
    other.open("/console/sign-in").send(
        "/sign-in", email=newcomer.email, password=PASSWORD, code=code_of(world, newcomer)
    )
    assert other.address == "/console/"


def test_what_the_administrator_was_shown_serves_until_the_page_gives_another(
    browser: Browser, world: World, newcomer: ProviderAccount
) -> None:
    browser.send("/sign-in", email=newcomer.email, password=PASSWORD, code=code_of(world, newcomer))
    assert browser.address == "/console/"


def test_an_old_account_and_an_old_page_ask_to_begin_again(
    browser: Browser, newcomer: ProviderAccount, clock: MovableClock
) -> None:
    begin(browser, newcomer)
    clock.move_by(minutes=10, seconds=1)
    assert browser.open("/console/first-sign-in/app").address == "/console/first-sign-in"
    clock.move_by(days=14)
    begin(browser, newcomer)
    assert browser.status == 409
    assert "Ask your administrator" in browser.text


def test_the_cookie_holds_no_key_and_the_step_is_in_the_trail(
    app: Flask, browser: Browser, newcomer: ProviderAccount
) -> None:
    secret = key_on(begin(browser, newcomer))
    assert secret not in cookie_of(browser).value
    assert [row.action for row in rows(app, AuditEvent, AuditEvent.entity_id == newcomer.id)] == [
        "provider.create",
        "provider.factor-begun",
    ]


def test_an_administrator_begins_at_the_patients(app: Flask, world: World) -> None:
    account = world.provider(world.practice(), "administrator")
    shown = Browser(app).open("/console/sign-in")
    shown.send("/sign-in", email=account.email, password=PASSWORD, code=code_of(world, account))
    assert (shown.address, shown.status) == ("/console/patients", 200)
