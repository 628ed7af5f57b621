"""Answers given without a connection, and told later: their own place in time, whatever the order.

A check-in counts as answered when its person answered, if that was within its window, however late
it is told. What was answered on two devices counts as it was answered first. The course is judged
anew from there on. Danger is dealt with at once, whatever its age; nothing else that is old raises
an alert.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from backend.checkins import continuations, service
from backend.checkins.models import CANCELLED, COMPLETED, WEEKLY, CheckIn
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid
from backend.instruments import service as instruments
from backend.instruments.models import QuestionnaireResponse, Score
from backend.instruments.questionnaires import Questionnaire, fitting
from backend.instruments.service import Submission
from backend.patients.models import ACTIVE, Enrolment
from backend.practices.models import Practice
from backend.programme import service as programme
from backend.risk import reviews
from backend.risk import service as risk
from backend.risk.history import INDEX_WEEKS, RMDQ
from backend.risk.safety import Finding

# A clock that is right within this is not corrected, so an answer may seem to come before its time.
EARLY = timedelta(minutes=5)


@dataclass(frozen=True)
class Told:
    """A set of answers as it was read. ``answers`` are those without fault."""

    check_in: CheckIn
    enrolment: Enrolment
    practice: Practice
    language: str
    submission: Submission
    asked: Questionnaire
    answers: Mapping[str, Any]
    danger: Finding
    faults: Mapping[str, str]
    at: datetime


def lock(check_in_ids: Collection[UUID]) -> None:
    """Hold some check-ins of the signed-in patient until commit. Before the enrolment is held, for
    whoever answers one check-in holds them in this order."""
    if check_in_ids:
        mine = select(CheckIn.id).where(
            CheckIn.id.in_(check_in_ids), CheckIn.patient_id == actor.id
        )
        session.execute(mine.order_by(CheckIn.id).with_for_update())


def read(check_in_id: UUID, submission: Submission) -> Told:
    """What was answered, and whether there is danger in it. Raises ``Problem`` 404."""
    check_in, enrolment, language, practice = service.lock(check_in_id)
    assert submission.authored_at is not None
    # In full: what was answered elsewhere the same day may come later, too.
    asked = instruments.questionnaire(check_in.battery, check_in.occasion, language)
    sound = fitting(asked, submission.answers)
    return Told(
        check_in,
        enrolment,
        practice,
        language,
        submission,
        asked,
        sound,
        risk.find_danger(asked, sound),
        instruments.faults(asked, submission),
        min(submission.authored_at, now()),
    )


def take(told: Told) -> Mapping[str, Any]:
    """Store answers that were told later, and do all that follows but moving the plan on.

    1. The same answers under the same key: say again what was said then.
    2. Danger first: it is taken whatever else is wrong. Otherwise refuse faults, and what was
       answered outside the window.
    3. Of two sets for one check-in, the one answered first counts.
    4. Follow the road as of the instant of answering.

    Raises ``Problem`` 409 or 422.
    """
    check_in, key = told.check_in, told.submission.idempotency_key
    repeated = service.said_before(check_in.id, told.submission)
    if repeated is not None:
        return repeated
    if not told.danger.locks:
        if told.faults:
            raise invalid(told.faults)
        _refuse_outside(told)
        continuations.refuse_while_held(check_in)
    before = instruments.counted(check_in.id)
    counts = before is None or (told.at, key) < (before.authored_at, before.idempotency_key)
    if before is not None and counts:
        instruments.supersede(before.id)
        risk.supersede_response(before.id)
        if told.danger.locks:
            # Danger gives the course no point that would have the later ones judged anew.
            risk.restart(check_in.practice_id, check_in.patient_id, told.at)
    road = continuations.Road(
        check_in,
        told.enrolment,
        told.practice,
        told.language,
        new_id(),
        told.asked,
        told.answers,
        told.danger,
        told.at,
        told_later=True,
        late=risk.is_late(told.at, now()),
    )
    follow = continuations.follow if counts or told.danger.locks else continuations.set_beside
    outcome = follow(road)
    service.keep(road, told.submission, outcome, counts)
    if counts:
        _complete(check_in, told.enrolment, told.at)
    return outcome.told


def settle(enrolment: Enrolment) -> None:
    """What rests on all answers and on all that was done, once all is told."""
    patient_id = enrolment.patient_id
    engagement = programme.engagement_of([patient_id]).get(patient_id)
    if engagement is not None:
        due = _looked_back(enrolment)
        reviews.finish_index_anew(enrolment.practice_id, patient_id, engagement, due)


def _refuse_outside(told: Told) -> None:
    check_in = told.check_in
    if told.enrolment.status != ACTIVE:
        raise Problem(409, "not-enrolled", "This time in the programme has not begun or has ended.")
    closed = check_in.closes_at is not None and check_in.closes_at <= told.at
    if closed or check_in.status == CANCELLED:
        raise Problem(409, "closed-window", "This was answered after the check-in had closed.")
    if told.at < check_in.opens_at - EARLY:
        raise Problem(409, "not-open-yet", "This was answered before the check-in had opened.")


def _complete(check_in: CheckIn, enrolment: Enrolment, at: datetime) -> None:
    if check_in.status == COMPLETED:
        # Answered earlier than was known.
        of_it = update(CheckIn).where(CheckIn.id == check_in.id)
        session.execute(of_it.values(completed_at=at))
    else:
        service.complete(check_in, enrolment, at)


def _looked_back(enrolment: Enrolment) -> Sequence[tuple[datetime, UUID]]:
    """The weekly answers of which rules look back: when, and the response, oldest first."""
    rules = risk.pathway(enrolment.practice_id)
    weeks = {*INDEX_WEEKS, *rules.rule_book.review_weeks}
    asked = {RMDQ, *rules.stratification.codes}
    scored = (
        select(Score.id)
        .where(Score.response_id == QuestionnaireResponse.id, Score.code.in_(asked))
        .exists()
    )
    answered = (
        select(QuestionnaireResponse.authored_at, QuestionnaireResponse.id)
        .join(CheckIn, CheckIn.id == QuestionnaireResponse.check_in_id)
        .where(
            QuestionnaireResponse.patient_id == enrolment.patient_id,
            QuestionnaireResponse.superseded_at.is_(None),
            CheckIn.kind == WEEKLY,
            CheckIn.enrolment_id == enrolment.id,
            CheckIn.occasion.in_(weeks) | scored,
        )
        .order_by(QuestionnaireResponse.authored_at)
    )
    return [(row.authored_at, row.id) for row in session.execute(answered)]
