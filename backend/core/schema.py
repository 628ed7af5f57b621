"""What crosses HTTP: the base of all marshmallow schemas and the fields they share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

import marshmallow as ma
import phonenumbers
from marshmallow import fields, validate

LANGUAGES = ("en", "nl", "es")
# A lone surrogate passes JSON but not UTF-8.
_UNSTORABLE = re.compile("[\\0\\ud800-\\udfff]")
_PHONE = re.compile(r"\+[0-9 ().-]+")
ZONES = frozenset(available_timezones())
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Schema(ma.Schema):
    """Refuses unknown fields, and the one character PostgreSQL text cannot hold."""

    class Meta:
        unknown = ma.RAISE

    @ma.pre_load
    def refuse_nul(self, data: Any, **kwargs: Any) -> Any:
        bad = sorted(_with_nul(data)) if isinstance(data, Mapping) else []
        if bad:
            raise ma.ValidationError({field: ["Remove the NUL character."] for field in bad})
        return data


def _with_nul(data: Mapping[str, Any]) -> set[str]:
    return {str(k).replace("\0", "") or "body" for k, v in data.items() if _has_nul(k, v)}


def _has_nul(*values: Any) -> bool:
    for value in values:
        if isinstance(value, str) and not _storable(value):
            return True
        if isinstance(value, Mapping) and _has_nul(*value.keys(), *value.values()):
            return True
        if isinstance(value, list) and _has_nul(*value):
            return True
    return False


def _storable(value: str) -> bool:
    return _UNSTORABLE.search(value) is None


class Phone(fields.String):
    """A mobile number in E.164 (``+447700900123``)."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("metadata", {"pattern": r"^\+[1-9][0-9]{6,14}$"})
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not _is_full(number, text):
            raise ma.ValidationError("Write the number with its country code, like +447700900123.")
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class Email(fields.Email):
    """An e-mail address in ASCII, of at most 254 signs (RFC 5321), in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(validate.Length(max=254))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not text.isascii():
            raise ma.ValidationError("Write an address like name@example.org.")
        return text.lower()


def _is_full(number: phonenumbers.PhoneNumber, text: str) -> bool:
    # The library would read letters and extensions, too.
    return bool(_PHONE.fullmatch(text)) and phonenumbers.is_possible_number(number)


def time_zone(**kwargs: Any) -> fields.String:
    """An IANA time zone name (``Europe/London``)."""
    return fields.String(
        validate=_is_zone,
        metadata={"description": "IANA time zone", "example": "Europe/London"},
        **kwargs,
    )


def _is_zone(name: str) -> None:
    # Not OneOf: its six hundred names would stand in the API's document.
    if name not in ZONES:
        raise ma.ValidationError("Use an IANA name such as Europe/London.")


def short_text(longest: int = 200, **kwargs: Any) -> fields.String:
    """A line of text, 1 to ``longest`` characters, not only blanks."""
    return fields.String(
        validate=[
            validate.Length(min=1, max=longest),
            validate.Regexp(r"(?s).*\S", error="Write something here."),
        ],
        **kwargs,
    )
