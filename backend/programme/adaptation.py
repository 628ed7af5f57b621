"""A plan moved on: loaded, folded over one moment or all of them, and written down.

Stored is the state after the newest moment (``CarePlan.folded_to``). What is newer goes on from
there with few statements; what is told late folds everything again from the start, and comes to the
same. Decisions are only ever added: what a late note changes is kept beside what was decided first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select

from backend.core.clock import now
from backend.core.database import session
from backend.core.ids import new_id
from backend.patients.models import Patient
from backend.programme import progress
from backend.programme.clearance import Known
from backend.programme.clearances import known_of, known_through_time
from backend.programme.gradings import keep_decisions, keep_graded_decisions
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
    Answered,
    Changed,
    Decided,
    Done,
    Held,
    Hold,
    Moment,
    Part,
    Practised,
    Quizzed,
    Risen,
    Rules,
    State,
)
from backend.programme.sentences import for_patient
from backend.risk import service as risk
from backend.risk.models import SafetyHold
from backend.risk.profile import ElevatedFactor

STUCK_WITHIN = timedelta(days=14)

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
_WRITTEN = ("status", "grade", "holds", "started_at", "grade_began_at", "completed_at", "optional")


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
    known = catalogue()
    activities = fold.in_plan
    stuck = keep_graded_decisions(fold.plan, activities, known)
    stuck = stuck or any(a.status == STUCK for a in activities)
    marks = _stuck_marks(patient_id) if stuck else 0
    working = [a for a in activities if a.status in (ACTIVE, STUCK)]
    module = known[working[-1].module_id, working[-1].module_version] if working else None
    return Progress(module, marks, fold)


def bring_in(
    found: Progress, at: datetime, response_id: UUID, factors: Sequence[ElevatedFactor]
) -> None:
    """After the weekly step: a module joins for the most severe factor that none targets yet.

    No statement where there is none.
    """
    if found.fold is not None and factors:
        found.fold.go_on(Risen(at, str(response_id), tuple(factors)))


def step_up(found: Progress, at: datetime, response_id: UUID, rule: str, reason: str) -> None:
    """Raise the support that a plan asks for by one level of the pathway's ladder, if there is one
    above; the decision is kept."""
    fold = found.fold
    above = None if fold is None else fold.pathway.plan.level_above(fold.plan.support)
    if fold is None or above is None:
        return
    before, fold.plan.support = fold.plan.support, above.raised
    session.add(
        Adaptation(
            practice_id=fold.plan.practice_id,
            patient_id=fold.plan.patient_id,
            care_plan_id=fold.plan.id,
            activity_id=None,
            decision="step-up",
            rule=rule,
            rule_version=fold.pathway.label,
            occurrence=str(response_id),
            inputs={"reason": reason, "before": before, "level": above.name},
            for_patient=for_patient("step-up", fold.language),
            language=fold.language,
            for_provider=f"Support raised to {above.name}: {above.raised} Because {reason}.",
            at=at,
        )
    )
    session.flush()


def step_down(found: Progress, at: datetime, rule: str, reason: str) -> None:
    """Go over to a lighter plan, once: what keeps the gains opens next."""
    fold = found.fold
    if fold is None or fold.plan.maintenance_since is not None:
        return
    module = fold.pathway.plan.maintenance
    inputs = {"reason": reason}
    fold.go_on(Changed(at, "maintenance", progress.STEP_DOWN, rule, module, reason, inputs=inputs))


def swap(found: Progress, at: datetime, rule: str, factors: Sequence[tuple[str, float]]) -> None:
    """Bring in another module, or a grade again, for the first of some factors that have not moved
    for which its newest module has not been answered so before.

    ``factors``: those whose modules are done, with their change in percent of the scale, the least
    first.
    """
    fold = found.fold
    if fold is None:
        return
    before = select(Adaptation.activity_id, Adaptation.occurrence).where(
        Adaptation.care_plan_id == fold.plan.id, Adaptation.decision == progress.SWAP
    )
    made = {(activity, factor) for activity, factor in session.execute(before)}
    for factor, change in factors:
        done = [
            a for a in fold.activities.values() if a.factor == factor and a.completed_at is not None
        ]
        newest = max(done, key=lambda a: (a.completed_at, a.position), default=None)
        if newest is None or (newest.id, factor) in made:
            continue
        reason = f"{factor} changed by {change:.0f} % of its scale after its modules"
        inputs = {"reason": reason, "factor": factor, "change_percent": change}
        fold.go_on(
            Changed(
                at, factor, progress.SWAP, rule, newest.module_id, reason, factor, inputs=inputs
            )
        )
        return


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
        self.state = State(self._parts(), self.plan.maintenance_since)
        self.rules = self._rules(lambda _: self._held, cache(lambda _: self._known_now()))

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
        if self._late:
            self.again(moment)
            return
        due = progress.due(self.rules, self.state, moment)
        done = self._done(due, moment) if due else Done()
        state, decided = progress.step(self.rules, self.state, moment, done)
        self._keep(state, decided, moment.at)

    def again(self, *moments: Moment) -> None:
        """Fold from the start over all that is stored, and these, which may not be stored yet."""
        self._late += moments
        plan = self.plan
        weeks = risk.weeks_since(plan.practice_id, plan.patient_id, plan.created_at)
        done = self._everything()
        found: dict[tuple[datetime, int, str], Moment] = {}
        for moment in (
            *(Answered(week.at, str(week.response_id)) for week in weeks),
            *(
                Risen(week.at, str(week.response_id), week.factors)
                for week in weeks
                if week.factors and not week.unengaged
            ),
            *self._changes(),
            *done.practice,
            *done.quizzes,
            *self._late,
        ):
            found[progress.order(moment)] = moment
        holds = [
            Hold(each.opened_at, each.cleared_at, each.level)
            for each in risk.holds_of(plan.patient_id)
        ]

        def held_at(at: datetime) -> Held:
            return progress.held_at(holds, at)

        known_at = known_through_time(plan.patient_id, plan.practice_id, held_at)
        began = progress.start(self.state.parts, plan.created_at)
        # What joined stays at the version it began with.
        rules = self._rules(held_at, known_at)
        own = {part.module.id: part.module for part in self.state.parts}
        rules = replace(rules, newest={**rules.newest, **own})
        state, decided = progress.fold(rules, began, found.values(), done)
        newest = max((at for at, _, _ in found), default=plan.created_at)
        self._keep(state, decided, newest)

    def _rules(
        self,
        held_at: Callable[[datetime], Held],
        known_at: Callable[[Moment], Known],
    ) -> Rules:
        plan = self.plan
        return Rules(
            progression=self.pathway.progression,
            plan=self.pathway.plan,
            newest=newest_modules(),
            zone=self.zone,
            held_at=held_at,
            known_at=known_at,
            circumstances=lambda: risk.circumstances(plan.practice_id, plan.risk_assessment_id),
        )

    def _parts(self) -> tuple[Part, ...]:
        known = catalogue()
        return tuple(
            Part(
                module=known[a.module_id, a.module_version],
                factor=a.factor,
                reason=a.reason,
                planned=a.planned,
                **{name: getattr(a, name) for name in _WRITTEN},
            )
            for a in self.activities.values()
        )

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

    def _changes(self) -> list[Changed]:
        query = select(Adaptation).where(
            Adaptation.care_plan_id == self.plan.id, Adaptation.decision.in_(progress.CHANGES)
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
                factor=row.inputs.get("factor"),
                place=row.inputs.get("place", 0),
                inputs=row.inputs,
            )
            for row in session.scalars(query)
            if row.activity_id is not None
        ]

    def _keep(self, state: State, decided: Iterable[Decided], at: datetime) -> None:
        """Write what has changed: the activities, how far the plan is folded, and what was decided,
        each decision once."""
        for place, part in enumerate(state.parts):
            activity = self.activities.get(part.module.id)
            if activity is None:
                self.activities[part.module.id] = self._joined(part, place)
                continue
            for name, value in (("position", place), *((n, getattr(part, n)) for n in _WRITTEN)):
                if getattr(activity, name) != value:
                    setattr(activity, name, value)
        held = {part.module.id for part in state.parts}
        for module_id, activity in self.activities.items():
            if module_id not in held:
                activity.status = SKIPPED
        self.state = state
        self.plan.maintenance_since = state.maintenance_since
        self.plan.folded_to = max(at, self.plan.folded_to)
        keep_decisions([self._row(each) for each in decided])

    def _joined(self, part: Part, place: int) -> Activity:
        activity = Activity(
            id=new_id(),
            practice_id=self.plan.practice_id,
            care_plan_id=self.plan.id,
            patient_id=self.plan.patient_id,
            module_id=part.module.id,
            module_version=part.module.version,
            position=place,
            planned=None,
            factor=part.factor,
            reason=part.reason,
            **{name: getattr(part, name) for name in _WRITTEN},
        )
        session.add(activity)
        return activity

    def _row(self, decided: Decided) -> Mapping[str, Any]:
        title = decided.module.title_in(self.language)
        return {
            "id": new_id(),
            "practice_id": self.plan.practice_id,
            "patient_id": self.plan.patient_id,
            "care_plan_id": self.plan.id,
            "activity_id": self.activities[decided.module.id].id,
            "decision": decided.decision,
            "rule": decided.rule,
            "rule_version": self.pathway.label,
            "occurrence": decided.occurrence,
            "inputs": dict(decided.inputs),
            "for_patient": for_patient(decided.words, self.language, title),
            "language": self.language,
            "for_provider": decided.for_provider,
            "provider_id": decided.inputs.get("provider"),
            "at": decided.at,
        }


def _find(patient_id: UUID) -> Fold | None:
    session.flush()
    rows = session.execute(_PLAN, {"patient_id": patient_id}).all()
    return Fold(rows) if rows else None


def _beginning(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _quizzed(attempt: Any, module: str) -> Quizzed:
    return Quizzed(attempt.at, str(attempt.id), module, attempt.grade, attempt.percent)


def _stuck_marks(patient_id: UUID) -> int:
    query = select(func.count()).where(
        Adaptation.patient_id == patient_id,
        Adaptation.decision == STUCK,
        Adaptation.at > now() - STUCK_WITHIN,
    )
    return session.scalar(query) or 0
