"""HTTP of breaking the glass."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.break_glass import reading, schemas, service
from backend.core.api import Blueprint, ProblemSchema
from backend.core.identity import ADMINISTRATOR, CARE_TEAM, LEAD, may_call
from backend.core.limits import limiter, sign_in_limit

blueprint = Blueprint(
    "break-glass", __name__, url_prefix="/v1", description="Another practice's patient, in need"
)


@blueprint.route("/break-glass", methods=["POST"])
@may_call(*CARE_TEAM)
@limiter.limit(sign_in_limit)
@blueprint.arguments(schemas.BreakGlassIn)
@blueprint.alt_response(404, schema=ProblemSchema)
@blueprint.alt_response(409, schema=ProblemSchema)
@blueprint.response(201, schemas.BreakGlassOut)
def break_glass(body: dict[str, Any]) -> Any:
    """Get to read another practice's patient for a while; their lead is told at once."""
    return service.open_access(**body)


@blueprint.route("/break-glass/<uuid:access_id>/record")
@may_call(*CARE_TEAM)
@blueprint.alt_response(403, schema=ProblemSchema)
@blueprint.response(200, schemas.BreakGlassRecord)
def record(access_id: UUID) -> Any:
    """What the access opens, while it stands. Every look is in the audit trail."""
    return reading.read(access_id)


@blueprint.route("/break-glass/<uuid:access_id>", methods=["DELETE"])
@may_call(*CARE_TEAM)
@blueprint.response(204)
def end(access_id: UUID) -> None:
    """End an access: one's own, or as a lead one to a patient of the practice."""
    service.end(access_id)


@blueprint.route("/practice/break-glass")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.response(200, schemas.BreakGlassAccesses)
def accesses() -> Any:
    """Who of other practices opened records of this one's patients."""
    return {"items": service.accesses()}
