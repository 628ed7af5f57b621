"""Accounts of a practice: who opens them, and what they must be like."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from flask import Flask

from backend.core.audit import AuditEvent
from backend.core.identity import PROVIDER_ROLES
from tests.backstage import at_once, rows
from tests.world import PASSWORD, Caller, World

NEW = {"email": "new@example.org", "name": "Dr New", "role": "clinician", "password": PASSWORD}


@pytest.fixture
def administrator(world: World) -> Caller:
    return world.provider(world.practice(), "administrator")


def sign_in(world: World, made: dict[str, Any], password: str = PASSWORD) -> int:
    code = pyotp.TOTP(made["totp_secret"]).at(world.clock.now())
    body = {"email": made["provider"]["email"], "password": password, "code": code}
    return world.post("/v1/sign-in/provider", body=body).status_code


@pytest.mark.parametrize("role", PROVIDER_ROLES)
def test_a_new_account_can_be_signed_in_to(
    app: Flask, world: World, administrator: Caller, role: str
) -> None:
    answer = world.post("/v1/providers", administrator, {**NEW, "role": role})
    assert answer.status_code == 201
    made = answer.get_json()
    assert made["provider"]["role"] == role
    assert "password" not in str(made)
    assert made["totp_uri"].startswith("otpauth://totp/Lumbra:new%40example.org?")
    assert made["totp_secret"] in made["totp_uri"]
    assert sign_in(world, made) == 200
    lines = rows(app, AuditEvent, AuditEvent.action == "provider.create")
    assert lines[-1].actor_id == administrator.id


@pytest.mark.parametrize("role", ["clinician", "lead", "researcher"])
def test_only_an_administrator_opens_accounts(world: World, role: str) -> None:
    caller = world.provider(world.practice(), role)
    assert world.post("/v1/providers", caller, NEW).status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "eleven char"),
        ("password", "x" * 201),
        ("password", "New@example.ORG"),
        ("email", "not an address"),
        ("email", f"{'x' * 200}@example.org"),
        ("role", "patient"),
        ("role", "owner"),
        ("name", "   "),
        ("name", "x" * 101),
        ("phone", "07700 900123"),
        ("phone", "+44"),
    ],
)
def test_what_an_account_cannot_be_like_is_named(
    world: World, administrator: Caller, field: str, value: str
) -> None:
    answer = world.post("/v1/providers", administrator, {**NEW, field: value})
    assert answer.status_code == 422
    assert [e["field"] for e in answer.get_json()["errors"]] == [field]


def test_an_e_mail_serves_one_account_in_all_practices(world: World, administrator: Caller) -> None:
    world.ok(world.post("/v1/providers", administrator, NEW))
    elsewhere = world.provider(world.practice("Vale Surgery"), "administrator")
    for caller in (administrator, elsewhere):
        for email in ("new@example.org", "NEW@Example.org"):
            answer = world.post("/v1/providers", caller, {**NEW, "email": email})
            assert answer.status_code == 409
            assert answer.get_json()["type"].endswith("email-taken")


def test_of_two_accounts_opened_at_once_with_one_e_mail_one_is_refused(
    app: Flask, administrator: Caller
) -> None:
    def create() -> int:
        client = app.test_client()
        return client.post("/v1/providers", json=NEW, headers=administrator.headers).status_code

    assert sorted(at_once(create, create)) == [201, 409]


def test_the_list_holds_the_practices_own_accounts_by_name(
    world: World, administrator: Caller
) -> None:
    world.provider(world.practice("Vale Surgery"), "lead")
    world.ok(world.post("/v1/providers", administrator, {**NEW, "name": "Dr Aardvark"}))
    items = world.ok(world.get("/v1/providers", administrator))["items"]
    assert [item["name"] for item in items] == ["Dr Aardvark", "Dr Administrator"]
    assert not any({"password_hash", "totp_secret", "phone"} & set(item) for item in items)


def test_everybody_sees_their_own_practice(world: World, administrator: Caller) -> None:
    world.practice("Vale Surgery")
    shown = world.ok(world.get("/v1/practice", administrator))
    assert (shown["id"], shown["name"]) == (str(administrator.practice_id), "Hill Surgery")
