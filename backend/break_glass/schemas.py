"""What breaking the glass sends and receives."""

from __future__ import annotations

from marshmallow import fields, validate

from backend.break_glass.models import REASONS
from backend.core.schema import Phone, Schema, short_text


class BreakGlassIn(Schema):
    """Who the patient is, and why another practice's record is needed."""

    given_name = short_text(100, required=True)
    family_name = short_text(100, required=True)
    phone = Phone(required=True)
    reason = fields.String(required=True, validate=validate.OneOf(REASONS))
    note = short_text(500, required=True)


class BreakGlassOut(Schema):
    """An access: until when, and the practice to call."""

    id = fields.UUID(required=True, attribute="row.id")
    expires_at = fields.AwareDateTime(required=True, attribute="row.expires_at")
    practice = fields.String(required=True, attribute="practice_name")
    practice_phone = fields.String(required=True, allow_none=True)


class GlassHold(Schema):
    """A red flag that stands."""

    level = fields.String(required=True)
    items = fields.List(fields.String(), required=True)
    opened_at = fields.AwareDateTime(required=True)


class GlassBarring(Schema):
    """A circumstance that keeps modules from the patient, or that somebody has cleared."""

    code = fields.String(required=True)
    answer = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)


class GlassAlert(Schema):
    """An alert, in short."""

    tier = fields.Integer(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True)
    patient_was_told = fields.String(required=True, allow_none=True)


class GlassActivity(Schema):
    """A module of the plan."""

    module_id = fields.String(required=True)
    grade = fields.Integer(required=True)
    status = fields.String(required=True)


class GlassNote(Schema):
    """A note of the patient's practice."""

    time = fields.AwareDateTime(required=True)
    text = fields.String(required=True)


class BreakGlassRecord(Schema):
    """What another practice's provider reads of a patient in an emergency."""

    given_name = fields.String(required=True, attribute="patient.given_name")
    family_name = fields.String(required=True, attribute="patient.family_name")
    phone = fields.String(required=True, attribute="patient.phone")
    language = fields.String(required=True, attribute="patient.language")
    status = fields.String(required=True, attribute="enrolment.status")
    practice = fields.String(required=True, attribute="practice.name")
    practice_phone = fields.String(required=True, allow_none=True, attribute="practice.phone")
    hold = fields.Nested(GlassHold, required=True, allow_none=True)
    risk_group = fields.String(required=True, allow_none=True)
    barring = fields.List(fields.Nested(GlassBarring), required=True)
    alerts = fields.List(fields.Nested(GlassAlert), required=True)
    activities = fields.List(fields.Nested(GlassActivity), required=True)
    notes = fields.List(fields.Nested(GlassNote), required=True)


class BreakGlassAccess(Schema):
    """Who of another practice opened which record, when and why."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    provider_name = fields.String(required=True)
    provider_practice_name = fields.String(required=True)
    reason = fields.String(required=True)
    note = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class BreakGlassAccesses(Schema):
    """The newest hundred, newest first."""

    items = fields.List(fields.Nested(BreakGlassAccess), required=True)
