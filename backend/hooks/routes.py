"""HTTP of webhook endpoints: the practice's lead manages them, its administrators may look."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.core.api import Blueprint
from backend.core.identity import ADMINISTRATOR, LEAD, may_call
from backend.hooks import schemas, service

blueprint = Blueprint(
    "hooks", __name__, url_prefix="/v1/webhook-endpoints", description="The feed, sent elsewhere"
)


@blueprint.route("")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.response(200, schemas.EndpointsOut)
def endpoints() -> Any:
    """Where the practice has its feed sent."""
    return {"items": service.endpoints()}


@blueprint.route("", methods=["POST"])
@may_call(LEAD)
@blueprint.arguments(schemas.EndpointIn)
@blueprint.alt_response(409, schema=schemas.NewSecretOut)
@blueprint.response(201, schemas.NewSecretOut)
def create(body: dict[str, Any]) -> Any:
    """Have the feed's events sent to an address from now on; its secret is shown this once."""
    return service.create(**body)


@blueprint.route("/<uuid:endpoint_id>")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.response(200, schemas.EndpointOut)
def endpoint(endpoint_id: UUID) -> Any:
    """One endpoint."""
    return service.get(endpoint_id)


@blueprint.route("/<uuid:endpoint_id>", methods=["PATCH"])
@may_call(LEAD)
@blueprint.arguments(schemas.EndpointChanges)
@blueprint.response(200, schemas.EndpointOut)
def change(body: dict[str, Any], endpoint_id: UUID) -> Any:
    """Change an endpoint, or switch it off and on."""
    return service.change(endpoint_id, **body)


@blueprint.route("/<uuid:endpoint_id>", methods=["DELETE"])
@may_call(LEAD)
@blueprint.response(204)
def delete(endpoint_id: UUID) -> None:
    """Delete an endpoint with its log."""
    service.remove(endpoint_id)


@blueprint.route("/<uuid:endpoint_id>/secret", methods=["POST"])
@may_call(LEAD)
@blueprint.response(200, schemas.NewSecretOut)
def rotate(endpoint_id: UUID) -> Any:
    """A new secret. For 24 hours everything is signed with the old one, too."""
    return service.rotate(endpoint_id)


@blueprint.route("/<uuid:endpoint_id>/test", methods=["POST"])
@may_call(LEAD)
@blueprint.response(202, schemas.DeliveryOut)
def test(endpoint_id: UUID) -> Any:
    """Send a test event, even to an endpoint that is switched off; the log tells how it went."""
    return service.send_test(endpoint_id)


@blueprint.route("/<uuid:endpoint_id>/deliveries")
@may_call(LEAD, ADMINISTRATOR)
@blueprint.arguments(schemas.DeliveriesQuery, location="query")
@blueprint.response(200, schemas.DeliveriesOut)
def deliveries(query: dict[str, Any], endpoint_id: UUID) -> Any:
    """What was sent to an endpoint, and what it answered."""
    return service.deliveries(endpoint_id, **query)


@blueprint.route("/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/replay", methods=["POST"])
@may_call(LEAD)
@blueprint.response(202, schemas.DeliveryOut)
def replay(endpoint_id: UUID, delivery_id: UUID) -> Any:
    """Send one event once more, out of turn."""
    return service.replay(endpoint_id, delivery_id)


@blueprint.route("/<uuid:endpoint_id>/replay", methods=["POST"])
@may_call(LEAD)
@blueprint.arguments(schemas.ReplayIn)
@blueprint.response(202, schemas.EndpointOut)
def replay_since(body: dict[str, Any], endpoint_id: UUID) -> Any:
    """Send everything from a place of the feed on once more, in order."""
    return service.replay_since(endpoint_id, **body)
