"""What the carrier tells us: how a text fared, and what people reply."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Request, current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from twilio.request_validator import RequestValidator

from backend.core import tenancy
from backend.core.clock import now
from backend.core.crypto import blind_index
from backend.core.database import session
from backend.core.ids import new_id
from backend.messaging import delivery, keywords, service, sms, states, templates
from backend.messaging.models import IN, RECEIVED, Communication
from backend.messaging.sms.transport import Report

SIGNATURE = "X-Twilio-Signature"
REPLY = "reply"


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
    """Take a reply. Returns the text to answer with, or None for silence.

    STOP and START hold at once, and the carrier confirms them itself. Any other reply is stored
    with the person the number was last texted for; from a stranger it is dropped.
    """
    meaning = keywords.meaning(body, opt_out_type)
    if meaning == keywords.STOP:
        service.opt_out(phone, "reply")
        return None
    if meaning == keywords.START and service.is_opted_out(blind_index(phone)):
        service.opt_in(phone, "reply")
        return None
    if meaning == keywords.HELP:
        # With its advanced opt-out the carrier names the keyword, and has answered already.
        return None if opt_out_type else _help(phone)
    with tenancy.across_practices():
        _store(sid, phone, body)
    return None


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


def _last_text_to(phone: str) -> Communication | None:
    return session.scalar(
        select(Communication)
        .where(
            Communication.phone_index == blind_index(phone), Communication.patient_id.is_not(None)
        )
        .order_by(Communication.created_at.desc(), Communication.id.desc())
        .limit(1)
    )


def _help(phone: str) -> str:
    with tenancy.across_practices():
        known = _last_text_to(phone)
    language = known.language if known else "en"
    content = current_app.extensions["settings"].content
    return templates.render(templates.in_language(content, language).by_name["help"], {})


def _store(sid: str, phone: str, body: str) -> None:
    known = _last_text_to(phone)
    if known is None:
        return
    at = now()
    row: dict[str, Any] = {
        "id": new_id(),
        "practice_id": known.practice_id,
        "patient_id": known.patient_id,
        "direction": IN,
        "purpose": REPLY,
        "occurrence": sid,
        "language": known.language,
        "time_zone": known.time_zone,
        "phone": phone,
        "phone_index": known.phone_index,
        "body": body,
        "urgent": False,
        "status": RECEIVED,
        "send_after": at,
        "subject_id": known.subject_id,
        "sid": sid,
        "attempts": 0,
        "segments": templates.segments(body)[1],
        "created_at": at,
        "updated_at": at,
    }
    # The carrier may deliver the same reply twice.
    session.execute(insert(Communication).values(row).on_conflict_do_nothing())


def _error_code(text: str | None) -> int | None:
    trimmed = (text or "").strip()
    return int(trimmed) if trimmed.isascii() and trimmed.isdigit() and len(trimmed) < 7 else None
