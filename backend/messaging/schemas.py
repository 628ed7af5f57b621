"""The carrier's form bodies. Fields we do not use are many, and new ones come without notice."""

from __future__ import annotations

from marshmallow import EXCLUDE, fields, validate

from backend.core.schema import Schema

_SID = validate.Length(min=1, max=64)


class StatusCallback(Schema):
    """How an outgoing message fares (Twilio: status callback)."""

    class Meta:
        unknown = EXCLUDE

    MessageSid = fields.String(required=True, validate=_SID)
    MessageStatus = fields.String(required=True, validate=validate.Length(min=1, max=50))
    ErrorCode = fields.String()


class InboundMessage(Schema):
    """A message that somebody sent to us (Twilio: messaging webhook)."""

    class Meta:
        unknown = EXCLUDE

    MessageSid = fields.String(required=True, validate=_SID)
    From = fields.String(required=True, validate=validate.Length(min=1, max=64))
    Body = fields.String(load_default="", validate=validate.Length(max=20_000))
    OptOutType = fields.String()
