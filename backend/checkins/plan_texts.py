"""The one extra text that a pathway's rule asks for when nothing of a plan has been used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from backend.core.clock import now
from backend.core.database import session
from backend.messaging import service as messaging
from backend.messaging.models import Communication
from backend.patients import service as patients
from backend.patients.consent import why_no_reminder
from backend.patients.models import ACTIVE, Enrolment
from backend.practices.models import Practice
from backend.programme import service as programme
from backend.programme.models import CarePlan
from backend.risk import service as risk
from backend.risk.decisions import Decision

REMIND = "remind"
PURPOSE = TEMPLATE = "plan-reminder"
# Where no later review day ends it, a week; Lumbra's own default.
WORTH = timedelta(days=7)


def queue(plans: Sequence[CarePlan], decided: Mapping[UUID, Sequence[Decision]]) -> None:
    """Queue one text for each plan and rule that asks for one, for those who want texts.

    It goes the way of all texts: quiet hours, caps, budget and opt-outs hold it back, and what has
    not left when the clock looks at the plan again is not sent. The number of statements does not
    grow with the number of plans.
    """
    due = {
        plan.patient_id: (plan, decision)
        for plan in plans
        for decision in decided.get(plan.patient_id, ())
        if decision.kind == REMIND
    }
    if not due:
        return
    enrolled = session.scalars(
        select(Enrolment).where(
            Enrolment.patient_id.in_(due),
            Enrolment.status == ACTIVE,
        )
    ).all()
    wanting = [each for each in enrolled if patients.reminded_at(each) is not None]
    practice_ids = {enrolment.practice_id for enrolment in wanting}
    found = session.scalars(select(Practice).where(Practice.id.in_(practice_ids)))
    names = {practice.id: practice.name for practice in found}
    texts, links = [], []
    for enrolment in wanting:
        plan, decision = due[enrolment.patient_id]
        expires_at = plan.review_at or now() + WORTH
        token, link = patients.new_link(enrolment.patient, patients.CHECK_IN, expires_at)
        links.append(link)
        texts.append(
            messaging.Text(
                recipient=patients.reminder_recipient(enrolment),
                purpose=PURPOSE,
                occurrence=f"{plan.id}:{decision.rule}",
                template=TEMPLATE,
                params={
                    "practice": names[enrolment.practice_id],
                    "link": patients.link_address("c", token),
                },
                expires_at=expires_at,
                subject_id=plan.id,
            )
        )
    session.add_all(links)
    session.flush()
    messaging.queue_texts(texts)


def why_not(text: Communication) -> str | None:
    """Why such a text that is to leave is pointless by now; ``None`` while it is not."""
    assert text.patient_id is not None
    by = session.scalar(
        select(Enrolment.reminders_by).where(
            Enrolment.patient_id == text.patient_id, Enrolment.status == ACTIVE
        )
    )
    if by is None:
        return "withdrawn"
    if (chosen := why_no_reminder(by, text.channel)) is not None:
        return chosen
    if risk.open_hold(text.patient_id) is not None:
        return "the programme waits for the practice"
    engaged = programme.engagement_of([text.patient_id]).get(text.patient_id)
    if engaged is None:
        return "no plan any more"
    return "using the plan again" if engaged.tasks_7_days(now().date()) else None
