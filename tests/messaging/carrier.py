"""A world whose texts go to the stand-in for the carrier, through the carrier's own SDK."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from backend.config import Settings
from backend.core import tenancy
from backend.core.database import session, unit_of_work
from backend.messaging import service as messaging
from backend.messaging.models import Communication, CommunicationEvent
from tests.backstage import rows
from tests.conftest import make_settings
from tests.twilio_stand_in import AUTH_TOKEN, SENDER, TwilioStandIn
from tests.world import World

PUBLIC = "http://localhost:8000"
STATUS, INBOUND = "/v1/webhooks/twilio/status", "/v1/webhooks/twilio/inbound"
ANN = "+447700900123"


def carrier_settings(
    database: str, folder: Path, carrier: TwilioStandIn, **changes: Any
) -> Settings:
    """Settings with the stand-in as the carrier."""
    values: dict[str, Any] = {
        "sms_transport": "twilio",
        "twilio_account_sid": carrier.account_sid,
        "twilio_auth_token": AUTH_TOKEN,
        "twilio_from": SENDER,
        "twilio_base_url": carrier.url,
        # Only the tests of the rate itself have one: the clock stands still.
        "sms_segments_per_second": 1e9,
    }
    return make_settings(database, folder, **{**values, **changes})


class Post:
    """Texts of a practice, and what the carrier says of them."""

    def __init__(self, app: Flask, world: World, carrier: TwilioStandIn) -> None:
        self.app = app
        self.world = world
        self.carrier = carrier
        self.practice = world.practice()
        self._number = 0

    def queue(
        self,
        phone: str = ANN,
        *,
        urgent: bool = False,
        expires_at: datetime | None = None,
        patient_id: UUID | None = None,
        template: str = "help",
    ) -> UUID:
        """A text that waits to be sent; its id."""
        self._number += 1
        with self.app.app_context(), tenancy.across_practices(), unit_of_work():
            messaging.queue_text(
                messaging.Text(
                    recipient=messaging.Recipient(
                        self.practice, phone, "en", "Europe/London", patient_id
                    ),
                    purpose="help",
                    occurrence=str(self._number),
                    template=template,
                    params={},
                    urgent=urgent,
                    expires_at=expires_at,
                )
            )
        return rows(self.app, Communication)[-1].id

    def wait_for_the_carrier(self, seconds: float) -> None:
        """From now on wait for an answer only so long. Elsewhere we wait as long as in earnest: on
        a busy machine an answer may take a while, and would be in doubt."""
        settings: Settings = self.app.extensions["settings"]
        brief = settings.model_copy(update={"twilio_timeout_seconds": seconds})
        self.app.extensions.update(settings=brief, sms=None)

    def row(self, key: UUID) -> Communication:
        [row] = rows(self.app, Communication, Communication.id == key)
        return row

    def past(self, key: UUID) -> list[str]:
        """The statuses a text went through."""
        events = rows(self.app, CommunicationEvent, CommunicationEvent.communication_id == key)
        return [event.status for event in events]

    def move(self, key: UUID, **values: Any) -> None:
        """Put a text into a state by hand."""
        with self.app.app_context(), tenancy.across_practices(), unit_of_work():
            row = session.get_one(Communication, key)
            for name, value in values.items():
                setattr(row, name, value)

    def webhook(
        self, address: str, form: dict[str, str], signature: str | None = None
    ) -> TestResponse:
        """A form posted by the carrier, signed unless told otherwise."""
        given = self.carrier.sign(PUBLIC + address, form) if signature is None else signature
        return self.world.client.post(address, data=form, headers={"X-Twilio-Signature": given})

    def report(self, key: UUID, status: str, **extra: str) -> TestResponse:
        """A status callback about a text of ours."""
        sid = extra.pop("MessageSid", None) or self.row(key).sid or "SM" + "0" * 32
        form = {"MessageSid": sid, "MessageStatus": status, **extra}
        return self.webhook(f"{STATUS}?communication={key}", form)

    def reply(self, body: str, phone: str = ANN, **extra: str) -> TestResponse:
        """An incoming text, by a request of its own."""
        self._number += 1
        form = {
            "MessageSid": f"SM{self._number:032d}",
            "From": phone,
            "To": SENDER,
            "Body": body,
            **extra,
        }
        return self.webhook(INBOUND, form)
