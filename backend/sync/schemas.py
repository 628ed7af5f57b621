"""What the app's devices send and receive."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, fields, validate

from backend.checkins.schemas import MOST_ANSWERS, OutcomeOut
from backend.core.schema import Schema
from backend.programme.graded_schemas import AimIn, AttainmentIn, FlareIn, GoalIn, LadderIn
from backend.programme.schemas import PracticeIn, QuizIn
from backend.sync.models import ACCEPTED, DUPLICATE, REJECTED

MOST_EVENTS = 200
# Of a clock that never was set, too; beyond, instants cannot be moved.
YEARS = range(1970, 2200)
READING, QUIZ, PRACTICE = "reading", "quiz", "practice"
AIM, FLARE, LADDER = "aim", "flare", "ladder"
GOAL, ATTAINMENT, CHECK_IN = "goal", "attainment", "check-in"


class ReadingTold(Schema):
    """A grade's text was opened."""

    grade = fields.Integer(required=True, strict=True)


class QuizTold(QuizIn):
    """A grade's quiz was answered."""

    grade = fields.Integer(required=True, strict=True)


class PracticeTold(PracticeIn):
    """One day's practice of a grade."""

    grade = fields.Integer(required=True, strict=True)


class AnswersTold(Schema):
    """Answers to a check-in by linkId, and the version of the questionnaire that was shown."""

    answers = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 100)),
        required=True,
        validate=validate.Length(max=MOST_ANSWERS),
    )
    questionnaire = fields.String(load_default=None, validate=validate.Length(max=200))


# What each type of event says, and whether it is about something: an activity, a check-in, a goal.
BODIES: Mapping[str, Schema] = {
    READING: ReadingTold(),
    QUIZ: QuizTold(),
    PRACTICE: PracticeTold(),
    AIM: AimIn(),
    FLARE: FlareIn(),
    LADDER: LadderIn(),
    GOAL: GoalIn(),
    ATTAINMENT: AttainmentIn(),
}
ABOUT_NOTHING = frozenset({GOAL})


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(_finite(inner) for inner in value.values())
    return all(_finite(inner) for inner in value) if isinstance(value, list) else True


class EventIn(Schema):
    """One event. ``id`` is made on the device; ``occurred_at`` is by the device's clock."""

    id = fields.UUID(required=True)
    type = fields.String(required=True, validate=validate.OneOf(tuple(BODIES)))
    occurred_at = fields.AwareDateTime(required=True)
    about = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "the activity or check-in, or the goal or the event that set it"},
    )
    body = fields.Dict(required=True)

    @ma.pre_load
    def refuse_unstorable(self, data: Any, **kwargs: Any) -> Any:
        if not _finite(data):
            raise ValidationError({"body": ["Give numbers that are numbers."]})
        return data

    @ma.validates_schema
    def has_its_object(self, event: dict[str, Any], **kwargs: Any) -> None:
        if (event.get("about") is None) is not (event.get("type") in ABOUT_NOTHING):
            told = "Leave this out." if event.get("about") else "Say what this is about."
            raise ValidationError({"about": [told]})


def _is_moveable(at: datetime) -> None:
    if at.year not in YEARS:
        raise ValidationError(f"Give a time in the years {YEARS[0]} to {YEARS[-1]}.")


class BatchIn(ma.Schema):
    """Events of one device, in any order. ``sent_at`` is what its clock shows while sending.

    Each event is read by itself, so that a broken one does not keep back the others.
    """

    class Meta:
        unknown = ma.RAISE

    sent_at = fields.AwareDateTime(required=True, validate=_is_moveable)
    device = fields.String(
        required=True,
        validate=[validate.Length(1, 100), validate.Regexp(r"^[\x20-\x7e]+$")],
        metadata={"description": "what tells this device from the person's others"},
    )
    events = fields.List(
        fields.Raw(allow_none=True, metadata={"type": "object"}),
        required=True,
        validate=validate.Length(1, MOST_EVENTS),
    )


class EventResult(Schema):
    """What became of one event; ``kept`` tells whether it may be forgotten on the device.

    Of a duplicate, ``first`` is the outcome when it came first. ``told`` answers a check-in.
    """

    id = fields.UUID(required=True, allow_none=True)
    outcome = fields.String(required=True, validate=validate.OneOf((ACCEPTED, DUPLICATE, REJECTED)))
    first = fields.String(required=True, allow_none=True)
    kept = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)
    told = fields.Nested(OutcomeOut, required=True, allow_none=True)


class BatchOut(Schema):
    """What became of each event, in the order in which they were sent."""

    received_at = fields.DateTime(required=True)
    clock_off_seconds = fields.Integer(
        required=True, metadata={"description": "what was added to the device's instants"}
    )
    results = fields.List(fields.Nested(EventResult), required=True)
