"""What happened to a patient, in one list: read in one query, whatever there is.

Every source gives as many of its newest rows as a page holds, by its own index; the newest of all
of them are the page. The next page begins behind the last of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, and_, func, literal, select, tuple_
from sqlalchemy import union_all as union
from sqlalchemy.orm import aliased

from backend.alerts.models import Alert, AlertEvent
from backend.checkins.models import COMPLETED, MISSED, CheckIn
from backend.console import timeline_words
from backend.console.timeline_words import Entry
from backend.core import audit
from backend.core.database import session
from backend.core.pagination import decode_cursor, encode_cursor
from backend.core.problems import invalid
from backend.instruments.models import QuestionnaireResponse
from backend.messaging.models import Communication
from backend.patients import service as patients
from backend.patients.models import Enrolment, PatientNote
from backend.practices.models import Provider
from backend.programme.models import Adaptation
from backend.quality.models import Consultation
from backend.risk.assessments import STRATIFICATION, TRAJECTORY
from backend.risk.models import DecisionRecord, RiskAssessment, SafetyHold

Source = Callable[[UUID], Select[Any]]
_Later = aliased(PatientNote)


@dataclass(frozen=True)
class Page:
    """Some of what happened, newest first, and the cursor of what happened before it."""

    items: list[Entry]
    next_cursor: str | None


def page(patient_id: UUID, limit: int, cursor: str | None = None, of: str | None = None) -> Page:
    """A page of what happened; ``of`` is one of ``FILTERS``, or everything.

    Raises ``Problem`` 404, or 422 for a cursor or filter that is none.
    """
    enrolment = patients.find(patient_id)
    if of is not None and of not in FILTERS:
        raise invalid({"of": f"One of: {', '.join(FILTERS)}."})
    sources = [source for name in ([of] if of else FILTERS) for source in FILTERS[name]]
    after = _key(cursor) if cursor else None
    parts = [_newest(source(patient_id), limit + 1, after) for source in sources]
    found = union(*parts).subquery()
    rows = session.execute(
        select(found).order_by(*(found.c[name].desc() for name in _KEY)).limit(limit + 1)
    ).all()
    more = len(rows) > limit
    rows = rows[:limit]
    audit.record("patient.timeline", practice_id=enrolment.practice_id, patient_id=patient_id)
    last = rows[-1] if more else None
    return Page(
        [timeline_words.entry(row.kind, row.at, row.detail) for row in rows],
        encode_cursor("timeline", last.at.isoformat(), last.kind, str(last.id)) if last else None,
    )


_KEY = ("at", "kind", "id")


def _key(cursor: str) -> tuple[Any, ...]:
    at, kind, row_id = decode_cursor("timeline", cursor)
    return datetime.fromisoformat(at), kind, UUID(row_id)


def _newest(source: Select[Any], limit: int, after: tuple[Any, ...] | None) -> Any:
    rows = source.subquery()
    query = select(rows)
    if after is not None:
        at, kind, row_id = after
        query = query.where(
            tuple_(*(rows.c[name] for name in _KEY))
            < tuple_(literal(at), literal(kind), literal(row_id, Uuid))
        )
    newest = query.order_by(*(rows.c[name].desc() for name in _KEY)).limit(limit).subquery()
    return select(newest)


def _rows(kind: str, at: Any, row_id: Any, /, **detail: Any) -> Select[Any]:
    pairs = [part for name, value in detail.items() for part in (literal(name), value)]
    packed = func.jsonb_build_object(*pairs)
    return select(
        literal(kind).label("kind"), at.label("at"), row_id.label("id"), packed.label("detail")
    )


def _answered(patient_id: UUID) -> Select[Any]:
    return (
        _rows(
            "answered",
            CheckIn.completed_at,
            CheckIn.id,
            kind=CheckIn.kind,
            occasion=CheckIn.occasion,
            score=RiskAssessment.value,
            course=RiskAssessment.outcome,
        )
        .outerjoin(
            QuestionnaireResponse,
            and_(
                QuestionnaireResponse.check_in_id == CheckIn.id,
                QuestionnaireResponse.superseded_at.is_(None),
            ),
        )
        .outerjoin(
            RiskAssessment,
            and_(
                RiskAssessment.response_id == QuestionnaireResponse.id,
                RiskAssessment.patient_id == CheckIn.patient_id,
                RiskAssessment.kind == TRAJECTORY,
                RiskAssessment.superseded_at.is_(None),
            ),
        )
        .where(CheckIn.patient_id == patient_id, CheckIn.status == COMPLETED)
    )


def _missed(patient_id: UUID) -> Select[Any]:
    return _rows(
        "missed", CheckIn.closes_at, CheckIn.id, kind=CheckIn.kind, occasion=CheckIn.occasion
    ).where(CheckIn.patient_id == patient_id, CheckIn.status == MISSED)


def _groups(patient_id: UUID) -> Select[Any]:
    judged = (
        select(
            RiskAssessment.at,
            RiskAssessment.id,
            RiskAssessment.outcome,
            func.lag(RiskAssessment.outcome)
            .over(order_by=(RiskAssessment.at, RiskAssessment.id))
            .label("before"),
        )
        .where(
            RiskAssessment.patient_id == patient_id,
            RiskAssessment.kind == STRATIFICATION,
            RiskAssessment.outcome.is_not(None),
            RiskAssessment.superseded_at.is_(None),
        )
        .subquery()
    )
    c = judged.c
    return _rows("group", c.at, c.id, group=c.outcome, before=c.before).where(
        c.before.is_distinct_from(c.outcome)
    )


def _alerts(patient_id: UUID) -> Select[Any]:
    return (
        _rows(
            "alert",
            AlertEvent.at,
            AlertEvent.id,
            alert=AlertEvent.alert_id,
            tier=func.coalesce(AlertEvent.tier, Alert.tier),
            title=func.coalesce(AlertEvent.title, Alert.title),
            action=AlertEvent.action,
            by=Provider.name,
            note=AlertEvent.note,
            more=AlertEvent.detail,
        )
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .outerjoin(Provider, Provider.id == AlertEvent.actor_id)
        .where(Alert.patient_id == patient_id, AlertEvent.feed_version.is_not(None))
    )


def _texts(patient_id: UUID) -> Select[Any]:
    return _rows(
        "text",
        Communication.created_at,
        Communication.id,
        direction=Communication.direction,
        channel=Communication.channel,
        purpose=Communication.purpose,
        template=Communication.template,
        status=Communication.status,
        code=Communication.error_code,
    ).where(Communication.patient_id == patient_id)


def _decisions(patient_id: UUID) -> Select[Any]:
    # What has a tier has become an alert, and stands there.
    return _rows(
        "decision",
        DecisionRecord.at,
        DecisionRecord.id,
        title=DecisionRecord.title,
        reason=DecisionRecord.reason,
    ).where(DecisionRecord.patient_id == patient_id, DecisionRecord.tier.is_(None))


def _plan(patient_id: UUID) -> Select[Any]:
    return _rows(
        "plan",
        Adaptation.at,
        Adaptation.id,
        decision=Adaptation.decision,
        reason=Adaptation.for_provider,
    ).where(Adaptation.patient_id == patient_id, Adaptation.superseded_at.is_(None))


def _holds(patient_id: UUID) -> Select[Any]:
    return _rows("hold", SafetyHold.opened_at, SafetyHold.id, level=SafetyHold.level).where(
        SafetyHold.patient_id == patient_id
    )


def _cleared(patient_id: UUID) -> Select[Any]:
    return (
        _rows(
            "cleared",
            SafetyHold.cleared_at,
            SafetyHold.id,
            by=Provider.name,
            reason=SafetyHold.reason,
        )
        .join(Provider, Provider.id == SafetyHold.cleared_by)
        .where(SafetyHold.patient_id == patient_id, SafetyHold.cleared_at.is_not(None))
    )


def _consultations(patient_id: UUID) -> Select[Any]:
    return (
        _rows("consultation", Consultation.held_at, Consultation.id, by=Provider.name)
        .join(Provider, Provider.id == Consultation.provider_id)
        .where(Consultation.patient_id == patient_id)
    )


def _notes(patient_id: UUID) -> Select[Any]:
    return (
        _rows(
            "note",
            PatientNote.time,
            PatientNote.id,
            by=Provider.name,
            note=PatientNote.text,
            corrected=_Later.id.is_not(None),
        )
        .join(Provider, Provider.id == PatientNote.author_id)
        .outerjoin(_Later, _Later.corrects_id == PatientNote.id)
        .where(PatientNote.patient_id == patient_id)
    )


def _enrolment(kind: str, at: Any) -> Source:
    def source(patient_id: UUID) -> Select[Any]:
        mine: ColumnElement[bool] = Enrolment.patient_id == patient_id
        return _rows(kind, at, Enrolment.id, status=Enrolment.status).where(mine, at.is_not(None))

    return source


FILTERS: Mapping[str, tuple[Source, ...]] = {
    "check-ins": (_answered, _missed),
    "risk": (_groups, _decisions),
    "alerts": (_alerts, _holds, _cleared),
    "texts": (_texts,),
    "plan": (_plan,),
    "contacts": (_consultations, _notes),
    "enrolment": (
        _enrolment("enrolled", Enrolment.enrolled_at),
        _enrolment("consented", Enrolment.consented_at),
        _enrolment("ended", Enrolment.ended_at),
    ),
}
