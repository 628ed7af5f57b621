"""What risk sends and receives."""

from __future__ import annotations

from marshmallow import fields

from backend.core.schema import Schema, short_text


class ClearanceIn(Schema):
    """Why the programme may go on."""

    reason = short_text(500, required=True)


class HoldOut(Schema):
    """A safety hold, and who cleared it."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    level = fields.String(required=True)
    items = fields.List(fields.String(), required=True)
    opened_at = fields.DateTime(required=True)
    cleared_at = fields.DateTime(allow_none=True)
    cleared_by = fields.UUID(allow_none=True)
    reason = fields.String(allow_none=True)


class AssessmentOut(Schema):
    """One judgement by rule (FHIR RiskAssessment)."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    method = fields.String(required=True)
    method_version = fields.String(required=True)
    at = fields.DateTime(required=True)
    outcome = fields.String(allow_none=True)
    value = fields.Float(allow_none=True)
    inputs = fields.Dict(required=True)
    result = fields.Dict(required=True)
    reasons = fields.List(fields.String(), required=True)


class TrendPointOut(Schema):
    """One occasion: risk score 0-100, the decision on it, and what explains both.

    ``expected`` is the score to be expected by then, ``error`` the standard error of measurement
    and ``contributions`` the parts of the score, all in points; ``older`` names the parts that were
    answered on an earlier occasion. What an assessment of an older version did not store is null.
    """

    at = fields.DateTime(required=True)
    value = fields.Float(required=True)
    decision = fields.String(allow_none=True)
    band = fields.String(allow_none=True)
    expected = fields.Float(required=True, allow_none=True)
    error = fields.Float(required=True, allow_none=True)
    contributions = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    older = fields.List(fields.String(), required=True)
    reasons = fields.List(fields.String(), required=True)
    method_version = fields.String(required=True)


class DecisionOut(Schema):
    """A rule of the pathway that held, and why."""

    id = fields.UUID(required=True)
    at = fields.DateTime(required=True)
    rule = fields.String(required=True)
    rule_version = fields.String(required=True)
    kind = fields.String(required=True)
    tier = fields.Integer(allow_none=True)
    title = fields.String(required=True)
    reason = fields.String(required=True)
    for_patient = fields.String(allow_none=True)
    inputs = fields.Dict(required=True)


class RiskOut(Schema):
    """A patient's newest assessments, course, standing safety hold, and what was decided."""

    patient_id = fields.UUID(required=True)
    assessments = fields.List(fields.Nested(AssessmentOut), required=True)
    trend = fields.List(fields.Nested(TrendPointOut), required=True)
    hold = fields.Nested(HoldOut, allow_none=True)
    decisions = fields.List(fields.Nested(DecisionOut), required=True)
