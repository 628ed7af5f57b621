"""A practice in which every indicator has something to count, told row by row.

Who is who: A is at high risk and does well; B is at low risk and answers little; C is at medium
risk and leaves; D is at high risk and begins a month later; E never agrees; F joins in October.
X teaches and practises; Y leads; W was found competent and took no booster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.alerts.models import Alert, AlertEvent
from backend.checkins.models import CheckIn
from backend.core.database import Base
from backend.core.ids import new_id
from backend.evaluation.models import (
    AdverseEvent,
    ConsulterCount,
    ContextNote,
    Referral,
    ReferralStep,
    Refusal,
)
from backend.instruments.models import QuestionnaireResponse, Score
from backend.patients.models import Consent, Enrolment, Patient
from backend.programme.models import (
    Activity,
    Adaptation,
    CarePlan,
    ModuleReading,
    PracticeLog,
    QuizAttempt,
)
from backend.quality.models import (
    CompetenceDecision,
    Consultation,
    ConsultationRating,
    TrainingRecord,
)
from backend.risk.models import RiskAssessment
from tests.backstage import behind
from tests.world import World

_NUMBERS = count(1)


def at(month: int, day: int, hour: int = 12, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@dataclass
class Person:
    """A patient, their enrolment and their plan, if they have one."""

    id: UUID
    enrolment: UUID
    enrolled: datetime
    plan: UUID | None = None
    ended: datetime | None = None


class Seed:
    """Writes rows of one practice."""

    def __init__(self, store: Session, practice: UUID, providers: Mapping[str, UUID]) -> None:
        self.store = store
        self.practice = practice
        self.by = providers

    def add(self, row: Base, **more: Any) -> UUID:
        """One row; its id."""
        row.id = new_id()  # type: ignore[attr-defined]
        row.practice_id = self.practice  # type: ignore[attr-defined]
        for name, value in more.items():
            setattr(row, name, value)
        self.store.add(row)
        self.store.flush()
        made: UUID = row.id  # type: ignore[attr-defined]
        return made

    def told(self, row: Base, recorded: datetime | None = None) -> UUID:
        """A row that a provider tells."""
        return self.add(row, recorded_by=self.by["X"], recorded_at=recorded or at(12, 31))

    def person(
        self,
        enrolled: datetime,
        agreed: bool = True,
        ended: datetime | None = None,
        language: str = "en",
    ) -> Person:
        number = next(_NUMBERS)
        patient = self.add(
            Patient(
                given_name="Ann",
                family_name=f"Seed{number}",
                phone=f"+4477008{number:05d}",
                phone_index=number.to_bytes(32),
                language=language,
                time_zone="Europe/London",
                created_at=enrolled,
            )
        )
        status = "withdrawn" if ended else "active" if agreed else "invited"
        enrolment = self.add(
            Enrolment(
                patient_id=patient,
                status=status,
                checkin_weekday=1,
                checkin_hour=10,
                enrolled_at=enrolled,
                consented_at=enrolled if agreed else None,
                ended_at=ended,
            )
        )
        if agreed:
            said = {"text_version": "1", "action": "given", "by_role": "patient", "how": "app"}
            self.add(Consent(patient_id=patient, kind="programme", at=enrolled, **said))
        return Person(patient, enrolment, enrolled, ended=ended)

    def makes_plan(self, person: Person, made: datetime, group: str) -> None:
        judged = self.add(
            RiskAssessment(
                patient_id=person.id,
                kind="stratification",
                method="sbst",
                method_version="1",
                at=made,
                outcome=group,
                inputs={},
                result={},
                reasons=[],
            )
        )
        person.plan = self.add(
            CarePlan(
                patient_id=person.id,
                risk_assessment_id=judged,
                pathway_version="1",
                status="active",
                weeks=8,
                support="",
                planned_support="",
                notes=[],
                created_at=made,
                folded_to=made,
            )
        )

    def module(
        self,
        person: Person,
        name: str,
        position: int,
        started: datetime | None = None,
        completed: datetime | None = None,
        **more: Any,
    ) -> UUID:
        assert person.plan is not None
        return self.add(
            Activity(
                care_plan_id=person.plan,
                patient_id=person.id,
                module_id=name,
                module_version="2.0.0",
                position=position,
                planned=position,
                reason="Core.",
                status="completed" if completed else "active" if started else "waiting",
                grade=1,
                started_at=started,
                grade_began_at=started,
                completed_at=completed,
                **more,
            )
        )

    def decides(self, person: Person, activity: UUID | None, when: datetime, **said: Any) -> None:
        given: dict[str, Any] = {"rule": "progression", "decision": "advance", "inputs": {}, **said}
        words = {"rule_version": "1", "for_patient": "-", "for_provider": "-"}
        self.add(
            Adaptation(
                patient_id=person.id,
                care_plan_id=person.plan,
                activity_id=activity,
                at=when,
                **words,
                **given,
            )
        )

    def reads(self, person: Person, activity: UUID, when: datetime, grade: int = 1) -> None:
        self.add(ModuleReading(patient_id=person.id, activity_id=activity, grade=grade, at=when))

    def quizzes(self, person: Person, activity: UUID, percent: int, when: datetime) -> None:
        tried = {"answers": {}, "percent": percent, "grade": 1, "at": when}
        self.add(QuizAttempt(patient_id=person.id, activity_id=activity, **tried))

    def practises(self, person: Person, activity: UUID, day: date, **said: Any) -> None:
        noted: dict[str, Any] = {"done": True, "values": {}, **said}
        self.add(
            PracticeLog(
                patient_id=person.id,
                activity_id=activity,
                grade=1,
                day=day,
                at=datetime(day.year, day.month, day.day, 18, tzinfo=UTC),
                **noted,
            )
        )

    def answers(self, person: Person, when: datetime, check_in: UUID | None = None) -> UUID:
        return self.add(
            QuestionnaireResponse(
                patient_id=person.id,
                check_in_id=check_in,
                questionnaire="weekly|1",
                answers={},
                mode="app",
                authored_at=when,
                received_at=when,
                idempotency_key=new_id().hex,
                request_hash=b"0",
                outcome={},
            )
        )

    def scores(self, person: Person, code: str, value: int | None, when: datetime) -> None:
        self.add(
            Score(
                patient_id=person.id,
                response_id=self.answers(person, when),
                instrument=code.split(".")[0],
                instrument_version="1",
                scoring_version="1",
                code=code,
                value=value,
                reason=None if value is not None else "incomplete",
                at=when,
            )
        )

    def week(
        self,
        person: Person,
        occasion: int,
        opens: datetime,
        answered: datetime | None,
        superseded: bool = False,
    ) -> None:
        """A weekly set that closes six and a half days after it opens."""
        check_in = self.add(
            CheckIn(
                patient_id=person.id,
                enrolment_id=person.enrolment,
                kind="weekly",
                battery="weekly",
                occasion=occasion,
                # What it says of itself is not what counts.
                status="missed",
                opens_at=opens,
                closes_at=opens + timedelta(days=6, hours=12),
            )
        )
        if answered is not None:
            response = self.answers(person, answered, check_in)
            if superseded:
                self.store.execute(
                    update(QuestionnaireResponse)
                    .where(QuestionnaireResponse.id == response)
                    .values(superseded_at=answered)
                )

    def consults(self, person: Person, held: datetime, group: str) -> UUID:
        return self.add(
            Consultation(
                patient_id=person.id,
                provider_id=self.by["X"],
                held_at=held,
                risk_group=group,
                stratum="early",
                recorded_at=held,
            )
        )

    def rates(self, consultation: UUID, by: str, fidelity: int, when: datetime) -> None:
        self.add(
            ConsultationRating(
                consultation_id=consultation,
                rater_id=self.by[by],
                source="self" if by == "X" else "observer",
                checklist_version="1",
                scores={},
                prohibited=[],
                fidelity=Decimal(fidelity),
                at=when,
            )
        )

    def trains(self, who: str, kind: str, when: datetime, **said: Any) -> None:
        record = TrainingRecord(provider_id=self.by[who], kind=kind, tool_version="1", at=when)
        self.add(record, **said)

    def alert(self, person: Person, events: list[tuple[datetime, str, str, int, datetime]]) -> None:
        """Events as (at, action, status after, tier, respond by); a resolving one names its code
        behind a colon."""
        first, last = events[0], events[-1]
        closed = last[2] in ("resolved", "dismissed")
        times = dict.fromkeys(("respond_from", "opened_at", "updated_at", "resolve_from"), first[0])
        alert = self.add(
            Alert(
                patient_id=person.id,
                rule=f"R-{new_id().hex}",
                rule_version="1",
                tier=last[3],
                title="-",
                status=last[2],
                evidence=[{"at": first[0].isoformat(), "why": "-"}],
                suggestions=[],
                respond_by=last[4],
                resolve_by=last[4],
                closed_at=last[0] if closed else None,
                resolution="x" if closed else None,
                feed_version=1,
                **times,
            )
        )
        before = None
        for when, action, status, tier, by in events:
            name, _, code = action.partition(":")
            self.add(
                AlertEvent(
                    alert_id=alert,
                    at=when,
                    action=name,
                    from_status=before,
                    to_status=status,
                    actor_role="clinician",
                    detail={"code": code} if code else None,
                    feed_version=1,
                    tier=tier,
                    title="-",
                    respond_by=by,
                )
            )
            before = status


def seed(app: Flask, world: World, name: str) -> UUID:
    """A practice in London with an account since 1 September 2026, 10:00; its id."""
    practice = world.practice(name)
    roles = {"X": "clinician", "Y": "lead", "W": "clinician", "Z": "clinician"}
    providers = {who: world.provider(practice, role).id for who, role in roles.items()}
    world.provider(practice, "administrator")
    with behind(app) as store:
        fill(Seed(store, practice, providers))
    return practice


def fill(seed: Seed) -> None:
    a, b = seed.person(at(9, 2)), seed.person(at(9, 3))
    c = seed.person(at(9, 4), ended=at(9, 8))
    d = seed.person(at(9, 5), language="nl")
    seed.person(at(9, 6), agreed=False)
    f = seed.person(at(10, 2))
    _practice_tells(seed, a, b, d)
    _screens(seed, a, b, c, d, f)
    _plans(seed, a, b, c, d)
    _providers(seed, a, b, d)
    _alerts(seed, a, b)
    _weeks(seed, a, b, c, d, f)


def _practice_tells(seed: Seed, a: Person, b: Person, d: Person) -> None:
    september = date(2026, 9, 1)
    seed.told(ConsulterCount(month=september, consulters=19, eligible=11), at(10, 2))
    seed.told(ConsulterCount(month=september, consulters=20, eligible=12), at(10, 3))
    for reason in ("no-time", "no-time", "privacy"):
        seed.told(Refusal(day=date(2026, 9, 9), reason=reason))
    for person, day in ((a, 10), (b, 11)):
        referral = Referral(patient_id=person.id, target="psychology", day=date(2026, 9, day))
        made = seed.told(referral)
        for step, month in (("attended", 9), ("completed", 10)):
            seed.told(ReferralStep(referral_id=made, step=step, day=date(2026, month, 20)))
    seed.told(Referral(patient_id=d.id, target="pain-service", day=date(2026, 10, 5)))

    def harm(person: Person, serious: str | None, relatedness: str, **more: Any) -> UUID:
        kind = {"kind": "injury", "day": date(2026, 9, 15)}
        return seed.told(
            AdverseEvent(
                patient_id=person.id,
                serious_because=serious,
                relatedness=relatedness,
                **kind,
                **more,
            )
        )

    harm(a, "hospital", "possible")
    first = harm(b, "hospital", "probable")
    harm(b, "hospital", "unlikely", corrects=first)
    harm(d, None, "probable")
    outage = {"code": "outage", "day": date(2026, 10, 1), "until": None}
    away = {"code": "staffing", "day": date(2026, 8, 20), "until": date(2026, 9, 4)}
    over = {"code": "campaign", "day": date(2026, 8, 1), "until": date(2026, 8, 31)}
    for note in (outage, away, over):
        seed.told(ContextNote(note="-", **note))


def _screens(seed: Seed, a: Person, b: Person, c: Person, d: Person, f: Person) -> None:
    for person, value, when in (
        (a, 5, at(9, 2)),
        (b, 2, at(9, 3)),
        (c, None, at(9, 4)),
        # 23:30 on 30 September in UTC is October in London, of which nothing was told.
        (d, 7, at(9, 30, 23, 30)),
        (f, 3, at(10, 2)),
        (a, 4, at(9, 20)),
    ):
        seed.scores(person, "sbst.total", value, when)
    seed.scores(a, "weekly.fear", 8, at(9, 2, 11))
    seed.scores(a, "weekly.fear", 5, at(10, 14))
    seed.scores(a, "weekly.fear", 1, at(10, 16))
    seed.scores(a, "weekly.sleep", 6, at(9, 2, 11))
    seed.scores(a, "weekly.sleep", 7, at(11, 25))
    seed.scores(b, "weekly.fear", 4, at(9, 3, 11))


def _plans(seed: Seed, a: Person, b: Person, c: Person, d: Person) -> None:
    seed.makes_plan(a, at(9, 2), "high")
    seed.makes_plan(b, at(9, 3), "low")
    seed.makes_plan(c, at(9, 4), "medium")
    seed.makes_plan(d, at(10, 1), "high")
    m01 = seed.module(a, "M01", 0, at(9, 2), at(9, 16))
    m02 = seed.module(a, "M02", 1, at(9, 9), at(9, 23), factor="fear-avoidance")
    seed.decides(a, m02, at(9, 16), inputs={"grade": 1})
    m03 = seed.module(a, "M03", 2, at(9, 18, 20), at(10, 2))
    m04 = seed.module(a, "M04", 3, at(9, 26), at(10, 3))
    of_b = seed.module(b, "M01", 0, at(9, 3), at(9, 17))
    seed.module(b, "M02", 1)
    seed.module(c, "M01", 0, at(9, 4))
    waiting = seed.module(c, "M02", 1)
    seed.decides(
        c, waiting, at(9, 7), rule="provider-override", decision="provider-move",
        provider_id=seed.by["X"],
    )  # fmt: skip
    of_d = seed.module(d, "M01", 0, at(10, 1), at(10, 8))
    seed.module(d, "M02", 1, optional=True)
    for person, activity, grade, when in (
        (a, m01, 1, at(9, 2)), (a, m01, 1, at(9, 3)), (a, m02, 1, at(9, 9)), (a, m02, 2, at(9, 17)),
        (b, of_b, 1, at(9, 3)), (d, of_d, 1, at(10, 2)),
        # The 203rd day since D agreed begins; week 26 is over.
        (d, of_d, 1, at(3, 27, year=2027)),
    ):  # fmt: skip
        seed.reads(person, activity, when, grade)
    for person, activity, percent in ((a, m01, 80), (a, m03, 100), (a, m04, 79), (b, of_b, 90)):
        seed.quizzes(person, activity, percent, at(9, 30))
    for day in range(2, 10):
        seed.practises(a, m01, date(2026, 9, day))
    for day in range(10, 15):
        told = {"told_someone": "Mum"} if day == 11 else {}
        seed.practises(a, m02, date(2026, 9, day), values=told)
    seed.practises(a, m02, date(2026, 9, 15), done=False)
    for month, day in ((9, 19), (9, 20), (9, 21), (10, 20)):
        seed.practises(a, m03, date(2026, month, day))
    seed.practises(b, of_b, date(2026, 9, 5))
    seed.practises(b, of_b, date(2027, 2, 25))
    seed.practises(d, of_d, date(2026, 10, 2), values={"told_someone": "  "})


def _providers(seed: Seed, a: Person, b: Person, d: Person) -> None:
    for who in ("X", "W"):
        for topic in ("T1", "T2", "T3", "T9"):
            seed.trains(who, "quiz", at(10, 1), topic=topic, percent=Decimal(80))
        seed.add(
            CompetenceDecision(
                provider_id=seed.by[who],
                tier="low",
                rule_version="1",
                decided_by=seed.by["Y"],
                at=at(10, 10),
            )
        )
    seed.trains("Y", "attended", at(10, 1), topic="T1")
    seed.trains("X", "booster", at(1, 5, year=2027))
    seed.trains("X", "booster", at(4, 5, year=2027))
    first = seed.consults(a, at(9, 10), "high")
    seed.rates(first, "Y", 90, at(9, 11))
    seed.rates(first, "Z", 74, at(9, 11))
    second = seed.consults(d, at(10, 20), "high")
    seed.rates(second, "Y", 70, at(10, 21))
    seed.rates(second, "X", 95, at(10, 20))
    third = seed.consults(b, at(9, 12), "low")
    seed.rates(third, "X", 88, at(9, 12))
    seed.consults(a, at(11, 2), "high")


def _alerts(seed: Seed, a: Person, b: Person) -> None:
    seed.alert(a, [
        (at(9, 10, 10), "open", "new", 1, at(9, 10, 10, 15)),
        (at(9, 10, 10, 10), "acknowledge", "acknowledged", 1, at(9, 10, 10, 15)),
        (at(9, 10, 11), "resolve:contacted", "resolved", 1, at(9, 10, 10, 15)),
        (at(9, 11, 10), "reopen", "acknowledged", 1, at(9, 11, 10, 15)),
        (at(9, 12, 10), "resolve:referred", "resolved", 1, at(9, 11, 10, 15)),
    ])  # fmt: skip
    seed.alert(a, [
        (at(9, 11, 10), "open", "new", 2, at(9, 12, 10)),
        (at(9, 13, 10), "acknowledge", "acknowledged", 2, at(9, 12, 10)),
        (at(9, 13, 11), "resolve:no-action", "resolved", 2, at(9, 12, 10)),
    ])  # fmt: skip
    seed.alert(b, [
        (at(9, 14, 10), "open", "new", 3, at(9, 21, 10)),
        (at(9, 15, 10), "raise-tier", "new", 2, at(9, 16, 10)),
        (at(9, 15, 16), "acknowledge", "acknowledged", 2, at(9, 16, 10)),
        (at(9, 15, 17), "dismiss", "dismissed", 2, at(9, 16, 10)),
    ])  # fmt: skip
    seed.alert(b, [(at(9, 20, 10), "open", "new", 3, at(9, 27, 10))])
    end = at(9, 30, year=2027)
    seed.alert(b, [(end, "open", "new", 3, end + timedelta(days=3))])


def _weeks(seed: Seed, a: Person, b: Person, c: Person, d: Person, f: Person) -> None:
    seed.week(a, 1, at(9, 8), at(9, 9))
    seed.week(a, 2, at(9, 15), at(9, 23))
    seed.week(a, 3, at(9, 22), at(9, 23), superseded=True)
    seed.week(b, 1, at(9, 8), None)
    seed.week(c, 1, at(9, 8, 10), None)
    seed.week(f, 1, at(10, 8), at(10, 8))
    # It closes in October, after the year that is looked at.
    seed.week(d, 1, at(9, 28, year=2027), at(9, 28, year=2027))
    seed.answers(a, at(3, 1, year=2027))
