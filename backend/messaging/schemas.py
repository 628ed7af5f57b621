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


_MOST = validate.Range(0, 10_000_000)


class BudgetIn(Schema):
    """New limits, in segments of a month; null goes back to the operator's."""

    soft = fields.Integer(
        strict=True,
        allow_none=True,
        validate=_MOST,
        metadata={"description": "above it the lead is told"},
    )
    hard = fields.Integer(
        strict=True,
        allow_none=True,
        validate=_MOST,
        metadata={"description": "above it only urgent texts and sign-in codes leave"},
    )


class BudgetOut(Schema):
    """What the practice's texts of this month add up to."""

    month = fields.Date(required=True, metadata={"description": "the month's first day"})
    segments = fields.Integer(required=True)
    texts = fields.Integer(required=True)
    soft = fields.Integer(required=True)
    hard = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("within", "near", "spent")))
