"""The way texts leave: Twilio when it is configured, else the demo inbox."""

from __future__ import annotations

from flask import Flask, current_app

from backend.config import Settings
from backend.messaging.sms.inbox import InboxTransport
from backend.messaging.sms.transport import Transport


def init_app(app: Flask, settings: Settings) -> None:
    """Choose the transport; it is built on first use.

    Raises ``RuntimeError`` when Twilio is chosen but not fully configured.
    """
    app.extensions["sms"] = None
    if settings.uses_twilio():
        needed = (settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_from)
        if not all(needed):
            raise RuntimeError(
                "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM must be set together"
            )
    elif settings.environment == "production":
        app.extensions["log"].warning("sms-not-configured", effect="no text leaves")


def transport() -> Transport:
    """The application's transport."""
    extensions = current_app.extensions
    if extensions.get("sms") is None:
        extensions["sms"] = _build(extensions["settings"])
    chosen: Transport = extensions["sms"]
    return chosen


def sender() -> str | None:
    """The line that texts leave by, as the transport names it, without building it."""
    settings: Settings = current_app.extensions["settings"]
    return settings.twilio_from if settings.uses_twilio() else None


def is_inbox() -> bool:
    """Whether texts stay on this machine."""
    return isinstance(transport(), InboxTransport)


def _build(settings: Settings) -> Transport:
    if not settings.uses_twilio():
        return InboxTransport()
    # The SDK takes a second to import; commands that send nothing need not wait for it.
    from backend.messaging.sms.twilio_rest import TwilioTransport

    assert settings.twilio_account_sid and settings.twilio_auth_token and settings.twilio_from
    return TwilioTransport(
        settings.twilio_account_sid,
        settings.twilio_auth_token.get_secret_value(),
        settings.twilio_from,
        settings.twilio_base_url,
        settings.twilio_timeout_seconds,
    )
