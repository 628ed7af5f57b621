"""Consultations, how they were rated, and which are to be observed next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import func, select, true
from sqlalchemy.exc import IntegrityError

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid, not_found
from backend.patients import service as patients
from backend.practices import service as practices
from backend.practices.models import Provider
from backend.quality import fidelity, sampling, training_files
from backend.quality.fidelity import OBSERVER, SELF, Agreement, Checklist
from backend.quality.models import Consultation, ConsultationRating
from backend.quality.sampling import EARLY, LATE, Due, Held, SamplingRule
from backend.risk import service as risk
from backend.risk.pathway import GROUPS

BACKDATE = timedelta(days=31)
HIGH = GROUPS[-1]
_WITH_PROVIDER = select(Consultation, Provider.name).join(
    Provider, Provider.id == Consultation.provider_id
)


@dataclass(frozen=True)
class ConsultationView:
    """A consultation, who held it, and the ratings that its reader may see."""

    consultation: Consultation
    provider: str
    ratings: list[ConsultationRating]


@dataclass(frozen=True)
class Waiting:
    """A consultation that the reader may observe. ``wanted``: the sample asks for it next."""

    consultation: Consultation
    provider: str
    observers: int
    wanted: bool


@dataclass(frozen=True)
class ProviderFidelity:
    """One provider's ratings: observers' and their own, never mixed. ``gap``: own less observed."""

    provider_id: UUID
    provider: str
    observed: int
    high: int
    mean: Decimal | None
    own: int
    own_mean: Decimal | None
    gap: Decimal | None


@dataclass(frozen=True)
class PracticeFidelity:
    """How far the practice follows the programme, by observers, and what to observe next.

    ``recalibrate``: raters agree too little (weighted kappa) and are to talk their ratings over.
    """

    checklist_version: str
    since: datetime
    until: datetime
    providers: list[ProviderFidelity]
    sampling: list[Due]
    rate_next_twice: bool
    agreement: Agreement
    recalibrate: bool


def checklist() -> tuple[Checklist, SamplingRule, Decimal]:
    """The checklist, the shares to observe, and the kappa below which raters talk."""
    return training_files.load_checklist(current_app.extensions["settings"].content)


def record(patient_id: UUID, held_at: datetime | None) -> ConsultationView:
    """Record that the signed-in provider saw a patient. Raises ``Problem`` 404 or 422."""
    enrolment = patients.find(patient_id)
    at = now()
    held = held_at or at
    if not at - BACKDATE <= held <= at:
        raise invalid({"held_at": f"Choose a time in the last {BACKDATE.days} days."})
    _, rule, _ = checklist()
    early = held - enrolment.enrolled_at <= timedelta(days=rule.early_days)
    row = Consultation(
        id=new_id(),
        practice_id=enrolment.practice_id,
        patient_id=patient_id,
        provider_id=actor.id,
        held_at=held,
        risk_group=risk.groups([patient_id]).get(patient_id),
        stratum=EARLY if early else LATE,
        recorded_at=at,
    )
    session.add(row)
    session.flush()
    _trail("consultation.record", row)
    return get(row.id)


def of_patient(patient_id: UUID) -> list[ConsultationView]:
    """A patient's consultations, newest first. Raises ``Problem`` 404."""
    enrolment = patients.find(patient_id)
    query = _WITH_PROVIDER.where(Consultation.patient_id == patient_id).order_by(
        Consultation.held_at.desc(), Consultation.id.desc()
    )
    found = session.execute(query).all()
    audit.record(
        "consultation.list", practice_id=enrolment.practice_id, patient_id=enrolment.patient_id
    )
    ratings = _ratings([row.id for row, _ in found])
    return [_view(row, provider, ratings.get(row.id, [])) for row, provider in found]


def get(consultation_id: UUID) -> ConsultationView:
    """One consultation; another's rating only after one's own. Raises ``Problem`` 404."""
    row, provider = _find(consultation_id)
    _trail("consultation.read", row)
    return _view(row, provider, _ratings([row.id]).get(row.id, []))


def to_observe(since: datetime, until: datetime, most: int) -> list[Waiting]:
    """Others' consultations held in ``[since, until)`` that the actor has not rated and fewer than
    two have: first what the sample asks for, then the newest. Two queries."""
    _, rule, _ = checklist()
    held = _held(since, until)
    behind = {(d.provider, d.stratum) for d in sampling.sampling(rule, held) if d.observe_next}
    twice = sampling.rate_twice(rule, held)
    by_observers = ConsultationRating.source == OBSERVER
    mine = ConsultationRating.rater_id == actor.id
    ratings = (
        select(
            func.count().filter(by_observers).label("observers"),
            func.count().filter(mine).label("mine"),
        )
        .where(ConsultationRating.consultation_id == Consultation.id)
        .lateral()
    )
    is_high = func.coalesce(Consultation.risk_group == HIGH, False)
    query = (
        _WITH_PROVIDER.add_columns(ratings.c.observers)
        .join(ratings, true())
        .where(
            Consultation.practice_id == actor.practice_id,
            Consultation.provider_id != actor.id,
            Consultation.held_at >= since,
            Consultation.held_at < until,
            ratings.c.mine == 0,
            ratings.c.observers < 2,
        )
        .order_by(is_high.desc(), Consultation.held_at.desc(), Consultation.id.desc())
        .limit(most)
    )
    found = [
        Waiting(
            row,
            provider,
            observers,
            row.risk_group == HIGH
            and (twice if observers else (str(row.provider_id), row.stratum) in behind),
        )
        for row, provider, observers in session.execute(query)
    ]
    audit.record("consultation.list", practice_id=actor.practice_id)
    return sorted(found, key=lambda each: not each.wanted)


def rate(
    consultation_id: UUID,
    scores: Mapping[str, int | None],
    prohibited: Sequence[str],
    skill: int | None,
    alliance: int | None,
) -> ConsultationView:
    """Rate a consultation by the checklist, once.

    Who held it rates themselves; everybody else observes. Raises ``Problem`` 404, 409 or 422.
    """
    row, _ = _find(consultation_id)
    used, _, _ = checklist()
    faults = fidelity.faults(used, scores, set(prohibited))
    if faults:
        raise invalid(faults)
    counted = fidelity.fidelity(used, scores, frozenset(prohibited))
    session.add(
        ConsultationRating(
            id=new_id(),
            practice_id=row.practice_id,
            consultation_id=row.id,
            rater_id=actor.id,
            source=SELF if row.provider_id == actor.id else OBSERVER,
            checklist_version=used.version,
            scores=dict(scores),
            prohibited=sorted(set(prohibited)),
            fidelity=counted.value,
            band=counted.band,
            skill=skill,
            alliance=alliance,
            at=now(),
        )
    )
    try:
        session.flush()
    except IntegrityError:
        raise Problem(409, "rated-before", "You have rated this consultation.") from None
    _trail("consultation.rate", row)
    return get(consultation_id)


def practice_fidelity(since: datetime, until: datetime) -> PracticeFidelity:
    """The practice's ratings of consultations held in ``[since, until)``. Four queries."""
    used, rule, kappa = checklist()
    names = {provider.id: provider.name for provider in practices.list_providers()}
    held = _held(since, until)
    found = fidelity.agreement(_pairs(used, since, until))
    audit.record("fidelity.read", practice_id=actor.practice_id)
    return PracticeFidelity(
        used.version,
        since,
        until,
        _by_provider(names, since, until),
        [
            Due(names[UUID(d.provider)], d.stratum, d.held, d.observed, d.percent, d.observe_next)
            for d in sampling.sampling(rule, held)
        ],
        sampling.rate_twice(rule, held),
        found,
        found.kappa is not None and found.kappa < kappa,
    )


def _by_provider(
    names: Mapping[UUID, str], since: datetime, until: datetime
) -> list[ProviderFidelity]:
    rating, held = ConsultationRating, Consultation
    used, _, _ = checklist()
    # Two observers of one consultation are one observed consultation, at their mean.
    each = (
        select(
            held.provider_id,
            rating.source,
            func.avg(rating.fidelity).label("fidelity"),
        )
        .join(held, held.id == rating.consultation_id)
        .where(
            held.practice_id == actor.practice_id,
            held.held_at >= since,
            held.held_at < until,
            rating.fidelity.is_not(None),
        )
        .group_by(held.provider_id, held.id, rating.source)
        .subquery()
    )
    query = select(
        each.c.provider_id,
        each.c.source,
        func.count(),
        func.count().filter(each.c.fidelity >= used.high_from),
        func.avg(each.c.fidelity),
    ).group_by(each.c.provider_id, each.c.source)
    found: dict[UUID, dict[str, tuple[int, int, Decimal]]] = {}
    for provider_id, source, count, high, mean in session.execute(query):
        found.setdefault(provider_id, {})[source] = (count, high, mean.quantize(Decimal("0.1")))
    return [
        _one_provider(provider_id, names[provider_id], sources)
        for provider_id, sources in sorted(found.items(), key=lambda item: names[item[0]])
    ]


def _one_provider(
    provider_id: UUID, name: str, sources: Mapping[str, tuple[int, int, Decimal]]
) -> ProviderFidelity:
    seen, high, mean = sources.get(OBSERVER, (0, 0, None))
    own, _, own_mean = sources.get(SELF, (0, 0, None))
    gap = None if mean is None or own_mean is None else own_mean - mean
    return ProviderFidelity(provider_id, name, seen, high, mean, own, own_mean, gap)


def _held(since: datetime, until: datetime) -> list[Held]:
    """Consultations with high-risk patients by provider and stratum."""
    observers = (
        select(ConsultationRating.consultation_id, func.count().label("raters"))
        .where(ConsultationRating.source == OBSERVER)
        .group_by(ConsultationRating.consultation_id)
        .subquery()
    )
    query = (
        select(
            Consultation.provider_id,
            Consultation.stratum,
            func.count(),
            func.count().filter(observers.c.raters >= 1),
            func.count().filter(observers.c.raters >= 2),
        )
        .outerjoin(observers, observers.c.consultation_id == Consultation.id)
        .where(
            Consultation.practice_id == actor.practice_id,
            Consultation.risk_group == HIGH,
            Consultation.held_at >= since,
            Consultation.held_at < until,
        )
        .group_by(Consultation.provider_id, Consultation.stratum)
    )
    return [Held(str(row[0]), *row[1:]) for row in session.execute(query)]


def _pairs(used: Checklist, since: datetime, until: datetime) -> list[tuple[int, int]]:
    """The item scores of consultations that two observed; items that one left out are left out."""
    query = (
        select(ConsultationRating.consultation_id, ConsultationRating.scores)
        .join(Consultation, Consultation.id == ConsultationRating.consultation_id)
        .where(
            Consultation.practice_id == actor.practice_id,
            ConsultationRating.source == OBSERVER,
            ConsultationRating.checklist_version == used.version,
            Consultation.held_at >= since,
            Consultation.held_at < until,
        )
        .order_by(ConsultationRating.consultation_id, ConsultationRating.at)
    )
    by_consultation: dict[UUID, list[Mapping[str, Any]]] = {}
    for consultation_id, scores in session.execute(query):
        by_consultation.setdefault(consultation_id, []).append(scores)
    return [
        (one[item.id], other[item.id])
        for one, other, *_ in (found for found in by_consultation.values() if len(found) > 1)
        for item in used.items
        if one[item.id] is not None and other[item.id] is not None
    ]


def _find(consultation_id: UUID) -> tuple[Consultation, str]:
    found = session.execute(
        _WITH_PROVIDER.where(
            Consultation.id == consultation_id, Consultation.practice_id == actor.practice_id
        )
    ).one_or_none()
    if found is None:
        raise not_found("consultation")
    return found[0], found[1]


def _ratings(consultation_ids: Sequence[UUID]) -> dict[UUID, list[ConsultationRating]]:
    query = (
        select(ConsultationRating)
        .where(ConsultationRating.consultation_id.in_(consultation_ids))
        .order_by(ConsultationRating.at)
    )
    found: dict[UUID, list[ConsultationRating]] = {}
    for rating in session.scalars(query):
        found.setdefault(rating.consultation_id, []).append(rating)
    return found


def _view(
    row: Consultation, provider: str, ratings: Sequence[ConsultationRating]
) -> ConsultationView:
    # An observer rates without knowing what others gave.
    may_see = any(rating.rater_id == actor.id for rating in ratings)
    return ConsultationView(row, provider, list(ratings) if may_see else [])


def _trail(action: str, row: Consultation) -> None:
    audit.record(
        action,
        practice_id=row.practice_id,
        patient_id=row.patient_id,
        entity="consultation",
        entity_id=row.id,
    )
