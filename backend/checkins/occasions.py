"""Opening occasions to answer: onboarding steps when their turn comes, then week by week."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from backend.checkins import schedule
from backend.checkins.models import (
    BASELINE,
    COMPLETED,
    FOLLOW_UP,
    MISSED,
    OPEN,
    SAFETY_SCREEN,
    SCHEDULED,
    WEEKLY,
    CheckIn,
)
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import not_found
from backend.instruments import service as instruments
from backend.instruments.questionnaires import Questionnaire
from backend.patients import service as patients
from backend.patients.models import ACTIVE, Enrolment, Patient
from backend.risk import service as risk

FOLLOW_UP_DAYS = 7
SMS = "sms"


def mine() -> list[CheckIn]:
    """The signed-in patient's check-ins, newest first; the next onboarding step opens here."""
    enrolment = patients.find(actor.id)
    ensure_onboarding(enrolment)
    found = (
        select(CheckIn)
        .where(CheckIn.enrolment_id == enrolment.id)
        .order_by(CheckIn.opens_at.desc(), CheckIn.id.desc())
    )
    return list(session.scalars(found))


def get(check_in_id: UUID) -> CheckIn:
    """One of the signed-in patient's check-ins; the look is recorded. Raises ``Problem`` 404."""
    check_in = session.scalar(
        select(CheckIn).where(CheckIn.id == check_in_id, CheckIn.patient_id == actor.id)
    )
    if check_in is None:
        raise not_found("check-in")
    audit.record(
        "check-in.read",
        practice_id=check_in.practice_id,
        patient_id=check_in.patient_id,
        entity="check-in",
        entity_id=check_in.id,
    )
    return check_in


def questions(
    check_in: CheckIn,
    language: str,
    at: datetime | None = None,
    answered: Collection[str] = (),
    mode: str | None = None,
) -> Questionnaire:
    """What a check-in asks, in a language.

    A follow-up carries what the person has answered on the local day of ``at`` (default: now), and
    asks only the rest. By text (``mode``) the shorter battery is asked that the content names for
    it. A question among ``answered`` is put nevertheless, for its answer is newer.
    """
    by_text = instruments.by_text(check_in.battery) if mode == SMS else None
    asked = instruments.questionnaire(by_text or check_in.battery, check_in.occasion, language)
    if check_in.kind != FOLLOW_UP:
        return asked
    patient = session.get_one(Patient, check_in.patient_id)
    since, until = schedule.day_of(min(at or now(), now()), patient.time_zone)
    earlier = instruments.answers_between(patient.id, since, until, besides=check_in.id)
    return instruments.carrying(
        asked, {link: value for link, value in earlier.items() if link not in answered}
    )


def my_questions(check_in: CheckIn) -> Questionnaire:
    """What a check-in asks its patient now, in the patient's language."""
    return questions(check_in, session.get_one(Patient, check_in.patient_id).language)


def ensure_onboarding(enrolment: Enrolment) -> None:
    """Open the safety screen once consent is given, and the baseline once that is passed.

    Does nothing when the step is open already, or while a safety hold stands.
    """
    if enrolment.status != ACTIVE:
        return
    onboarding = select(CheckIn.kind, CheckIn.status).where(
        CheckIn.enrolment_id == enrolment.id,
        CheckIn.kind.in_((SAFETY_SCREEN, BASELINE)),
    )
    steps = {row.kind: row.status for row in session.execute(onboarding)}
    if SAFETY_SCREEN not in steps:
        open_now(enrolment, SAFETY_SCREEN, SAFETY_SCREEN)
    elif is_step_due(steps, held=False) and risk.open_hold(enrolment.patient_id) is None:
        open_now(enrolment, BASELINE, BASELINE)


def is_step_due(steps: Mapping[str, str], held: bool) -> bool:
    """Whether the next step into the programme is still to be opened. Pure.

    ``steps`` are the statuses of the safety screen and the baseline, as far as these are there;
    ``held``: a safety hold stands.
    """
    if SAFETY_SCREEN not in steps:
        return True
    return not held and steps[SAFETY_SCREEN] == COMPLETED and BASELINE not in steps


def open_now(
    enrolment: Enrolment, kind: str, battery: str, days: int | None = None, occasion: int = 1
) -> None:
    """Open an occasion at once, for ``days`` or until answered. Opening it twice is once."""
    at = now()
    row = _row(
        enrolment,
        kind=kind,
        battery=battery,
        occasion=occasion,
        status=OPEN,
        opens_at=at,
        closes_at=at + timedelta(days=days) if days else None,
    )
    _insert([row])
    audit.record(
        "check-in.open",
        practice_id=enrolment.practice_id,
        patient_id=enrolment.patient_id,
        kind=kind,
        battery=battery,
    )


def offer_follow_up(enrolment: Enrolment, battery: str, occasion: int) -> None:
    """Offer the longer instrument that a short one asked for."""
    open_now(enrolment, FOLLOW_UP, battery, FOLLOW_UP_DAYS, occasion)


def schedule_first_week(enrolment: Enrolment) -> schedule.Window:
    """Plan the first weekly check-in after the baseline."""
    zone = enrolment.patient.time_zone
    day = schedule.first_opening(now(), enrolment.checkin_weekday, zone)
    window = schedule.window(day, enrolment.checkin_hour, zone)
    schedule_weeks([(enrolment, 1, window)])
    return window


def schedule_weeks(planned: Sequence[tuple[Enrolment, int, schedule.Window]]) -> None:
    """Plan weekly check-ins, each an enrolment's n-th, in one statement; twice is once."""
    _insert(
        [
            _row(
                enrolment,
                kind=WEEKLY,
                battery=instruments.weekly_battery(occasion, WEEKLY),
                occasion=occasion,
                status=SCHEDULED,
                opens_at=window.opens_at,
                closes_at=window.closes_at,
            )
            for enrolment, occasion, window in planned
        ]
    )


def week_after(check_in: CheckIn, enrolment: Enrolment) -> tuple[Enrolment, int, schedule.Window]:
    """The weekly check-in that follows one, to be planned."""
    zone = enrolment.patient.time_zone
    day = schedule.next_opening(check_in.opens_at, enrolment.checkin_weekday, zone)
    return enrolment, check_in.occasion + 1, schedule.window(day, enrolment.checkin_hour, zone)


def last_answers(patient_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each patient last completed a check-in of any kind."""
    if not patient_ids:
        return {}
    query = (
        select(CheckIn.patient_id, func.max(CheckIn.completed_at))
        .where(CheckIn.patient_id.in_(patient_ids), CheckIn.status == COMPLETED)
        .group_by(CheckIn.patient_id)
    )
    return {patient_id: at for patient_id, at in session.execute(query) if at}


def missed_in_a_row(check_ins: Sequence[CheckIn]) -> dict[UUID, int]:
    """How many weekly sets were missed in a row before some sets, by enrolment; none: not there.

    What opened and closed during an outage was never asked, so nobody has missed it.
    """
    if not check_ins:
        return {}
    answered = aliased(CheckIn)
    newest_answered = (
        select(func.coalesce(func.max(answered.occasion), 0))
        .where(
            answered.enrolment_id == CheckIn.enrolment_id,
            answered.kind == WEEKLY,
            answered.status == COMPLETED,
        )
        .scalar_subquery()
    )
    query = (
        select(CheckIn.enrolment_id, func.count())
        .where(
            CheckIn.enrolment_id.in_([each.enrolment_id for each in check_ins]),
            CheckIn.id.not_in([each.id for each in check_ins]),
            CheckIn.kind == WEEKLY,
            CheckIn.status == MISSED,
            CheckIn.reminders_sent > 0,
            CheckIn.occasion > newest_answered,
        )
        .group_by(CheckIn.enrolment_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def missed_weeks(patient_id: UUID) -> list[datetime]:
    """When each weekly check-in opened that a patient let pass, oldest first."""
    query = (
        select(CheckIn.opens_at)
        .where(CheckIn.patient_id == patient_id, CheckIn.kind == WEEKLY, CheckIn.status == MISSED)
        .order_by(CheckIn.opens_at)
    )
    return list(session.scalars(query))


def _row(enrolment: Enrolment, **values: object) -> dict[str, object]:
    return {
        "id": new_id(),
        "practice_id": enrolment.practice_id,
        "patient_id": enrolment.patient_id,
        "enrolment_id": enrolment.id,
        **values,
    }


def _insert(rows: Sequence[dict[str, object]]) -> None:
    if rows:
        session.execute(insert(CheckIn).on_conflict_do_nothing(), rows)
