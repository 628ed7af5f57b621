"""From a page's form to checked values, by the same schemas as the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow as ma
from werkzeug.datastructures import MultiDict

from backend.alerts import schemas as alerts
from backend.alerts import states
from backend.core.problems import flatten
from backend.core.schema import WEEKDAYS, Schema
from backend.patients.contraindications import QUESTIONS, REVIEWS
from backend.patients.note_schemas import PatientNoteIn
from backend.patients.schemas import AddressCode, ContraindicationsIn, NumberIn, PatientIn
from backend.practices.schemas import FirstCode, FirstSignIn, ProviderSignIn
from backend.programme.graded_schemas import RestrictionIn
from backend.risk.schemas import ClearanceIn

ALERT_FORMS: dict[str, type[Schema]] = {
    states.ACKNOWLEDGE: alerts.NoteIn,
    states.START: alerts.NoteIn,
    states.CONTACT: alerts.ContactIn,
    states.RESOLVE: alerts.ResolutionIn,
    states.DISMISS: alerts.ReasonIn,
    states.REOPEN: alerts.ReasonIn,
    states.TAKE: alerts.NoteIn,
    states.ASSIGN: alerts.AssignmentIn,
    states.HAND_OVER: alerts.HandOverIn,
    states.RELEASE: alerts.NoteIn,
    "undo": Schema,
}
_WORDS = {"Missing data for required field.": "Fill this in."}
NONE_OF_THESE = "none"
CONFIRM = "confirm"
AGREED = "agreed_to_text"
_CHOICES = {"yes": True, "no": False}


@dataclass(frozen=True)
class Filled:
    """A form as it was sent. ``values`` are sound only without ``errors``; both go by field."""

    sent: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def chosen(self, name: str) -> list[str]:
        """What was ticked under a name."""
        return list(self.sent.get(name, ()))


def sign_in(form: Mapping[str, str]) -> Filled:
    """E-mail, password and code; blanks in the code are how apps show it."""
    return read(ProviderSignIn, {**form, "code": "".join(form.get("code", "").split())})


def first_sign_in(form: Mapping[str, str]) -> Filled:
    """E-mail and password of somebody who has no code yet."""
    return read(FirstSignIn, form)


def first_code(form: Mapping[str, str]) -> Filled:
    """The first code of an authenticator app."""
    return read(FirstCode, {"code": "".join(form.get("code", "").split())})


def enrolment(form: MultiDict[str, str]) -> Filled:
    """A patient to enrol; the weekday becomes its number (Monday 0)."""
    filled = agreed_to_text(read(PatientIn, form, {"contraindications": _ticked(form)}), form)
    if filled.errors:
        sent = {**filled.sent, "contraindications": form.getlist("contraindications")}
        return Filled(sent, errors=_in_one(filled.errors, "contraindications"))
    weekday = WEEKDAYS.index(filled.values["checkin_weekday"])
    return Filled(filled.sent, {**filled.values, "checkin_weekday": weekday})


def alert_action(action: str, form: Mapping[str, str]) -> Filled:
    """What goes with an action on an alert."""
    return read(ALERT_FORMS[action], form)


def note(form: Mapping[str, str]) -> Filled:
    """A note on a patient, or the correction of one."""
    return read(PatientNoteIn, form)


def number(form: Mapping[str, str]) -> Filled:
    """A patient's number, to be shown by a code."""
    return read(NumberIn, form)


def number_code(form: Mapping[str, str]) -> Filled:
    """The code that came to it."""
    return read(AddressCode, form)


def clearance(form: Mapping[str, str]) -> Filled:
    """The reason for clearing a safety hold."""
    return read(ClearanceIn, form)


def contraindications(form: Mapping[str, str], present: Mapping[str, str]) -> Filled:
    """The answers that differ from the present ones, and the reason where something may go on."""
    given = {code: form.get(f"answer.{code}") for code in (*QUESTIONS, *REVIEWS)}
    answers = {code: said for code, said in given.items() if said and said != present.get(code)}
    filled = read(ContraindicationsIn, form, {"answers": answers or None})
    sent = {**filled.sent, **{f"answer.{code}": said for code, said in answers.items()}}
    return Filled(sent, filled.values, _in_one(filled.errors, "answers"))


def agreed_to_text(filled: Filled, form: Mapping[str, str]) -> Filled:
    """Whoever enrols somebody says that they agree to the text that invites them."""
    return _ticked_off(filled, form, AGREED, "Ask them first, then tick this.")


def confirmed(filled: Filled, form: Mapping[str, str]) -> Filled:
    """A form for something that cannot be undone: it also asks for a tick that it is meant."""
    return _ticked_off(filled, form, CONFIRM, "Tick this to go on.")


def _ticked_off(filled: Filled, form: Mapping[str, str], name: str, lacking: str) -> Filled:
    if form.get(name):
        return Filled({**filled.sent, name: "yes"}, filled.values, filled.errors)
    return Filled(filled.sent, filled.values, {**filled.errors, name: lacking})


def _in_one(errors: Mapping[str, str], name: str) -> dict[str, str]:
    # A list is one field on the page: what is wrong with one of it is told of the whole.
    others = {each: said for each, said in errors.items() if not each.startswith(name)}
    return others if len(others) == len(errors) else {**others, name: "Choose what applies."}


def restriction(form: Mapping[str, str]) -> Filled:
    """Whether time in bed is set for a patient, and what would bar it."""
    return read(RestrictionIn, form)


def _ticked(form: MultiDict[str, str]) -> list[str] | None:
    """What applies; nothing where "none of these" was ticked, ``None`` where nothing was."""
    ticked = form.getlist("contraindications")
    if ticked == [NONE_OF_THESE]:
        return []
    return ticked or None


def read(
    schema: type[Schema], form: Mapping[str, str], lists: Mapping[str, Any] | None = None
) -> Filled:
    """A form by a schema; ``lists`` are fields that the caller has put together."""
    known = schema()
    # An empty field of a form is one that was not filled in.
    sent: dict[str, Any] = {
        name: form[name].replace("\r\n", "\n")
        for name in known.fields
        if form.get(name) and name not in (lists or {})
    }
    typed = {name: _typed(known.fields[name], text) for name, text in sent.items()}
    typed.update({name: value for name, value in (lists or {}).items() if value is not None})
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
