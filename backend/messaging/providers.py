"""How messages reach a member of a practice's team."""

from __future__ import annotations

from backend.messaging import mail
from backend.messaging.models import EMAIL, SMS
from backend.messaging.service import Recipient
from backend.practices.models import Provider


def ways_to(provider: Provider, time_zone: str) -> list[Recipient]:
    """A provider by text, where they have a number, and then by e-mail, where that can leave."""
    ways = [(SMS, provider.phone)] if provider.phone else []
    if mail.is_configured():
        ways.append((EMAIL, provider.email))
    return [
        Recipient(
            practice_id=provider.practice_id,
            phone=address,
            language="en",
            time_zone=time_zone,
            provider_id=provider.id,
            channel=channel,
        )
        for channel, address in ways
    ]
