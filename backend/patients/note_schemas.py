"""What notes send and receive."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from backend.core.schema import Schema, short_text


class PatientNoteIn(Schema):
    """A note, or the correction of one."""

    text = short_text(5000, required=True)
    corrects_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "the note that this one stands in place of"},
    )


class PatientNoteOut(Schema):
    """A note on a patient (FHIR Annotation). It stays as it was written."""

    id = fields.UUID(required=True)
    author_id = fields.UUID(required=True)
    author = fields.Function(lambda row: row.author, metadata={"type": "string"})
    time = fields.AwareDateTime(required=True)
    text = fields.String(required=True)
    corrects_id = fields.UUID(required=True, allow_none=True)
    corrected_by = fields.Function(
        lambda row: str(row.corrected_by) if row.corrected_by else None,
        metadata={
            "type": ["string", "null"],
            "format": "uuid",
            "description": "the note that stands in its place",
        },
    )

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """A row holds the note beside its author's name; its fields are the note's own."""
        return getattr(obj.PatientNote, attr, default)


class PatientNotePage(Schema):
    """A page of notes, newest first; those that were corrected are among them."""

    items = fields.List(fields.Nested(PatientNoteOut), required=True)
    next_cursor = fields.String(allow_none=True)
