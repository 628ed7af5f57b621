"""What the carrier tells us: how a text fared, and what people reply."""

from __future__ import annotations

from uuid import UUID

from flask import Request, current_app
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from backend.core import tenancy
from backend.core.database import session
from backend.messaging import delivery, received, sms, states
from backend.messaging.models import IN, Communication
from backend.messaging.sms.transport import Report

SIGNATURE = "X-Twilio-Signature"


def is_signed(request: Request) -> bool:
    """Whether the carrier signed this request: the public address, the query and every form field.

    The address comes from the settings; a header could be made up. Never true without a token.
    """
    settings = current_app.extensions["settings"]
    if settings.twilio_auth_token is None:
        return False
    query = request.query_string.decode("latin-1")
    url = settings.public_url + request.path + (f"?{query}" if query else "")
    validator = RequestValidator(settings.twilio_auth_token.get_secret_value())
    return bool(validator.validate(url, request.form, request.headers.get(SIGNATURE, "")))


def status_reported(communication: str | None, sid: str, status: str, error: str | None) -> None:
    """Take a status callback: late, twice and out of order are all harmless.

    What we know nothing of is ignored; a status without a rank is written down and changes nothing.
    """
    with tenancy.across_practices():
        row = _find(communication, sid)
        if row is None:
            return
        if row.sid is None:
            row.sid = sid
        delivery.report(row, Report(sid, status, _error_code(error)), sms.sender())
        session.flush()


def message_received(sid: str, phone: str, body: str, opt_out_type: str | None) -> str | None:
    """Take a reply. Returns the text to answer with, or None for silence."""
    return received.take(received.Received(sid, phone, body, opt_out_type))


def _find(communication: str | None, sid: str) -> Communication | None:
    by_sid = session.scalar(select(Communication.id).where(Communication.sid == sid))
    if by_sid is not None:
        return states.lock(by_sid)
    try:
        key = UUID(communication or "")
    except ValueError:
        return None
    row = states.lock(key)
    # An id that belongs to another message of the carrier's is a mistake, not a report.
    return row if row is not None and row.sid in (None, sid) and row.direction != IN else None


def _error_code(text: str | None) -> int | None:
    trimmed = (text or "").strip()
    return int(trimmed) if trimmed.isascii() and trimmed.isdigit() and len(trimmed) < 7 else None
