"""What an endpoint is sent: the body and the headers of the Standard Webhooks scheme. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from standardwebhooks import Webhook

PREFIX = "whsec_"


def secret_of(random: bytes) -> str:
    """A secret in the scheme's own form, from random bytes (24 to 64)."""
    return PREFIX + base64.b64encode(random).decode()


def body_of(type_: str, at: str, data: Mapping[str, Any]) -> str:
    """The body: what happened, when, and the event as the feed tells it."""
    return json.dumps({"type": type_, "timestamp": at, "data": data}, separators=(",", ":"))


def headers_of(message_id: UUID, at: datetime, body: str, secrets: Sequence[str]) -> dict[str, str]:
    """The headers of one try at ``at``: one signature for each secret that is still good."""
    signed = [Webhook(secret).sign(str(message_id), at, body) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Lumbra-Webhooks",
        "webhook-id": str(message_id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }
