"""What crosses HTTP about the process evaluation."""

from __future__ import annotations

from datetime import date

from marshmallow import fields, validate

from backend.core.schema import Schema, short_text
from backend.evaluation.vocabulary import (
    CONTEXTS,
    EVENTS,
    REFERRAL_STEPS,
    REFUSALS,
    RELATEDNESS,
    SERIOUS_BECAUSE,
    TARGETS,
)

# Nobody consulted before; a slip of the pen such as year 26 is told.
_SANE = validate.Range(min=date(2000, 1, 1), max=date(2200, 1, 1))
MOST_CONSULTERS = 1_000_000


class ConsultersIn(Schema):
    """People who consulted with low back pain in a month, and those of them who were eligible."""

    month = fields.Date(
        required=True, validate=_SANE, metadata={"description": "the first day of the month"}
    )
    consulters = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, MOST_CONSULTERS)
    )
    eligible = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, MOST_CONSULTERS)
    )


class ConsultersOut(Schema):
    """What a practice told of a month; told again, the newest counts."""

    month = fields.Date(required=True)
    consulters = fields.Integer(required=True)
    eligible = fields.Integer(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class ConsultersList(Schema):
    """The newest word on each month, newest month first."""

    items = fields.List(fields.Nested(ConsultersOut), required=True)


class RefusalIn(Schema):
    """Somebody eligible was asked and said no."""

    reason = fields.String(required=True, validate=validate.OneOf(REFUSALS))
    day = fields.Date(load_default=None, validate=_SANE)


class ContextIn(Schema):
    """What goes on in the practice, from a day on. No patient is named here."""

    code = fields.String(required=True, validate=validate.OneOf(CONTEXTS))
    day = fields.Date(required=True, validate=_SANE)
    until = fields.Date(
        load_default=None,
        allow_none=True,
        validate=_SANE,
        metadata={"description": "its last day, where it is over"},
    )
    note = short_text(500, required=True)


class ContextOut(Schema):
    """What went on in the practice."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    day = fields.Date(required=True)
    until = fields.Date(required=True, allow_none=True)
    note = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class ContextList(Schema):
    """What went on, newest first."""

    items = fields.List(fields.Nested(ContextOut), required=True)


class ReferralIn(Schema):
    """Where a patient was referred to, and on which day (today, unless given)."""

    target = fields.String(required=True, validate=validate.OneOf(TARGETS))
    day = fields.Date(load_default=None, validate=_SANE)


class ReferralStepIn(Schema):
    """What came of a referral, and on which day (today, unless given)."""

    step = fields.String(required=True, validate=validate.OneOf(REFERRAL_STEPS))
    day = fields.Date(load_default=None, validate=_SANE)


class ReferralStepOut(Schema):
    """What came of a referral."""

    step = fields.String(required=True)
    day = fields.Date(required=True)


class ReferralOut(Schema):
    """A referral and what came of it, oldest first."""

    id = fields.UUID(attribute="referral.id", required=True)
    target = fields.String(attribute="referral.target", required=True)
    day = fields.Date(attribute="referral.day", required=True)
    steps = fields.List(fields.Nested(ReferralStepOut), required=True)


class ReferralList(Schema):
    """A patient's referrals, newest first."""

    items = fields.List(fields.Nested(ReferralOut), required=True)


class AdverseEventIn(Schema):
    """Harm that came to a patient, by the programme or not; ``serious_because`` if serious."""

    kind = fields.String(required=True, validate=validate.OneOf(EVENTS))
    day = fields.Date(load_default=None, validate=_SANE)
    serious_because = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(SERIOUS_BECAUSE)
    )
    relatedness = fields.String(required=True, validate=validate.OneOf(RELATEDNESS))
    note = short_text(2000, load_default=None, allow_none=True)
    corrects = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "the record that this one replaces"},
    )


class AdverseEventOut(Schema):
    """Harm that came to a patient."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    day = fields.Date(required=True)
    serious_because = fields.String(required=True, allow_none=True)
    relatedness = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)
    corrects = fields.UUID(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)


class AdverseEventList(Schema):
    """Harm, newest first, without what was corrected."""

    items = fields.List(fields.Nested(AdverseEventOut), required=True)
