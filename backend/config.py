"""Every setting: environment name, type, default, one line on what it does."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Typed configuration, read once from the environment when the app is built.

    Raises ``pydantic.ValidationError`` that names the variable when a value does not fit its type.
    """

    model_config = SettingsConfigDict(populate_by_name=True, frozen=True, extra="ignore")

    environment: Literal["development", "production", "test"] = Field(
        "development", alias="LUMBRA_ENV", description="production refuses to start on made-up keys"
    )
    database_url: str | None = Field(
        None,
        alias="DATABASE_URL",
        description="PostgreSQL 15 or newer; unset: the embedded server in LUMBRA_VAR",
    )
    database_pool_size: int = Field(
        10, alias="LUMBRA_DATABASE_POOL_SIZE", ge=1, description="connections a process keeps open"
    )
    var: Path = Field(
        ROOT / "var", alias="LUMBRA_VAR", description="folder of the embedded database and dev keys"
    )
    content: Path = Field(
        ROOT / "content", alias="LUMBRA_CONTENT", description="folder of what clinicians write"
    )
    wording: Path | None = Field(
        None,
        alias="LUMBRA_WORDING",
        description="folder of licensed wording and authorised translations of instruments",
    )
    commercial: bool = Field(
        False,
        alias="LUMBRA_COMMERCIAL",
        description="true withholds wording that is free for non-commercial use only",
    )
    secret_key: SecretStr | None = Field(
        None,
        alias="LUMBRA_SECRET_KEY",
        description="root of all keys (32+ characters); unset in development: made once in var/",
    )
    port: int = Field(8000, alias="LUMBRA_PORT", ge=1, le=65535, description="port of `make run`")
    public_url: str = Field(
        default_factory=lambda known: f"http://localhost:{known.get('port', 8000)}",
        alias="LUMBRA_PUBLIC_URL",
        description="address in links and webhook signatures, without a trailing slash; "
        "unset: localhost at LUMBRA_PORT",
    )
    web_workers: int = Field(2, alias="LUMBRA_WEB_WORKERS", ge=1, description="web processes")
    trusted_proxies: int = Field(
        0, alias="LUMBRA_TRUSTED_PROXIES", ge=0, description="reverse proxies in front of the app"
    )
    log_level: str = Field("INFO", alias="LUMBRA_LOG_LEVEL", description="DEBUG to ERROR")
    max_body_bytes: int = Field(
        256 * 1024, alias="LUMBRA_MAX_BODY_BYTES", description="larger requests are refused (413)"
    )

    access_token_minutes: int = Field(
        15, alias="LUMBRA_ACCESS_TOKEN_MINUTES", ge=1, description="life of an access token"
    )
    patient_session_days: int = Field(
        90, alias="LUMBRA_PATIENT_SESSION_DAYS", ge=1, description="life of a device session"
    )
    provider_session_hours: int = Field(
        12, alias="LUMBRA_PROVIDER_SESSION_HOURS", ge=1, description="life of a provider session"
    )
    break_glass_minutes: int = Field(
        60,
        alias="LUMBRA_BREAK_GLASS_MINUTES",
        ge=5,
        le=1440,
        description="how long another practice's patient may be read in an emergency",
    )
    console_idle_minutes: int = Field(
        15, alias="LUMBRA_CONSOLE_IDLE_MINUTES", ge=1, description="console signs out when idle"
    )
    code_minutes: int = Field(
        10, alias="LUMBRA_CODE_MINUTES", ge=1, description="life of a one-time code"
    )
    code_attempts: int = Field(
        5, alias="LUMBRA_CODE_ATTEMPTS", ge=1, description="wrong tries before a code is void"
    )
    codes_per_hour: int = Field(
        5, alias="LUMBRA_CODES_PER_HOUR", ge=1, description="codes a phone may be sent in an hour"
    )
    invitation_days: int = Field(
        14, alias="LUMBRA_INVITATION_DAYS", ge=1, description="life of an invitation link"
    )
    lockout_attempts: int = Field(
        5, alias="LUMBRA_LOCKOUT_ATTEMPTS", ge=1, description="failed sign-ins before a pause"
    )
    lockout_minutes: int = Field(
        15, alias="LUMBRA_LOCKOUT_MINUTES", ge=1, description="length of that pause"
    )
    rate_limit: str = Field(
        "600 per minute", alias="LUMBRA_RATE_LIMIT", description="refused webhook calls per address"
    )
    sign_in_rate_limit: str = Field(
        "30 per minute", alias="LUMBRA_SIGN_IN_RATE_LIMIT", description="sign-in tries per address"
    )

    sms_transport: Literal["auto", "twilio", "inbox"] = Field(
        "auto",
        alias="LUMBRA_SMS_TRANSPORT",
        description="auto: twilio when TWILIO_ACCOUNT_SID is set, else the demo inbox",
    )
    twilio_account_sid: str | None = Field(
        None, alias="TWILIO_ACCOUNT_SID", description="Twilio account"
    )
    twilio_auth_token: SecretStr | None = Field(
        None, alias="TWILIO_AUTH_TOKEN", description="signs requests and checks webhooks"
    )
    twilio_from: str | None = Field(None, alias="TWILIO_FROM", description="sender number in E.164")
    twilio_base_url: str = Field(
        "https://api.twilio.com",
        alias="TWILIO_BASE_URL",
        description="a local Twilio-compatible endpoint in development and tests",
    )
    twilio_timeout_seconds: float = Field(
        10.0, alias="LUMBRA_TWILIO_TIMEOUT_SECONDS", gt=0, description="wait for Twilio's answer"
    )
    sms_segments_per_second: float = Field(
        1.0,
        alias="LUMBRA_SMS_SEGMENTS_PER_SECOND",
        gt=0,
        description="the sender's true rate: 1 for a long code, 100 for a short code",
    )
    sms_segments_soft: int = Field(
        5_000,
        alias="LUMBRA_SMS_SEGMENTS_SOFT",
        ge=0,
        description="segments a practice may send in a month before its lead is told",
    )
    sms_segments_hard: int = Field(
        10_000,
        alias="LUMBRA_SMS_SEGMENTS_HARD",
        ge=0,
        description="segments in a month after which only urgent texts and sign-in codes leave",
    )

    smtp_host: str | None = Field(
        None, alias="LUMBRA_SMTP_HOST", description="mail server; unset: no e-mail leaves"
    )
    smtp_port: int = Field(587, alias="LUMBRA_SMTP_PORT", ge=1, le=65535, description="its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        alias="LUMBRA_SMTP_SECURITY",
        description="`none` only for a server on the same machine",
    )
    smtp_user: str | None = Field(None, alias="LUMBRA_SMTP_USER", description="its account")
    smtp_password: SecretStr | None = Field(
        None, alias="LUMBRA_SMTP_PASSWORD", description="the account's password"
    )
    smtp_timeout_seconds: float = Field(
        10.0, alias="LUMBRA_SMTP_TIMEOUT_SECONDS", gt=0, description="wait for its answer"
    )
    mail_from: str = Field(
        "lumbra@localhost", alias="LUMBRA_MAIL_FROM", description="sender of e-mails"
    )
    message_days: int = Field(
        90,
        alias="LUMBRA_MESSAGE_DAYS",
        ge=1,
        description="days after which the words of a text are deleted; that it was sent is kept",
    )
    segment_price: float | None = Field(
        None,
        alias="LUMBRA_SEGMENT_PRICE",
        ge=0,
        description="what the carrier bills for a segment; unset: no cost is shown",
    )
    segment_currency: str = Field(
        "USD", alias="LUMBRA_SEGMENT_CURRENCY", description="currency of that price (ISO 4217)"
    )
    metrics_token: SecretStr | None = Field(
        None,
        alias="LUMBRA_METRICS_TOKEN",
        description="bearer token for `/metrics`; unset: there is no such page",
    )

    webhook_ports: str = Field(
        "443 8443",
        alias="LUMBRA_WEBHOOK_PORTS",
        pattern=r"^[0-9]{1,5}( [0-9]{1,5})*$",
        description="ports to which webhooks may be sent",
    )
    webhook_local_targets: bool = Field(
        False,
        alias="LUMBRA_WEBHOOK_LOCAL_TARGETS",
        description="true lets webhooks go by plain HTTP and to this machine, for development",
    )

    demo_people: int = Field(
        40, alias="LUMBRA_DEMO_PEOPLE", ge=1, le=40, description="people in the demo practice"
    )

    tick_seconds: int = Field(
        15, alias="LUMBRA_TICK_SECONDS", ge=1, description="how often the clock asks what is due"
    )
    worker_concurrency: int = Field(
        8, alias="LUMBRA_WORKER_CONCURRENCY", ge=1, description="deliveries at once per worker"
    )

    def root_secret(self) -> bytes:
        """The secret from which every key is derived.

        Raises ``RuntimeError`` in production when none is configured or it is too short.
        """
        if self.secret_key is not None:
            value = self.secret_key.get_secret_value()
            if len(value) < 32:
                raise RuntimeError("LUMBRA_SECRET_KEY must have at least 32 characters")
            return value.encode()
        if self.environment == "production":
            raise RuntimeError("LUMBRA_SECRET_KEY must be set in production")
        return _development_secret(self.var / "secret.key")

    def uses_twilio(self) -> bool:
        """Whether messages leave through the Twilio API (real or local stand-in)."""
        if self.sms_transport == "auto":
            return self.twilio_account_sid is not None
        return self.sms_transport == "twilio"


def _development_secret(file: Path) -> bytes:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(file, "x", opener=_owner_only) as handle:
            handle.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return file.read_text().encode()


def _owner_only(path: str, flags: int) -> int:
    import os

    return os.open(path, flags, 0o600)


def describe(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Rows of (environment name, type, value with secrets masked, description)."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        annotation = field.annotation
        kind = getattr(annotation, "__name__", None) or str(annotation).replace("typing.", "")
        shown = _masked_url(value) if name == "database_url" else str(value)
        rows.append((str(field.alias), kind, shown, field.description or ""))
    return rows


def _masked_url(url: str | None) -> str:
    from sqlalchemy.engine import make_url

    if url is None:
        return str(None)
    known = make_url(url)
    # libpq takes the password in the query, too.
    return known.difference_update_query(["password"]).render_as_string(hide_password=True)
