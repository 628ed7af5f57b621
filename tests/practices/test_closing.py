"""Accounts after they were opened: closed, opened again, with another role or a new phone."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from flask import Flask

from backend.core.audit import AuditEvent
from backend.core.sessions import SignInSession
from tests.backstage import rows
from tests.world import PASSWORD, Caller, ProviderAccount, World


@pytest.fixture
def administrator(world: World) -> Caller:
    return world.provider(world.practice(), "administrator")


@pytest.fixture
def colleague(world: World, administrator: Caller) -> ProviderAccount:
    """A clinician who has come in by the real way, on two devices."""
    made = world.provider(administrator.practice_id)
    world.sign_in_by_code(made)
    return made


def sign_in(world: World, account: ProviderAccount, secret: str | None = None) -> int:
    code = pyotp.TOTP(secret or account.totp_secret).at(world.clock.now())
    body = {"email": account.email, "password": PASSWORD, "code": code}
    return world.post("/v1/sign-in/provider", body=body).status_code


def refresh(world: World, account: Caller) -> int:
    body = {"refresh_token": account.refresh_token}
    return world.post("/v1/sign-in/refresh", body=body).status_code


def change(world: World, by: Caller, account: Caller, what: str, **body: Any) -> Any:
    method = {"role": "PUT", "reopening": "DELETE"}.get(what, "POST")
    path = what.replace("reopening", "closure")
    return world.client.open(
        f"/v1/providers/{account.id}/{path}", method=method, json=body, headers=by.headers
    )


def test_a_closed_accounts_sessions_and_refresh_tokens_end_at_once(
    app: Flask, world: World, administrator: Caller, colleague: ProviderAccount
) -> None:
    assert change(world, administrator, colleague, "closure").get_json()["active"] is False
    assert refresh(world, colleague) == 401
    ended = rows(app, SignInSession, SignInSession.person_id == colleague.id)
    assert len(ended) == 2
    assert {row.revoked_because for row in ended} == {"account-closed"}
    world.clock.move_by(minutes=1)
    assert sign_in(world, colleague) == 401
    assert change(world, administrator, colleague, "closure").status_code == 200
    trail = [row for row in rows(app, AuditEvent) if row.action == "provider.close"]
    assert [(row.actor_id, row.entity_id) for row in trail] == [(administrator.id, colleague.id)]


def test_an_account_opened_again_is_as_it_was(
    world: World, administrator: Caller, colleague: ProviderAccount
) -> None:
    change(world, administrator, colleague, "closure")
    assert change(world, administrator, colleague, "reopening").get_json()["active"] is True
    assert refresh(world, colleague) == 401
    world.clock.move_by(minutes=1)
    assert sign_in(world, colleague) == 200


def test_another_role_holds_from_the_next_sign_in(
    world: World, administrator: Caller, colleague: ProviderAccount
) -> None:
    told = change(world, administrator, colleague, "role", role="lead").get_json()
    assert told["role"] == "lead"
    assert refresh(world, colleague) == 401
    world.clock.move_by(minutes=1)
    world.sign_in_by_code(colleague)
    assert world.get("/v1/practice/fidelity", colleague).status_code == 200
    refused = change(world, administrator, colleague, "role", role="owner")
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["field"] == "role"


def test_the_role_it_has_already_ends_no_session(
    world: World, administrator: Caller, colleague: ProviderAccount
) -> None:
    change(world, administrator, colleague, "role", role="clinician")
    assert refresh(world, colleague) == 200


def test_a_new_second_factor_voids_the_old_codes(
    world: World, administrator: Caller, colleague: ProviderAccount
) -> None:
    made = change(world, administrator, colleague, "second-factor").get_json()
    assert made["totp_secret"] in made["totp_uri"]
    assert refresh(world, colleague) == 401
    world.clock.move_by(minutes=1)
    assert sign_in(world, colleague) == 401
    assert sign_in(world, colleague, made["totp_secret"]) == 200


def test_a_closed_account_gets_no_new_second_factor(
    world: World, administrator: Caller, colleague: ProviderAccount
) -> None:
    change(world, administrator, colleague, "closure")
    refused = change(world, administrator, colleague, "second-factor")
    assert (refused.status_code, refused.get_json()["type"][-14:]) == (409, "account-closed")


@pytest.mark.parametrize("what", ["closure", "reopening", "role", "second-factor"])
def test_nobody_does_it_to_the_own_account(world: World, administrator: Caller, what: str) -> None:
    body = {"role": "lead"} if what == "role" else {}
    refused = change(world, administrator, administrator, what, **body)
    assert refused.status_code == 409
    assert refused.get_json()["type"].endswith("own-account")
    assert world.get("/v1/providers", administrator).status_code == 200
