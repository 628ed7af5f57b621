"""What providers write about a patient. A note stays as it was written; another may correct it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.pagination import decode_cursor, encode_cursor
from backend.core.problems import Problem, invalid
from backend.patients import service
from backend.patients.models import PatientNote
from backend.practices.models import Provider

_Later = aliased(PatientNote)


@dataclass(frozen=True)
class NotePage:
    """Some notes, newest first, and the cursor of the next page."""

    items: list[Row[Any]]
    next_cursor: str | None


def write(patient_id: UUID, text: str, corrects_id: UUID | None = None) -> Row[Any]:
    """Write a note, or one that stands in the place of another.

    Raises ``Problem`` 404, 422 (no such note of this patient) or 409 (corrected already).
    """
    enrolment = service.find(patient_id)
    if corrects_id is not None:
        other = session.get(PatientNote, corrects_id)
        if other is None or other.patient_id != patient_id:
            raise invalid({"corrects_id": "This patient has no such note."})
    note = PatientNote(
        id=new_id(),
        practice_id=enrolment.practice_id,
        patient_id=patient_id,
        author_id=actor.id,
        time=now(),
        text=text,
        corrects_id=corrects_id,
    )
    session.add(note)
    try:
        session.flush()
    except IntegrityError:
        raise Problem(
            409, "corrected-already", "This note has been corrected since; correct the newer one."
        ) from None
    audit.record(
        "note.write",
        practice_id=note.practice_id,
        patient_id=patient_id,
        entity="note",
        entity_id=note.id,
    )
    return session.execute(_notes(patient_id).where(PatientNote.id == note.id)).one()


def page(patient_id: UUID, limit: int = 20, cursor: str | None = None) -> NotePage:
    """A patient's notes, newest first, corrected ones too: each row has the note, its author's
    name, and ``corrected_by``, the note that stands in its place.

    Raises ``Problem`` 404.
    """
    enrolment = service.find(patient_id)
    query = _notes(patient_id).order_by(PatientNote.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(PatientNote.id < UUID(decode_cursor("notes", cursor)[0]))
    rows = list(session.execute(query))
    more = len(rows) > limit
    rows = rows[:limit]
    audit.record("note.list", practice_id=enrolment.practice_id, patient_id=patient_id)
    last = encode_cursor("notes", str(rows[-1].PatientNote.id)) if more else None
    return NotePage(rows, last)


def _notes(patient_id: UUID) -> Any:
    return (
        select(
            PatientNote,
            Provider.name.label("author"),
            _Later.id.label("corrected_by"),
        )
        .join(Provider, Provider.id == PatientNote.author_id)
        .outerjoin(_Later, _Later.corrects_id == PatientNote.id)
        .where(PatientNote.patient_id == patient_id, PatientNote.practice_id == actor.practice_id)
    )
