"""HTTP of the app's devices: what they tell, and what they need to go on without a connection."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request

from backend.core.api import Blueprint
from backend.core.identity import PATIENT, may_call
from backend.core.problems import not_found
from backend.sync import bundles, changes, schemas, service

blueprint = Blueprint("sync", __name__, url_prefix="/v1", description="Offline first")
A_YEAR = 365 * 24 * 3600


@blueprint.route("/me/sync")
@may_call(PATIENT)
@blueprint.arguments(schemas.SinceIn, location="query")
@blueprint.response(200, schemas.ChangesOut)
def catch_up(query: dict[str, Any]) -> Any:
    """What changed since a device last asked; content by the names of its bundles."""
    found = changes.since(query["since"])
    answer = current_app.json.response(cursor=found.cursor, changed=found.changed)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.route("/me/sync", methods=["POST"])
@may_call(PATIENT)
@blueprint.arguments(schemas.BatchIn)
@blueprint.response(200, schemas.BatchOut)
def tell(body: dict[str, Any]) -> Any:
    """Tell what happened on a device, in any order, late or again; each event is answered."""
    return service.take(**body)


@blueprint.route("/content/bundles/<sha256>")
@may_call(PATIENT)
@blueprint.alt_response(304, success=True)
@blueprint.response(200, schemas.BundleOut)
def bundle(sha256: str) -> Any:
    """A module or a questionnaire by the SHA-256 of its bytes; it never changes."""
    found = bundles.find(sha256)
    if found is None:
        raise not_found("bundle")
    answer = Response(found.content, content_type="application/json")
    answer.headers["Cache-Control"] = f"private, max-age={A_YEAR}, immutable"
    answer.set_etag(found.sha256)
    return answer.make_conditional(request)
