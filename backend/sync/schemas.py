"""What the app's devices send and receive."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, fields, validate

from backend.checkins.schemas import MOST_ANSWERS, CheckInOut, OutcomeOut
from backend.core.schema import Schema
from backend.programme.graded_schemas import (
    AimIn,
    AttainmentIn,
    FlareIn,
    GoalIn,
    GoalOut,
    LadderIn,
)
from backend.programme.schemas import (
    ActivityOut,
    PlanOut,
    PositionIn,
    PracticeIn,
    QuizIn,
    WithStanding,
)
from backend.sync.models import ACCEPTED, DUPLICATE, REJECTED

MOST_EVENTS = 200
# Of a clock that never was set, too; beyond, instants cannot be moved.
YEARS = range(1970, 2200)
READING, POSITION, QUIZ, PRACTICE = "reading", "position", "quiz", "practice"
AIM, FLARE, LADDER = "aim", "flare", "ladder"
ENTRY, ENTRY_REMOVED = "entry", "entry-removed"
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


class EntryTold(Schema):
    """An entry of a diary as it was written or changed; ``entry`` is its id, made on the device."""

    entry = fields.UUID(required=True)
    values = fields.Dict(keys=fields.String(validate=validate.Length(1, 50)), required=True)
    shared = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class EntryRemovedTold(Schema):
    """An entry of a diary was removed."""

    entry = fields.UUID(required=True)


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
    POSITION: PositionIn(),
    QUIZ: QuizTold(),
    PRACTICE: PracticeTold(),
    AIM: AimIn(),
    FLARE: FlareIn(),
    LADDER: LadderIn(),
    ENTRY: EntryTold(),
    ENTRY_REMOVED: EntryRemovedTold(),
    GOAL: GoalIn(),
    ATTAINMENT: AttainmentIn(),
    CHECK_IN: AnswersTold(),
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


class SinceIn(Schema):
    """Where a device stands."""

    since = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata={"description": "the cursor of the last answer; none for everything"},
    )


class BundleName(Schema):
    """A bundle of content: its SHA-256, and where it lies."""

    sha256 = fields.String(required=True)
    url = fields.String(required=True)


class CheckInPart(CheckInOut):
    """A check-in; while it can still be answered, the questionnaire to put."""

    bundle = fields.Nested(BundleName, required=True, allow_none=True)


class CheckInsPart(Schema):
    """Check-ins of the last 92 days and to come, newest first."""

    items = fields.List(fields.Nested(CheckInPart), required=True)


class ActivityPart(ActivityOut, WithStanding):
    """A module of the plan, where it stands today, and its content."""

    grade_began_at = fields.DateTime(
        required=True, allow_none=True, attribute="activity.grade_began_at"
    )
    bundle = fields.Nested(BundleName, required=True)


class PlanDetail(PlanOut):
    """The plan with where each of its modules stands."""

    activities = fields.List(fields.Nested(ActivityPart), required=True)


class PlanPart(Schema):
    """The plan, once there is one."""

    plan = fields.Nested(PlanDetail, required=True, allow_none=True)


class GoalPart(GoalOut):
    """A goal, and the event that set it."""

    event_id = fields.UUID(required=True)


class GoalsPart(Schema):
    """The goal that counts, and those before it."""

    goal = fields.Nested(GoalPart, required=True, allow_none=True)
    earlier = fields.List(fields.Nested(GoalPart), required=True)


class PracticeDay(Schema):
    """One day's practice of a module."""

    activity_id = fields.UUID(required=True)
    grade = fields.Integer(required=True)
    day = fields.Date(required=True)
    done = fields.Boolean(required=True)
    confidence = fields.Integer(required=True, allow_none=True)
    values = fields.Dict(required=True, attribute="said")


class PositionOut(Schema):
    """Where to go on with a module's text."""

    activity_id = fields.UUID(required=True)
    grade = fields.Integer(required=True)
    step = fields.Integer(required=True)
    at = fields.DateTime(required=True)


class PositionsPart(Schema):
    """Where to go on with each module that was read."""

    items = fields.List(fields.Nested(PositionOut), required=True)


class PracticePart(Schema):
    """Practice of the last 92 days, oldest first."""

    items = fields.List(fields.Nested(PracticeDay), required=True)


class QuizTaken(Schema):
    """A quiz that was answered."""

    activity_id = fields.UUID(required=True)
    grade = fields.Integer(required=True)
    percent = fields.Integer(required=True)
    at = fields.DateTime(required=True)


class QuizzesPart(Schema):
    """Quizzes of the last 92 days, oldest first."""

    items = fields.List(fields.Nested(QuizTaken), required=True)


class Parts(Schema):
    """What a device holds. A part that is not null takes the place of the whole part there."""

    check_ins = fields.Nested(CheckInsPart, required=True, allow_none=True)
    plan = fields.Nested(PlanPart, required=True, allow_none=True)
    goals = fields.Nested(GoalsPart, required=True, allow_none=True)
    practice = fields.Nested(PracticePart, required=True, allow_none=True)
    quizzes = fields.Nested(QuizzesPart, required=True, allow_none=True)
    positions = fields.Nested(PositionsPart, required=True, allow_none=True)


PARTS = tuple(Parts().fields)
OF_A_CHECK_IN = tuple(CheckInOut().fields)


class ChangesOut(Schema):
    """What changed; parts that are null did not. Ask with the cursor next time."""

    cursor = fields.String(required=True)
    # Made ready when it was compared.
    changed = fields.Nested(Parts, required=True)


class BundleOut(Schema):
    """A module's version or a questionnaire (FHIR R4) in one language, with all it needs.

    A module's ``content`` has every grade: steps, quiz with its right answers and what to say to
    each, practice, and the addresses of its pictures.
    """

    kind = fields.String(required=True, validate=validate.OneOf(("module", "questionnaire")))
    language = fields.String(required=True)
    content = fields.Dict(required=True)
