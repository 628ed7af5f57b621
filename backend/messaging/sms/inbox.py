"""The transport when no carrier is configured: the rows themselves are the inbox (``/inbox``)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from backend.messaging.sms.transport import Accepted, Outcome

SID_PREFIX = "INBOX"


class InboxTransport:
    """Takes every text at once; nothing leaves the machine."""

    def send(self, to: str, body: str, callback_url: str, valid_seconds: int) -> Outcome:
        """Delivered, always."""
        return Accepted(SID_PREFIX + uuid4().hex, "delivered")

    def find(self, to: str, body: str, since: datetime, taken: Collection[str] = ()) -> str | None:
        """Never found: there is no other record than ours."""
        return None
