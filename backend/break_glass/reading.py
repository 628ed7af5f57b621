"""What is read through the glass: enough to act safely, of one patient, and nothing that writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from backend.alerts.models import Alert
from backend.break_glass import service
from backend.core import tenancy
from backend.core.clock import now
from backend.core.database import session
from backend.patients.models import ContraindicationAnswer, Enrolment, Patient, PatientNote
from backend.practices.models import Practice
from backend.programme.models import Activity, CarePlan
from backend.risk.models import RiskAssessment, SafetyHold

NEWEST = 10


@dataclass(frozen=True)
class Record:
    """One patient as another practice's provider sees them in an emergency."""

    patient: Patient
    enrolment: Enrolment
    practice: Practice
    hold: SafetyHold | None
    risk_group: str | None
    barring: Sequence[ContraindicationAnswer]
    alerts: Sequence[Alert]
    activities: Sequence[Activity]
    notes: Sequence[PatientNote]


def read(access_id: UUID) -> Record:
    """The record that an access opens. Raises ``Problem`` 404, or 403 when it is over."""
    access = service.standing(access_id)
    with tenancy.through_glass(access.id, now()):
        return _record(access.patient_id)


def _record(patient_id: UUID) -> Record:
    enrolment = session.scalars(
        select(Enrolment)
        .where(Enrolment.patient_id == patient_id)
        .order_by(Enrolment.enrolled_at.desc())
        .limit(1)
    ).one()
    return Record(
        patient=enrolment.patient,
        enrolment=enrolment,
        practice=session.scalars(
            select(Practice).where(Practice.id == enrolment.practice_id)
        ).one(),
        hold=session.scalar(
            select(SafetyHold).where(
                SafetyHold.patient_id == patient_id, SafetyHold.cleared_at.is_(None)
            )
        ),
        risk_group=session.scalar(
            select(RiskAssessment.outcome)
            .where(
                RiskAssessment.patient_id == patient_id,
                RiskAssessment.kind == "stratification",
                RiskAssessment.superseded_at.is_(None),
            )
            .order_by(RiskAssessment.at.desc(), RiskAssessment.id.desc())
            .limit(1)
        ),
        barring=_barring(patient_id),
        alerts=session.scalars(
            select(Alert)
            .where(Alert.patient_id == patient_id, Alert.rule != service.RULE)
            .order_by(Alert.opened_at.desc(), Alert.id)
            .limit(NEWEST)
        ).all(),
        activities=session.scalars(
            select(Activity)
            .join(CarePlan, CarePlan.id == Activity.care_plan_id)
            .where(Activity.patient_id == patient_id, CarePlan.status == "active")
            .order_by(Activity.position)
        ).all(),
        notes=session.scalars(
            select(PatientNote)
            .where(
                PatientNote.patient_id == patient_id,
                PatientNote.id.not_in(
                    select(PatientNote.corrects_id).where(PatientNote.corrects_id.is_not(None))
                ),
            )
            .order_by(PatientNote.id.desc())
            .limit(NEWEST)
        ).all(),
    )


def _barring(patient_id: UUID) -> list[ContraindicationAnswer]:
    """What is so of the patient by the newest answer to each question."""
    newest = (
        select(ContraindicationAnswer)
        .where(ContraindicationAnswer.patient_id == patient_id)
        .order_by(ContraindicationAnswer.at, ContraindicationAnswer.id)
    )
    by_code = {row.code: row for row in session.scalars(newest)}
    return [row for row in by_code.values() if row.answer != "no"]
