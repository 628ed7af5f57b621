"""What a practice tells for the process evaluation: who consulted, who said no, referrals, harm,
and what went on in the practice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import IntegrityError

from backend.alerts import service as alerts
from backend.core import audit
from backend.core.clock import now
from backend.core.database import OwnedByPractice, session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid, not_found
from backend.evaluation.models import (
    AdverseEvent,
    ConsulterCount,
    ContextNote,
    Referral,
    ReferralStep,
    Refusal,
)
from backend.evaluation.vocabulary import EVENTS, SERIOUS_BECAUSE
from backend.patients import service as patients
from backend.practices import service as practices
from backend.risk.decisions import Decision

LONGEST_LIST = 200
SERIOUS_EVENT = "serious-adverse-event"
SERIOUS_EVENT_VERSION = "1.0.0"

Row = TypeVar("Row", bound=OwnedByPractice)


@dataclass(frozen=True)
class ReferralView:
    """A referral and what came of it, oldest first."""

    referral: Referral
    steps: Sequence[ReferralStep]


def tell_consulters(month: date, consulters: int, eligible: int) -> ConsulterCount:
    """Tell how many consulted in a month that is over. Raises ``Problem`` 422."""
    if eligible > consulters:
        raise invalid({"eligible": "No more than the people who consulted."})
    if month.day != 1:
        raise invalid({"month": "Give the first day of the month."})
    if month >= _today().replace(day=1):
        raise invalid({"month": "Choose a month that is over."})
    row = _add(ConsulterCount(month=month, consulters=consulters, eligible=eligible))
    _trail("consulters.record", row)
    return row


def consulters() -> list[ConsulterCount]:
    """The newest word on each month, newest month first."""
    query = (
        select(ConsulterCount)
        .where(ConsulterCount.practice_id == actor.practice_id)
        .ext(distinct_on(ConsulterCount.month))
        .order_by(
            ConsulterCount.month.desc(),
            ConsulterCount.recorded_at.desc(),
            ConsulterCount.id.desc(),
        )
        .limit(LONGEST_LIST)
    )
    return list(session.scalars(query))


def tell_refusal(reason: str, day: date | None) -> Refusal:
    """Tell that somebody eligible said no. Raises ``Problem`` 422."""
    row = _add(Refusal(reason=reason, day=_past_day(day)))
    _trail("refusal.record", row)
    return row


def tell_context(day: date, until: date | None, code: str, note: str) -> ContextNote:
    """Tell what goes on in the practice. Raises ``Problem`` 422."""
    if until is not None and until < day:
        raise invalid({"until": "Choose a day on or after the first."})
    row = _add(ContextNote(day=_past_day(day), until=until, code=code, note=note))
    _trail("context-note.record", row)
    return row


def context(since: date | None = None, until: date | None = None) -> list[ContextNote]:
    """What went on, newest first; of the days from ``since`` up to, not including, ``until``."""
    query = select(ContextNote).where(ContextNote.practice_id == actor.practice_id)
    if since is not None:
        query = query.where((ContextNote.until >= since) | (ContextNote.day >= since))
    if until is not None:
        query = query.where(ContextNote.day < until)
    query = query.order_by(ContextNote.day.desc(), ContextNote.id.desc()).limit(LONGEST_LIST)
    return list(session.scalars(query))


def refer(patient_id: UUID, target: str, day: date | None) -> ReferralView:
    """Record that a patient was referred. Raises ``Problem`` 404 or 422."""
    patients.find(patient_id)
    row = _add(Referral(patient_id=patient_id, target=target, day=_past_day(day)))
    _trail("referral.record", row, patient_id)
    return ReferralView(row, [])


def referrals(patient_id: UUID) -> list[ReferralView]:
    """A patient's referrals, newest first. Raises ``Problem`` 404."""
    enrolment = patients.find(patient_id)
    query = select(Referral).where(Referral.patient_id == patient_id)
    found = session.scalars(query.order_by(Referral.day.desc(), Referral.id.desc())).all()
    steps = _steps([row.id for row in found])
    audit.record("referral.list", practice_id=enrolment.practice_id, patient_id=patient_id)
    return [ReferralView(row, steps.get(row.id, [])) for row in found]


def follow_referral(referral_id: UUID, step: str, day: date | None) -> ReferralView:
    """Record what came of a referral. Raises ``Problem`` 404 or 422."""
    row = session.scalar(
        select(Referral).where(
            Referral.id == referral_id, Referral.practice_id == actor.practice_id
        )
    )
    if row is None:
        raise not_found("referral")
    on = _past_day(day)
    if on < row.day:
        raise invalid({"day": "Choose a day on or after that of the referral."})
    _add(ReferralStep(referral_id=row.id, step=step, day=on))
    _trail(f"referral.{step}", row, row.patient_id)
    return ReferralView(row, _steps([row.id])[row.id])


def tell_adverse_event(patient_id: UUID, day: date | None, **said: Any) -> AdverseEvent:
    """Record harm that came to a patient. A serious event raises an alert of tier 1, which is
    texted to the leads and the rest of the care team.

    ``corrects`` names the record that this one replaces. Raises ``Problem`` 404, 409 or 422.
    """
    enrolment = patients.find(patient_id)
    corrects = said.get("corrects")
    if corrects is not None and corrects not in {each.id for each in adverse_events(patient_id)}:
        raise invalid({"corrects": "There is no such record of this patient, or it was corrected."})
    row = AdverseEvent(patient_id=patient_id, day=_past_day(day), **said)
    try:
        _add(row)
    except IntegrityError:
        raise Problem(409, "corrected-before", "Somebody has just corrected this.") from None
    _trail("adverse-event.record", row, patient_id)
    if row.serious_because is not None:
        alerts.raise_for(
            enrolment.practice_id,
            patient_id,
            [_serious(row)],
            {"kind": EVENTS[row.kind], "day": row.day.isoformat(), "related": row.relatedness},
        )
    return row


def adverse_events(patient_id: UUID) -> list[AdverseEvent]:
    """Harm that came to a patient, newest first, without what was corrected.

    Raises ``Problem`` 404.
    """
    enrolment = patients.find(patient_id)
    audit.record("adverse-event.list", practice_id=enrolment.practice_id, patient_id=patient_id)
    return _standing(AdverseEvent.patient_id == patient_id)


def adverse_events_of_practice() -> list[AdverseEvent]:
    """The newest events of the practice, without what was corrected."""
    audit.record("adverse-event.list", practice_id=actor.practice_id)
    return _standing(AdverseEvent.practice_id == actor.practice_id)


def _standing(*whose: Any) -> list[AdverseEvent]:
    later = select(AdverseEvent.corrects).where(AdverseEvent.corrects.is_not(None))
    query = (
        select(AdverseEvent)
        .where(*whose, AdverseEvent.id.not_in(later))
        .order_by(AdverseEvent.day.desc(), AdverseEvent.id.desc())
        .limit(LONGEST_LIST)
    )
    return list(session.scalars(query))


def _serious(row: AdverseEvent) -> Decision:
    assert row.serious_because is not None
    return Decision(
        rule=SERIOUS_EVENT,
        version=SERIOUS_EVENT_VERSION,
        kind="alert",
        tier=1,
        title="A serious adverse event was recorded",
        reason=f"{EVENTS[row.kind].capitalize()}: {SERIOUS_BECAUSE[row.serious_because]}.",
        for_patient=None,
        suggestions=(
            "Speak with the patient or the family.",
            "Judge whether the programme may have played a part, and pause it if so.",
            "Report it where your rules ask for that.",
        ),
        source="ICH E2A (1994): what makes an event serious; the tier is Lumbra's own",
        inputs={},
    )


def _steps(referral_ids: Sequence[UUID]) -> dict[UUID, list[ReferralStep]]:
    query = (
        select(ReferralStep)
        .where(ReferralStep.referral_id.in_(referral_ids))
        .order_by(ReferralStep.day, ReferralStep.id)
    )
    found: dict[UUID, list[ReferralStep]] = {}
    for step in session.scalars(query):
        found.setdefault(step.referral_id, []).append(step)
    return found


def _add(row: Row) -> Row:
    row.id, row.practice_id = new_id(), actor.practice_id
    row.recorded_by, row.recorded_at = actor.id, now()  # type: ignore[attr-defined]
    session.add(row)
    session.flush()
    return row


def _today() -> date:
    zone = ZoneInfo(practices.get_practice(actor.practice_id).time_zone)
    return now().astimezone(zone).date()


def _past_day(day: date | None) -> date:
    today = _today()
    if day is not None and day > today:
        raise invalid({"day": "Choose today or a day before."})
    return day or today


def _trail(action: str, row: OwnedByPractice, patient_id: UUID | None = None) -> None:
    audit.record(
        action,
        practice_id=row.practice_id,
        patient_id=patient_id,
        entity=action.split(".")[0],
        entity_id=row.id,
    )
