"""Taking what a device tells: every event once, whatever the order, and the same state after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from marshmallow import ValidationError
from sqlalchemy import insert, select

from backend.checkins import late
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session, table_of
from backend.core.identity import actor
from backend.core.ids import new_id
from backend.core.problems import Problem, flatten
from backend.instruments import service as instruments
from backend.instruments.service import Submission
from backend.patients import service as patients
from backend.patients.models import ACTIVE, Enrolment
from backend.programme import goals
from backend.programme import service as programme
from backend.programme.service import Moment, Notebook, Reached
from backend.sync import clocks, schemas
from backend.sync.models import ACCEPTED, DUPLICATE, REJECTED, ClientEvent

LONGEST_DETAIL = 1000
# Of what is told, all that a plan's moves may rest on.
_FOLDED = (
    schemas.CHECK_IN,
    schemas.PRACTICE,
    schemas.QUIZ,
    schemas.READING,
    schemas.AIM,
    schemas.FLARE,
    schemas.LADDER,
    schemas.ENTRY,
    schemas.ENTRY_REMOVED,
)
_DAYS = {schemas.PRACTICE, schemas.FLARE}


@dataclass(frozen=True)
class Event:
    """One event as it was read: ``told_at`` by the device's clock, ``at`` by ours."""

    id: UUID
    type: str
    about: UUID | None
    told_at: datetime
    at: datetime
    body: Mapping[str, Any]


@dataclass
class Result:
    """What became of one event."""

    id: UUID | None
    outcome: str
    first: str | None = None
    kept: bool = True
    reason: str | None = None
    detail: str | None = None
    told: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Batch:
    """What became of a batch."""

    received_at: datetime
    clock_off_seconds: int
    results: list[Result]


class Unsound(Exception):
    """An event that cannot be read at all."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def take(sent_at: datetime, device: str, events: Sequence[Any]) -> Batch:
    """Take a batch of the signed-in patient's events, in one transaction.

    1. Lock what is answered, then the enrolment, so that two devices come one after the other.
    2. Answer what came before: the first to arrive under a UUID counts.
    3. Read each event by itself. Whether it is sound depends on nothing that can change.
    4. Take dangerous answers, whatever may become of the rest.
    5. Write down what is sound, a statement for each table, and all of it as it was told.
    6. Take the other answers, oldest first, and move the programme on, once.

    A rejected event never fails the batch.
    """
    received_at = now()
    enrolment = _lock(events)
    off = clocks.correction(sent_at, received_at)
    results: list[Result] = []
    fresh: list[tuple[Event, Result]] = []
    known = _known(events)
    for raw in events:
        result, event = _read(raw, off, received_at, enrolment, known)
        results.append(result)
        if event is not None:
            known[event.id] = event
            fresh.append((event, result))
    answers = sorted(
        ((e, r) for e, r in fresh if e.type == schemas.CHECK_IN and r.outcome == ACCEPTED),
        key=lambda each: (each[0].at, each[0].id),
    )
    read = [(event, result, _read_answers(event, result)) for event, result in answers]
    urgent = [each for each in read if each[2] is not None and each[2].danger.locks]
    for event, result, told in urgent:
        _take_answers(event, result, told)
    done = {event.id for event, _, _ in urgent}
    _keep(enrolment, device, received_at, [each for each in fresh if each[0].id in done])
    rest = [each for each in fresh if each[0].id not in done]

    def take_rest() -> None:
        notebook = Notebook(enrolment)
        for event, result in rest:
            _try(event, result, notebook, enrolment.patient.time_zone)
        notebook.keep()
        for event, result, told in read:
            if event.id not in done:
                _take_answers(event, result, told)
        _keep(enrolment, device, received_at, [each for each in rest if each[1].kept])
        _move_on(enrolment, notebook, [e for e, r in fresh if r.outcome == ACCEPTED])

    if urgent:
        _without_harm(take_rest, [result for _, result in rest])
    else:
        take_rest()
    _tell_again(results, {event.id: result for event, result in fresh})
    audit.record(
        "sync.take",
        practice_id=enrolment.practice_id,
        patient_id=enrolment.patient_id,
        events=len(events),
        accepted=sum(r.outcome == ACCEPTED for r in results),
        rejected=sum(r.outcome == REJECTED for r in results),
    )
    return Batch(received_at, round(off.total_seconds()), results)


def _lock(events: Sequence[Any]) -> Enrolment:
    late.lock(
        {
            about
            for raw in events
            if isinstance(raw, Mapping)
            and raw.get("type") == schemas.CHECK_IN
            and (about := _uuid(raw.get("about"))) is not None
        }
    )
    newest = (
        select(Enrolment)
        .where(Enrolment.patient_id == actor.id, Enrolment.practice_id == actor.practice_id)
        .order_by(Enrolment.enrolled_at.desc())
        .limit(1)
        .with_for_update(of=Enrolment, key_share=False)
        .execution_options(populate_existing=True)
    )
    enrolment = session.scalar(newest)
    return enrolment if enrolment is not None else patients.find(actor.id)


def _known(events: Sequence[Any]) -> dict[UUID, ClientEvent | Event]:
    """What came before under the ids of a batch."""
    ids = [found for raw in events if (found := _id_of(raw)) is not None]
    before = select(ClientEvent).where(
        ClientEvent.patient_id == actor.id, ClientEvent.event_id.in_(ids)
    )
    return {row.event_id: row for row in session.scalars(before)}


def _id_of(raw: Any) -> UUID | None:
    return _uuid(raw.get("id")) if isinstance(raw, Mapping) else None


def _uuid(told: Any) -> UUID | None:
    try:
        return UUID(told) if isinstance(told, str) else None
    except ValueError:
        return None


def _read(
    raw: Any,
    off: timedelta,
    received_at: datetime,
    enrolment: Enrolment,
    known: Mapping[UUID, ClientEvent | Event],
) -> tuple[Result, Event | None]:
    """The result so far, and the event if it is a new one that can be looked at further."""
    try:
        event = _event(raw, off, received_at)
    except Unsound as fault:
        return _rejected(_id_of(raw), fault.reason, fault.detail, kept=False), None
    before = known.get(event.id)
    if before is not None:
        return _again(event, before), None
    if enrolment.status != ACTIVE:
        told = "This time in the programme has not begun or has ended."
        return _rejected(event.id, "not-enrolled", told, kept=False), None
    if event.at < enrolment.enrolled_at:
        told = "This is said to have happened before the programme began."
        return _rejected(event.id, "impossible-time", told), event
    return Result(event.id, ACCEPTED), event


def _event(raw: Any, off: timedelta, received_at: datetime) -> Event:
    if not isinstance(raw, Mapping):
        raise Unsound("invalid", "Send each event as an object.")
    try:
        read = _ENVELOPE.load(dict(raw))
    except ValidationError as refused:
        raise Unsound("invalid", _sentence(flatten(refused.messages))) from None
    told_at = read["occurred_at"]
    if told_at.year not in schemas.YEARS:
        raise Unsound("impossible-time", "This is no time at which anything happened.")
    return Event(
        id=read["id"],
        type=read["type"],
        about=read["about"],
        told_at=told_at,
        at=clocks.happened(told_at, off, received_at),
        body=read["body"],
    )


_ENVELOPE = schemas.EventIn()


def _again(event: Event, before: ClientEvent | Event) -> Result:
    same = (event.type, event.about, event.told_at, event.body) == (
        before.type,
        before.about,
        before.told_at,
        before.body,
    )
    if not same:
        told = "Something else came under this id before. That is kept; use a new id."
        return _rejected(event.id, "id-used", told, kept=False)
    if isinstance(before, Event):
        return Result(event.id, DUPLICATE)
    return Result(
        event.id, DUPLICATE, first=before.outcome, reason=before.reason, detail=before.detail
    )


def _tell_again(results: Sequence[Result], firsts: Mapping[UUID, Result]) -> None:
    """Of what comes again, in this batch or in another, what was said the first time."""
    again = [str(result.id) for result in results if result.outcome == DUPLICATE]
    told = instruments.outcomes(actor.id, again) if again else {}
    for result in results:
        if result.outcome == DUPLICATE:
            result.told = told.get(str(result.id))
    for result in results:
        first = None if result.id is None else firsts.get(result.id)
        if first is not None and result.outcome == DUPLICATE:
            result.first, result.reason, result.detail = first.outcome, first.reason, first.detail


def _rejected(event_id: UUID | None, reason: str, detail: str, kept: bool = True) -> Result:
    return Result(event_id, REJECTED, kept=kept, reason=reason, detail=detail)


def _sentence(faults: Mapping[str, str]) -> str:
    return " ".join(f"{field}: {message}" for field, message in faults.items())[:LONGEST_DETAIL]


def _try(event: Event, result: Result, notebook: Notebook, zone: str) -> None:
    """Look into an event; what is sound is in the notebook, what is not has its reason."""
    if result.outcome == REJECTED or event.type == schemas.CHECK_IN:
        return
    try:
        said = schemas.BODIES[event.type].load(dict(event.body))
        moment = Moment(event.at, clocks.day_of(event.at, zone), event.id)
        if event.type in _DAYS and said.get("day") is not None:
            said["day"] = clocks.day_meant(said["day"], event.told_at, event.at, zone)
        _note(event, said, moment, notebook)
    except ValidationError as refused:
        _refuse(result, "invalid", _sentence(flatten(refused.messages)))
    except OverflowError:
        _refuse(result, "invalid", "day: There is no such day.")
    except Problem as refused:
        told = _sentence(refused.errors) if refused.errors else refused.detail
        _refuse(result, refused.code, told)


def _read_answers(event: Event, result: Result) -> late.Told | None:
    """A set of answers, read; nothing of what cannot be, or is to no check-in of this person."""
    assert event.about is not None
    try:
        said = schemas.BODIES[event.type].load(dict(event.body))
        submission = Submission(
            mode="app", idempotency_key=str(event.id), authored_at=event.at, **said
        )
        return late.read(event.about, submission)
    except ValidationError as refused:
        _refuse(result, "invalid", _sentence(flatten(refused.messages)))
    except Problem as refused:
        _refuse(result, refused.code, refused.detail)
    return None


def _take_answers(event: Event, result: Result, told: late.Told | None) -> None:
    if told is None:
        return
    try:
        result.told = late.take(told)
    except Problem as refused:
        words = _sentence(refused.errors) if refused.errors else refused.detail
        _refuse(result, refused.code, words)
        # A hold ends: what waits for that may come again.
        result.kept = refused.code != "on-hold"


def _without_harm(work: Callable[[], None], results: Sequence[Result]) -> None:
    """Do what may fail without undoing what must not: the rest is then to be sent again."""
    try:
        with session.begin_nested():
            work()
    except Exception as error:
        current_app.extensions["log"].error("sync.rest", exception=type(error).__name__)
        for result in results:
            result.kept, result.told = False, None
            _refuse(result, "failed", "This could not be taken now; send it again.")


def _refuse(result: Result, reason: str, detail: str) -> None:
    result.outcome, result.reason, result.detail = REJECTED, reason, detail


def _note(event: Event, said: dict[str, Any], moment: Moment, notebook: Notebook) -> None:
    if event.about is None:
        notebook.set_goal(moment, goals.Goal(**said))
    elif event.type != schemas.ATTAINMENT:
        # An attainment is looked at when all is written down: its goal may come later.
        notes: dict[str, Callable[..., None]] = {
            schemas.READING: notebook.read,
            schemas.POSITION: notebook.go_on_from,
            schemas.QUIZ: notebook.answer_quiz,
            schemas.PRACTICE: notebook.practise,
            schemas.AIM: notebook.choose_aim,
            schemas.FLARE: notebook.declare_flare,
            schemas.LADDER: notebook.rate_ladder,
            schemas.ENTRY: notebook.write_entry,
            schemas.ENTRY_REMOVED: notebook.remove_entry,
        }
        notes[event.type](event.about, moment, **said)


def _keep(
    enrolment: Enrolment,
    device: str,
    received_at: datetime,
    fresh: Sequence[tuple[Event, Result]],
) -> None:
    rows = [
        {
            "id": new_id(),
            "practice_id": enrolment.practice_id,
            "patient_id": enrolment.patient_id,
            "event_id": event.id,
            "device": device,
            "type": event.type,
            "about": event.about,
            "told_at": event.told_at,
            "occurred_at": event.at,
            "received_at": received_at,
            "body": dict(event.body),
            "outcome": result.outcome,
            "reason": result.reason,
            "detail": result.detail,
        }
        for event, result in fresh
    ]
    if rows:
        session.execute(insert(table_of(ClientEvent)), rows)


def _move_on(enrolment: Enrolment, notebook: Notebook, accepted: Sequence[Event]) -> None:
    """What is computed from all that was told, computed once for the batch."""
    if any(event.type in _FOLDED for event in accepted):
        programme.refold(enrolment.patient_id)
    if any(event.type in (schemas.GOAL, schemas.ATTAINMENT) for event in accepted):
        told = select(ClientEvent).where(
            ClientEvent.patient_id == enrolment.patient_id,
            ClientEvent.type == schemas.ATTAINMENT,
            ClientEvent.outcome == ACCEPTED,
        )
        notebook.settle([_reached(row) for row in session.scalars(told)])
    late.settle(enrolment)


def _reached(row: ClientEvent) -> Reached:
    assert row.about is not None
    reached = schemas.BODIES[schemas.ATTAINMENT].load(row.body)["reached"]
    return Reached(row.about, reached, row.occurred_at, row.event_id)
