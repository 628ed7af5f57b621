"""The way e-mails leave: a mail server when one is configured, else they stay in the inbox."""

from __future__ import annotations

from flask import current_app

from backend.config import Settings
from backend.messaging.mail.smtp import SmtpTransport
from backend.messaging.sms.inbox import InboxTransport
from backend.messaging.sms.transport import Transport


def is_configured() -> bool:
    """Whether e-mails can leave this machine."""
    settings: Settings = current_app.extensions["settings"]
    return settings.smtp_host is not None


def is_offered() -> bool:
    """Whether patients may choose e-mail: it leaves, or stays in the inbox as texts do."""
    settings: Settings = current_app.extensions["settings"]
    return settings.smtp_host is not None or not settings.uses_twilio()


def transport() -> Transport:
    """The application's transport of e-mails."""
    settings: Settings = current_app.extensions["settings"]
    if settings.smtp_host is None:
        return InboxTransport()
    password = settings.smtp_password
    return SmtpTransport(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_user,
        password.get_secret_value() if password else None,
        settings.mail_from,
        settings.smtp_timeout_seconds,
    )
