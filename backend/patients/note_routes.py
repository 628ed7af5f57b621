"""HTTP of notes on a patient."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.api import Blueprint
from backend.core.identity import CARE_TEAM, may_call
from backend.patients import note_schemas as schemas
from backend.patients import notes
from backend.patients.schemas import PageQuery

blueprint = Blueprint("notes", __name__, url_prefix="/v1", description="Notes on patients")


@blueprint.route("/patients/<uuid:patient_id>/notes")
@may_call(*CARE_TEAM)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, schemas.PatientNotePage)
def list_notes(query: dict[str, Any], patient_id: UUID) -> Any:
    """What providers have written about a patient, newest first."""
    return notes.page(patient_id, **query)


@blueprint.route("/patients/<uuid:patient_id>/notes", methods=["POST"])
@may_call(*CARE_TEAM)
@blueprint.arguments(schemas.PatientNoteIn)
@blueprint.alt_response(409, schema=schemas.PatientNoteOut)
@blueprint.response(201, schemas.PatientNoteOut)
def write_note(body: dict[str, Any], patient_id: UUID) -> Any:
    """Write a note. It cannot be changed; a further one corrects it."""
    return notes.write(patient_id, **body)
