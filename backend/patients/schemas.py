"""What the patients' routes send and receive."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from backend.core.pagination import MAX_PAGE
from backend.core.schema import LANGUAGES, WEEKDAYS, Email, Phone, Schema, short_text, time_zone
from backend.messaging import numbers
from backend.patients import addresses
from backend.patients.contraindications import ANSWERS, QUESTIONS, REVIEWS
from backend.patients.models import REMINDERS_BY


class ContraindicationsIn(Schema):
    """A provider's answers by code. ``cleared``: it is so, and may go ahead, for a reason."""

    answers = fields.Dict(
        keys=fields.String(validate=validate.OneOf((*QUESTIONS, *REVIEWS))),
        values=fields.String(validate=validate.OneOf(ANSWERS)),
        required=True,
        validate=validate.Length(min=1),
    )
    reason = short_text(2000, load_default=None, allow_none=True)


class ContraindicationOut(Schema):
    """A question, and the newest answer to it; none while nobody has answered."""

    code = fields.String(required=True)
    question = fields.String(required=True)
    answer = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True, allow_none=True)


class ContraindicationsOut(Schema):
    """What was answered before modules begin that are not for everybody."""

    items = fields.List(fields.Nested(ContraindicationOut), required=True)


def _preferred_hour(**kwargs: Any) -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.Range(9, 19),
        metadata={"description": "hour of the patient's own day, outside quiet hours"},
        **kwargs,
    )


class Rhythm(Schema):
    """When the weekly check-in opens and is reminded of, and how. Give at least one.

    The check-in that is planned already stays where it is; those after it follow.
    """

    checkin_weekday = fields.String(validate=validate.OneOf(WEEKDAYS))
    checkin_hour = _preferred_hour()
    reminders_by = fields.String(
        validate=validate.OneOf(REMINDERS_BY),
        metadata={"description": "how check-ins are announced and reminded of"},
    )
    email = Email(
        allow_none=True,
        metadata={"description": "a code goes to it, and the change waits for it; null: forget it"},
    )

    @ma.validates_schema
    def something(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not data:
            raise ma.ValidationError("Give at least one field to change.", "body")

    @ma.post_load
    def numbered(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        if "checkin_weekday" in data:
            data["checkin_weekday"] = WEEKDAYS.index(data["checkin_weekday"])
        return data


class PatientIn(Schema):
    """A person to enrol."""

    given_name = short_text(100, required=True)
    family_name = short_text(100, required=True)
    phone = Phone(required=True)
    language = fields.String(load_default="en", validate=validate.OneOf(LANGUAGES))
    time_zone = time_zone(required=True)
    checkin_weekday = fields.String(required=True, validate=validate.OneOf(WEEKDAYS))
    checkin_hour = _preferred_hour(required=True)
    contraindications = fields.List(
        fields.String(validate=validate.OneOf(tuple(QUESTIONS))),
        load_default=None,
        allow_none=True,
        metadata={"description": "those that apply, [] for none of them; left out: not asked yet"},
    )


class PatientOut(Schema):
    """A patient and their enrolment."""

    id = fields.UUID(required=True, attribute="patient_id")
    enrolment_id = fields.UUID(required=True, attribute="id")
    given_name = fields.String(required=True, attribute="patient.given_name")
    family_name = fields.String(required=True, attribute="patient.family_name")
    phone = fields.String(required=True, attribute="patient.phone")
    language = fields.String(required=True, attribute="patient.language")
    time_zone = fields.String(required=True, attribute="patient.time_zone")
    status = fields.String(
        required=True,
        validate=validate.OneOf(("invited", "active", "withdrawn", "completed")),
    )
    checkin_weekday = fields.Function(
        lambda enrolment: WEEKDAYS[enrolment.checkin_weekday], metadata={"type": "string"}
    )
    checkin_hour = fields.Integer(required=True)
    email = fields.String(required=True, attribute="patient.email", allow_none=True)
    reminders_by = fields.String(required=True, validate=validate.OneOf(REMINDERS_BY))
    enrolled_at = fields.DateTime(required=True)
    consented_at = fields.DateTime(allow_none=True)


class PatientPage(Schema):
    """A page of patients, newest first."""

    items = fields.List(fields.Nested(PatientOut), required=True)
    next_cursor = fields.String(allow_none=True)


class PageQuery(Schema):
    """Which page."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, MAX_PAGE))
    cursor = fields.String(load_default=None, validate=validate.Length(1, 500))


class WhoAmI(Schema):
    """Either the phone number or the token of a link that was texted."""

    phone = Phone()
    link = fields.String(validate=validate.Length(1, 100))

    @ma.validates_schema
    def one_of_both(self, data: dict[str, Any], **kwargs: Any) -> None:
        if ("phone" in data) == ("link" in data):
            raise ma.ValidationError("Give either phone or link.", "phone")


class PatientSignIn(WhoAmI):
    """The one-time code, with what it was asked for."""

    code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}$"))
    device = short_text(80)


class Accepted(Schema):
    """The same answer whether or not the person is known."""

    detail = fields.String(required=True)


class ConsentTextOut(Schema):
    """What a patient is asked to agree to."""

    kind = fields.String(required=True)
    version = fields.String(required=True)
    title = fields.String(required=True)
    markdown = fields.String(required=True)
    html = fields.String(required=True)


class ConsentIn(Schema):
    """Agreement to one version of the text."""

    version = fields.String(required=True, validate=validate.Length(1, 20))


class MeIn(Rhythm):
    """What a patient may change of themselves. Give at least one."""

    language = fields.String(validate=validate.OneOf(LANGUAGES))
    phone = Phone(
        metadata={"description": "a code goes to it; the change waits for POST /v1/me/phone"}
    )


class PatientChange(Rhythm):
    """What the practice may change of a patient. Give at least one."""

    phone = Phone(metadata={"description": "a code goes to it, unless it was verified"})
    phone_verified = fields.String(
        validate=validate.OneOf(("in-person",)),
        metadata={"description": "how the practice has seen that the number is the patient's"},
    )

    @ma.validates_schema
    def verified_what(self, data: dict[str, Any], **kwargs: Any) -> None:
        if "phone_verified" in data and "phone" not in data:
            raise ma.ValidationError("Give the number that was verified.", "phone")


class NumberIn(Schema):
    """A number that is to be shown by a code."""

    phone = Phone(required=True)


class AddressCode(Schema):
    """The code that came to a new number or e-mail address."""

    code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}$"))


class Me(Schema):
    """The signed-in patient."""

    id = fields.UUID(required=True, attribute="patient_id")
    given_name = fields.String(required=True, attribute="patient.given_name")
    language = fields.String(required=True, attribute="patient.language")
    time_zone = fields.String(required=True, attribute="patient.time_zone")
    status = fields.String(required=True)
    checkin_weekday = fields.Function(
        lambda enrolment: WEEKDAYS[enrolment.checkin_weekday], metadata={"type": "string"}
    )
    checkin_hour = fields.Integer(required=True)
    texts_arrive = fields.Function(
        lambda enrolment: numbers.is_usable(enrolment.patient.phone_index),
        metadata={
            "type": "boolean",
            "description": "false: texts do not reach this number; ask whether it is still right",
        },
    )
    email = fields.String(required=True, attribute="patient.email", allow_none=True)
    reminders_by = fields.String(required=True, validate=validate.OneOf(REMINDERS_BY))
    email_works = fields.Function(
        lambda enrolment: addresses.email_works(enrolment.patient),
        metadata={
            "type": "boolean",
            "nullable": True,
            "description": "false: e-mails do not arrive; null: no address is known",
        },
    )
    phone_works = fields.Function(
        lambda enrolment: addresses.works(enrolment.patient),
        metadata={
            "type": "boolean",
            "description": "false: texts do not arrive; ask for the number",
        },
    )
    text_letter = fields.String(
        allow_none=True,
        metadata={
            "description": "null while check-ins are not answered by text; on a phone that several"
            " people share, an answer begins with it"
        },
    )
    consented_at = fields.DateTime(allow_none=True)
