"""What the diaries of the modules send and receive."""

from __future__ import annotations

from marshmallow import fields, validate

from backend.core.pagination import MAX_PAGE
from backend.core.schema import Schema
from backend.programme.diaries import KINDS
from backend.programme.modules import ENGLISH

_SHARED = {"description": "whether the patient shows this entry to the practice"}
_AT = {"description": "when it was written or changed, with offset; now, if left out"}


class EntryChangeIn(Schema):
    """What an entry says, by the ids of its diary's fields."""

    at = fields.AwareDateTime(load_default=None, allow_none=True, metadata=_AT)
    values = fields.Dict(keys=fields.String(validate=validate.Length(1, 50)), required=True)
    shared = fields.Boolean(load_default=False, truthy={True}, falsy={False}, metadata=_SHARED)


class EntryIn(EntryChangeIn):
    """A new entry. With an ``id`` of the client's own it may be sent again."""

    id = fields.UUID(load_default=None, allow_none=True)


class EntryOut(Schema):
    """An entry. ``version`` numbers the versions of a document."""

    id = fields.UUID(required=True, attribute="row.id")
    at = fields.DateTime(required=True, attribute="row.at")
    day = fields.Date(required=True, attribute="row.day")
    changed_at = fields.DateTime(required=True, attribute="row.changed_at")
    values = fields.Dict(keys=fields.String(), required=True, attribute="row.values")
    shared = fields.Boolean(required=True, attribute="row.shared")
    counts = fields.Boolean(
        required=True,
        attribute="row.counts",
        metadata={"description": "whether it is practice of its day"},
    )
    removed = fields.Function(
        lambda entry: entry.row.removed_at is not None, metadata={"type": "boolean"}
    )
    can_change = fields.Boolean(required=True)
    version = fields.Integer(required=True, allow_none=True)


class ChoiceOut(Schema):
    """An answer to choose."""

    code = fields.String(required=True)
    label = fields.String(required=True)


class FieldOut(Schema):
    """One thing to write down."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    label = fields.String(required=True)
    required = fields.Boolean(required=True)
    most = fields.Integer(required=True, allow_none=True)
    lowest = fields.Integer(required=True, allow_none=True)
    highest = fields.Integer(required=True, allow_none=True)
    options = fields.List(fields.Nested(ChoiceOut), required=True)


class DiaryOut(Schema):
    """What may be written down, in the patient's language. A ``document`` is kept in versions."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    document = fields.Boolean(required=True)
    fields_ = fields.List(fields.Nested(FieldOut), required=True, data_key="fields")


class FallbackOut(Schema):
    """The quota of a flare-up that begins today."""

    activity = fields.String(required=True)
    amount = fields.Float(required=True)
    measure = fields.String(required=True)


class EntriesOut(Schema):
    """A page of a diary, newest entry first."""

    diary = fields.Nested(DiaryOut, required=True, attribute="said")
    fallback = fields.Nested(FallbackOut, required=True, allow_none=True)
    items = fields.List(fields.Nested(EntryOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class EntriesQuery(Schema):
    """Which page."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, MAX_PAGE))
    cursor = fields.String(load_default=None, validate=validate.Length(1, 500))


class SharedEntryOut(Schema):
    """An entry that a patient shows to the practice."""

    at = fields.DateTime(required=True)
    day = fields.Date(required=True)
    values = fields.Dict(keys=fields.String(), required=True)


class DiaryUseOut(Schema):
    """How much a diary is used, and what of it the patient shows."""

    diary = fields.String(required=True, attribute="diary.id")
    module_id = fields.String(required=True, attribute="diary.module")
    title = fields.Function(lambda use: use.diary.title[ENGLISH], metadata={"type": "string"})
    last_7 = fields.Integer(required=True)
    last_28 = fields.Integer(required=True)
    shared = fields.List(fields.Nested(SharedEntryOut), required=True)


class DiariesUseOut(Schema):
    """A patient's diaries: how much each is used, never what stands in it unless it is shown."""

    items = fields.List(fields.Nested(DiaryUseOut), required=True)
