"""What the clock asks of check-ins. Each call handles at most ``limit`` rows and returns how many.

Rows are taken with ``FOR UPDATE SKIP LOCKED``: two workers share the work, neither waits. A crash
before the commit leaves every row as it was, and the next tick finds it due again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from backend.alerts import service as alerts
from backend.checkins import occasions, plan_texts, reminders, schedule
from backend.checkins.models import CANCELLED, MISSED, OPEN, SCHEDULED, WEEKLY, CheckIn
from backend.core.clock import now
from backend.core.database import session
from backend.messaging import service as messaging
from backend.patients.models import ACTIVE, Enrolment
from backend.practices.models import Practice
from backend.programme import service as programme
from backend.risk import reviews
from backend.risk import service as risk
from backend.risk.decisions import Assessment, Decision, State, decide
from backend.risk.trajectory import CONCERNS

HOUR = timedelta(hours=1)


def open_due(limit: int) -> int:
    """Open the windows whose time has come, and plan each person's next one.

    1. Take scheduled check-ins whose ``opens_at`` has passed.
    2. People who have left: cancelled, and nothing further is planned.
    3. Windows that opened and closed during an outage: missed, without a text.
    4. The others open, and their first reminder is due at once.
    5. Plan the next week; the unique key makes a second planning harmless.
    """
    at = now()
    rows = _take([SCHEDULED], CheckIn.opens_at, limit)
    planned = []
    for check_in, enrolment in rows:
        if enrolment.status != ACTIVE:
            check_in.status = CANCELLED
            continue
        assert check_in.closes_at is not None
        late = check_in.closes_at <= at
        check_in.status = MISSED if late else OPEN
        check_in.next_reminder_at = None if late else check_in.opens_at
        if check_in.kind == WEEKLY and not late:
            check_in.call_at = schedule.call_at(at, check_in.closes_at)
        planned.append(occasions.week_after(check_in, enrolment))
    occasions.schedule_weeks(planned)
    session.flush()
    return len(rows)


def plan_reminders(limit: int) -> int:
    """Queue the texts that are due: one for each check-in, however many instants were missed.

    1. Take open check-ins whose ``next_reminder_at`` has passed.
    2. Move each to its next reminder, counted from now: after an outage only the newest goes.
    3. Queue the texts of those who want and can get them, and their delivery jobs, in the same
       transaction;
       the unique key ``(number, purpose, occurrence)`` makes a second planning harmless.
    """
    at = now()
    rows = _take([OPEN], CheckIn.next_reminder_at, limit)
    reminders.queue(reminders.wanted(rows), at)
    for check_in, enrolment in rows:
        window = reminders.window_of(check_in, enrolment)
        check_in.reminders_sent += 1
        check_in.next_reminder_at = (
            schedule.next_reminder(window, at) if enrolment.status == ACTIVE else None
        )
    session.flush()
    return len(rows)


def ask_for_calls(limit: int) -> int:
    """Ask the practice to call about sets that are still unanswered after 120 hours.

    1. Take unanswered check-ins whose ``call_at`` has passed; one that has closed meanwhile, too.
    2. Count for each person how many sets were missed in a row before.
    3. Decide by the pathway's rules; each set is judged once.
    """
    at = now()
    rows = _take([OPEN, MISSED], CheckIn.call_at, limit)
    for check_in, _ in rows:
        check_in.call_at = None
    asked = {e.patient_id: c for c, e in rows if e.status == ACTIVE}
    groups = risk.groups(list(asked))
    missed = occasions.missed_in_a_row(list(asked.values()))
    states = {
        patient_id: State(
            risk_group=groups.get(patient_id),
            unanswered_hours=int((at - check_in.opens_at) / HOUR),
            missed_sets=missed.get(check_in.enrolment_id, 0),
        )
        for patient_id, check_in in asked.items()
    }
    practice_of = {patient_id: c.practice_id for patient_id, c in asked.items()}
    _decide(states, practice_of, _practices(practice_of))
    session.flush()
    return len(rows)


def close_due(limit: int) -> int:
    """Close the windows whose time has passed.

    1. Take open check-ins whose ``closes_at`` has passed and mark them missed.
    2. Cancel texts still waiting for them.
    3. Tell the practice of high-risk people who have been silent for the pathway's time.
    """
    at = now()
    rows = _take([OPEN], CheckIn.closes_at, limit)
    if not rows:
        return 0
    for check_in, _ in rows:
        check_in.status = MISSED
        check_in.next_reminder_at = None
    session.flush()
    messaging.cancel(subject_ids=[check_in.id for check_in, _ in rows], because="window closed")
    weekly = {e.patient_id: e for c, e in rows if c.kind == WEEKLY and e.status == ACTIVE}
    standings = risk.standings(list(weekly))
    answered = occasions.last_answers(list(weekly))
    states = {
        patient_id: State(
            risk_group=standing.group,
            silent_days=(at - answered.get(patient_id, weekly[patient_id].enrolled_at)).days,
            silent_after_rise=standing.decision in CONCERNS,
        )
        for patient_id, standing in standings.items()
    }
    practice_of = {patient_id: weekly[patient_id].practice_id for patient_id in states}
    _decide(states, practice_of, _practices(practice_of))
    return len(rows)


def review_plans(limit: int) -> int:
    """Ask of plans whose review day has come whether they are being used.

    1. Take plans whose ``review_at`` has passed.
    2. Count the days with a completed task in the last week.
    3. Decide by the pathway's rules, and note the next review day.
    4. Queue the extra text of those whom a rule reminds.
    """
    at = now()
    plans = programme.take_due_reviews(limit)
    engaged = programme.engagement_of([plan.patient_id for plan in plans])
    states = {
        plan.patient_id: State(
            plan_days=(at - plan.created_at).days,
            tasks_7_days=engaged[plan.patient_id].tasks_7_days(at.date()),
        )
        for plan in plans
    }
    practice_of = {plan.patient_id: plan.practice_id for plan in plans}
    practices = _practices(practice_of)
    decided = _decide(states, practice_of, practices)
    for plan in plans:
        programme.plan_next_review(plan)
    session.flush()
    plan_texts.queue(plans, decided)
    return len(plans)


def _practices(practice_of: Mapping[UUID, UUID]) -> Sequence[Practice]:
    """The practices of some patients, in the order in which feeds are locked.

    While a caller holds them, asking for their pathways costs no query.
    """
    wanted = select(Practice).where(Practice.id.in_(set(practice_of.values())))
    return session.scalars(wanted.order_by(Practice.id)).all()


def _decide(
    states: Mapping[UUID, State],
    practice_of: Mapping[UUID, UUID],
    practices: Sequence[Practice],
) -> dict[UUID, Sequence[Decision]]:
    """Hold what the clock knows against each practice's rules: keep, and alert where due.

    Returns what was decided for each patient.
    """
    found: dict[UUID, Sequence[Decision]] = {}
    # By practice, for each feed is locked in turn and every transaction must keep to one order.
    for practice in practices:
        book = risk.pathway(practice.id).rule_book
        decided = {
            patient_id: decide(book, state, Assessment())
            for patient_id, state in states.items()
            if practice_of[patient_id] == practice.id
        }
        reviews.store(practice.id, decided)
        for patient_id, decisions in decided.items():
            alerts.raise_for(practice.id, patient_id, decisions)
        found.update(decided)
    return found


def _take(
    statuses: Sequence[str], due: InstrumentedAttribute[Any], limit: int
) -> Sequence[tuple[CheckIn, Enrolment]]:
    """Check-ins of some statuses whose instant has passed, in the order of the index that finds
    them: a batch reads what it takes, however many more are due."""
    query = (
        select(CheckIn, Enrolment)
        .join(Enrolment, Enrolment.id == CheckIn.enrolment_id)
        .where(CheckIn.status.in_(statuses), due <= now())
        .order_by(due)
        .limit(limit)
        .with_for_update(of=CheckIn, skip_locked=True)
    )
    return session.execute(query).all()
