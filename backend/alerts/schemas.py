"""What the feed sends and receives."""

from __future__ import annotations

from marshmallow import fields, validate

from backend.alerts.states import RESOLUTIONS
from backend.core.pagination import MAX_PAGE
from backend.core.schema import Schema, short_text


class FeedQuery(Schema):
    """Which part of the feed."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, MAX_PAGE))
    cursor = fields.String(load_default=None, validate=validate.Length(1, 500))
    since = fields.Integer(
        load_default=None,
        validate=validate.Range(0, 2**63 - 1),
        metadata={"description": "a feed version: only what changed after it, closed ones too"},
    )
    tier = fields.Integer(load_default=None, validate=validate.Range(1, 3))


class AlertOut(Schema):
    """A matter for a provider. Tier 1 is critical, 2 high, 3 routine."""

    id = fields.UUID(required=True, attribute="Alert.id")
    patient_id = fields.UUID(required=True, attribute="Alert.patient_id")
    patient = fields.Function(
        lambda row: f"{row.given_name} {row.family_name}", metadata={"type": "string"}
    )
    tier = fields.Integer(required=True, attribute="Alert.tier")
    title = fields.String(required=True, attribute="Alert.title")
    rule = fields.String(required=True, attribute="Alert.rule")
    rule_version = fields.String(required=True, attribute="Alert.rule_version")
    status = fields.String(required=True, attribute="Alert.status")
    escalation = fields.Integer(required=True, attribute="Alert.escalation")
    evidence = fields.List(fields.Dict(), required=True, attribute="Alert.evidence")
    suggestions = fields.List(fields.String(), required=True, attribute="Alert.suggestions")
    patient_was_told = fields.String(allow_none=True, attribute="Alert.patient_was_told")
    respond_by = fields.DateTime(required=True, attribute="Alert.respond_by")
    opened_at = fields.DateTime(required=True, attribute="Alert.opened_at")
    updated_at = fields.DateTime(required=True, attribute="Alert.updated_at")
    acknowledged_at = fields.DateTime(allow_none=True, attribute="Alert.acknowledged_at")
    acknowledged_by = fields.String(allow_none=True, attribute="acknowledged_by_name")
    closed_at = fields.DateTime(allow_none=True, attribute="Alert.closed_at")
    resolution = fields.String(allow_none=True, attribute="Alert.resolution")


class FeedOut(Schema):
    """A page of the feed. Give ``version`` back as ``since`` to hear only of changes."""

    items = fields.List(fields.Nested(AlertOut), required=True)
    next_cursor = fields.String(allow_none=True)
    version = fields.Integer(required=True)


class AlertEventOut(Schema):
    """One change of an alert."""

    at = fields.DateTime(required=True)
    action = fields.String(required=True)
    from_status = fields.String(allow_none=True)
    to_status = fields.String(required=True)
    actor_role = fields.String(required=True)
    actor_id = fields.UUID(allow_none=True)
    note = fields.String(allow_none=True)
    detail = fields.Dict(allow_none=True)


class AlertTrendPoint(Schema):
    """One occasion of the patient's course."""

    at = fields.DateTime(required=True)
    value = fields.Float(required=True)
    decision = fields.String(allow_none=True)


class AlertDetail(Schema):
    """One alert with its history and the patient's trend."""

    alert = fields.Nested(AlertOut, required=True)
    history = fields.List(fields.Nested(AlertEventOut), required=True)
    trend = fields.List(fields.Nested(AlertTrendPoint), required=True)


class NoteIn(Schema):
    """A note, when there is something to say."""

    note = short_text(2000, load_default=None, allow_none=True)


class ReasonIn(Schema):
    """Why."""

    note = short_text(2000, required=True)


class ContactIn(Schema):
    """An attempt to reach the patient."""

    reached = fields.Boolean(required=True, truthy={True}, falsy={False})
    note = short_text(2000, load_default=None, allow_none=True)


class ResolutionIn(Schema):
    """What was done, coded."""

    code = fields.String(required=True, validate=validate.OneOf(RESOLUTIONS))
    note = short_text(2000, load_default=None, allow_none=True)
