"""Whatever goes wrong, the answer is a problem document that helps and tells no secrets."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.app import create_app
from backend.config import Settings
from tests.conftest import make_settings
from tests.world import Caller, World

SIGN_IN = "/v1/sign-in/provider"
JSON = {"content_type": "application/json"}
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return make_settings(database, tmp_path, sign_in_rate_limit="3 per minute")


@pytest.fixture
def administrator(world: World) -> Caller:
    return world.provider(world.practice(), "administrator")


def assert_problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """The body of a problem document that is one."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = answer.get_json()
    assert body["status"] == status
    assert body["type"].startswith("urn:lumbra:problem:")
    assert body["title"] and body["detail"]
    assert body["request_id"] == answer.headers["X-Request-Id"]
    return body


@pytest.mark.parametrize(
    ("status", "method", "path", "sent"),
    [
        (404, "GET", "/v1/nothing", {}),
        (404, "GET", "/nothing/at/all", {}),
        (405, "DELETE", SIGN_IN, {}),
        (400, "POST", SIGN_IN, {"data": '{"email": ', **JSON}),
        (400, "POST", SIGN_IN, {"data": b"\xff\xfe{}", **JSON}),
        (413, "POST", SIGN_IN, {"data": "x" * 300_000, **JSON}),
        (415, "POST", SIGN_IN, {"data": "email=a@b.org", "content_type": "text/plain"}),
        (415, "POST", SIGN_IN, {"data": {"email": "a@b.org"}}),
        (422, "POST", SIGN_IN, {"data": "{}", **JSON}),
        (422, "POST", SIGN_IN, {"data": "[1, 2]", **JSON}),
        (422, "POST", SIGN_IN, {}),
        (401, "GET", "/v1/practice", {}),
        (401, "GET", "/v1/practice", {"headers": {"Authorization": "Bearer nonsense"}}),
        (401, "GET", "/v1/practice", {"headers": {"Authorization": "Basic YTpi"}}),
    ],
)
def test_a_refusal_is_a_problem_document(
    client: FlaskClient, status: int, method: str, path: str, sent: dict[str, Any]
) -> None:
    assert_problem(client.open(path, method=method, **sent), status)


def test_405_says_what_is_allowed(client: FlaskClient) -> None:
    assert "POST" in client.delete(SIGN_IN).headers["Allow"]


def test_401_says_how_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/v1/practice").headers["WWW-Authenticate"] == "Bearer"


def test_422_names_every_field_that_needs_another_look(world: World, administrator: Caller) -> None:
    answer = world.post("/v1/providers", administrator, {"email": "no", "rank": 1})
    errors = {e["field"]: e["message"] for e in assert_problem(answer, 422)["errors"]}
    assert set(errors) == {"email", "name", "role", "password", "rank"}
    assert all(errors.values())


@pytest.mark.parametrize("bad", ["a\0b", "\ud800", "ok \udfff"], ids=ascii)
@pytest.mark.parametrize(
    ("path", "field"),
    [
        (SIGN_IN, "password"),
        (SIGN_IN, "device"),
        ("/v1/sign-in/refresh", "refresh_token"),
        ("/v1/sign-in/patient/code", "link"),
        ("/v1/providers", "name"),
        ("/v1/patients", "given_name"),
        ("/v1/patients", "time_zone"),
    ],
)
def test_text_that_cannot_be_stored_is_refused_by_field(
    world: World, administrator: Caller, path: str, field: str, bad: str
) -> None:
    answer = world.post(path, administrator, {field: bad})
    assert field in [e["field"] for e in assert_problem(answer, 422)["errors"]]


@pytest.mark.parametrize("bad", ["a\0b", "\ud800"], ids=ascii)
def test_text_that_cannot_be_stored_is_found_in_names_and_deep_inside(
    world: World, bad: str
) -> None:
    patient = world.onboarded(world.provider(world.practice()))
    plan = world.ok(world.get("/v1/me/plan", patient))
    address = f"/v1/me/activities/{plan['activities'][0]['id']}/practice"
    for values in ({"note": bad}, {bad: "x"}, {"note": [{"deep": bad}]}):
        note = {"day": "2026-09-01", "done": True, "values": values}
        assert_problem(world.post(address, patient, note), 422)
    assert_problem(world.post(address, patient, {bad: 1}), 422)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/patients?cursor=%00",
        "/v1/patients?cursor=made-up",
        "/v1/patients?limit=0",
        "/v1/patients?limit=101",
        "/v1/patients?limit=many",
        "/v1/patients?limit=99999999999999999999999",
        "/v1/alerts?since=99999999999999999999999",
        "/v1/alerts?tier=9",
    ],
)
def test_a_query_out_of_bounds_is_422(world: World, path: str) -> None:
    assert_problem(world.get(path, world.provider(world.practice())), 422)


@pytest.mark.parametrize("path", ["/v1/patients/" + NOBODY, "/v1/patients/not-an-id"])
def test_what_is_not_there_is_404(world: World, path: str) -> None:
    assert_problem(world.get(path, world.provider(world.practice())), 404)


def test_403_says_for_whom_it_is(world: World, administrator: Caller) -> None:
    assert "clinician" in assert_problem(world.get("/v1/alerts", administrator), 403)["detail"]


def test_too_many_tries_say_how_long_to_wait(client: FlaskClient) -> None:
    answers = [client.post(SIGN_IN, json={}) for _ in range(4)]
    assert [a.status_code for a in answers] == [422, 422, 422, 429]
    body = assert_problem(answers[-1], 429)
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert "3 per" not in body["detail"]


def test_a_fault_of_ours_keeps_its_words_to_itself(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    log = StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    app = create_app(settings)

    # Put together at run time: the lines of code in a traceback are no secret.
    personal = ["Ann Example", "7700900123"]

    @app.get("/v1/broken")
    def broken() -> None:
        raise RuntimeError(" ".join(personal))

    answer = app.test_client().get("/v1/broken")
    body = assert_problem(answer, 500)
    told = log.getvalue()
    assert "RuntimeError" in told and "broken" in told and body["request_id"] in told
    for words in personal:
        assert words not in answer.get_data(as_text=True)
        assert words not in told
