"""What the clock asks of check-ins. Each call handles at most ``limit`` rows and returns how many.

Rows are taken with ``FOR UPDATE SKIP LOCKED``: two workers share the work, neither waits. A crash
before the commit leaves every row as it was, and the next tick finds it due again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from backend.alerts import service as alerts
from backend.checkins import occasions, reminders, schedule
from backend.checkins.models import CANCELLED, MISSED, OPEN, SCHEDULED, WEEKLY, CheckIn
from backend.core.clock import now
from backend.core.database import session
from backend.messaging import service as messaging
from backend.patients.models import ACTIVE, Enrolment
from backend.risk import service as risk


def open_due(limit: int) -> int:
    """Open the windows whose time has come, and plan each person's next one.

    1. Take scheduled check-ins whose ``opens_at`` has passed.
    2. People who have left: cancelled, and nothing further is planned.
    3. Windows that opened and closed during an outage: missed, without a text.
    4. The others open, and their first reminder is due at once.
    5. Plan the next week; the unique key makes a second planning harmless.
    """
    at = now()
    rows = _take(CheckIn.status == SCHEDULED, CheckIn.opens_at <= at, limit=limit)
    planned = []
    for check_in, enrolment in rows:
        if enrolment.status != ACTIVE:
            check_in.status = CANCELLED
            continue
        assert check_in.closes_at is not None
        late = check_in.closes_at <= at
        check_in.status = MISSED if late else OPEN
        check_in.next_reminder_at = None if late else check_in.opens_at
        zone = enrolment.patient.time_zone
        day = schedule.next_opening(check_in.opens_at, enrolment.checkin_weekday, zone)
        window = schedule.window(day, enrolment.checkin_hour, zone)
        planned.append((enrolment, check_in.occasion + 1, window))
    occasions.schedule_weeks(planned)
    session.flush()
    return len(rows)


def plan_reminders(limit: int) -> int:
    """Queue the texts that are due: one for each check-in, however many instants were missed.

    1. Take open check-ins whose ``next_reminder_at`` has passed.
    2. Move each to its next reminder, counted from now: after an outage only the newest goes.
    3. Queue the texts and their delivery jobs in the same transaction; the unique key
       ``(patient, purpose, occurrence)`` makes a second planning harmless.
    """
    at = now()
    rows = _take(CheckIn.status == OPEN, CheckIn.next_reminder_at <= at, limit=limit)
    reminders.queue([(c, e) for c, e in rows if e.status == ACTIVE], at)
    for check_in, enrolment in rows:
        window = reminders.window_of(check_in, enrolment)
        check_in.reminders_sent += 1
        check_in.next_reminder_at = (
            schedule.next_reminder(window, at) if enrolment.status == ACTIVE else None
        )
    session.flush()
    return len(rows)


def close_due(limit: int) -> int:
    """Close the windows whose time has passed.

    1. Take open check-ins whose ``closes_at`` has passed and mark them missed.
    2. Cancel texts still waiting for them.
    3. Tell the practice of high-risk people who have been silent for the pathway's time.
    """
    at = now()
    rows = _take(CheckIn.status == OPEN, CheckIn.closes_at <= at, limit=limit)
    if not rows:
        return 0
    for check_in, _ in rows:
        check_in.status = MISSED
        check_in.next_reminder_at = None
    session.flush()
    messaging.cancel(subject_ids=[check_in.id for check_in, _ in rows], because="window closed")
    weekly = {e.patient_id: e for c, e in rows if c.kind == WEEKLY and e.status == ACTIVE}
    groups = risk.groups(list(weekly))
    answered = occasions.last_answers(list(weekly))
    # By practice, for each feed is locked in turn and every transaction must keep to one order.
    for patient_id, enrolment in sorted(weekly.items(), key=lambda each: each[1].practice_id):
        since = answered.get(patient_id, enrolment.enrolled_at)
        alerts.raise_for(
            enrolment.practice_id,
            patient_id,
            alerts.AlertFacts(risk_group=groups.get(patient_id), silent_days=(at - since).days),
        )
    return len(rows)


def _take(*conditions: object, limit: int) -> Sequence[tuple[CheckIn, Enrolment]]:
    query = (
        select(CheckIn, Enrolment)
        .join(Enrolment, Enrolment.id == CheckIn.enrolment_id)
        .where(*conditions)  # type: ignore[arg-type]
        .order_by(CheckIn.opens_at)
        .limit(limit)
        .with_for_update(of=CheckIn, skip_locked=True)
    )
    return session.execute(query).all()
