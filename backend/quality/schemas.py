"""What crosses HTTP about training, competence and consultations."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from backend.core.schema import Schema, short_text
from backend.quality.fidelity import SCORES
from backend.quality.learning import RATED, Portrait, TopicView
from backend.quality.topics import Topic
from backend.risk.pathway import GROUPS


class OptionOut(Schema):
    """One possible answer; which is right is told after answering."""

    text = fields.String(required=True)


class QuestionOut(Schema):
    """One question of a quiz."""

    id = fields.String(attribute="item.id", required=True)
    question = fields.String(attribute="item.question", required=True)
    options = fields.List(fields.Nested(OptionOut), attribute="item.options", required=True)
    safety = fields.Boolean(
        required=True, metadata={"description": "about danger: must be right to pass"}
    )


class CaseOptionOut(OptionOut):
    """One possible answer to a case, with what there is to say to it."""

    right = fields.Boolean(required=True)
    feedback = fields.String(required=True)


class CaseOut(Schema):
    """A case to think over; it does not count."""

    story = fields.String(required=True)
    question = fields.String(attribute="item.question", required=True)
    options = fields.List(fields.Nested(CaseOptionOut), attribute="item.options", required=True)


class TopicStep(Schema):
    """A part of a topic's text."""

    title = fields.String(required=True)
    html = fields.String(required=True)
    markdown = fields.String(required=True)


class RolePlayOut(Schema):
    """What is practised with others, and what a rater looks for."""

    task = fields.String(required=True)
    rated = fields.List(fields.String(), required=True)


class TopicOut(Schema):
    """A topic and how far its reader has come: percent 0-100, null before the first try."""

    id = fields.String(attribute="topic.id", required=True)
    version = fields.String(attribute="topic.version", required=True)
    title = fields.String(attribute="topic.title", required=True)
    minutes = fields.Integer(attribute="topic.minutes", required=True)
    objectives = fields.List(fields.String(), attribute="topic.objectives", required=True)
    has_roleplay = fields.Function(
        lambda view: _topic(view).roleplay is not None, metadata={"type": "boolean"}
    )
    quiz_percent = fields.Float(allow_none=True, required=True)
    needed_percent = fields.Integer(required=True)
    roleplay_percent = fields.Float(allow_none=True, required=True)


class TopicsOut(Schema):
    """All topics, in order."""

    items = fields.List(fields.Nested(TopicOut), required=True)


class TopicText(TopicOut):
    """A topic with its text, its quiz and its cases."""

    steps = fields.List(fields.Nested(TopicStep), attribute="topic.steps", required=True)
    quiz = fields.List(fields.Nested(QuestionOut), attribute="topic.quiz", required=True)
    cases = fields.List(fields.Nested(CaseOut), attribute="topic.cases", required=True)
    roleplay = fields.Nested(
        RolePlayOut, attribute="topic.roleplay", allow_none=True, required=True
    )
    sources = fields.List(fields.String(), attribute="topic.sources", required=True)


class TrainingQuizIn(Schema):
    """Answers by question: the place of the option, from 0."""

    answers = fields.Dict(keys=fields.String(), values=fields.Integer(strict=True), required=True)


class MarkedItem(Schema):
    """Whether an answer was right, and what there is to say to it."""

    id = fields.String(required=True)
    right = fields.Boolean(required=True)
    feedback = fields.String(required=True)


class TrainingQuizOut(Schema):
    """A marked quiz. ``safety_percent`` is of the questions on danger alone."""

    percent = fields.Float(required=True)
    safety_percent = fields.Float(allow_none=True, required=True)
    passed = fields.Boolean(required=True)
    items = fields.List(fields.Nested(MarkedItem), required=True)


class TrainingIn(Schema):
    """Something a provider did, recorded by who saw it."""

    kind = fields.String(required=True, validate=validate.OneOf(RATED))
    topic = fields.String(load_default=None, validate=validate.Length(1, 10))
    percent = fields.Integer(strict=True, load_default=None, validate=validate.Range(0, 100))


class MentorIn(Schema):
    """Who mentors a provider; null for nobody."""

    mentor_id = fields.UUID(required=True, allow_none=True)


class CompetenceIn(Schema):
    """The tier of care (the risk group of its patients) for which somebody is found competent."""

    tier = fields.String(required=True, validate=validate.OneOf(GROUPS))
    note = short_text(2000, load_default=None)


class TierOut(Schema):
    """Where a provider stands for a tier: not_started, in_training, competent or lapsed."""

    tier = fields.String(required=True)
    level = fields.String(attribute="competence.level", required=True)
    valid_until = fields.AwareDateTime(attribute="competence.until", allow_none=True, required=True)
    lapsed_because = fields.List(fields.String(), attribute="competence.reasons", required=True)
    lacking = fields.List(fields.String(), required=True)
    next_booster = fields.AwareDateTime(allow_none=True, required=True)


class EvidenceOut(Schema):
    """Something a provider showed."""

    kind = fields.String(required=True)
    topic = fields.String(allow_none=True, required=True)
    percent = fields.Float(allow_none=True, required=True)
    safety_percent = fields.Float(allow_none=True, required=True)
    at = fields.AwareDateTime(required=True)


class CompetenceOut(Schema):
    """A provider's competence in every tier, and on what it rests."""

    provider_id = fields.UUID(attribute="provider.id", required=True)
    provider = fields.String(attribute="provider.name", required=True)
    mentor = fields.Function(lambda found: _mentor(found), metadata={"type": ["string", "null"]})
    rule_version = fields.String(required=True)
    tiers = fields.List(fields.Nested(TierOut), required=True)
    evidence = fields.List(fields.Nested(EvidenceOut), required=True)


class ConsultationIn(Schema):
    """When a consultation was held; now, where it is not said."""

    held_at = fields.AwareDateTime(load_default=None)


class ConsultationRatingIn(Schema):
    """A filled-in checklist: each item 0, 1 or 2, or null where it did not apply.

    ``skill`` and ``alliance`` (0-6) are kept apart from how far the programme was followed.
    """

    scores = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(strict=True, allow_none=True, validate=validate.OneOf(SCORES)),
        required=True,
    )
    prohibited = fields.List(fields.String(), load_default=list, validate=validate.Length(max=20))
    skill = fields.Integer(strict=True, load_default=None, validate=validate.Range(0, 6))
    alliance = fields.Integer(strict=True, load_default=None, validate=validate.Range(0, 6))


class ConsultationRatingOut(Schema):
    """A rating: ``fidelity`` 0-100 with its band, or null where too few items applied."""

    source = fields.String(required=True)
    checklist_version = fields.String(required=True)
    scores = fields.Dict(required=True)
    prohibited = fields.List(fields.String(), required=True)
    fidelity = fields.Float(allow_none=True, required=True)
    band = fields.String(allow_none=True, required=True)
    skill = fields.Integer(allow_none=True, required=True)
    alliance = fields.Integer(allow_none=True, required=True)
    at = fields.AwareDateTime(required=True)


class ConsultationOut(Schema):
    """A consultation. Its ratings are shown to those who have rated it."""

    id = fields.UUID(attribute="consultation.id", required=True)
    patient_id = fields.UUID(attribute="consultation.patient_id", required=True)
    provider_id = fields.UUID(attribute="consultation.provider_id", required=True)
    provider = fields.String(required=True)
    held_at = fields.AwareDateTime(attribute="consultation.held_at", required=True)
    risk_group = fields.String(attribute="consultation.risk_group", allow_none=True, required=True)
    stratum = fields.String(attribute="consultation.stratum", required=True)
    ratings = fields.List(fields.Nested(ConsultationRatingOut), required=True)


class ConsultationsOut(Schema):
    """A patient's consultations, newest first."""

    items = fields.List(fields.Nested(ConsultationOut), required=True)


class ChecklistItemOut(Schema):
    """One thing to do in a consultation, or to leave undone."""

    id = fields.String(required=True)
    part = fields.String(required=True)
    text = fields.String(required=True)


class ChecklistOut(Schema):
    """What a consultation is held against."""

    version = fields.String(required=True)
    items = fields.List(fields.Nested(ChecklistItemOut), required=True)
    prohibited = fields.List(fields.Nested(ChecklistItemOut), required=True)
    safety_item = fields.String(required=True)


class PeriodQuery(Schema):
    """From a day to before another, UTC; the last 90 days where it is not said."""

    since = fields.Date(load_default=None, data_key="from")
    until = fields.Date(load_default=None)


class ProviderFidelityOut(Schema):
    """One provider: what observers saw, and what they gave themselves."""

    provider_id = fields.UUID(required=True)
    provider = fields.String(required=True)
    observed = fields.Integer(required=True)
    high = fields.Integer(required=True)
    mean = fields.Float(allow_none=True, required=True)
    own = fields.Integer(required=True)
    own_mean = fields.Float(allow_none=True, required=True)
    gap = fields.Float(allow_none=True, required=True)


class DueOut(Schema):
    """Consultations of high risk by provider, early or late in the programme."""

    provider = fields.String(required=True)
    stratum = fields.String(required=True)
    held = fields.Integer(required=True)
    observed = fields.Integer(required=True)
    percent = fields.Float(allow_none=True, required=True)
    observe_next = fields.Boolean(required=True)


class AgreementOut(Schema):
    """How far two raters agree: item scores compared, percent alike, linearly weighted kappa."""

    items = fields.Integer(required=True)
    percent = fields.Float(allow_none=True, required=True)
    kappa = fields.Float(allow_none=True, required=True)


class FidelityOut(Schema):
    """How far the practice follows the programme, and what to observe next."""

    checklist_version = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    providers = fields.List(fields.Nested(ProviderFidelityOut), required=True)
    sampling = fields.List(fields.Nested(DueOut), required=True)
    rate_next_twice = fields.Boolean(required=True)
    agreement = fields.Nested(AgreementOut, required=True)
    recalibrate = fields.Boolean(required=True)


class AnsweredOut(Schema):
    """Reminders of one kind whose 72 hours are over, and how many were answered in time."""

    number = fields.Integer(required=True)
    template = fields.String(required=True)
    sent = fields.Integer(required=True)
    within_24_hours = fields.Integer(required=True)
    within_72_hours = fields.Integer(required=True)


class TextsOut(Schema):
    """A practice's texts of a period, by what became of them."""

    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    sent = fields.Integer(required=True)
    delivered = fields.Integer(required=True)
    on_the_way = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    in_doubt = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    not_sent = fields.Integer(required=True)
    failed_by_code = fields.Dict(
        keys=fields.Integer(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "the carrier's error code: how many"},
    )
    answered = fields.List(fields.Nested(AnsweredOut), required=True)
    replies = fields.Integer(required=True)
    numbers = fields.Integer(required=True)
    stopped = fields.Integer(required=True)
    segments = fields.Integer(required=True)
    cost = fields.Float(allow_none=True, required=True)
    currency = fields.String(required=True)


class CareLeadIn(Schema):
    """Who is to lead; in an emergency also somebody not found competent, with the reason."""

    provider_id = fields.UUID(required=True)
    emergency_reason = short_text(500, load_default=None)


class CareLeadOut(Schema):
    """Who leads a patient's care, and since when; null before anybody does."""

    provider_id = fields.UUID(allow_none=True, required=True)
    since = fields.AwareDateTime(allow_none=True, required=True)
    emergency_reason = fields.String(allow_none=True, required=True)


def _topic(view: Any) -> Topic:
    found: TopicView = view
    return found.topic


def _mentor(view: Any) -> str | None:
    found: Portrait = view
    return found.mentor.name if found.mentor else None


class AlertBudgetQuery(Schema):
    """How far back."""

    weeks = fields.Integer(load_default=8, validate=validate.Range(1, 26))


class RuleLoadOut(Schema):
    """What one rule added."""

    rule = fields.String(required=True)
    title = fields.String(required=True)
    alerts = fields.Integer(required=True)
    per_100 = fields.Float(required=True, allow_none=True)


class AlertWeekOut(Schema):
    """A week by the practice's calendar, Monday to Sunday."""

    begins = fields.Date(required=True)
    check_ins = fields.Integer(
        required=True, metadata={"description": "weekly check-ins that were answered"}
    )
    alerts = fields.Integer(required=True)
    per_100 = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "alerts for each 100 check-ins; null without check-ins"},
    )
    is_over = fields.Boolean(required=True)
    is_complete = fields.Boolean(
        required=True, metadata={"description": "false: the present week, not judged yet"}
    )
    rules = fields.List(fields.Nested(RuleLoadOut), required=True)


class AlertBudgetOut(Schema):
    """The budget of alerts and what was used of it, the oldest week first."""

    allowed_per_100 = fields.Integer(required=True)
    review_after_weeks = fields.Integer(
        required=True,
        metadata={"description": "after so many weeks in a row over it, the lead is given a task"},
    )
    weeks_over = fields.Integer(
        required=True, metadata={"description": "complete weeks in a row over it, up to now"}
    )
    weeks = fields.List(fields.Nested(AlertWeekOut), required=True)
    rules = fields.List(
        fields.Nested(RuleLoadOut),
        required=True,
        metadata={"description": "of all complete weeks shown, the one that raised most first"},
    )
