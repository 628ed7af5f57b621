"""A plan moved on: loaded, folded over one moment or all of them, and written down.

Stored is the state after the newest moment (``CarePlan.folded_to``). What is newer goes on from
there with few statements; what is told late folds everything again from the start, and comes to the
same. What the rules decide follows from what happened, never from what was decided before; only
what a provider changed is taken as it was stored. Decisions are only ever added: what a late note
makes untrue is kept beside what counts instead, and marked (``Adaptation.superseded_at``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select

from backend.core.database import session
from backend.core.ids import new_id
from backend.patients.models import Patient
from backend.programme import progress
from backend.programme.clearance import Known
from backend.programme.clearances import known_of, known_through_time
from backend.programme.decisions import keep_decisions, keep_only
from backend.programme.engagement import engagement_through_time
from backend.programme.graded import ENGINES, Standing, through_time
from backend.programme.gradings import decided_by
from backend.programme.models import (
    ACTIVE,
    SKIPPED,
    STUCK,
    Activity,
    Adaptation,
    CarePlan,
    PracticeLog,
    QuizAttempt,
)
from backend.programme.modules import Module
from backend.programme.plans import catalogue, newest_modules
from backend.programme.progress import (
    BY_PROVIDERS,
    STUCK_WITHIN,
    Answered,
    Changed,
    Decided,
    Done,
    Graded,
    Held,
    Hold,
    Moment,
    Part,
    Practised,
    Quizzed,
    Reviewed,
    Rules,
    State,
)
from backend.programme.sentences import for_patient
from backend.risk import service as risk
from backend.risk.models import SafetyHold

# Built once: it is on the road of every check-in. The plan is locked, so that what two devices tell
# is folded one after the other.
_OPEN_HOLD = (
    select(SafetyHold.level)
    .where(SafetyHold.patient_id == CarePlan.patient_id, SafetyHold.cleared_at.is_(None))
    .scalar_subquery()
)
_HELD_UNTIL = (
    select(func.max(SafetyHold.cleared_at))
    .where(SafetyHold.patient_id == CarePlan.patient_id)
    .scalar_subquery()
)
_PLAN = (
    select(CarePlan, Activity, Patient.language, Patient.time_zone, _OPEN_HOLD, _HELD_UNTIL)
    .join(Activity, Activity.care_plan_id == CarePlan.id)
    .join(Patient, Patient.id == CarePlan.patient_id)
    .where(CarePlan.patient_id == bindparam("patient_id"), CarePlan.status == "active")
    .order_by(Activity.position)
    .with_for_update(of=CarePlan, key_share=False)
    .execution_options(populate_existing=True)
)
# Where a part of the plan stands; of one that what is known now never brought in, as if new.
_WRITTEN = (
    "joined_at",
    "status",
    "grade",
    "holds",
    "started_at",
    "grade_began_at",
    "completed_at",
    "swapped_at",
    "optional",
)
_Through = Callable[[date, Collection[UUID]], dict[UUID, Standing]]


@dataclass
class Progress:
    """Where a plan stands after a moment: the module to go on with, and stuck marks of 14 days."""

    next_module: Module | None
    stuck_marks: int
    fold: Fold | None = None


def adapt(patient_id: UUID, at: datetime, response_id: UUID, told_later: bool = False) -> Progress:
    """The weekly step: judge each active grade that is due, open the next module when its turn has
    come (not one that a safety hold locks), and keep what was decided about quotas and ladders.

    ``at`` is the instant of the answers, ``response_id`` their response. ``told_later``: with other
    things, perhaps, that are not folded yet.
    """
    fold = _find(patient_id)
    if fold is None:
        return Progress(None, 0)
    answered = Answered(at, str(response_id))
    if told_later:
        fold.again(answered)
    else:
        fold.take(answered)
    known, activities = catalogue(), fold.in_plan
    stuck = fold.state.graded_stuck or any(a.status == STUCK for a in activities)
    marks = _stuck_marks(patient_id, at) if stuck else 0
    working = [a for a in activities if a.status in (ACTIVE, STUCK)]
    module = known[working[-1].module_id, working[-1].module_version] if working else None
    return Progress(module, marks, fold)


def review(found: Progress, week: risk.Week) -> None:
    """After the weekly step, move the plan by what the pathway's rules say of the answers: a module
    joins for a factor that has risen, or takes another's place, support is raised, or the plan goes
    over to a lighter one.

    No statement where nothing of it is due.
    """
    if found.fold is not None:
        found.fold.go_on(_reviewed(week))


def refold(patient_id: UUID) -> None:
    """Fold a patient's plan again from its start, after something older was told."""
    fold = _find(patient_id)
    if fold is not None:
        fold.again()


def of_patient(patient_id: UUID) -> Fold | None:
    """A patient's active plan, locked, as far as it is folded; ``None`` without one."""
    return _find(patient_id)


def practised(activity: Activity, day: date) -> None:
    """Move on by a day's practice that was just written."""
    fold = _find(activity.patient_id)
    if fold is None:
        return
    at = _beginning(day, fold.zone)
    module = activity.module_id
    if at <= fold.plan.folded_to:
        # An earlier moment has looked at this day, or would have come after it.
        fold.again()
        return
    fold.take(Practised(at, f"{day.isoformat()} {module}", module, day, True, None))


def told_of(activity: Activity, day: date) -> None:
    """Judge anew, where something was just told of a day that the last answers looked at."""
    fold = _find(activity.patient_id)
    if fold is not None and _beginning(day, fold.zone) <= fold.plan.folded_to:
        fold.again()


def answered_quiz(activity: Activity, attempt: QuizAttempt) -> None:
    """Move on by a quiz attempt that was just written."""
    fold = _find(activity.patient_id)
    if fold is not None:
        fold.take(_quizzed(attempt, activity.module_id))


class Fold:
    """A patient's plan on its way through the moments."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.plan: CarePlan = rows[0][0]
        self.activities: dict[str, Activity] = {row[1].module_id: row[1] for row in rows}
        self.language: str = rows[0][2]
        self.zone = ZoneInfo(rows[0][3])
        self.pathway = risk.pathway(self.plan.practice_id)
        self._held = Held(rows[0][4], rows[0][5])
        self._late: list[Moment] = []
        self._newest: Moment | None = None
        self.state = State(self._parts(), self.plan.maintenance_since, self.plan.support)
        known = cache(self._known_now)
        self.rules = self._rules(
            lambda _: self._held, lambda _: known(), self._grading(self._through)
        )

    @property
    def in_plan(self) -> list[Activity]:
        """The activities of the plan in order, without those left out."""
        found = (a for a in self.activities.values() if a.status != SKIPPED)
        return sorted(found, key=lambda a: a.position)

    def take(self, moment: Moment) -> None:
        """Go on by one moment that is newer than all before, or fold again with it."""
        if moment.at > self.plan.folded_to:
            self.go_on(moment)
        else:
            self.again(moment)

    def go_on(self, moment: Moment) -> None:
        """Go on from the state by a moment that comes after all that were folded."""
        if self._newest is not None and progress.order(moment) < progress.order(self._newest):
            self.again(moment)
            return
        due = progress.due(self.rules, self.state, moment)
        done = self._done(due, moment) if due else Done()
        state, decided = progress.step(self.rules, self.state, moment, done)
        self._keep(state, decided, moment.at)

    def again(self, *moments: Moment) -> None:
        """Fold from the start over all that is stored, and these, which may not be stored yet."""
        self._late += moments
        done = self._everything()
        found = {
            progress.order(moment): moment
            for moment in (
                *self._weeks(),
                *self._provider_changes(),
                *done.practice,
                *done.quizzes,
                *self._late,
            )
        }
        holds = [
            Hold(each.opened_at, each.cleared_at, each.level)
            for each in risk.holds_of(self.plan.patient_id)
        ]

        def held_at(at: datetime) -> Held:
            return progress.held_at(holds, at)

        known_at = known_through_time(self.plan.patient_id, self.plan.practice_id, held_at)
        whole = cache(lambda: self._through(self._engines()))
        rules = self._rules(held_at, known_at, self._grading(lambda _: whole()))
        began = progress.start(self._planned(), self.plan.created_at, self.plan.planned_support)
        state, decided = progress.fold(rules, began, found.values(), done)
        self._newest = max(found.values(), key=progress.order, default=None)
        newest = self.plan.created_at if self._newest is None else self._newest.at
        self._keep(state, decided, newest, whole=True)

    def _rules(
        self,
        held_at: Callable[[datetime], Held],
        known_at: Callable[[Moment], Known],
        graded: Callable[[State, Answered], Graded],
    ) -> Rules:
        plan, known = self.plan, catalogue()
        # What was ever in the plan stays at the version it began with.
        own = {a.module_id: known[a.module_id, a.module_version] for a in self.activities.values()}
        return Rules(
            progression=self.pathway.progression,
            plan=self.pathway.plan,
            rule_book=self.pathway.rule_book,
            newest={**newest_modules(), **own},
            zone=self.zone,
            held_at=held_at,
            known_at=known_at,
            circumstances=lambda: risk.circumstances(plan.practice_id, plan.risk_assessment_id),
            graded=graded,
        )

    def _parts(self) -> tuple[Part, ...]:
        return tuple(_part(a) for a in self.activities.values() if a.joined_at is not None)

    def _planned(self) -> list[Part]:
        return [_part(a) for a in self.activities.values() if a.planned is not None]

    def _engines(self, at_work: Collection[str] | None = None) -> dict[UUID, str]:
        """The engines of graded activities, of those of some modules only, if these are given."""
        known = catalogue()
        engines = {
            a.id: known[a.module_id, a.module_version].progression
            for a in self.activities.values()
            if at_work is None or a.module_id in at_work
        }
        return {i: engine for i, engine in engines.items() if engine in ENGINES}

    def _through(self, engines: Mapping[UUID, str]) -> _Through:
        return through_time(self.pathway.practice, engines, self.plan.patient_id, self.zone.key)

    def _grading(
        self, load: Callable[[Mapping[UUID, str]], _Through]
    ) -> Callable[[State, Answered], Graded]:
        """What answers find decided on the quotas and ladders of modules that are at work."""

        def graded(state: State, moment: Answered) -> Graded:
            at_work = {p.module.id: p.module for p in state.parts if p.status in (ACTIVE, STUCK)}
            engines = self._engines(at_work)
            if not engines:
                return Graded()
            day = moment.at.astimezone(self.zone).date()
            modules = {
                a.id: at_work[a.module_id] for a in self.activities.values() if a.id in engines
            }
            return decided_by(modules, load(engines)(day, engines), moment.at)

        return graded

    def _known_now(self) -> Known:
        plan = self.plan
        return known_of(
            plan.patient_id, plan.practice_id, list(self.activities.values()), self._held.level
        )

    def _done(self, due: Sequence[Part], moment: Moment) -> Done:
        """What counts for some parts at a moment of now: two queries."""
        modules = {self.activities[part.module.id].id: part.module.id for part in due}
        before = QuizAttempt.at <= moment.at
        if not isinstance(moment, Quizzed):
            before = QuizAttempt.at < moment.at
        quizzes = session.execute(
            select(QuizAttempt.activity_id, QuizAttempt.grade, func.max(QuizAttempt.percent))
            .where(QuizAttempt.activity_id.in_(modules), before)
            .group_by(QuizAttempt.activity_id, QuizAttempt.grade)
        )
        # One day more than the rule's, for the day is another one in another zone.
        since = moment.at.date() - timedelta(days=self.pathway.progression.period_days + 1)
        practice = session.execute(
            select(
                PracticeLog.activity_id, PracticeLog.day, PracticeLog.done, PracticeLog.confidence
            ).where(PracticeLog.activity_id.in_(modules), PracticeLog.day >= since)
        )
        return Done(
            [self._day(modules[row.activity_id], row) for row in practice],
            [
                Quizzed(datetime.min.replace(tzinfo=UTC), "", modules[activity], grade, best)
                for activity, grade, best in quizzes
            ],
        )

    def _everything(self) -> Done:
        modules = {a.id: a.module_id for a in self.activities.values()}
        practice = session.execute(
            select(
                PracticeLog.activity_id, PracticeLog.day, PracticeLog.done, PracticeLog.confidence
            ).where(PracticeLog.activity_id.in_(modules))
        )
        quizzes = session.execute(
            select(
                QuizAttempt.id,
                QuizAttempt.activity_id,
                QuizAttempt.at,
                QuizAttempt.grade,
                QuizAttempt.percent,
            ).where(QuizAttempt.activity_id.in_(modules))
        )
        return Done(
            [self._day(modules[row.activity_id], row) for row in practice],
            [_quizzed(row, modules[row.activity_id]) for row in quizzes],
        )

    def _day(self, module: str, row: Any) -> Practised:
        at = _beginning(row.day, self.zone)
        name = f"{row.day.isoformat()} {module}"
        return Practised(at, name, module, row.day, row.done, row.confidence)

    def _weeks(self) -> list[Moment]:
        """The answered weeks, each as a moment of its own and as the rules look at it.

        Of one that is being answered now, all is not stored yet: it is looked at afterwards.
        """
        plan = self.plan
        began = plan.created_at.date()
        engagement_at = engagement_through_time(plan.patient_id, began, self.zone)
        weeks = risk.weeks_since(plan.practice_id, plan.patient_id, plan.created_at, engagement_at)
        now_told = {moment.id for moment in self._late if isinstance(moment, Answered)}
        stored = [week for week in weeks if str(week.response_id) not in now_told]
        return [
            *(Answered(week.at, str(week.response_id)) for week in stored),
            *(_reviewed(week) for week in stored),
        ]

    def _provider_changes(self) -> list[Changed]:
        query = select(Adaptation).where(
            Adaptation.care_plan_id == self.plan.id, Adaptation.decision.in_(BY_PROVIDERS)
        )
        modules = {a.id: a.module_id for a in self.activities.values()}
        return [
            Changed(
                at=row.at,
                id=row.occurrence or str(row.id),
                kind=row.decision,
                rule=row.rule,
                module_id=modules[row.activity_id],
                reason=row.inputs["reason"],
                place=row.inputs.get("place", 0),
                inputs=row.inputs,
            )
            for row in session.scalars(query)
            if row.activity_id is not None
        ]

    def _keep(
        self, state: State, decided: Iterable[Decided], at: datetime, whole: bool = False
    ) -> None:
        """Write what has changed: the activities, the plan, how far it is folded, and what was
        decided, each decision once. ``whole``: nothing else was ever decided."""
        for place, part in enumerate(state.parts):
            activity = self.activities.get(part.module.id)
            if activity is None:
                self.activities[part.module.id] = self._joined(part, place)
            else:
                _write(activity, part, position=place)
        held = {part.module.id for part in state.parts}
        for module_id, activity in self.activities.items():
            if module_id not in held:
                gone = Part(_module(activity), activity.factor, activity.reason, status=SKIPPED)
                _write(activity, gone)
        self.state = state
        self.plan.maintenance_since = state.maintenance_since
        self.plan.support = state.support
        self.plan.folded_to = max(at, self.plan.folded_to)
        keep = (lambda rows: keep_only(self.plan.id, rows)) if whole else keep_decisions
        keep([self._row(each) for each in decided])

    def _joined(self, part: Part, place: int) -> Activity:
        activity = Activity(
            id=new_id(),
            practice_id=self.plan.practice_id,
            care_plan_id=self.plan.id,
            patient_id=self.plan.patient_id,
            module_id=part.module.id,
            module_version=part.module.version,
            position=place,
            planned=part.planned,
            factor=part.factor,
            reason=part.reason,
            **{name: getattr(part, name) for name in _WRITTEN},
        )
        session.add(activity)
        return activity

    def _row(self, decided: Decided) -> Mapping[str, Any]:
        module, activity, title = decided.module, None, ""
        if module is not None:
            activity, title = self.activities[module.id], module.title_in(self.language)
        return {
            "id": new_id(),
            "practice_id": self.plan.practice_id,
            "patient_id": self.plan.patient_id,
            "care_plan_id": self.plan.id,
            "activity_id": None if activity is None else activity.id,
            "decision": decided.decision,
            "rule": decided.rule,
            "rule_version": self.pathway.label,
            "occurrence": decided.occurrence,
            "inputs": dict(decided.inputs),
            "for_patient": for_patient(decided.words, self.language, title, **decided.values),
            "language": self.language,
            "for_provider": decided.for_provider,
            "provider_id": decided.inputs.get("provider"),
            "at": decided.at,
        }


def _find(patient_id: UUID) -> Fold | None:
    session.flush()
    rows = session.execute(_PLAN, {"patient_id": patient_id}).all()
    return Fold(rows) if rows else None


def _module(activity: Activity) -> Module:
    return catalogue()[activity.module_id, activity.module_version]


def _part(activity: Activity) -> Part:
    return Part(
        module=_module(activity),
        factor=activity.factor,
        reason=activity.reason,
        planned=activity.planned,
        **{name: getattr(activity, name) for name in _WRITTEN},
    )


def _write(activity: Activity, part: Part, **more: Any) -> None:
    names = ("factor", "reason", *_WRITTEN)
    for name, value in {**more, **{name: getattr(part, name) for name in names}}.items():
        if getattr(activity, name) != value:
            setattr(activity, name, value)


def _reviewed(week: risk.Week) -> Reviewed:
    return Reviewed(
        week.at, str(week.response_id), week.factors, week.known, week.new, week.changes
    )


def _beginning(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _quizzed(attempt: Any, module: str) -> Quizzed:
    return Quizzed(attempt.at, str(attempt.id), module, attempt.grade, attempt.percent)


def _stuck_marks(patient_id: UUID, at: datetime) -> int:
    query = select(func.count()).where(
        Adaptation.patient_id == patient_id,
        Adaptation.decision == STUCK,
        Adaptation.superseded_at.is_(None),
        Adaptation.at > at - STUCK_WITHIN,
        Adaptation.at <= at,
    )
    return session.scalar(query) or 0
