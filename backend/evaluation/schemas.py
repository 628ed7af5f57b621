"""What crosses HTTP about the process evaluation."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from marshmallow import fields, validate

from backend.core.schema import Schema, short_text
from backend.evaluation import periods
from backend.evaluation.indicators import Figure, Period
from backend.evaluation.report import PracticeReport
from backend.evaluation.vocabulary import (
    CONTEXTS,
    EVENTS,
    REFERRAL_STEPS,
    REFUSALS,
    RELATEDNESS,
    SERIOUS_BECAUSE,
    TARGETS,
)

# Nobody consulted before; a slip of the pen such as year 26 is told.
_SANE = validate.Range(min=date(2000, 1, 1), max=date(2200, 1, 1))
MOST_CONSULTERS = 1_000_000
_PERCENT = {"type": ["number", "null"]}


class ConsultersIn(Schema):
    """People who consulted with low back pain in a month, and those of them who were eligible."""

    month = fields.Date(
        required=True, validate=_SANE, metadata={"description": "the first day of the month"}
    )
    consulters = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, MOST_CONSULTERS)
    )
    eligible = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, MOST_CONSULTERS)
    )


class ConsultersOut(Schema):
    """What a practice told of a month; told again, the newest counts."""

    month = fields.Date(required=True)
    consulters = fields.Integer(required=True)
    eligible = fields.Integer(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class ConsultersList(Schema):
    """The newest word on each month, newest month first."""

    items = fields.List(fields.Nested(ConsultersOut), required=True)


class RefusalIn(Schema):
    """Somebody eligible was asked and said no."""

    reason = fields.String(required=True, validate=validate.OneOf(REFUSALS))
    day = fields.Date(load_default=None, validate=_SANE)


class ContextIn(Schema):
    """What goes on in the practice, from a day on. No patient is named here."""

    code = fields.String(required=True, validate=validate.OneOf(CONTEXTS))
    day = fields.Date(required=True, validate=_SANE)
    until = fields.Date(
        load_default=None,
        allow_none=True,
        validate=_SANE,
        metadata={"description": "its last day, where it is over"},
    )
    note = short_text(500, required=True)


class ContextOut(Schema):
    """What went on in the practice."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    day = fields.Date(required=True)
    until = fields.Date(required=True, allow_none=True)
    note = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class ContextList(Schema):
    """What went on, newest first."""

    items = fields.List(fields.Nested(ContextOut), required=True)


class ReferralIn(Schema):
    """Where a patient was referred to, and on which day (today, unless given)."""

    target = fields.String(required=True, validate=validate.OneOf(TARGETS))
    day = fields.Date(load_default=None, validate=_SANE)


class ReferralStepIn(Schema):
    """What came of a referral, and on which day (today, unless given)."""

    step = fields.String(required=True, validate=validate.OneOf(REFERRAL_STEPS))
    day = fields.Date(load_default=None, validate=_SANE)


class ReferralStepOut(Schema):
    """What came of a referral."""

    step = fields.String(required=True)
    day = fields.Date(required=True)


class ReferralOut(Schema):
    """A referral and what came of it, oldest first."""

    id = fields.UUID(attribute="referral.id", required=True)
    target = fields.String(attribute="referral.target", required=True)
    day = fields.Date(attribute="referral.day", required=True)
    steps = fields.List(fields.Nested(ReferralStepOut), required=True)


class ReferralList(Schema):
    """A patient's referrals, newest first."""

    items = fields.List(fields.Nested(ReferralOut), required=True)


class AdverseEventIn(Schema):
    """Harm that came to a patient, by the programme or not; ``serious_because`` if serious."""

    kind = fields.String(required=True, validate=validate.OneOf(EVENTS))
    day = fields.Date(load_default=None, validate=_SANE)
    serious_because = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(SERIOUS_BECAUSE)
    )
    relatedness = fields.String(required=True, validate=validate.OneOf(RELATEDNESS))
    note = short_text(2000, load_default=None, allow_none=True)
    corrects = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "the record that this one replaces"},
    )


class AdverseEventOut(Schema):
    """Harm that came to a patient."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    day = fields.Date(required=True)
    serious_because = fields.String(required=True, allow_none=True)
    relatedness = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)
    corrects = fields.UUID(required=True, allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)


class AdverseEventList(Schema):
    """Harm, newest first, without what was corrected."""

    items = fields.List(fields.Nested(AdverseEventOut), required=True)


class EvaluationQuery(Schema):
    """Days of the practice's own calendar, both included; three months to today unless said."""

    since = fields.Date(load_default=None, data_key="from", validate=_SANE)
    last = fields.Date(load_default=None, data_key="to", validate=_SANE)
    by = fields.String(load_default=periods.WHOLE, validate=validate.OneOf(periods.WAYS))


class FigureOut(Schema):
    """One figure: a share has n, N, percent (null where N is 0) and its 95 % interval; a count has
    n; a mean or quantile has its value over N."""

    part = fields.String(required=True, metadata={"description": "all, or a part such as tier:1"})
    measure = fields.String(required=True)
    numerator = fields.Integer(required=True, allow_none=True)
    denominator = fields.Integer(required=True, allow_none=True)
    percent = fields.Float(required=True, allow_none=True)
    percent_low = fields.Method("_low", required=True, metadata=_PERCENT)
    percent_high = fields.Method("_high", required=True, metadata=_PERCENT)
    value = fields.Float(required=True, allow_none=True)

    def _low(self, figure: Figure) -> float | None:
        return None if figure.interval is None else float(figure.interval[0])

    def _high(self, figure: Figure) -> float | None:
        return None if figure.interval is None else float(figure.interval[1])


class PeriodOut(Schema):
    """The figures of one period, the whole first."""

    since = fields.Date(required=True, data_key="from")
    last = fields.Date(required=True, data_key="to")
    figures = fields.List(fields.Nested(FigureOut), required=True)


class IndicatorOut(Schema):
    """An indicator: its definition in the version that was counted, and its figures by period."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    title = fields.String(required=True)
    numerator = fields.String(required=True)
    denominator = fields.String(required=True)
    unit = fields.String(required=True)
    source = fields.String(required=True)
    does_not_tell = fields.String(required=True)
    periods = fields.List(fields.Nested(PeriodOut), required=True)


class EvaluationOut(Schema):
    """The process evaluation of a practice; nothing is kept back inside it."""

    practice_id = fields.UUID(required=True, attribute="practice.id")
    time_zone = fields.String(required=True, attribute="practice.time_zone")
    by = fields.String(required=True, attribute="report.by")
    as_of = fields.AwareDateTime(required=True, attribute="report.as_of")
    indicators = fields.Function(
        lambda found: IndicatorOut(many=True).dump(_by_indicator(found)),
        required=True,
        metadata={"type": "array", "items": {"type": "object"}},
    )
    context = fields.List(fields.Nested(ContextOut), required=True)


def _by_indicator(found: PracticeReport) -> list[dict[str, Any]]:
    report = found.report
    return [
        {
            **vars(indicator),
            "periods": [
                {**_days(period), "figures": report.of(indicator.id, number)}
                for number, period in enumerate(report.periods)
            ],
        }
        for indicator in report.indicators.values()
    ]


def _days(period: Period) -> dict[str, date]:
    return {"since": period.since, "last": period.until - timedelta(days=1)}
