"""What practices and sign-in send and receive."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from backend.core.identity import PROVIDER_ROLES
from backend.core.schema import WEEKDAYS, Phone, Schema, short_text, time_zone

MOST_HOLIDAYS = 400
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class ProviderSignIn(Schema):
    """E-mail, password and the six digits of the authenticator app."""

    email = fields.Email(required=True)
    password = fields.String(required=True, load_only=True, validate=validate.Length(1, 200))
    code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}$"))
    device = short_text(80, allow_none=True)


class FirstSignIn(Schema):
    """E-mail and password of somebody whose authenticator app is not set up yet."""

    email = fields.Email(required=True)
    password = fields.String(required=True, load_only=True, validate=validate.Length(1, 200))


class FirstCode(Schema):
    """The first six digits of an authenticator app."""

    code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}$"))


class RefreshToken(Schema):
    """The refresh token of the present session."""

    refresh_token = fields.String(required=True, validate=validate.Length(1, 200))


class Tokens(Schema):
    """A short access token and a refresh token that changes at every use."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "seconds"})
    role = fields.String(required=True)
    token_type = fields.String(required=True)


class PracticeOut(Schema):
    """A practice."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    country = fields.String(required=True)
    jurisdiction = fields.String(
        allow_none=True,
        metadata={"description": "whose hours for texts hold, where not the country's alone"},
    )
    time_zone = fields.String(required=True)
    phone = fields.String(allow_none=True)
    service_hours = fields.Dict(required=True)
    quiet_from = fields.Integer(required=True)
    quiet_until = fields.Integer(required=True)


class Holiday(Schema):
    """A day on which the practice is closed, whatever its weekday."""

    day = fields.Date(required=True)
    name = short_text(80, required=True)


def _hours(**kwargs: Any) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=validate.OneOf(WEEKDAYS)),
        values=fields.List(
            fields.String(validate=validate.Regexp(_CLOCK, error="Write it like 08:30.")),
            validate=validate.Length(equal=2, error="Give when it opens and when it closes."),
        ),
        metadata={
            "description": "opening and closing time by weekday, where the practice is; a weekday "
            "that is not named is closed",
            "example": {"monday": ["08:00", "18:00"]},
        },
        **kwargs,
    )


class ServiceHours(Schema):
    """When the practice is open. All timers of alerts run in these hours only."""

    service_hours = _hours(required=True, validate=validate.Length(min=1))
    holidays = fields.List(
        fields.Nested(Holiday), required=True, validate=validate.Length(max=MOST_HOLIDAYS)
    )
    time_zone = time_zone()

    @ma.validates_schema(skip_on_field_errors=True)
    def make_sense(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Opens before it closes; no day twice."""
        wrong = {
            day: ["It closes before it opens."]
            for day, (opens, closes) in data["service_hours"].items()
            if opens >= closes
        }
        if wrong:
            raise ma.ValidationError({"service_hours": wrong})
        days = [each["day"] for each in data["holidays"]]
        if len(days) != len(set(days)):
            raise ma.ValidationError({"holidays": ["A day is named twice."]})


class ProviderOut(Schema):
    """A provider's account."""

    id = fields.UUID(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    active = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)


class ProviderIn(Schema):
    """A new provider's account."""

    email = fields.Email(required=True, validate=validate.Length(max=200))
    name = short_text(100, required=True)
    role = fields.String(required=True, validate=validate.OneOf(PROVIDER_ROLES))
    password = fields.String(required=True, load_only=True, validate=validate.Length(12, 200))
    phone = Phone(allow_none=True)


class RoleIn(Schema):
    """The role an account is to have."""

    role = fields.String(required=True, validate=validate.OneOf(PROVIDER_ROLES))


class NewProviderOut(Schema):
    """The account, and the secret for its authenticator app: shown this once."""

    provider = fields.Nested(ProviderOut, required=True)
    totp_secret = fields.String(required=True)
    totp_uri = fields.String(required=True)


class Providers(Schema):
    """All accounts of the practice."""

    items = fields.List(fields.Nested(ProviderOut), required=True)
