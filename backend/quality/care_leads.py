"""Who leads a patient's care: of high risk, only somebody found competent for it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid
from backend.patients import service as patients
from backend.patients.models import Patient
from backend.practices.absence import find_colleague
from backend.quality import competence, learning
from backend.quality.models import CareLead
from backend.risk import service as risk


def lead_of(patient_id: UUID) -> CareLead | None:
    """Who leads a patient's care now, if anybody does. Raises ``Problem`` 404."""
    patients.find(patient_id)
    return _open(patient_id)


def leader(patient_id: UUID) -> UUID | None:
    """The provider who leads a patient's care, if anybody does, of a practice that is in sight."""
    return session.scalar(
        select(CareLead.provider_id).where(
            CareLead.patient_id == patient_id, CareLead.until.is_(None)
        )
    )


def assign(patient_id: UUID, provider_id: UUID, emergency_reason: str | None) -> CareLead:
    """Give the lead of a patient's care to a provider; the same again changes nothing.

    Raises ``Problem`` 404, 422, or 409 when the patient's risk is high and the provider has not
    been found competent for it, or no longer is. With an ``emergency_reason`` it is done all the
    same, and stands in the audit trail. Whom a provider leads already, they keep.
    """
    enrolment = patients.find(patient_id)
    session.execute(select(Patient.id).where(Patient.id == patient_id).with_for_update())
    provider = find_colleague(provider_id)
    if provider is None or not provider.active:
        raise invalid({"provider_id": "There is no such provider."})
    before = _open(patient_id)
    if before is not None and before.provider_id == provider_id:
        return before
    group = risk.groups([patient_id]).get(patient_id)
    reason = _reason_needed(provider_id, group, emergency_reason)
    at = now()
    if before is not None:
        # Another web server's clock may be ahead, and a lead lasts for some time.
        at = max(at, before.since + timedelta.resolution)
        before.until = at
        session.flush()
    row = CareLead(
        id=new_id(),
        practice_id=enrolment.practice_id,
        patient_id=patient_id,
        provider_id=provider_id,
        assigned_by=actor.id,
        risk_group=group,
        emergency_reason=reason,
        since=at,
    )
    session.add(row)
    session.flush()
    audit.record(
        "care-lead.assign" if reason is None else "care-lead.assign-in-emergency",
        practice_id=row.practice_id,
        patient_id=patient_id,
        entity="provider",
        entity_id=provider_id,
    )
    return row


def _reason_needed(provider_id: UUID, group: str | None, given: str | None) -> str | None:
    """The emergency's reason where one is needed. Raises ``Problem`` 409 where it is missing."""
    if group is None:
        return None
    level = learning.level_of(provider_id, group)
    if competence.may_take_new(learning.rule(), group, level):
        return None
    if given is None:
        raise Problem(
            409,
            "not-competent",
            "New patients of high risk go to somebody who has been found competent for them.",
            level=level,
        )
    return given


def _open(patient_id: UUID) -> CareLead | None:
    return session.scalar(
        select(CareLead).where(CareLead.patient_id == patient_id, CareLead.until.is_(None))
    )
