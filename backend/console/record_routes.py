"""The addresses of a patient's record: what happened, and what the care team notes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request, url_for

from backend.console import forms, pages
from backend.console.session import signed_in
from backend.console.site import blueprint, carry_out
from backend.core.identity import CARE_TEAM
from backend.patients import notes
from backend.patients import service as patients


@blueprint.get("/patients/<uuid:patient_id>/timeline")
@signed_in(*CARE_TEAM)
def timeline(patient_id: UUID) -> str:
    """What happened to a patient, newest first."""
    return pages.timeline_of(patient_id, request.args.get("cursor"), request.args.get("of"))


@blueprint.post("/patients/<uuid:patient_id>/notes")
@signed_in(*CARE_TEAM)
def write_note(patient_id: UUID) -> Any:
    """Write a note on a patient, or correct one."""
    patients.find(patient_id)
    filled = forms.note(request.form)
    return carry_out(
        filled,
        lambda: notes.write(patient_id, **filled.values),
        lambda again, sentence: pages.patient(patient_id, filled=again, sentence=sentence),
        lambda _: url_for("console.patient", patient_id=patient_id, done="note", _anchor="notes"),
    )
