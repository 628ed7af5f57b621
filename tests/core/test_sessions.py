"""Sessions: a refresh token serves once, a used one ends the session, and time ends all."""

from __future__ import annotations

from typing import Any

import jwt
import pyotp
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend.core.audit import AuditEvent
from backend.core.crypto import Keyring
from backend.core.sessions import SignInSession
from tests.backstage import at_once, rows
from tests.conftest import SECRET
from tests.world import PASSWORD, Caller, ProviderAccount, World

Tokens = dict[str, Any]


@pytest.fixture
def clinician(world: World) -> ProviderAccount:
    return world.provider(world.practice())


@pytest.fixture
def tokens(world: World, clinician: ProviderAccount) -> Tokens:
    """Of a provider who has signed in as people do."""
    who = {"email": clinician.email, "password": PASSWORD}
    code = pyotp.TOTP(clinician.totp_secret).at(world.clock.now())
    found: Tokens = world.ok(world.post("/v1/sign-in/provider", body={**who, "code": code}))
    return found


def refresh(world: World, token: str) -> TestResponse:
    return world.post("/v1/sign-in/refresh", body={"refresh_token": token})


def look(world: World, access_token: str) -> int:
    headers = {"Authorization": f"Bearer {access_token}"}
    return world.get("/v1/practice", headers=headers).status_code


def test_tokens_say_how_long_they_live_and_for_whom(world: World, tokens: Tokens) -> None:
    assert tokens["token_type"] == "Bearer"
    assert tokens["role"] == "clinician"
    assert tokens["expires_in"] == 15 * 60
    assert look(world, tokens["access_token"]) == 200


def test_an_access_token_ends_when_it_says(world: World, tokens: Tokens) -> None:
    world.clock.move_by(seconds=tokens["expires_in"] - 1)
    assert look(world, tokens["access_token"]) == 200
    world.clock.move_by(seconds=1)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = world.get("/v1/practice", headers=headers)
    assert answer.status_code == 401
    assert answer.get_json()["type"].endswith("expired-token")


def test_a_refresh_token_is_exchanged_for_a_new_pair(world: World, tokens: Tokens) -> None:
    world.clock.move_by(minutes=20)
    fresh = world.ok(refresh(world, tokens["refresh_token"]))
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert look(world, fresh["access_token"]) == 200


def test_a_token_used_again_ends_the_session_for_both(
    app: Flask, world: World, tokens: Tokens
) -> None:
    fresh = world.ok(refresh(world, tokens["refresh_token"]))
    for token in (tokens["refresh_token"], fresh["refresh_token"], tokens["refresh_token"]):
        assert refresh(world, token).status_code == 401
    [row] = rows(app, SignInSession, SignInSession.revoked_at.is_not(None))
    assert row.revoked_because == "reuse"
    [line] = rows(app, AuditEvent, AuditEvent.action == "session.revoke")
    assert (line.entity_id, line.reason) == (row.id, "reuse")


def test_of_two_exchanges_at_once_one_wins_and_the_session_ends(
    app: Flask, world: World, tokens: Tokens
) -> None:
    def exchange() -> int:
        body = {"refresh_token": tokens["refresh_token"]}
        return app.test_client().post("/v1/sign-in/refresh", json=body).status_code

    assert sorted(at_once(exchange, exchange)) == [200, 401]
    assert rows(app, SignInSession, SignInSession.revoked_because == "reuse")


def test_a_session_ends_though_it_is_kept_in_use(world: World, tokens: Tokens) -> None:
    for _ in range(11):
        world.clock.move_by(hours=1)
        tokens = world.ok(refresh(world, tokens["refresh_token"]))
    world.clock.move_by(hours=1)
    assert refresh(world, tokens["refresh_token"]).status_code == 401


def test_sign_out_ends_this_session_and_no_other(
    world: World, clinician: ProviderAccount, tokens: Tokens
) -> None:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    for _ in range(2):
        assert world.post("/v1/sign-out", headers=headers).status_code == 204
    assert refresh(world, tokens["refresh_token"]).status_code == 401
    assert world.get("/v1/practice", clinician).status_code == 200


@pytest.mark.parametrize(
    "token", ["x", ".", "x.y", "{session}", "{session}.", "{session}.wrong", "not-a-uuid.{secret}"]
)
def test_a_token_that_is_not_ours_is_refused(world: World, tokens: Tokens, token: str) -> None:
    session, _, secret = tokens["refresh_token"].partition(".")
    answer = refresh(world, token.format(session=session, secret=secret))
    assert answer.status_code == 401
    assert answer.get_json()["detail"] == "This session has ended; sign in again."


def test_a_refresh_token_is_stored_as_a_hash_only(app: Flask, world: World, tokens: Tokens) -> None:
    _, _, secret = tokens["refresh_token"].partition(".")
    for row in rows(app, SignInSession):
        assert secret.encode() not in row.refresh_hash


def forged(clinician: Caller, key: bytes, algorithm: str, **changes: Any) -> str:
    token = clinician.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    claims = {name: v for name, v in {**claims, **changes}.items() if v is not None}
    return jwt.encode(claims, key if algorithm != "none" else None, algorithm=algorithm)


OURS = Keyring(SECRET.encode()).tokens


@pytest.mark.parametrize(
    ("key", "algorithm", "changes", "status"),
    [
        (OURS, "HS256", {}, 200),
        (b"t" * 32, "HS256", {}, 401),
        (OURS * 2, "HS512", {}, 401),
        (b"", "none", {}, 401),
        (OURS, "HS256", {"exp": None}, 401),
        (OURS, "HS256", {"sid": None}, 401),
        (OURS, "HS256", {"sub": "me"}, 401),
        (OURS, "HS256", {"practice": "*"}, 401),
        (OURS, "HS256", {"exp": 0}, 401),
    ],
    ids=[
        "ours",
        "another key",
        "another algorithm",
        "unsigned",
        "no expiry",
        "no session",
        "no person",
        "every practice",
        "expired",
    ],
)
def test_only_a_whole_access_token_signed_by_us_counts(
    world: World,
    clinician: ProviderAccount,
    key: bytes,
    algorithm: str,
    changes: dict[str, Any],
    status: int,
) -> None:
    assert look(world, forged(clinician, key, algorithm, **changes)) == status
