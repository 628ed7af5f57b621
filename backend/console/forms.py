"""From a page's form to checked values, by the same schemas as the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow as ma

from backend.alerts import schemas as alerts
from backend.alerts import states
from backend.core.problems import flatten
from backend.core.schema import WEEKDAYS, Schema
from backend.patients.schemas import PatientIn
from backend.practices.schemas import ProviderSignIn
from backend.risk.schemas import ClearanceIn

ALERT_FORMS: dict[str, type[Schema]] = {
    states.ACKNOWLEDGE: alerts.NoteIn,
    states.START: alerts.NoteIn,
    states.CONTACT: alerts.ContactIn,
    states.RESOLVE: alerts.ResolutionIn,
    states.DISMISS: alerts.ReasonIn,
    states.REOPEN: alerts.ReasonIn,
}
_WORDS = {"Missing data for required field.": "Fill this in."}
_CHOICES = {"yes": True, "no": False}


@dataclass(frozen=True)
class Filled:
    """A form as it was sent. ``values`` are sound only without ``errors``; both go by field."""

    sent: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def sign_in(form: Mapping[str, str]) -> Filled:
    """E-mail, password and code; blanks in the code are how apps show it."""
    return _read(ProviderSignIn, {**form, "code": "".join(form.get("code", "").split())})


def enrolment(form: Mapping[str, str]) -> Filled:
    """A patient to enrol; the weekday becomes its number (Monday 0)."""
    filled = _read(PatientIn, form)
    if filled.errors:
        return filled
    weekday = WEEKDAYS.index(filled.values["checkin_weekday"])
    return Filled(filled.sent, {**filled.values, "checkin_weekday": weekday})


def alert_action(action: str, form: Mapping[str, str]) -> Filled:
    """What goes with an action on an alert."""
    return _read(ALERT_FORMS[action], form)


def clearance(form: Mapping[str, str]) -> Filled:
    """The reason for clearing a safety hold."""
    return _read(ClearanceIn, form)


def _read(schema: type[Schema], form: Mapping[str, str]) -> Filled:
    known = schema()
    # An empty field of a form is one that was not filled in.
    sent = {name: form[name].replace("\r\n", "\n") for name in known.fields if form.get(name)}
    typed = {name: _typed(known.fields[name], text) for name, text in sent.items()}
    try:
        return Filled(sent, known.load(typed))
    except ma.ValidationError as refused:
        errors = {name: _WORDS.get(m, m) for name, m in flatten(refused.messages).items()}
        return Filled(sent, errors=errors)


def _typed(kind: ma.fields.Field[Any], text: str) -> Any:
    # Forms send text only; the schemas, made for JSON, want true numbers and choices.
    if isinstance(kind, ma.fields.Integer) and text.isascii() and text.isdigit():
        return int(text[:9])
    if isinstance(kind, ma.fields.Boolean):
        return _CHOICES.get(text, text)
    return text
