"""The ways in which a message may leave: by text or by e-mail, on the same road."""

from __future__ import annotations

from backend.messaging import mail, sms
from backend.messaging.models import EMAIL
from backend.messaging.sms.transport import Transport


def transport_of(channel: str) -> Transport:
    """The transport of a channel."""
    return mail.transport() if channel == EMAIL else sms.transport()
