"""What the routes of webhook endpoints send and receive."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from backend.alerts.events import TYPES
from backend.core.schema import Schema, short_text
from backend.hooks.models import (
    ACTIVE,
    BY_HAND,
    DELIVERED,
    DISABLED,
    FAILED,
    FAILING,
    FEED,
    GONE,
    PENDING,
    REPLAY,
    TEST,
)
from backend.hooks.targets import LONGEST_URL

_STATUS = validate.OneOf((ACTIVE, DISABLED))
MOST_LOGGED = 100


def _event_types(**options: Any) -> fields.List[Any]:
    return fields.List(
        fields.String(validate=validate.OneOf(sorted(TYPES.values()))),
        validate=validate.Length(max=len(TYPES)),
        metadata={"description": "what is sent; an empty list: everything"},
        **options,
    )


class EndpointIn(Schema):
    """A new endpoint."""

    url = short_text(
        LONGEST_URL,
        required=True,
        metadata={"description": "https, on the public internet", "example": "https://example.org"},
    )
    description = fields.String(load_default="", validate=validate.Length(max=200))
    event_types = _event_types(load_default=list)


class EndpointChanges(Schema):
    """What changes; the rest stays."""

    url = short_text(LONGEST_URL)
    description = fields.String(validate=validate.Length(max=200))
    event_types = _event_types()
    status = fields.String(
        validate=_STATUS,
        metadata={"description": "switched on again, an endpoint goes on where it stopped"},
    )


class EndpointOut(Schema):
    """A webhook endpoint of the practice."""

    id = fields.UUID(required=True)
    url = fields.String(required=True)
    description = fields.String(required=True)
    event_types = fields.List(fields.String(), required=True)
    status = fields.String(required=True, validate=_STATUS)
    disabled_reason = fields.String(
        required=True, allow_none=True, validate=validate.OneOf((BY_HAND, FAILING, GONE, None))
    )
    failures = fields.Integer(
        required=True, metadata={"description": "tries of the next event that failed so far"}
    )
    retry_at = fields.AwareDateTime(required=True, allow_none=True)
    old_secret_until = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "until when the secret before the last is good, too"},
    )
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class EndpointsOut(Schema):
    """All endpoints of the practice."""

    items = fields.List(fields.Nested(EndpointOut), required=True)


class NewSecretOut(Schema):
    """The endpoint, and the secret with which to check what it is sent: shown this once."""

    endpoint = fields.Nested(EndpointOut, required=True)
    secret = fields.String(required=True)


class DeliveryOut(Schema):
    """One try to send one event."""

    id = fields.UUID(required=True)
    event_id = fields.UUID(
        required=True, metadata={"description": "the event's own id, sent as `webhook-id`"}
    )
    event_type = fields.String(required=True)
    cause = fields.String(required=True, validate=validate.OneOf((FEED, REPLAY, TEST)))
    attempt = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf((PENDING, DELIVERED, FAILED)))
    created_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    milliseconds = fields.Integer(required=True, allow_none=True)
    http_status = fields.Integer(required=True, allow_none=True)
    error = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "why there was no answer: `timeout`, `no-connection`, `no-tls`, or "
            "`no-target` where the name is not found or leads to where nothing may be sent"
        },
    )
    response = fields.String(
        required=True, allow_none=True, metadata={"description": "how the answer begins"}
    )


class DeliveriesQuery(Schema):
    """Which tries."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, MOST_LOGGED))
    cursor = fields.String(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf((PENDING, DELIVERED, FAILED)))


class DeliveriesOut(Schema):
    """Tries, newest first; they are kept for 30 days."""

    items = fields.List(fields.Nested(DeliveryOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ReplayIn(Schema):
    """From where: a place of the feed (`0` is the beginning) or an instant."""

    after = short_text(100)
    since = fields.AwareDateTime()
