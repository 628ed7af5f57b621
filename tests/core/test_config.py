"""Settings: typed, explained, and never shown with their secrets."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from backend.app import create_app
from backend.config import Settings, describe
from tests import commands
from tests.conftest import SECRET, make_settings

NOWHERE = "postgresql://lumbra:hunter2@127.0.0.1:1/lumbra"
TOKEN = "the-carriers-own-token"


@pytest.mark.parametrize("field", Settings.model_fields.values(), ids=lambda f: f.alias)
def test_a_setting_has_an_environment_name_a_type_a_default_and_an_explanation(
    field: FieldInfo,
) -> None:
    assert field.alias and field.alias.isupper()
    assert field.annotation is not None and field.annotation is not Any
    assert not field.is_required()
    assert field.description and len(field.description) > 5


def test_a_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMBRA_TICK_SECONDS", "7")
    assert Settings().tick_seconds == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LUMBRA_ENV", "staging"),
        ("LUMBRA_PORT", "eighty"),
        ("LUMBRA_PORT", "0"),
        ("LUMBRA_TICK_SECONDS", "0"),
        ("LUMBRA_TWILIO_TIMEOUT_SECONDS", "-1"),
        ("LUMBRA_SMS_TRANSPORT", "pigeon"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_config_shows_every_setting_and_no_secret(tmp_path: Path) -> None:
    app = create_app(make_settings(NOWHERE, tmp_path, twilio_auth_token=TOKEN))
    shown = commands.run(app, "config").output
    for name, _, _, description in describe(app.extensions["settings"]):
        assert name in shown
        assert description in shown
    for secret in (SECRET, TOKEN, "hunter2"):
        assert secret not in shown


def test_a_database_password_in_the_query_is_masked_too(tmp_path: Path) -> None:
    settings = make_settings("postgresql://127.0.0.1/lumbra?user=me&password=hunter2", tmp_path)
    assert "hunter2" not in str(describe(settings))


@pytest.mark.parametrize("secret", [None, "too short"])
def test_production_does_not_start_on_made_up_keys(tmp_path: Path, secret: str | None) -> None:
    settings = make_settings(NOWHERE, tmp_path, environment="production", secret_key=secret)
    with pytest.raises(RuntimeError, match="LUMBRA_SECRET_KEY"):
        create_app(settings)
    assert not list(tmp_path.iterdir())


def test_a_development_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = make_settings(NOWHERE, tmp_path, environment="development", secret_key=None)
    first = settings.root_secret()
    assert settings.root_secret() == first
    assert len(first) >= 32
    [file] = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_half_a_carrier_is_no_carrier(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="TWILIO_AUTH_TOKEN"):
        create_app(
            make_settings(NOWHERE, tmp_path, sms_transport="auto", twilio_account_sid="AC123")
        )
