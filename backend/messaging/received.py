"""What people send us: taken once, in turn for each number, and kept with whoever may have written.

What a text means is for packages above to say; they register a handler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from backend.core import tenancy
from backend.core.clock import now
from backend.core.crypto import blind_index
from backend.core.database import session
from backend.core.ids import new_id
from backend.messaging import templates
from backend.messaging.models import IN, RECEIVED, Communication

REPLY = "reply"
# Tells advisory locks of numbers that write to us from those that other packages take.
LOCK_SPACE = 0x494E


@dataclass(frozen=True)
class Received:
    """A text that came in. ``opt_out_type`` is the carrier's own verdict, where it gives one."""

    sid: str
    phone: str
    body: str
    opt_out_type: str | None = None
    phone_index: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "phone_index", blind_index(self.phone))


@dataclass(frozen=True)
class Answer:
    """What goes back at once, in the carrier's own answer to the text."""

    template: str
    version: str
    words: str


@dataclass(frozen=True)
class Writer:
    """Somebody who may have written: a patient, or a provider, with what their history needs."""

    practice_id: UUID
    language: str
    time_zone: str
    patient_id: UUID | None = None
    provider_id: UUID | None = None


Handler = Callable[[Received], Answer | None]


def register(app: Flask, handler: Handler) -> None:
    """Let a package above say what a text means and what goes back."""
    app.extensions["received"] = handler


def take(text: Received) -> str | None:
    """Take a text; returns what to answer, or None for silence.

    Texts of one number are taken one after the other. The carrier may deliver the same one twice:
    the second time nothing happens, and the same is answered.
    """
    key = int.from_bytes(text.phone_index[:4], signed=True)
    with tenancy.across_practices():
        session.execute(select(func.pg_advisory_xact_lock(LOCK_SPACE, key)))
        before = session.scalar(
            select(Communication).where(
                Communication.sid == text.sid, Communication.direction == IN
            )
        )
        if before is not None:
            return before.answer
        handler: Handler = current_app.extensions["received"]
        answer = handler(text)
        session.flush()
    return answer.words if answer else None


def answer(name: str, language: str, params: dict[str, str]) -> Answer:
    """An answer in a language. Raises ``KeyError`` when a value is missing."""
    texts = templates.in_language(current_app.extensions["settings"].content, language)
    return Answer(name, texts.version, templates.render(texts.by_name[name], params))


def keep(text: Received, writers: Sequence[Writer], said: Answer | None) -> None:
    """Keep a text in the history of everybody who may have written it, with what was answered."""
    at = now()
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "practice_id": writer.practice_id,
            "patient_id": writer.patient_id,
            "provider_id": writer.provider_id,
            "direction": IN,
            "purpose": REPLY,
            # The carrier's id is that of one row; a shared number's text has a row for each.
            "occurrence": text.sid if number == 0 else f"{text.sid}:{number}",
            "sid": text.sid if number == 0 else None,
            "template": said.template if said else None,
            "template_version": said.version if said else None,
            "answer": said.words if said else None,
            "language": writer.language,
            "time_zone": writer.time_zone,
            "phone": text.phone,
            "phone_index": text.phone_index,
            "body": text.body,
            "urgent": False,
            "status": RECEIVED,
            "send_after": at,
            "attempts": 0,
            "segments": templates.segments(text.body)[1],
            "created_at": at,
            "updated_at": at,
        }
        for number, writer in enumerate(writers)
    ]
    if rows:
        session.execute(insert(Communication), rows)


def last_texted(phone_index: bytes) -> Writer | None:
    """Whom a number was last texted for."""
    row = session.scalar(
        select(Communication)
        .where(Communication.phone_index == phone_index, Communication.direction != IN)
        .order_by(Communication.created_at.desc(), Communication.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    return Writer(row.practice_id, row.language, row.time_zone, row.patient_id, row.provider_id)


def answered_since(phone_index: bytes, since: datetime, *names: str) -> int:
    """How many texts of a number were answered of late; ``names``: with these templates only."""
    query = select(
        func.count(func.distinct(func.split_part(Communication.occurrence, ":", 1)))
    ).where(
        Communication.phone_index == phone_index,
        Communication.direction == IN,
        Communication.created_at > since,
        Communication.template.in_(names) if names else Communication.template.is_not(None),
    )
    return session.scalar(query) or 0


def a_day_ago() -> datetime:
    """24 hours before now."""
    return now() - timedelta(days=1)
