"""HTTP of what is practised day by day: diaries, and the sleep window a provider enables."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.api import Blueprint
from backend.core.identity import CARE_TEAM, PATIENT, may_call
from backend.patients import service as patients
from backend.programme import diary_schemas as schemas
from backend.programme import graded_schemas, service

blueprint = Blueprint("diaries", __name__, url_prefix="/v1", description="Practice day by day")


@blueprint.route(
    "/patients/<uuid:patient_id>/activities/<uuid:activity_id>/sleep-restriction",
    methods=["POST"],
)
@may_call(*CARE_TEAM)
@blueprint.arguments(graded_schemas.RestrictionIn)
@blueprint.alt_response(409, schema=graded_schemas.SleepOut)
@blueprint.response(200, graded_schemas.SleepOut)
def sleep_restriction(body: dict[str, Any], patient_id: UUID, activity_id: UUID) -> Any:
    """Enable a set time in bed for a patient, or withdraw it."""
    patients.find(patient_id)
    enabled = body.pop("enabled")
    answers = {name.replace("_", "-"): answer for name, answer in body.items()}
    return service.restrict_sleep(patient_id, activity_id, enabled, answers).slept


@blueprint.route("/me/activities/<uuid:activity_id>/entries")
@may_call(PATIENT)
@blueprint.arguments(schemas.EntriesQuery, location="query")
@blueprint.alt_response(409, schema=schemas.EntriesOut)
@blueprint.response(200, schemas.EntriesOut)
def entries(query: dict[str, Any], activity_id: UUID) -> Any:
    """What the patient wrote into a module's diary, newest first, and what may be written."""
    return service.entries_of(activity_id, **query)


@blueprint.route("/me/activities/<uuid:activity_id>/entries", methods=["POST"])
@may_call(PATIENT)
@blueprint.arguments(schemas.EntryIn)
@blueprint.alt_response(409, schema=schemas.EntryOut)
@blueprint.alt_response(200, schema=schemas.EntryOut)
@blueprint.response(201, schemas.EntryOut)
def write_entry(body: dict[str, Any], activity_id: UUID) -> Any:
    """Write an entry; 200 with what stands there if its id was kept before."""
    entry, is_new = service.keep_entry(activity_id, body.pop("id"), **body)
    return entry, 201 if is_new else 200


@blueprint.route("/me/activities/<uuid:activity_id>/entries/<uuid:entry_id>", methods=["PUT"])
@may_call(PATIENT)
@blueprint.arguments(schemas.EntryChangeIn)
@blueprint.alt_response(409, schema=schemas.EntryOut)
@blueprint.response(200, schemas.EntryOut)
def change_entry(body: dict[str, Any], activity_id: UUID, entry_id: UUID) -> Any:
    """Write an entry anew, up to seven days after its day; the newest change counts."""
    return service.change_entry(activity_id, entry_id, **body)


@blueprint.route("/me/activities/<uuid:activity_id>/entries/<uuid:entry_id>", methods=["DELETE"])
@may_call(PATIENT)
@blueprint.alt_response(409, schema=schemas.EntryOut)
@blueprint.response(204)
def remove_entry(activity_id: UUID, entry_id: UUID) -> None:
    """Remove an entry for good, up to seven days after its day."""
    service.remove_entry(activity_id, entry_id)


@blueprint.route("/patients/<uuid:patient_id>/entries")
@may_call(*CARE_TEAM)
@blueprint.response(200, schemas.DiariesUseOut)
def diaries_of(patient_id: UUID) -> Any:
    """How much a patient uses each diary, and the entries that they show."""
    patients.find(patient_id)
    return {"items": service.diaries_of(patient_id)}
