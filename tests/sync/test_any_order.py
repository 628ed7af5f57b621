"""Twelve weeks of events, shuffled, doubled and split over two devices, come to one and the same.

A history is made by chance: check-ins answered on one device or on both, practice, quizzes, texts
read, aims, flare-ups, ladders, goals; every second person works through the plan in good order, so
that modules come to their end and rules swap, add, step up and step down. It is told once in order,
week by week, and then again in any order, late, twice, in batches of any size, from two devices
whose clocks are hours off. What a
patient's app and a provider see must be the same each time, the plan with all its modules, its dose
and the decisions that count included; only alerts, decisions that count no more and what is done
about them (notes, and when a follow-up was opened) may differ, for these say what was known at the
time.

``LUMBRA_HISTORIES`` says how many are told, ``LUMBRA_SEED`` repeats a run's choices.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from backend.checkins.models import CheckIn
from backend.core.database import session
from backend.core.identity import Actor, become
from backend.core.ids import new_id
from backend.instruments.models import QuestionnaireResponse, Score
from backend.patients import service as patients
from backend.programme import graded
from backend.programme import service as programme
from backend.programme.models import (
    Activity,
    ActivityEvent,
    Adaptation,
    CarePlan,
    ModuleReading,
)
from backend.risk import service as risk
from backend.sync import changes, schemas, service
from backend.sync.models import ACCEPTED, ClientEvent
from tests.programme.test_goal import goal
from tests.programme.test_practice import WALKING
from tests.world import PatientAccount, World

HISTORIES = int(os.environ.get("LUMBRA_HISTORIES", "20"))
SEED = int(os.environ.get("LUMBRA_SEED", "20261124"))
# So many ways of telling each history.
TELLINGS = 10
WEEKS = 12
SEVERITIES = (1, 3, 5, 7, 9)
OFFS = [timedelta(hours=h) for h in (-31, -7, -3, 0, 2, 9, 40)]
HINDERED = {1: 0, 3: 5, 5: 9, 7: 14, 9: 20}
# So many histories hold each move of a plan.
MANY = 100
MOVES = {"advance", "complete", "step-back", "stuck", "add-module", "step-up", "step-down"}
CALMED = {"fear_before": 40, "fear_after": 10, "belief_before": 60, "belief_after": 20}


@dataclass(frozen=True)
class Happening:
    """Something that happened at an instant, whichever device it will be noted on."""

    id: UUID
    at: datetime
    type: str
    about: UUID | None
    body: dict[str, Any]

    def noted(self, off: timedelta) -> dict[str, Any]:
        """As a device notes it whose clock is wrong by ``off``: days and times as it shows them."""
        body = dict(self.body)
        if "day" in body:
            shift = (self.at + off).date() - self.at.date()
            body["day"] = (body["day"] + shift).isoformat()
        return {
            "id": str(self.id),
            "type": self.type,
            "occurred_at": (self.at + off).isoformat(),
            "about": None if self.about is None else str(self.about),
            "body": body,
        }


class Stage:
    """A patient with twelve weeks behind them, of which nothing has arrived yet."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.clock = app, world.clock
        clinician = world.provider(world.practice(zone="UTC"))
        self.patient: PatientAccount = world.patient(clinician, time_zone="UTC")
        world.answer(self.patient, "safety-screen")
        hindered = {f"rmdq__{n}": True for n in range(1, 10)}
        world.answer(self.patient, "baseline", 3, weekly__fear=7, **hindered)
        self.began = world.clock.now()
        while len(missed := self._missed(world)) < WEEKS:
            world.clock.move_by(days=7)
            world.tick()
            world.sign_in(self.patient)
        self.check_ins = sorted(missed, key=lambda each: each["opens_at"])[:WEEKS]
        self.sheets = {
            (each["id"], severity): hindered_by(
                world.sheet(self.patient, each, severity), HINDERED[severity]
            )
            for each in self.check_ins
            for severity in SEVERITIES
        }
        self.goal = goal(world)
        self.now = world.clock.now()
        with self.acting():
            mine = select(Activity).where(Activity.patient_id == self.patient.id)
            self.activities = {a.module_id: a.id for a in session.scalars(mine)}
            known = programme.catalogue()
            grades = {
                a.id: known[a.module_id, a.module_version].grades for a in session.scalars(mine)
            }
        self.quizzes = {
            i: [(q.id, len(q.options)) for q in each[1].quiz] for i, each in grades.items()
        }
        self.right = {
            i: {n: {q.id: q.answer for q in grade.quiz} for n, grade in each.items()}
            for i, each in grades.items()
        }

    def _missed(self, world: World) -> list[dict[str, Any]]:
        return world.check_ins(self.patient, "weekly", "missed")

    @contextmanager
    def acting(self) -> Iterator[None]:
        with self.app.test_request_context():
            become(Actor(self.patient.id, self.patient.practice_id, "patient", new_id()))
            yield


def hindered_by(sheet: dict[str, Any], count: int) -> dict[str, Any]:
    """The same answers with the first so many of the 24 of disability said yes to."""
    yes = {f"rmdq.{n}" for n in range(1, count + 1)}
    return {link: True if link in yes else answer for link, answer in sheet.items()}


def history(stage: Stage, chance: random.Random) -> list[Happening]:
    """Twelve weeks of one person, by chance."""
    found: list[Happening] = []
    span = stage.now - stage.began

    def happen(at: datetime, kind: str, about: UUID | None, body: dict[str, Any]) -> Happening:
        made = Happening(UUID(int=chance.getrandbits(128), version=4), at, kind, about, body)
        found.append(made)
        return made

    def some_time() -> datetime:
        return stage.began + timedelta(seconds=chance.randrange(60, int(span.total_seconds())))

    def some_day(at: datetime) -> date:
        return at.date() - timedelta(days=chance.choice([0, 0, 0, 1, 3, 7, 8]))

    severity = chance.choice(SEVERITIES)
    for check_in in stage.check_ins:
        opens = datetime.fromisoformat(check_in["opens_at"])
        closes = datetime.fromisoformat(check_in["closes_at"])
        severity = SEVERITIES[
            min(max(SEVERITIES.index(severity) + chance.choice([-1, 0, 0, 1]), 0), 4)
        ]
        for _ in range(chance.choice([0, 1, 1, 1, 1, 2, 2])):
            seconds = chance.randrange(0, int((closes - opens).total_seconds()))
            told = stage.sheets[check_in["id"], chance.choice([severity, SEVERITIES[0]])]
            at = opens + timedelta(seconds=seconds)
            happen(at, "check-in", UUID(check_in["id"]), {"answers": told})
    modules = list(stage.activities.values())
    if chance.random() < 0.5:
        for place, about in enumerate(modules[:7]):
            begins = stage.began + timedelta(days=5 * place)
            for grade, right in stage.right[about].items():
                happen(
                    begins + timedelta(hours=grade),
                    "quiz",
                    about,
                    {"grade": grade, "answers": right},
                )
            for day in range(40):
                at = begins + timedelta(days=day, hours=5)
                if at < stage.now and chance.random() < 0.7:
                    noted = {"grade": 1, "day": at.date(), "done": True, "confidence": 8}
                    happen(at, "practice", about, noted)
    for _ in range(30):
        about, at = chance.choice(modules[:4]), some_time()
        noted = {"grade": chance.choice([1, 1, 2]), "day": some_day(at)}
        said = {"done": chance.random() < 0.8, "confidence": chance.choice([None, 2, 5, 8])}
        happen(at, "practice", about, {**noted, **said})
    for _ in range(6):
        about = chance.choice(modules[:4])
        answers = {name: chance.randrange(count) for name, count in stage.quizzes[about]}
        happen(some_time(), "quiz", about, {"grade": 1, "answers": answers})
        happen(some_time(), "reading", chance.choice(modules), {"grade": 1})
        here = {"grade": 1, "step": chance.randrange(1, 4)}
        happen(some_time(), "position", chance.choice(modules[:3]), here)
    steady, feared = stage.activities["M04"], stage.activities["M06"]
    for _ in range(12):
        at = some_time()
        values = {"amount_done": chance.randrange(4, 20)}
        said = {"grade": 2, "day": at.date(), "done": True, "values": values}
        happen(at, "practice", steady, said)
        tried = {**CALMED, "movement": chance.choice(["Bend", "bend ", "Lift"])}
        happen(at, "practice", feared, {**said, "values": tried})
    for _ in range(3):
        at = some_time()
        amount = {"amount": chance.randrange(10, 30)}
        happen(at, "aim", steady, {**WALKING, **amount})
        # At the very same instant: the higher id counts.
        happen(at, "aim", steady, {**WALKING, "amount": chance.randrange(10, 30)})
        flared = some_time()
        began = flared.date() - timedelta(days=chance.choice([0, 2, 7]))
        happen(flared, "flare", steady, {"days": chance.randrange(1, 7), "day": began})
        names = chance.sample(["Bend", " bend", "Lift", "Vacuum", "vacuum ", "Garden", "Jog"], 4)
        unlike = {" ".join(name.split()).casefold(): name for name in names}
        items = [{"item": n, "rating": chance.randrange(0, 101)} for n in unlike.values()]
        happen(some_time(), "ladder", feared, {"items": items})
        set_at = some_time()
        by = set_at.date() + timedelta(days=chance.randrange(20, 40))
        said = {**stage.goal, "by": by.isoformat(), "amount": chance.randrange(20, 60)}
        target = happen(set_at, "goal", None, said)
        for _ in range(2):
            happen(some_time(), "attainment", target.id, {"reached": chance.randrange(0, 60)})
    # Some of what people send is refused, whatever came before.
    happen(some_time(), "reading", UUID(int=7), {"grade": 1})
    happen(some_time(), "quiz", modules[0], {"grade": 1, "answers": {}})
    return sorted(found, key=lambda each: (each.at, each.id))


def tell(
    stage: Stage, at: datetime, off: timedelta, device: str, events: Sequence[Happening]
) -> None:
    stage.clock.move_to(at)
    noted = [event.noted(off) for event in events]
    service.take(at + off, device, noted)


def tell_in_order(stage: Stage, events: Sequence[Happening]) -> None:
    """Each week what happened in it, from one device whose clock is right."""
    told: dict[int, list[Happening]] = {}
    for event in events:
        told.setdefault((event.at - stage.began).days // 7, []).append(event)
    for week, each in sorted(told.items()):
        tell(stage, stage.began + timedelta(days=7 * week + 7), timedelta(0), "one", each)


def tell_in_any_order(stage: Stage, events: Sequence[Happening], chance: random.Random) -> None:
    """Shuffled, some twice, in batches of any size, from two devices, at any time afterwards."""
    devices = [("one", chance.choice(OFFS)), ("two", chance.choice(OFFS))]
    queue = [*events, *chance.sample(list(events), len(events) // 4)]
    chance.shuffle(queue)
    if chance.random() < 0.3:
        queue.sort(key=lambda event: event.at, reverse=True)
    while queue:
        size = chance.choice([1, 3, 10, 40, 100])
        batch, queue = queue[:size], queue[size:]
        device, off = chance.choice(devices)
        latest = max(event.at for event in batch)
        at = latest + chance.random() * (stage.now - latest)
        tell(stage, at, off, device, batch)


def state(stage: Stage) -> dict[str, Any]:
    """All that a patient's app and a provider see, and what became of each event."""
    stage.clock.move_to(stage.now)
    session.flush()
    session.expire_all()
    patient_id = stage.patient.id
    enrolment = patients.find(patient_id)
    parts = schemas.Parts().dump(changes._parts(enrolment))
    for each in parts["goals"]["earlier"] + [parts["goals"]["goal"] or {}]:
        each.pop("id", None)
    follow_ups = [c for c in parts["check_ins"]["items"] if c["kind"] == "follow-up"]
    parts["check_ins"]["items"] = [c for c in parts["check_ins"]["items"] if c not in follow_ups]
    for each in parts["plan"]["plan"]["activities"]:
        # One that joins is given its id when that is first known.
        each.pop("id")
    rules = risk.pathway(enrolment.practice_id).practice
    engines = {
        stage.activities["M04"]: graded.GRADED_ACTIVITY,
        stage.activities["M06"]: graded.GRADED_EXPOSURE,
    }
    scores = (
        select(
            QuestionnaireResponse.idempotency_key, Score.code, Score.value, Score.reason, Score.at
        )
        .join(Score, Score.response_id == QuestionnaireResponse.id)
        .where(Score.patient_id == patient_id, Score.superseded_at.is_(None))
    )
    responses = select(
        QuestionnaireResponse.idempotency_key,
        QuestionnaireResponse.authored_at,
        QuestionnaireResponse.superseded_at.is_(None),
        CheckIn.completed_at,
    ).join(CheckIn, CheckIn.id == QuestionnaireResponse.check_in_id)
    readings = select(ModuleReading.activity_id, ModuleReading.grade, ModuleReading.at)
    events = select(
        ActivityEvent.activity_id,
        ActivityEvent.kind,
        ActivityEvent.item,
        ActivityEvent.day,
        ActivityEvent.values,
        ActivityEvent.at,
        ActivityEvent.event_id,
    )
    plan = session.scalars(select(CarePlan).where(CarePlan.patient_id == patient_id)).one()
    in_plan = (
        select(Activity)
        .where(Activity.care_plan_id == plan.id, Activity.joined_at.is_not(None))
        .order_by(Activity.position)
    )
    decided = (
        select(
            Activity.module_id,
            Adaptation.rule,
            Adaptation.decision,
            Adaptation.inputs,
            Adaptation.for_patient,
            Adaptation.for_provider,
            Adaptation.at,
        )
        .outerjoin(Activity, Activity.id == Adaptation.activity_id)
        .where(Adaptation.patient_id == patient_id, Adaptation.superseded_at.is_(None))
    )
    engagement = programme.engagement_of([patient_id])[patient_id]
    told = select(ClientEvent).where(ClientEvent.patient_id == patient_id)
    return {
        **parts,
        "activities": [
            (
                a.module_id,
                a.position,
                a.status,
                a.grade,
                a.holds,
                a.optional,
                a.factor,
                a.reason,
                a.joined_at,
                a.started_at,
                a.grade_began_at,
                a.completed_at,
                a.swapped_at,
            )
            for a in session.scalars(in_plan)
        ],
        "support": (plan.support, plan.maintenance_since),
        "decided": sorted(session.execute(decided), key=str),
        "dose": programme.dose_of_patient(patient_id),
        "engagement": engagement,
        "follow-ups": sorted(
            (battery, occasion)
            for battery, occasion in session.execute(
                select(CheckIn.battery, CheckIn.occasion).where(
                    CheckIn.patient_id == patient_id,
                    CheckIn.kind == "follow-up",
                    CheckIn.battery != "safety-screen",
                )
            )
        ),
        # Whether it was told late is of its arrival.
        "course": [replace(point, late=False) for point in risk.course_of(patient_id)],
        "judged": [
            (a.kind, a.at, a.outcome, a.value, a.inputs, a.result, a.reasons)
            for a in risk.latest(patient_id)
        ],
        "standing": risk.standings([patient_id]),
        "practised": graded.standings(rules, engines, patient_id, "UTC"),
        "scores": sorted(map(str, session.execute(scores))),
        "responses": sorted(map(str, session.execute(responses))),
        "readings": sorted(map(str, session.execute(readings))),
        "events": sorted(map(str, session.execute(events))),
        "said": {row.event_id: (row.outcome, row.reason) for row in session.scalars(told)},
    }


def something_of_everything(events: Sequence[Happening], found: Mapping[str, Any]) -> bool:
    """Whether a history says what it should: all answered, each type taken, some refused."""
    said = found["said"]
    taken = {event.type for event in events if said[event.id][0] == ACCEPTED}
    refused = {reason for _, reason in said.values()}
    judged = [point for point in found["course"] if point.value is not None]
    return (
        len(said) == len(events)
        and taken == {event.type for event in events}
        and {"invalid", "not-found"} <= refused
        and len(judged) > 3
    )


@pytest.fixture
def stage(app: Flask, world: World) -> Stage:
    return Stage(app, world)


def test_any_order_gives_the_same_state(stage: Stage) -> None:
    chance = random.Random(SEED)
    heard: list[bool] = []
    moved: set[str] = set()
    with stage.acting():
        for n in range(max(1, HISTORIES // TELLINGS)):
            events = history(stage, chance)
            with session.begin_nested() as undone:
                tell_in_order(stage, events)
                expected = state(stage)
                undone.rollback()
            heard.append(something_of_everything(events, expected))
            moved |= {each.decision for each in expected["decided"]}
            for telling in range(TELLINGS):
                with session.begin_nested() as undone:
                    tell_in_any_order(stage, events, chance)
                    found = state(stage)
                    undone.rollback()
                where = f"history {n}, telling {telling}"
                for part in expected:
                    assert found[part] == expected[part], f"{where}: {part}"
    assert any(heard)
    if HISTORIES >= MANY:
        assert moved >= MOVES
