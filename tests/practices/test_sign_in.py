"""Provider sign-in: e-mail, password and a code that serves once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.core.audit import AuditEvent
from tests.backstage import at_once, rows
from tests.owner import ask
from tests.world import PASSWORD, ProviderAccount, World

ADDRESS = "/v1/sign-in/provider"


@pytest.fixture
def account(world: World) -> ProviderAccount:
    return world.provider(world.practice())


def code_at(world: World, account: ProviderAccount, seconds: float = 0) -> str:
    """What the authenticator shows so many seconds from now."""
    at = world.clock.now() + timedelta(seconds=seconds)
    return pyotp.TOTP(account.totp_secret).at(at)


def right(world: World, account: ProviderAccount) -> dict[str, Any]:
    return {"email": account.email, "password": PASSWORD, "code": code_at(world, account)}


def attempt(world: World, account: ProviderAccount, **changes: Any) -> TestResponse:
    return world.post(ADDRESS, body={**right(world, account), **changes})


def wrong(world: World, account: ProviderAccount) -> TestResponse:
    return attempt(world, account, password="not the password")


def test_the_right_three_open_a_session(world: World, account: ProviderAccount) -> None:
    tokens = world.ok(attempt(world, account, device="Ward PC"))
    assert tokens["role"] == "clinician"
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert world.ok(world.get("/v1/practice", headers=headers))["name"] == "Hill Surgery"


def test_the_case_of_the_e_mail_does_not_matter(world: World, account: ProviderAccount) -> None:
    assert attempt(world, account, email=account.email.upper()).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "not the password"},
        {"code": "000000"},
        {"email": "nobody@example.org"},
        {"email": "nobody@example.org", "code": "000000", "password": "x"},
    ],
    ids=["password", "code", "e-mail", "all"],
)
def test_whatever_is_wrong_the_answer_is_the_same(
    world: World, account: ProviderAccount, changes: dict[str, str]
) -> None:
    answer = attempt(world, account, **changes)
    assert answer.status_code == 401
    assert {k: v for k, v in answer.get_json().items() if k != "request_id"} == {
        "type": "urn:lumbra:problem:sign-in-refused",
        "title": "Sign in refused",
        "status": 401,
        "detail": "E-mail, password or code is not right.",
    }


def test_an_account_that_was_closed_gets_the_same_answer(
    world: World, account: ProviderAccount, database: str
) -> None:
    ask(database, "UPDATE provider SET active = false")
    answer = attempt(world, account)
    assert (answer.status_code, answer.get_json()["detail"]) == (
        401,
        "E-mail, password or code is not right.",
    )


@pytest.mark.parametrize(("seconds", "status"), [(-60, 401), (-30, 200), (30, 200), (60, 401)])
def test_a_code_may_be_half_a_minute_off(
    world: World, account: ProviderAccount, seconds: int, status: int
) -> None:
    answer = attempt(world, account, code=code_at(world, account, seconds))
    assert answer.status_code == status


def test_a_code_serves_once_and_the_next_one_serves(world: World, account: ProviderAccount) -> None:
    used = right(world, account)
    assert world.post(ADDRESS, body=used).status_code == 200
    assert world.post(ADDRESS, body=used).status_code == 401
    assert attempt(world, account, code=code_at(world, account, -30)).status_code == 401
    world.clock.move_by(seconds=30)
    assert attempt(world, account).status_code == 200


def test_of_two_who_come_with_one_code_at_once_one_is_let_in(
    app: Flask, world: World, account: ProviderAccount
) -> None:
    body = right(world, account)

    def come() -> int:
        return app.test_client().post(ADDRESS, json=body).status_code

    assert sorted(at_once(come, come)) == [200, 401]


def test_after_five_failures_the_account_pauses_and_then_opens_again(
    app: Flask, world: World, account: ProviderAccount
) -> None:
    for _ in range(5):
        assert wrong(world, account).status_code == 401
    answer = attempt(world, account)
    assert answer.status_code == 429
    assert answer.get_json()["type"].endswith("account-paused")
    assert int(answer.headers["Retry-After"]) == 15 * 60 + 1
    assert len(rows(app, AuditEvent, AuditEvent.action == "provider.sign-in-refused")) == 5
    world.clock.move_by(minutes=14, seconds=59)
    assert attempt(world, account).status_code == 429
    world.clock.move_by(seconds=1)
    assert attempt(world, account).status_code == 200


def test_failures_at_once_are_all_counted(
    app: Flask, world: World, account: ProviderAccount
) -> None:
    body = {**right(world, account), "password": "not the password"}

    def guess() -> int:
        return app.test_client().post(ADDRESS, json=body).status_code

    assert at_once(*[guess] * 5) == [401] * 5
    assert attempt(world, account).status_code == 429


def test_a_success_forgives_earlier_failures(world: World, account: ProviderAccount) -> None:
    for _ in range(4):
        wrong(world, account)
    assert attempt(world, account).status_code == 200
    world.clock.move_by(seconds=60)
    for _ in range(4):
        wrong(world, account)
    assert attempt(world, account).status_code == 200


def test_one_accounts_pause_is_no_other_accounts(world: World, account: ProviderAccount) -> None:
    other = world.provider(account.practice_id)
    for _ in range(5):
        wrong(world, account)
    assert attempt(world, other).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"), [("code", "12345"), ("code", "12345a"), ("email", "me"), ("password", "")]
)
def test_what_cannot_be_right_is_named(
    world: World, account: ProviderAccount, field: str, value: str
) -> None:
    answer = attempt(world, account, **{field: value})
    assert answer.status_code == 422
    assert [e["field"] for e in answer.get_json()["errors"]] == [field]
