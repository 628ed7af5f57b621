"""Answering a check-in by text: whose answer it is, to what, and onto the one road.

Only who has agreed to it answers by text. Two people on one phone are told apart by a
letter; without it nothing is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from backend.checkins import service, sms_dialogue
from backend.checkins.models import COMPLETED, OPEN, WEEKLY, CheckIn
from backend.checkins.occasions import SMS
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import PATIENT, Actor, become
from backend.core.ids import new_id
from backend.core.problems import Problem
from backend.instruments import service as instruments
from backend.instruments.service import Submission
from backend.messaging.models import OUT, Communication
from backend.messaging.received import Received
from backend.patients.models import ACTIVE, Enrolment


@dataclass(frozen=True)
class Turn:
    """What a text came to. ``person`` is ``None`` where it is not known who has answered."""

    person: Enrolment | None
    template: str
    params: Mapping[str, str]
    told: Mapping[str, Any] | None = None


def answer(text: Received, people: Sequence[Enrolment]) -> Turn | None:
    """Take a text as an answer to a check-in; None when it is none.

    It belongs to the check-in of which the person was texted last, so an answer to last week's
    comes too late. From here on the request acts for that person.
    """
    agreed = [p for p in people if p.status == ACTIVE and p.text_letter]
    if not agreed or not sms_dialogue.speaks_in_numbers(text.body):
        return None
    letter, rest = sms_dialogue.letter_of(text.body)
    shared = len(people) > 1
    if shared:
        named = [p for p in agreed if p.text_letter == letter]
        if len(named) != 1:
            return Turn(None, "answer-who", {})
    [person] = named if shared else agreed[:1]
    check_in = _texted_last(person, text)
    if check_in is None:
        return None
    if check_in.status == COMPLETED:
        return Turn(person, "answer-twice", {})
    if check_in.status != OPEN or (check_in.closes_at and check_in.closes_at <= now()):
        return Turn(person, "answer-closed", {})
    battery = instruments.by_text(check_in.battery)
    if battery is None:
        return Turn(person, "answer-longer", {})
    return _step(person, check_in, battery, rest, f"{person.text_letter} " if shared else "")


def _step(person: Enrolment, check_in: CheckIn, battery: str, body: str, prefix: str) -> Turn:
    links = list(instruments.questionnaire(battery, check_in.occasion).items)
    step = sms_dialogue.step(len(links), check_in.given_by_text or (), body)
    count = str(len(links))
    if step.said == sms_dialogue.DONE:
        return _submit(person, check_in, dict(zip(links, step.given, strict=True)))
    check_in.given_by_text = list(step.given)
    session.flush()
    if step.said == sms_dialogue.NEXT:
        number = str(len(step.given) + 1)
        return Turn(
            person, "answer-next", {"number": number, "count": count, "example": f"{prefix}6"}
        )
    example = prefix + " ".join(str(digit) for digit in (4, 6, 3, 5, 2)[: len(links)])
    return Turn(person, "answer-unclear", {"count": count, "example": example})


def _submit(person: Enrolment, check_in: CheckIn, answers: Mapping[str, int]) -> Turn:
    session.flush()
    become(Actor(person.patient_id, person.practice_id, PATIENT, new_id()))
    submission = Submission(answers, SMS, f"{SMS}-{check_in.id}")
    try:
        told = service.submit(check_in.id, submission)
    except Problem as refused:
        if refused.status != 409:
            raise
        twice = refused.code in ("already-answered", "key-used")
        return Turn(person, "answer-twice" if twice else "answer-closed", {})
    return Turn(person, "answer-done", {}, told)


def _texted_last(person: Enrolment, text: Received) -> CheckIn | None:
    """The weekly check-in of which this number was texted last."""
    left = (
        select(Communication.id)
        .where(
            Communication.subject_id == CheckIn.id,
            Communication.phone_index == text.phone_index,
            Communication.direction == OUT,
            Communication.submitted_at.is_not(None),
        )
        .exists()
    )
    query = (
        select(CheckIn)
        .where(CheckIn.enrolment_id == person.id, CheckIn.kind == WEEKLY, left)
        .order_by(CheckIn.opens_at.desc())
        .limit(1)
        .with_for_update()
    )
    return session.scalar(query)
