"""HTTP of the app's devices: what they tell, and what they need to go on without a connection."""

from __future__ import annotations

from typing import Any

from backend.core.api import Blueprint
from backend.core.identity import PATIENT, may_call
from backend.sync import schemas, service

blueprint = Blueprint("sync", __name__, url_prefix="/v1", description="Offline first")


@blueprint.route("/me/sync", methods=["POST"])
@may_call(PATIENT)
@blueprint.arguments(schemas.BatchIn)
@blueprint.response(200, schemas.BatchOut)
def tell(body: dict[str, Any]) -> Any:
    """Tell what happened on a device, in any order, late or again; each event is answered."""
    return service.take(**body)
