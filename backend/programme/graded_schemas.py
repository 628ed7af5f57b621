"""What graded activities and goals send and receive."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

from backend.core.schema import Schema, short_text

MOST = 1_000_000


def _number(lowest: int, above: bool = False, **kwargs: Any) -> fields.Decimal:
    """A number to two places, up to a million; ``above``: more than ``lowest``."""

    def fits(value: Decimal) -> None:
        if value < lowest or (above and value == lowest) or value > MOST:
            raise ValidationError(
                f"Give a number {'above' if above else 'from'} {lowest} up to {MOST}."
            )

    # Not Range: its ends would stand in the API's document as texts.
    default = {"default": kwargs["load_default"]} if "load_default" in kwargs else {}
    ends = {"exclusiveMinimum" if above else "minimum": lowest, "maximum": MOST}
    return fields.Decimal(
        places=2, validate=fits, metadata={"type": "number", **ends, **default}, **kwargs
    )


def _barring() -> fields.Boolean:
    return fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})


class AimIn(Schema):
    """What to work on, and how much of it: 20 minutes of walking.

    Quotas are multiples of ``rounded_to``; ``planned_days`` are days a week.
    """

    activity = short_text(required=True)
    measure = short_text(40, required=True)
    amount = _number(0, above=True, required=True)
    rounded_to = _number(0, above=True, load_default=1)
    planned_days = fields.Integer(load_default=5, strict=True, validate=validate.Range(3, 7))


class AimOut(Schema):
    """The aim that counts, and since when."""

    activity = fields.String(required=True)
    measure = fields.String(required=True)
    amount = fields.Float(required=True)
    rounded_to = fields.Float(required=True)
    planned_days = fields.Integer(required=True)
    day = fields.Date(required=True)


class FlareIn(Schema):
    """A flare-up: the day it began (today), and for how many days the quota is lower."""

    day = fields.Date(load_default=None, allow_none=True)
    days = fields.Integer(load_default=None, allow_none=True, strict=True)


class WeekOut(Schema):
    """A week that was judged."""

    begins_on = fields.Date(required=True)
    planned = fields.Integer(required=True)
    met = fields.Integer(required=True)
    decision = fields.String(required=True)


class QuotaOut(Schema):
    """Where a person stands in a graded activity today, and why in a sentence.

    ``phase``: ``baseline`` (tries), ``quota`` or ``locked``; none before an aim is chosen.
    """

    aim = fields.Nested(AimOut, allow_none=True)
    phase = fields.String(allow_none=True, dump_default=None, attribute="state.phase")
    today = fields.Float(allow_none=True, dump_default=None, attribute="state.quota")
    tries = fields.Integer(dump_default=0, attribute="state.tries")
    from_two_tries = fields.Boolean(dump_default=False, attribute="state.baseline.partial")
    in_flare = fields.Boolean(dump_default=False, attribute="state.in_flare")
    stuck = fields.Boolean(dump_default=False, attribute="state.stuck")
    reached_goal = fields.Boolean(dump_default=False, attribute="state.reached_goal")
    advice = fields.List(fields.String(), dump_default=list, attribute="state.advice")
    offer = fields.String(
        allow_none=True,
        dump_default=None,
        attribute="offer.english",
        metadata={"description": "after two sessions with strong pain for more than a day each"},
    )
    weeks = fields.List(fields.Nested(WeekOut), dump_default=list, attribute="state.weeks")
    for_patient = fields.String(required=True, attribute="sentence.english")


class RatingIn(Schema):
    """A movement, and how much harm is expected from it (0-100)."""

    item = short_text(required=True)
    rating = fields.Integer(required=True, strict=True, validate=validate.Range(0, 100))


class LadderIn(Schema):
    """Movements and their ratings."""

    items = fields.List(
        fields.Nested(RatingIn), required=True, validate=validate.Length(min=1, max=100)
    )


class ApprovalIn(Schema):
    """The movement that a provider agrees to."""

    item = short_text(required=True)


class RungOut(Schema):
    """A movement of the ladder; ``status`` is to-do, current or done."""

    item = fields.String(required=True)
    first_rating = fields.Integer(required=True)
    rating = fields.Integer(required=True)
    status = fields.String(required=True)
    needs_provider = fields.Boolean(required=True)
    generalised = fields.Boolean(required=True)


class LadderOut(Schema):
    """Where a person stands on the ladder, lowest movement first, and what is next."""

    rungs = fields.List(fields.Nested(RungOut), required=True, attribute="ladder.rungs")
    current = fields.String(allow_none=True, required=True, attribute="ladder.current")
    verdict = fields.String(required=True, attribute="ladder.verdict")
    waits_for_provider = fields.Boolean(required=True, attribute="ladder.waits_for_provider")
    complete = fields.Boolean(required=True, attribute="ladder.complete")
    success = fields.Boolean(required=True, attribute="ladder.success")
    for_patient = fields.String(required=True, attribute="sentence.english")


class BlocksWeekOut(Schema):
    """A week of blocks that was judged."""

    begins_on = fields.Date(required=True)
    planned = fields.Float(required=True)
    kept = fields.Float(required=True)
    decision = fields.String(required=True)


class PacingOut(Schema):
    """Minutes of work and of rest by the clock; none until three uptime tries are done.

    ``swings``: boom-or-bust days of the last seven, where enough days were rated.
    """

    work = fields.Float(allow_none=True, dump_default=None, attribute="state.blocks.work")
    rest = fields.Float(allow_none=True, dump_default=None, attribute="state.blocks.rest")
    tries = fields.Integer(required=True, attribute="state.tries")
    swings = fields.Integer(allow_none=True, required=True, attribute="state.swings")
    success = fields.Boolean(allow_none=True, required=True, attribute="state.success")
    weeks = fields.List(fields.Nested(BlocksWeekOut), required=True, attribute="state.weeks")
    for_patient = fields.String(required=True, attribute="sentence.english")


class SleepOut(Schema):
    """Sleep of the last seven days by the diary; ``efficiency`` is percent of the time in bed.

    ``window``: minutes to spend in bed, only where a provider has enabled it; ``suspended`` while
    the person is very sleepy by day.
    """

    nights = fields.Integer(required=True, attribute="state.nights")
    efficiency = fields.Float(allow_none=True, required=True, attribute="state.efficiency")
    window = fields.Integer(allow_none=True, required=True, attribute="state.window.minutes")
    enabled = fields.Boolean(required=True, attribute="state.enabled")
    suspended = fields.Boolean(required=True, attribute="state.suspended")
    for_patient = fields.String(required=True, attribute="sentence.english")


class RestrictionIn(Schema):
    """Whether time in bed is restricted. To enable it, all that bars it must be ``false``."""

    enabled = fields.Boolean(required=True, truthy={True}, falsy={False})
    bipolar_disorder = _barring()
    epilepsy = _barring()
    untreated_sleep_apnoea = _barring()
    safety_critical_job = _barring()
    pregnancy = _barring()


class GoalIn(Schema):
    """A goal. What is missing is told in words for the person."""

    activity = fields.String(load_default="", validate=validate.Length(max=200))
    amount = _number(-MOST, load_default=None, allow_none=True)
    starts_from = _number(0, load_default=0)
    unit = fields.String(load_default="", validate=validate.Length(max=40))
    times_a_week = fields.Integer(load_default=None, allow_none=True, strict=True)
    by = fields.Date(load_default=None, allow_none=True)
    why = fields.String(load_default="", validate=validate.Length(max=2000))
    confidence = fields.Integer(required=True, strict=True)
    obstacle = fields.String(load_default="", validate=validate.Length(max=2000))
    if_then = fields.String(load_default="", validate=validate.Length(max=2000))


class GoalOut(Schema):
    """A goal (FHIR Goal). ``attainment`` runs from -2 to +2, once it was told."""

    id = fields.UUID(required=True)
    activity = fields.String(required=True)
    amount = fields.Float(required=True)
    starts_from = fields.Float(required=True)
    unit = fields.String(required=True)
    times_a_week = fields.Integer(required=True)
    by = fields.Date(required=True, attribute="by_day")
    why = fields.String(required=True)
    confidence = fields.Integer(required=True)
    obstacle = fields.String(required=True)
    if_then = fields.String(required=True)
    set_at = fields.DateTime(required=True)
    reached = fields.Float(allow_none=True, required=True)
    attainment = fields.Integer(allow_none=True, required=True)
    told_at = fields.DateTime(allow_none=True, required=True)


class GoalsOut(Schema):
    """The goal that counts, if there is one, and those before it."""

    goal = fields.Nested(GoalOut, allow_none=True, required=True)
    earlier = fields.List(fields.Nested(GoalOut), required=True)


class AttainmentIn(Schema):
    """How much of what the goal counts was reached."""

    reached = _number(0, required=True)
