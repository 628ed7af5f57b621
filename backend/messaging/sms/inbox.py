"""The transport when no carrier is configured: the rows themselves are the inbox (``/inbox``)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from backend.messaging.sms.transport import Accepted, Outcome, Outgoing, Report

SID_PREFIX = "INBOX"


class InboxTransport:
    """Takes every text at once; nothing leaves the machine."""

    sender: str | None = None

    def send(self, message: Outgoing) -> Outcome:
        """Delivered, always."""
        return Accepted(SID_PREFIX + uuid4().hex, "delivered")

    def find(
        self, to: str, body: str, since: datetime, taken: Collection[str] = ()
    ) -> Report | None:
        """Never found: there is no other record than ours."""
        return None

    def look_up(self, sid: str) -> Report | None:
        """Never found."""
        return None

    def is_open(self) -> bool:
        """Always."""
        return True
