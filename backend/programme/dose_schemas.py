"""What is given out of doses: each percentage with what was counted."""

from __future__ import annotations

from marshmallow import fields

from backend.core.schema import Schema


class ShareOut(Schema):
    """``done`` of ``of``; no percentage where there is nothing to count."""

    done = fields.Integer(required=True)
    of = fields.Integer(required=True)
    percent = fields.Integer(required=True, allow_none=True)


class DoseOut(Schema):
    """A dose in its three parts.

    Delivered: ``modules`` begun, grades ``released`` and those ``opened`` of them, and their
    ``minutes`` of reading. ``received``: grades whose quiz was passed or that were explained to
    somebody. Enacted: days ``practised`` of those planned so far, and sessions that met ``quotas``.
    ``is_adequate``: 60 percent or more of what was released is received, and of what was planned
    practised.
    """

    modules = fields.Nested(ShareOut, required=True)
    released = fields.Nested(ShareOut, required=True)
    opened = fields.Nested(ShareOut, required=True)
    minutes = fields.Nested(ShareOut, required=True)
    received = fields.Nested(ShareOut, required=True)
    practised = fields.Nested(ShareOut, required=True)
    quotas = fields.Nested(ShareOut, required=True)
    is_adequate = fields.Boolean(required=True, allow_none=True)


def _by_name() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.Nested(DoseOut), required=True)


class ReportOut(Schema):
    """Doses by module, by domain, by targeted factor (a module may target several), and together.

    ``version`` names the definitions.
    """

    version = fields.String(required=True)
    modules = _by_name()
    domains = _by_name()
    factors = _by_name()
    whole = fields.Nested(DoseOut, required=True)


class PatientDoseOut(Schema):
    """The dose of a patient's plan. ``use_percent`` is what the pathway's rules call dose: days on
    which anything was done, of those that the pathway plans; none in the first week."""

    report = fields.Nested(ReportOut, required=True)
    use_percent = fields.Integer(required=True, allow_none=True)


class PracticeDoseOut(Schema):
    """The doses of the plans made in a period. ``reached``: people who opened a module."""

    since = fields.DateTime(required=True)
    until = fields.DateTime(required=True)
    report = fields.Nested(ReportOut, required=True)
    reached = fields.Nested(ShareOut, required=True)
    adequate = fields.Nested(ShareOut, required=True)
