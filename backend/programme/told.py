"""What a device tells of a programme later, in any order, perhaps of modules whose turn has passed.

A device may have been offline for weeks, so nothing here asks what stands today: an event is sound
by itself and by what never changes (whose activity it is, its version and grades), or it is not.
That a module waited or was locked on a day is for the engines to see, which walk through the days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from backend.core.database import Base, session, table_of
from backend.core.ids import new_id
from backend.core.problems import Problem, invalid, not_found
from backend.patients.models import Enrolment
from backend.programme import diaries, goals, modules
from backend.programme.choices import aim_said, flare_said, keep_events, ratings_said
from backend.programme.entries import diary_of
from backend.programme.goal_setting import Reached, goal_row, refuse_vague, settle_attainments
from backend.programme.graded import (
    AIM,
    FLARE,
    GRADED_ACTIVITY,
    GRADED_EXPOSURE,
    RATED,
)
from backend.programme.models import Activity, Goal, ModuleReading, QuizAttempt
from backend.programme.modules import Grade, Module
from backend.programme.plans import catalogue
from backend.programme.practice import day_faults, keep_practice, value_faults
from backend.programme.reading import keep_positions, position_faults
from backend.programme.told_entries import keep_entries
from backend.risk import service as risk


@dataclass(frozen=True)
class Moment:
    """When something happened, which day it was where the person lives, and the event's id."""

    at: datetime
    day: date
    event_id: UUID


@dataclass
class Notebook:
    """What a person's devices told, collected to be written in one statement for each table."""

    enrolment: Enrolment
    readings: list[dict[str, Any]] = field(default_factory=list)
    quizzes: list[dict[str, Any]] = field(default_factory=list)
    practice: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    positions: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    goals_set: list[dict[str, Any]] = field(default_factory=list)
    _activities: dict[UUID, Activity] | None = None

    def read(self, activity_id: UUID, when: Moment, grade: int) -> None:
        """A grade's text was opened. Raises ``Problem`` 404 or 422, as all of these do."""
        activity, module = self._of(activity_id)
        _grade(module, grade)
        self.readings.append(self._row(activity, grade=grade, at=when.at))

    def go_on_from(self, activity_id: UUID, when: Moment, grade: int, step: int) -> None:
        """How far a text was read; where to go on."""
        activity, module = self._of(activity_id)
        _refuse(position_faults(module, grade, step))
        self.positions.append(
            self._row(activity, grade=grade, step=step, at=when.at, event_id=when.event_id)
        )

    def answer_quiz(
        self, activity_id: UUID, when: Moment, grade: int, answers: Mapping[str, int]
    ) -> None:
        """A grade's quiz was answered; it is marked here."""
        activity, module = self._of(activity_id)
        text = _grade(module, grade)
        _refuse(modules.answer_faults(text.quiz, answers))
        percent = modules.mark(text, answers)
        self.quizzes.append(
            self._row(activity, grade=grade, answers=dict(answers), percent=percent, at=when.at)
        )

    def practise(
        self,
        activity_id: UUID,
        when: Moment,
        grade: int,
        day: date,
        done: bool,
        confidence: int | None,
        values: Mapping[str, Any],
        pain_after: int | None,
        pain_lasted: bool | None,
    ) -> None:
        """One day's practice, noted on that day or in the week after it."""
        activity, module = self._of(activity_id)
        text = _grade(module, grade)
        _refuse(day_faults(day, when.day) or value_faults(text, values))
        self.practice.append(
            self._row(
                activity,
                grade=grade,
                day=day,
                done=done,
                confidence=confidence,
                values=dict(values),
                pain_after=pain_after,
                pain_lasted=pain_lasted,
                at=when.at,
                event_id=when.event_id,
            )
        )

    def choose_aim(self, activity_id: UUID, when: Moment, **aim: Any) -> None:
        """An aim was chosen; from that day it counts in place of the last."""
        activity = self._practised(activity_id, GRADED_ACTIVITY)
        self._event(activity, when, AIM, "", when.day, aim_said(**aim))

    def declare_flare(
        self, activity_id: UUID, when: Moment, day: date | None, days: int | None
    ) -> None:
        """A flare-up began, on that day or in the week before."""
        activity = self._practised(activity_id, GRADED_ACTIVITY)
        rule = risk.pathway(self.enrolment.practice_id).practice.activity
        began = day or when.day
        self._event(activity, when, FLARE, "", began, flare_said(rule, began, days, when.day))

    def rate_ladder(
        self, activity_id: UUID, when: Moment, items: Sequence[Mapping[str, Any]]
    ) -> None:
        """Movements were rated. How many a ladder takes is seen when it is walked through."""
        activity = self._practised(activity_id, GRADED_EXPOSURE)
        for name, rating in ratings_said(items).items():
            self._event(activity, when, RATED, name, when.day, {"rating": rating})

    def write_entry(
        self,
        activity_id: UUID,
        when: Moment,
        entry: UUID,
        values: Mapping[str, Any],
        shared: bool,
    ) -> None:
        """An entry of a module's diary was written or changed."""
        activity, module = self._of(activity_id)
        diary = diary_of(module.id)
        if diary is None:
            raise Problem(409, "other-practice", "This module is practised in another way.")
        _refuse(diaries.faults(diary, values, when.day))
        _refuse(day_faults(diary.day_of(values, when.day), when.day))
        self._entry(activity, when, entry, dict(values), shared)

    def remove_entry(self, activity_id: UUID, when: Moment, entry: UUID) -> None:
        """An entry was removed, for good."""
        activity, module = self._of(activity_id)
        if diary_of(module.id) is None:
            raise Problem(409, "other-practice", "This module is practised in another way.")
        self._entry(activity, when, entry, None, False)

    def set_goal(self, when: Moment, goal: goals.Goal) -> None:
        """A goal was set."""
        refuse_vague(self.enrolment.practice_id, goal, when.day)
        self.goals_set.append(goal_row(self.enrolment, goal, when.at, when.event_id))

    def keep(self) -> None:
        """Write it all down: one statement for each table that is concerned."""
        for model, rows in (
            (ModuleReading, self.readings),
            (QuizAttempt, self.quizzes),
            (Goal, self.goals_set),
        ):
            _add(model, rows)
        keep_practice(self.practice)
        keep_events(self.events)
        keep_positions(self.positions)
        zone = ZoneInfo(self.enrolment.patient.time_zone)
        keep_entries(self.entries, self._activities or {}, zone)

    def settle(self, reached: Sequence[Reached]) -> None:
        """Mark the goals with all that was ever told of how far they were reached."""
        settle_attainments(self.enrolment, reached)

    def _of(self, activity_id: UUID) -> tuple[Activity, Module]:
        if self._activities is None:
            mine = select(Activity).where(Activity.patient_id == self.enrolment.patient_id)
            self._activities = {activity.id: activity for activity in session.scalars(mine)}
        activity = self._activities.get(activity_id)
        if activity is None:
            raise not_found("activity")
        return activity, catalogue()[activity.module_id, activity.module_version]

    def _practised(self, activity_id: UUID, engine: str) -> Activity:
        activity, module = self._of(activity_id)
        if module.progression != engine:
            raise Problem(409, "other-practice", "This module is practised in another way.")
        return activity

    def _entry(
        self,
        activity: Activity,
        when: Moment,
        entry: UUID,
        values: Mapping[str, Any] | None,
        shared: bool,
    ) -> None:
        row = self._row(activity, values=values, shared=shared, at=when.at)
        self.entries.append({**row, "id": entry})

    def _event(
        self,
        activity: Activity,
        when: Moment,
        kind: str,
        item: str,
        day: date,
        said: Mapping[str, Any],
    ) -> None:
        self.events.append(
            self._row(
                activity,
                kind=kind,
                item=item,
                day=day,
                values=dict(said),
                at=when.at,
                event_id=when.event_id,
            )
        )

    def _row(self, activity: Activity, **values: Any) -> dict[str, Any]:
        return {
            "id": new_id(),
            "practice_id": activity.practice_id,
            "patient_id": activity.patient_id,
            "activity_id": activity.id,
            **values,
        }


def _grade(module: Module, grade: int) -> Grade:
    if grade not in module.grades:
        raise invalid({"grade": f"This module has the grades 1 to {module.last_grade}."})
    return module.grades[grade]


def _refuse(faults: Mapping[str, str]) -> None:
    if faults:
        raise invalid(faults)


def _add(model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(table_of(model)), rows)
