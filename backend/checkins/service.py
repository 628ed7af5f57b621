"""The main road: from answers to what the patient is told and the practice sees.

Submission is one use case and one commit. Its steps stand in ``submit`` in the order in which they
happen; what differs between a safety screen, a baseline and a weekly check-in is in
``continuations``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import lazyload

from backend.checkins import continuations, occasions
from backend.checkins.models import CANCELLED, COMPLETED, OPEN, SCHEDULED, WEEKLY, CheckIn
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session, table_of
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid, not_found
from backend.instruments import service as instruments
from backend.instruments.questionnaires import fitting
from backend.instruments.service import Submission
from backend.messaging import service as messaging
from backend.patients.models import ACTIVE, Enrolment, Patient
from backend.practices.models import Practice
from backend.risk import service as risk

# Built once: these are on the road of every check-in.
_LOCK = (
    select(CheckIn, Enrolment, Patient.language, Practice)
    .join(Enrolment, Enrolment.id == CheckIn.enrolment_id)
    .join(Patient, Patient.id == CheckIn.patient_id)
    .join(Practice, Practice.id == CheckIn.practice_id)
    .where(CheckIn.id == bindparam("check_in_id"), CheckIn.patient_id == bindparam("patient_id"))
    .options(lazyload(Enrolment.patient))
    .with_for_update(of=(CheckIn, Enrolment), key_share=False)
    .execution_options(populate_existing=True)
)
_CHECK_IN = table_of(CheckIn)
_COMPLETE = (
    update(_CHECK_IN)
    .where(_CHECK_IN.c.id == bindparam("check_in_id"))
    .values(status=COMPLETED, completed_at=bindparam("completed_at"), next_reminder_at=None)
)


def submit(check_in_id: UUID, submission: Submission) -> Mapping[str, Any]:
    """Store a person's answers and do all that follows from them.

    1. Lock the person's enrolment, so that answers from two devices come one after the other.
    2. The same answers under the same key: say again what was said then. Others: 409. A check-in
       that still stands open is looked up by nobody: the unique key tells when it is stored.
    3. Look for danger before anything else. A dangerous answer is taken whatever else is wrong
       with the form or its window; without one, faults are refused (422) and a closed window (409).
    4. Score. Danger: hold the programme and alert the practice; nothing else proceeds. Otherwise
       continue by the kind of check-in: stratify and plan, or assess, alert and adapt.
    5. Store the response, its scores and what the person is told.
    6. Mark the check-in completed and cancel its reminders.

    The caller commits once. Raises ``Problem`` 404, 409 or 422.
    """
    # The practice is held for the length of the road: its pathway is asked for without a query.
    check_in, enrolment, language, practice = lock(check_in_id)
    if check_in.status != OPEN:
        repeated = said_before(check_in_id, submission)
        if repeated is not None:
            return repeated
    asked = occasions.questions(
        check_in, language, submission.authored_at, submission.answers, submission.mode
    )
    faults = instruments.faults(asked, submission)
    sound = fitting(asked, submission.answers)
    danger = risk.find_danger(asked, sound)
    if not danger.locks:
        if faults:
            raise invalid(faults)
        _refuse_closed(check_in, enrolment)
        continuations.refuse_while_held(check_in)
    received_at = now()
    at = min(submission.authored_at or received_at, received_at)
    road = continuations.Road(
        check_in,
        enrolment,
        practice,
        language,
        new_id(),
        asked,
        sound,
        danger,
        at,
        late=risk.is_late(at, received_at),
    )
    outcome = continuations.follow(road)
    if not keep(road, submission, outcome):
        session.rollback()
        return said_before(check_in_id, submission) or {}
    complete(check_in, enrolment, at)
    return outcome.told


def keep(
    road: continuations.Road,
    submission: Submission,
    outcome: continuations.Outcome,
    counts: bool = True,
) -> bool:
    """Store the response at the end of its road, with its scores and what the person is told.

    Returns ``False``, and stores nothing, when the idempotency key was used before.
    """
    check_in = road.check_in
    stored = instruments.store(
        response_id=road.response_id,
        practice_id=check_in.practice_id,
        patient_id=check_in.patient_id,
        check_in_id=check_in.id,
        asked=road.asked,
        submission=submission,
        answers=road.answers,
        scores=outcome.scores,
        outcome=outcome.told,
        counts=counts,
    )
    if stored:
        audit.record(
            "check-in.submit",
            practice_id=check_in.practice_id,
            patient_id=check_in.patient_id,
            entity="questionnaire-response",
            entity_id=road.response_id,
            mode=submission.mode,
        )
    return stored


def lock(check_in_id: UUID) -> tuple[CheckIn, Enrolment, str, Practice]:
    """A check-in of the signed-in patient and what its road needs, until commit.

    Raises ``Problem`` 404.
    """
    row = session.execute(_LOCK, {"check_in_id": check_in_id, "patient_id": actor.id}).one_or_none()
    if row is None:
        raise not_found("check-in")
    return row[0], row[1], row[2], row[3]


def said_before(check_in_id: UUID, submission: Submission) -> Mapping[str, Any] | None:
    found = instruments.answered_before(actor.id, submission.idempotency_key)
    if found is None:
        return None
    if found.check_in_id == check_in_id and found.request_hash == submission.request_hash():
        return found.outcome
    raise Problem(
        409,
        "key-used",
        "Other answers came with this Idempotency-Key before. They are kept; use a new key.",
    )


def _refuse_closed(check_in: CheckIn, enrolment: Enrolment) -> None:
    if enrolment.status != ACTIVE:
        raise Problem(409, "not-enrolled", "This time in the programme has not begun or has ended.")
    if check_in.status == COMPLETED:
        raise Problem(409, "already-answered", "This check-in was answered before.")
    at = now()
    closed = check_in.closes_at is not None and check_in.closes_at <= at
    if closed or check_in.status == CANCELLED:
        raise Problem(409, "closed-window", "This check-in has closed. The next one is on its way.")
    if check_in.opens_at > at:
        raise Problem(
            409,
            "not-open-yet",
            "This check-in has not opened yet.",
            opens_at=check_in.opens_at.isoformat(),
        )


def complete(check_in: CheckIn, enrolment: Enrolment, at: datetime) -> None:
    """A check-in was answered at an instant; nothing more is asked for it."""
    if check_in.status in (COMPLETED, CANCELLED):
        return
    if check_in.status == SCHEDULED and check_in.kind == WEEKLY:
        # Answered before the clock came round to open it, which would have planned the next.
        occasions.schedule_weeks([occasions.week_after(check_in, enrolment)])
    session.connection().execute(_COMPLETE, {"check_in_id": check_in.id, "completed_at": at})
    if check_in.reminders_sent:
        messaging.cancel(subject_ids=[check_in.id], because="answered")
