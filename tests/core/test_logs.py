"""What is logged of a request: its pattern, its status, its time; nothing personal."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from backend.app import create_app
from backend.config import Settings
from backend.core.clock import MovableClock
from backend.core.logs import redact
from tests.conftest import make_settings
from tests.world import World


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return make_settings(database, tmp_path, log_level="INFO")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What an app writes to standard error that is made after this."""
    written = StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    return written


@pytest.fixture
def loud(log: StringIO, settings: Settings, clock: MovableClock) -> World:
    """A world that writes a line for each request."""
    return World(create_app(settings, clock), clock)


def lines(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_request_leaves_one_line_with_its_pattern(log: StringIO, loud: World) -> None:
    token = "a-token-from-a-text-message"
    answer = loud.get(f"/c/{token}?given=Ann")
    [line] = lines(log)
    assert line["event"] == "request"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/c/<token>", 410)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["ms"] >= 0


def test_no_line_holds_a_name_a_number_a_token_or_a_query(log: StringIO, loud: World) -> None:
    practice = loud.practice()
    clinician = loud.provider(practice)
    patient = loud.enrol(clinician, given_name="Rosamund", family_name="Quillfeather")
    loud.deliver()
    link = loud.link()
    loud.ok(loud.post("/v1/sign-in/patient/code", body={"link": link}))
    code = loud.code()
    tokens = loud.ok(loud.post("/v1/sign-in/patient", body={"link": link, "code": code}))
    patient.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    loud.get("/v1/me?secret=in-the-query", patient)
    loud.get(f"/v1/patients/{patient.id}", clinician)
    loud.post("/v1/sign-in/patient/code", body={"phone": patient.phone, "odd": "Quillfeather"})
    wrong = {"email": clinician.email, "password": "wrong-password-1", "code": "123456"}
    loud.post("/v1/sign-in/provider", body=wrong)
    loud.get(f"/i/{link}")
    told = log.getvalue()
    assert told.count('"request"') >= 8
    for secret in (
        "Rosamund",
        "Quillfeather",
        patient.phone.lstrip("+"),
        clinician.email,
        "wrong-password-1",
        link,
        tokens["access_token"],
        tokens["refresh_token"],
        "in-the-query",
        str(patient.id),
    ):
        assert secret not in told


def test_a_health_check_leaves_no_line(log: StringIO, loud: World) -> None:
    loud.get("/healthz")
    assert lines(log) == []


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("8f14e45f-ceea-467f", True),
        ("gateway.77.ok", True),
        ("short", False),
        ("x" * 65, False),
        ("with blanks in it", False),
        ('"},{"event":"forged', False),
    ],
)
def test_a_request_id_from_outside_is_kept_when_it_is_harmless(
    log: StringIO, loud: World, given: str, is_kept: bool
) -> None:
    answer = loud.get("/v1/practice", headers={"X-Request-Id": given})
    kept = answer.headers["X-Request-Id"]
    assert (kept == given) is is_kept
    assert answer.get_json()["request_id"] == kept
    assert lines(log)[-1]["request_id"] == kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call +447700900123 now", "call [phone] now"),
        ("07700 900 123", "[phone]"),
        ("(020) 7946-0018", "([phone]"),
        ("ann@example.org wrote", "[email] wrote"),
        ("status 404 in 12.5 ms", "status 404 in 12.5 ms"),
    ],
)
def test_numbers_and_addresses_are_taken_out_of_any_line(text: str, expected: str) -> None:
    assert redact(None, "info", {"event": text})["event"] == expected
