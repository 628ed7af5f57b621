"""What the patient's day sends."""

from __future__ import annotations

from marshmallow import fields, validate

from backend.checkins.schemas import NowOut
from backend.companion.today import KINDS
from backend.core.schema import Schema


class ModuleInWork(Schema):
    """Where a person is in a module. ``language`` is of the grade's text."""

    id = fields.String(required=True)
    grade = fields.Integer(required=True)
    grades = fields.Integer(required=True)
    grade_title = fields.String(required=True)
    language = fields.String(required=True)
    steps = fields.Integer(required=True)
    optional = fields.Boolean(
        required=True,
        metadata={"description": "the plan is lighter now; this part is the patient's choice"},
    )
    begun = fields.Boolean(
        required=True, metadata={"description": "opened or worked on in the last four weeks"}
    )
    offer = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "after two sessions with strong pain for more than a day each"},
    )
    today = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "the quota or the movement of today, in a sentence"},
    )
    position = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "the step to go on with, counted from 1, where one was kept"},
    )
    go_on = fields.String(required=True, allow_none=True)


class PracticePlanned(Schema):
    """What to practise; ``days_done`` of the last seven."""

    task = fields.String(required=True)
    language = fields.String(required=True)
    planned_days = fields.Integer(required=True)
    days_done = fields.Integer(required=True)


class TaskOut(Schema):
    """One thing to do now, and why. ``id`` is the check-in's or the activity's."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    id = fields.UUID(required=True, allow_none=True)
    title = fields.String(required=True)
    title_language = fields.String(required=True)
    why = fields.String(required=True)
    minutes = fields.Integer(required=True, allow_none=True)
    how_long = fields.String(required=True, allow_none=True)
    closes_at = fields.DateTime(required=True, allow_none=True)
    closes = fields.String(required=True, allow_none=True)
    safety = fields.Nested(NowOut, required=True, allow_none=True)
    module = fields.Nested(ModuleInWork, required=True, allow_none=True)
    practice = fields.Nested(PracticePlanned, required=True, allow_none=True)


class DaysOut(Schema):
    """Days with something done: a check-in, reading, a quiz or practice."""

    last_7 = fields.Integer(required=True)
    last_28 = fields.Integer(required=True)
    sentence = fields.String(required=True)


class NextCheckIn(Schema):
    """When the next check-in opens; ``when`` is in words, in the person's own time zone."""

    opens_at = fields.DateTime(required=True)
    when = fields.String(required=True)
    sentence = fields.String(required=True)


class TrendSentence(Schema):
    """How things are going."""

    sentence = fields.String(required=True)


class ProgressOut(Schema):
    """How far the plan is done; ``week`` is at most ``weeks``."""

    modules_done = fields.Integer(required=True)
    modules = fields.Integer(required=True)
    week = fields.Integer(required=True)
    weeks = fields.Integer(required=True)
    sentence = fields.String(required=True)


class TodayOut(Schema):
    """A patient's day. Everything in words is in ``language``, unless marked otherwise.

    ``minutes`` is the sum of what is to do, as far as it is known. ``days``, ``next_check_in``,
    ``trend`` and ``progress`` are null for somebody who is not in the programme.
    """

    enrolment_status = fields.String(required=True)
    language = fields.String(required=True)
    message = fields.String(required=True, allow_none=True)
    reminder = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "asked back to the plan of late, and not there since"},
    )
    to_do = fields.List(fields.Nested(TaskOut), required=True)
    minutes = fields.Integer(required=True)
    how_long = fields.String(required=True, allow_none=True)
    days = fields.Nested(DaysOut, required=True, allow_none=True)
    next_check_in = fields.Nested(NextCheckIn, required=True, allow_none=True)
    trend = fields.Nested(TrendSentence, required=True, allow_none=True)
    progress = fields.Nested(ProgressOut, required=True, allow_none=True)
    statement = fields.String(required=True)
