"""What the programme sends and receives."""

from __future__ import annotations

from marshmallow import fields, validate

from backend.core.schema import Schema, short_text
from backend.programme.graded_schemas import LadderOut, PacingOut, QuotaOut, SleepOut
from backend.programme.modules import STEP_KINDS, VALUE_KINDS
from backend.programme.plan_changes import KINDS, REASONS


class ActivityOut(Schema):
    """One assigned module (FHIR CarePlan.activity)."""

    id = fields.UUID(required=True, attribute="activity.id")
    module_id = fields.String(required=True, attribute="activity.module_id")
    module_version = fields.String(required=True, attribute="activity.module_version")
    title = fields.String(required=True)
    domain = fields.String(required=True, attribute="module.domain")
    status = fields.String(required=True, attribute="activity.status")
    grade = fields.Integer(required=True, attribute="activity.grade")
    grades = fields.Integer(required=True, attribute="module.last_grade")
    locked = fields.Boolean(required=True)
    optional = fields.Boolean(
        required=True,
        attribute="activity.optional",
        metadata={"description": "the plan is lighter now; this part is the patient's choice"},
    )
    waits_for_practice = fields.Boolean(
        required=True,
        metadata={"description": "the practice has a word to say before this module begins"},
    )


class PlanOut(Schema):
    """A care plan (FHIR CarePlan)."""

    id = fields.UUID(required=True, attribute="plan.id")
    status = fields.String(required=True, attribute="plan.status")
    weeks = fields.Integer(required=True, attribute="plan.weeks")
    pathway_version = fields.String(required=True, attribute="plan.pathway_version")
    created_at = fields.DateTime(required=True, attribute="plan.created_at")
    activities = fields.List(fields.Nested(ActivityOut), required=True)


class ChangeOut(Schema):
    """What has changed in the plan, as the patient was told; ``sentence`` is in ``language``."""

    at = fields.DateTime(required=True)
    sentence = fields.String(required=True)
    language = fields.String(required=True)
    activity_id = fields.UUID(required=True, allow_none=True)


class MyPlanOut(PlanOut):
    """The patient's own plan, with its newest changes, newest first."""

    changes = fields.List(fields.Nested(ChangeOut), required=True)


class ActivityForProviders(ActivityOut):
    """One assigned module with the factor and the reason that earned it."""

    factor = fields.String(allow_none=True, attribute="activity.factor")
    reason = fields.String(required=True, attribute="activity.reason")
    progress = fields.String(allow_none=True, dump_default=None, attribute="standing.for_provider")
    waits_for = fields.String(allow_none=True, dump_default=None, attribute="waits.text")


class ToAnswer(Schema):
    """A question to the provider, and the modules that wait for the answer."""

    code = fields.String(required=True)
    question = fields.String(required=True)
    modules = fields.List(fields.String(), required=True)


class PlanForProviders(PlanOut):
    """A care plan with its reasons and what it means for the practice."""

    activities = fields.List(fields.Nested(ActivityForProviders), required=True)

    support = fields.String(required=True, attribute="plan.support")
    notes = fields.List(fields.String(), required=True, attribute="plan.notes")
    to_answer = fields.List(
        fields.Nested(ToAnswer),
        required=True,
        metadata={"description": "what to answer before modules can begin"},
    )


class PlanChangeIn(Schema):
    """A change of the plan by a provider, with a coded reason. ``place`` counts from 1."""

    change = fields.String(required=True, validate=validate.OneOf(sorted(KINDS)))
    module_id = fields.String(required=True, validate=validate.Regexp(r"^M\d\d$"))
    reason = fields.String(required=True, validate=validate.OneOf(sorted(REASONS)))
    note = short_text(2000, load_default=None)
    place = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, 50))


class StepOut(Schema):
    """A minute or two of the text; pictures are addresses on this server."""

    kind = fields.String(required=True, validate=validate.OneOf(STEP_KINDS))
    title = fields.String(required=True)
    markdown = fields.String(required=True)
    html = fields.String(required=True)


class QuizItemOut(Schema):
    """A question and its options."""

    id = fields.String(required=True)
    question = fields.String(required=True)
    options = fields.Pluck("QuizOptionOut", "text", many=True, required=True)


class QuizOptionOut(Schema):
    """One answer to choose."""

    text = fields.String(required=True)


class PracticeValueOut(Schema):
    """Something to note with one's practice."""

    id = fields.String(required=True)
    label = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(VALUE_KINDS))
    unit = fields.String(allow_none=True)
    most = fields.Integer(allow_none=True)


class PracticeTask(Schema):
    """What to practise."""

    task = fields.String(required=True)
    planned_days = fields.Integer(required=True)
    confidence_question = fields.String(required=True)
    values = fields.List(fields.Nested(PracticeValueOut), required=True)


class WithStanding(Schema):
    """Where an activity stands today, by the engine that it is practised with."""

    quota = fields.Nested(QuotaOut, allow_none=True, dump_default=None, attribute="standing.quota")
    ladder = fields.Nested(
        LadderOut, allow_none=True, dump_default=None, attribute="standing.rungs"
    )
    pacing = fields.Nested(
        PacingOut, allow_none=True, dump_default=None, attribute="standing.paced"
    )
    sleep = fields.Nested(SleepOut, allow_none=True, dump_default=None, attribute="standing.slept")


class ModuleTextOut(ActivityOut, WithStanding):
    """The present grade's text, quiz and practice."""

    grade_title = fields.String(required=True, attribute="grade.title")
    minutes = fields.Integer(required=True, attribute="grade.minutes")
    objectives = fields.List(fields.String(), required=True, attribute="grade.objectives")
    language = fields.String(required=True, attribute="grade.language")
    steps = fields.List(fields.Nested(StepOut), required=True, attribute="grade.steps")
    quiz = fields.List(fields.Nested(QuizItemOut), required=True, attribute="grade.quiz")
    practice = fields.Nested(PracticeTask, required=True, attribute="grade.practice")
    grade = fields.Integer(required=True, attribute="activity.grade")
    position = fields.Integer(
        allow_none=True,
        required=True,
        metadata={"description": "the step to go on with, counted from 1, where one was kept"},
    )


class PositionIn(Schema):
    """Where to go on: a step of a grade's text, counted from 1."""

    grade = fields.Integer(required=True, strict=True)
    step = fields.Integer(required=True, strict=True)


class QuizIn(Schema):
    """The chosen option of each question, counted from 0."""

    answers = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 20)),
        values=fields.Integer(strict=True, validate=validate.Range(0, 20)),
        required=True,
    )


class QuizItemResult(Schema):
    """Whether an answer was right, and what there is to say to it."""

    id = fields.String(required=True)
    right = fields.Boolean(required=True)
    feedback = fields.String(required=True)


class QuizOut(Schema):
    """How the quiz went."""

    percent = fields.Integer(required=True)
    passed = fields.Boolean(required=True)
    items = fields.List(fields.Nested(QuizItemResult), required=True)


class PracticeIn(Schema):
    """One day's practice. ``confidence`` 0-10 in this skill."""

    day = fields.Date(required=True)
    done = fields.Boolean(required=True, truthy={True}, falsy={False})
    confidence = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 10)
    )
    values = fields.Dict(keys=fields.String(validate=validate.Length(1, 50)), load_default=dict)
    pain_after = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(0, 10),
        metadata={"description": "pain after it, looked at for advice and never for a quota"},
    )
    pain_lasted = fields.Boolean(
        load_default=None,
        allow_none=True,
        truthy={True},
        falsy={False},
        metadata={"description": "whether that pain lasted more than a day"},
    )
