"""What check-ins send and receive."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from backend.core.schema import Schema
from backend.instruments import responses

MOST_ANSWERS = 200


class CheckInOut(Schema):
    """One occasion to answer, with its window in UTC."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    occasion = fields.Integer(required=True)
    status = fields.String(required=True)
    opens_at = fields.DateTime(required=True)
    closes_at = fields.DateTime(allow_none=True)
    completed_at = fields.DateTime(allow_none=True)


class CheckIns(Schema):
    """A patient's check-ins, newest first."""

    items = fields.List(fields.Nested(CheckInOut), required=True)


class CheckInToAnswer(CheckInOut):
    """A check-in with its questions as a FHIR R4 Questionnaire."""

    questionnaire = fields.Dict(required=True)


class AnswersIn(Schema):
    """Answers by linkId: an option's code, a whole number, or true and false."""

    answers = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 100)),
        required=True,
        validate=validate.Length(max=MOST_ANSWERS),
    )
    mode = fields.String(load_default="app", validate=validate.OneOf(("app", "web")))
    authored_at = fields.AwareDateTime(
        load_default=None,
        allow_none=True,
        metadata={"description": "when the person answered, if sent later"},
    )


class QuestionnaireResponseIn(Schema):
    """Answers as a FHIR R4 QuestionnaireResponse; what else it holds is left aside."""

    class Meta:
        unknown = "exclude"

    resource_type = fields.String(
        required=True, data_key="resourceType", validate=validate.Equal("QuestionnaireResponse")
    )
    status = fields.String(required=True, validate=validate.OneOf(responses.STATUSES))
    questionnaire = fields.String(
        metadata={"description": "the canonical URL of what was asked, with or without |version"}
    )
    authored = fields.String(
        metadata={"description": "when the person answered, if sent later", "format": "date-time"}
    )
    item = fields.Raw(
        metadata={"type": "array", "items": {"type": "object"}, "description": "the answers"}
    )

    @post_load
    def read(self, resource: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """What ``AnswersIn`` gives, and what could not be read."""
        reading = responses.from_fhir(resource)
        if len(reading.answers) > MOST_ANSWERS:
            raise ValidationError({"item": [f"Send at most {MOST_ANSWERS} answers."]})
        return {
            "answers": reading.answers,
            "faults": reading.faults,
            "questionnaire": resource.get("questionnaire"),
            "authored_at": responses.authored(resource),
            "mode": "app",
        }


class IdempotencyKey(Schema):
    """The same key with the same answers counts once."""

    class Meta:
        unknown = "exclude"

    idempotency_key = fields.String(
        required=True,
        data_key="Idempotency-Key",
        validate=[validate.Length(1, 100), validate.Regexp(r"^[\x21-\x7e]+$")],
    )


class ContactOut(Schema):
    """Whom to call."""

    label = fields.String(required=True)
    phone = fields.String(required=True)


class NowOut(Schema):
    """What to do now."""

    level = fields.String(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    contacts = fields.List(fields.Nested(ContactOut), required=True)


class TrendOut(Schema):
    """How things are going, in a sentence."""

    decision = fields.String(allow_none=True)
    sentence = fields.String(required=True)


class NextOut(Schema):
    """What comes next."""

    kind = fields.String(required=True)
    sentence = fields.String(required=True)
    module = fields.String(allow_none=True)
    module_language = fields.String()


class OutcomeOut(Schema):
    """What the person is told. ``now`` is not null when an answer calls for help."""

    response_id = fields.String(required=True)
    now = fields.Nested(NowOut, allow_none=True)
    statement = fields.String(required=True)
    trend = fields.Nested(TrendOut, allow_none=True)
    next = fields.Nested(NextOut, required=True)
