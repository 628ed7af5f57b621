"""What practices and sign-in send and receive."""

from __future__ import annotations

from marshmallow import fields, validate

from backend.core.identity import PROVIDER_ROLES
from backend.core.schema import Phone, Schema, short_text


class ProviderSignIn(Schema):
    """E-mail, password and the six digits of the authenticator app."""

    email = fields.Email(required=True)
    password = fields.String(required=True, load_only=True, validate=validate.Length(1, 200))
    code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}$"))
    device = short_text(80, allow_none=True)


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


class NewProviderOut(Schema):
    """The account, and the secret for its authenticator app: shown this once."""

    provider = fields.Nested(ProviderOut, required=True)
    totp_secret = fields.String(required=True)
    totp_uri = fields.String(required=True)


class Providers(Schema):
    """All accounts of the practice."""

    items = fields.List(fields.Nested(ProviderOut), required=True)
