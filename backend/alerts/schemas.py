"""What the feed sends and receives."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from backend.alerts.event_feed import BEGINNING
from backend.alerts.events import TYPES
from backend.alerts.states import RESOLUTIONS
from backend.core.pagination import MAX_PAGE
from backend.core.schema import Schema, short_text
from backend.programme.dose_schemas import PatientDoseOut

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class FeedQuery(Schema):
    """Which part of the feed."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, MAX_PAGE))
    cursor = fields.String(load_default=None, validate=validate.Length(1, 500))
    since = fields.Integer(
        load_default=None,
        validate=validate.Range(0, 2**63 - 1),
        metadata={"description": "a feed version: only what changed after it, closed ones too"},
    )
    tier = fields.Integer(load_default=None, validate=validate.Range(1, 3))
    owner = fields.String(
        load_default=None,
        validate=validate.Regexp(f"^(me|pool|{_UUID})$", error="Use me, pool or an id."),
        metadata={"description": "`me`, `pool` (nobody's yet) or a provider's id"},
    )


class AlertOut(Schema):
    """A matter for a provider. Tier 1 is critical, 2 high, 3 routine."""

    id = fields.UUID(required=True)
    patient_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "null: it is about the practice itself"},
    )
    patient = fields.Function(
        lambda row: f"{row.given_name} {row.family_name}" if row.Alert.patient_id else None,
        metadata={"type": ["string", "null"]},
    )
    tier = fields.Integer(required=True)
    title = fields.String(required=True)
    rule = fields.String(required=True)
    rule_version = fields.String(required=True)
    status = fields.String(required=True)
    escalation = fields.Integer(required=True)
    evidence = fields.List(fields.Dict(), required=True)
    suggestions = fields.List(fields.String(), required=True)
    patient_was_told = fields.String(allow_none=True)
    owner_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "whose it is; null: it lies in the practice's pool"},
    )
    owner = fields.Function(lambda row: row.owner_name, metadata={"type": ["string", "null"]})
    respond_by = fields.DateTime(
        required=True, metadata={"description": "by when somebody should have taken it up"}
    )
    resolve_by = fields.DateTime(
        required=True, metadata={"description": "by when it should be closed"}
    )
    opened_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    acknowledged_at = fields.DateTime(allow_none=True)
    acknowledged_by = fields.Function(
        lambda row: row.acknowledged_by_name, metadata={"type": ["string", "null"]}
    )
    closed_at = fields.DateTime(allow_none=True)
    resolution = fields.String(allow_none=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """A row of the feed holds the alert beside the names; its fields are the alert's own."""
        return getattr(obj.Alert, attr, default)


class FeedOut(Schema):
    """A page of the feed. Give ``version`` back as ``since`` to hear only of changes."""

    items = fields.List(fields.Nested(AlertOut), required=True)
    next_cursor = fields.String(allow_none=True)
    version = fields.Integer(required=True)


class AlertEventOut(Schema):
    """One change of an alert."""

    at = fields.DateTime(required=True)
    action = fields.String(required=True)
    from_status = fields.String(allow_none=True)
    to_status = fields.String(required=True)
    actor_role = fields.String(required=True)
    actor_id = fields.UUID(allow_none=True)
    note = fields.String(allow_none=True)
    detail = fields.Dict(allow_none=True)


class EventsQuery(Schema):
    """Where to read on."""

    after = fields.String(
        load_default=BEGINNING,
        validate=validate.Length(1, 100),
        metadata={
            "description": "the place of the last event you have; `0` is the beginning, "
            "`latest` gives no event and the place where the feed stands now"
        },
    )
    limit = fields.Integer(load_default=MAX_PAGE, validate=validate.Range(1, MAX_PAGE))


class AtomQuery(Schema):
    """Which document of the feed."""

    archive = fields.Integer(
        load_default=None,
        validate=validate.Range(0, 2**40),
        metadata={"description": "an archive's number; follow the links instead of counting"},
    )


class FeedEventOut(Schema):
    """One change of an alert. The same event has the same id, however often and wherever it comes.

    It names no patient: look the alert up. ``place`` is where to read on after it.
    """

    id = fields.UUID(required=True)
    place = fields.String(required=True)
    type = fields.String(required=True, validate=validate.OneOf(sorted(TYPES.values())))
    at = fields.AwareDateTime(required=True)
    practice_id = fields.UUID(required=True)
    alert_id = fields.UUID(required=True)
    patient_id = fields.UUID(required=True, allow_none=True)
    rule = fields.String(required=True)
    rule_version = fields.String(required=True)
    tier = fields.Integer(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True)
    respond_by = fields.AwareDateTime(required=True)
    owner_id = fields.UUID(required=True, allow_none=True)
    actor_role = fields.String(required=True)


class EventsOut(Schema):
    """Events in order. Give ``place`` back as ``after``; with ``more``, at once."""

    items = fields.List(fields.Nested(FeedEventOut), required=True)
    place = fields.String(required=True)
    more = fields.Boolean(required=True)


class AlertTrendPoint(Schema):
    """One occasion of the patient's course."""

    at = fields.DateTime(required=True)
    value = fields.Float(required=True)
    decision = fields.String(allow_none=True)


class AlertDetail(Schema):
    """One alert with its history and the patient's trend."""

    alert = fields.Nested(AlertOut, required=True)
    history = fields.List(fields.Nested(AlertEventOut), required=True)
    trend = fields.List(fields.Nested(AlertTrendPoint), required=True)
    dose = fields.Nested(
        PatientDoseOut,
        required=True,
        allow_none=True,
        metadata={"description": "of the patient's plan, as it is now; none without a plan"},
    )


class NoteIn(Schema):
    """A note, when there is something to say."""

    note = short_text(2000, load_default=None, allow_none=True)


class ReasonIn(Schema):
    """Why."""

    note = short_text(2000, required=True)


class ContactIn(Schema):
    """An attempt to reach the patient."""

    reached = fields.Boolean(required=True, truthy={True}, falsy={False})
    note = short_text(2000, load_default=None, allow_none=True)


class ResolutionIn(Schema):
    """What was done, coded."""

    code = fields.String(required=True, validate=validate.OneOf(RESOLUTIONS))
    note = short_text(2000, load_default=None, allow_none=True)


class AssignmentIn(Schema):
    """To whom."""

    provider_id = fields.UUID(required=True)
    note = short_text(2000, load_default=None, allow_none=True)


class HandOverIn(Schema):
    """To whom, and what they must know."""

    provider_id = fields.UUID(required=True)
    note = short_text(2000, required=True)


class AbsenceIn(Schema):
    """The first and the last day of an absence by the practice's calendar, and who covers."""

    away_from = fields.Date(required=True)
    away_until = fields.Date(required=True)
    cover_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "takes what would come to them; null: the practice's pool"},
    )


class ColleagueOut(Schema):
    """A member of the care team."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    away_from = fields.Date(required=True, allow_none=True)
    away_until = fields.Date(required=True, allow_none=True)
    cover_id = fields.UUID(required=True, allow_none=True)


class Colleagues(Schema):
    """The care team, by name."""

    items = fields.List(fields.Nested(ColleagueOut), required=True)
