"""A patient's day in one piece: what to do now and why, how it goes, and what comes next.

The app's home and these pages' home both say what ``today`` says. Everything is in the patient's
own language. The reasons tell a person what they told us; risk groups, scores and the names of
factors are not in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from backend.checkins import feedback, occasions
from backend.checkins.models import BASELINE, COMPLETED, OPEN, SAFETY_SCREEN, SCHEDULED, WEEKLY
from backend.checkins.schedule import at_wall_clock
from backend.companion import today_rows
from backend.companion.graded_words import said_in
from backend.companion.today_rows import PRACTICE, Done, Person
from backend.core.clock import now
from backend.instruments import service as instruments
from backend.instruments.questionnaires import Questionnaire
from backend.patients.models import ACTIVE as ENROLLED
from backend.patients.models import INVITED
from backend.programme import models as activities
from backend.programme import service as programme
from backend.programme.clearance import YES, locked
from backend.programme.graded import GRADED_ACTIVITY, GRADED_EXPOSURE, Standing
from backend.programme.modules import ENGLISH, Grade, Module

# Lumbra's own defaults: ten questions in two minutes is what the weekly check-in is made for
# (batteries.yaml); a yes or no takes half as long.
SECONDS_A_QUESTION = 12
SECONDS_A_YES_OR_NO = 6
WEEK, MONTH = 7, 28
# A sentence about the last answers speaks of "this week": after that it would be untrue.
TREND_HOLDS = timedelta(days=8)
SAFETY, JOIN, CHECK_IN, MODULE = "safety", "join", "check-in", "module"
KINDS = (SAFETY, JOIN, CHECK_IN, MODULE, PRACTICE)


@dataclass(frozen=True)
class Task:
    """One thing to do now, and why. ``kind`` is one of ``KINDS``; minutes where we know them.

    ``id`` is the check-in's or the activity's. ``safety`` tells what to do and whom to call.
    """

    kind: str
    title: str
    title_language: str
    why: str
    id: UUID | None = None
    minutes: int | None = None
    how_long: str | None = None
    closes_at: datetime | None = None
    closes: str | None = None
    safety: Mapping[str, Any] | None = None
    module: Mapping[str, Any] | None = None
    practice: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Today:
    """A patient's day. ``message`` is for a person with nothing to do, or not in the programme;
    ``reminder`` for one who has been asked back to the plan and has not been there since."""

    enrolment_status: str
    language: str
    message: str | None
    reminder: str | None
    to_do: Sequence[Task]
    minutes: int
    how_long: str | None
    days: Mapping[str, Any] | None
    next_check_in: Mapping[str, Any] | None
    trend: Mapping[str, Any] | None
    progress: Mapping[str, Any] | None
    statement: str


def today() -> Today:
    """The signed-in patient's day. Raises ``Problem`` 404.

    1. The person, with what stands for them: practice, safety hold, plan, trend.
    2. Their check-ins that count today; the next step into the programme opens here.
    3. The plan's activities, and what was done in the last four weeks.
    4. What to do now, most pressing first; then how it goes and what is next.
    """
    at = now()
    person = today_rows.person(at - timedelta(days=WEEK))
    day = _Day(person, at)
    if person.enrolment.status != ENROLLED:
        return day.outside()
    day.check_ins = _check_ins(person, day.month_began)
    if person.plan_id is not None:
        day.activities = today_rows.activities(person.plan_id)
        day.done = today_rows.done(
            person.enrolment.patient_id, day.month_began, day.first_day, person.time_zone
        )
        day.standings = day.stand()
        day.offer_after_pain()
    return day.inside()


def _check_ins(person: Person, since: datetime) -> Sequence[Any]:
    found = today_rows.check_ins(person.enrolment.id, since)
    steps = {row.kind: row.status for row in found if row.kind in (SAFETY_SCREEN, BASELINE)}
    if occasions.is_step_due(steps, person.held is not None):
        occasions.ensure_onboarding(person.enrolment)
        found = today_rows.check_ins(person.enrolment.id, since)
    return found


class _Day:
    """What was read, turned into what is said."""

    def __init__(self, person: Person, at: datetime) -> None:
        self.person = person
        self.at = at
        self.language = person.language
        self.zone = ZoneInfo(person.time_zone)
        self.date = at.astimezone(self.zone).date()
        self.first_day = self.date - timedelta(days=MONTH - 1)
        self.month_began = at_wall_clock(self.first_day, time(0), person.time_zone)
        self.check_ins: Sequence[Any] = ()
        self.activities: Sequence[Any] = ()
        self.done: Sequence[Done] = ()
        self.offers: dict[UUID, str] = {}
        self.standings: Mapping[UUID, Standing] = {}

    def offer_after_pain(self) -> None:
        """After two sessions with strong pain for more than a day each, offer a smaller amount and,
        once a week, the safety questions again. It is rare, and may cost queries of its own."""
        for row, module, _ in self._in_work:
            if module.progression != GRADED_ACTIVITY or not self._is_sore(row.id):
                continue
            quota = self.standings[row.id].quota
            if quota is None or quota.offer is None:
                continue
            self.offers[row.id] = self._say("today", "flare_offer")
            weeks = [each.occasion for each in self.check_ins if each.kind == WEEKLY]
            occasion = max(weeks, default=0) + 1
            asked = {(each.battery, each.occasion) for each in self.check_ins}
            if (SAFETY_SCREEN, occasion) not in asked:
                occasions.offer_follow_up(self.person.enrolment, SAFETY_SCREEN, occasion)
                self.check_ins = today_rows.check_ins(self.person.enrolment.id, self.month_began)

    def _is_sore(self, activity_id: UUID) -> bool:
        sessions = sorted(
            (each.day, each.lasting_pain or 0)
            for each in self.done
            if each.kind == PRACTICE and each.activity_id == activity_id
        )[-2:]
        return len(sessions) == 2 and all(pain for _, pain in sessions)

    def stand(self) -> Mapping[UUID, Standing]:
        """Where the person stands in what has a quota or a ladder; no query where nothing has."""
        engines = {
            row.id: module.progression
            for row, module, _ in self._in_work
            if module.progression in (GRADED_ACTIVITY, GRADED_EXPOSURE)
        }
        enrolment = self.person.enrolment
        return programme.standings_in(
            engines, enrolment.patient_id, enrolment.practice_id, self.person.time_zone
        )

    def outside(self) -> Today:
        """The day of somebody who has not joined yet, or has left; danger is told all the same."""
        status = self.person.enrolment.status
        tasks = [*self._safety()]
        if status == INVITED:
            title = self._say("today", "join")
            tasks.append(Task(JOIN, title, self.language, self._say("why", "join")))
        message = self._say("today", status, practice=self.person.practice.name)
        return self._today(tasks, message)

    def inside(self) -> Today:
        """The day of somebody in the programme."""
        tasks = [*self._safety(), *self._questions(), *self._modules(), *self._practice()]
        return self._today(
            tasks,
            None if tasks else self._say("today", "nothing"),
            reminder=self._reminder(),
            days=self._days(),
            next_check_in=self._next_check_in(),
            trend={"sentence": self._trend()},
            progress=self._progress(),
        )

    def _today(self, tasks: Sequence[Task], message: str | None, **parts: Any) -> Today:
        minutes = sum(task.minutes or 0 for task in tasks)
        none = dict.fromkeys(("reminder", "days", "next_check_in", "trend", "progress"))
        return Today(
            enrolment_status=self.person.enrolment.status,
            language=self.language,
            message=message,
            to_do=tasks,
            minutes=minutes,
            how_long=self._how_long(minutes) if minutes else None,
            statement=feedback.statement(self.language),
            **{**none, **parts},
        )

    # What to do now

    def _safety(self) -> Iterator[Task]:
        if self.person.held is None:
            return
        told = feedback.what_to_do_now(self.person.held, self.language, self.person.practice)
        why = self._say("why", "safety")
        if self.person.enrolment.status == ENROLLED:
            why = str(feedback.texts(self.language).safety["after_hold"])
        yield Task(SAFETY, told["title"], self.language, why, safety=told)

    def _questions(self) -> Iterator[Task]:
        for row in sorted(filter(self._can_answer, self.check_ins), key=_pressing):
            asked = instruments.questionnaire(row.battery, row.occasion, self.language)
            original = instruments.questionnaire(row.battery, row.occasion)
            minutes = minutes_for(asked)
            yield Task(
                CHECK_IN,
                asked.title,
                ENGLISH if asked.title == original.title else self.language,
                feedback.why(row.kind, self.language),
                id=row.id,
                minutes=minutes,
                how_long=self._how_long(minutes),
                closes_at=row.closes_at,
                closes=row.closes_at
                and self._say("today", "open_until", when=self._when(row.closes_at)),
            )

    def _can_answer(self, row: Any) -> bool:
        is_past = row.closes_at is not None and row.closes_at <= self.at
        waits = row.kind == BASELINE and self.person.held is not None
        is_up = row.status in (SCHEDULED, OPEN) and row.opens_at <= self.at
        return is_up and not is_past and not waits

    @cached_property
    def _in_work(self) -> list[tuple[Any, Module, Grade]]:
        known = programme.catalogue()
        said = dict.fromkeys(self.person.barred or (), YES)
        found = []
        for row in self.activities:
            if row.status in (activities.ACTIVE, activities.STUCK):
                module = known[row.module_id, row.module_version]
                if not locked(module, self.person.held, said):
                    found.append((row, module, module.text_in(row.grade, self.language)))
        return found

    @cached_property
    def _begun(self) -> set[tuple[UUID, int]]:
        return {(each.activity_id, each.grade) for each in self.done}

    def _modules(self) -> Iterator[Task]:
        for row, module, grade in self._in_work:
            yield Task(
                MODULE,
                module.title_in(self.language),
                module.language_of_title(self.language),
                self._say("why", "optional")
                if row.optional
                else feedback.why(row.factor, self.language),
                id=row.id,
                minutes=grade.minutes,
                how_long=self._how_long(grade.minutes),
                module={
                    "id": row.module_id,
                    "grade": row.grade,
                    "grades": module.last_grade,
                    "grade_title": grade.title,
                    "language": grade.language,
                    "steps": len(grade.steps),
                    "optional": row.optional,
                    "begun": (row.id, row.grade) in self._begun,
                    "offer": self.offers.get(row.id),
                    "today": self._stands(row.id),
                    "position": row.step,
                    "go_on": self._go_on(row.step, len(grade.steps)),
                },
            )

    def _stands(self, activity_id: UUID) -> str | None:
        standing = self.standings.get(activity_id)
        return None if standing is None else said_in(standing.told.sentence, self.language)

    def _go_on(self, step: int | None, steps: int) -> str | None:
        # Whoever stopped at the beginning begins.
        if step is None or step == 1:
            return None
        return self._say("today", "go_on", step=step, steps=steps)

    def _practice(self) -> Iterator[Task]:
        """What was read is practised, on as many days of seven as planned, once a day."""
        for row, module, grade in self._in_work:
            last = self.date - timedelta(days=WEEK - 1)
            days = {
                each.day
                for each in self.done
                if each.kind == PRACTICE and each.activity_id == row.id and each.day >= last
            }
            planned = grade.practice.planned_days
            is_due = self.date not in days and len(days) < planned
            if not is_due or (row.id, row.grade) not in self._begun:
                continue
            title = module.title_in(self.language)
            yield Task(
                PRACTICE,
                self._say("today", "practice", module=title),
                module.language_of_title(self.language),
                self._say("why", "practice", planned=planned),
                id=row.id,
                practice={
                    "task": grade.practice.task,
                    "language": grade.language,
                    "planned_days": planned,
                    "days_done": len(days),
                },
            )

    # How it goes, and what is next

    def _days(self) -> dict[str, Any]:
        days = {each.day for each in self.done}
        for row in self.check_ins:
            if row.status == COMPLETED and row.completed_at >= self.month_began:
                days.add(row.completed_at.astimezone(self.zone).date())
        month = len({day for day in days if self.first_day <= day <= self.date})
        week = sum(self.date - timedelta(days=n) in days for n in range(WEEK))
        if week:
            sentence = self._say("today", "days_week", days=week)
        elif month:
            sentence = self._say("today", "days_month", days=month)
        else:
            sentence = self._say("today", "days_none")
        return {"last_7": week, "last_28": month, "sentence": sentence}

    def _reminder(self) -> str | None:
        at = self.person.reminded_at
        # While a hold stands the plan waits, and nobody is asked to it.
        if at is None or self.person.held is not None:
            return None
        day = at.astimezone(self.zone).date()
        if any(each.day >= day for each in self.done):
            return None
        return self._say("today", "reminder")

    def _next_check_in(self) -> dict[str, Any] | None:
        coming = [
            row.opens_at
            for row in self.check_ins
            if row.status == SCHEDULED and row.opens_at > self.at
        ]
        if not coming:
            return None
        opens_at = min(coming)
        when = self._when(opens_at)
        sentence = self._say("today", "next_check_in", when=when)
        return {"opens_at": opens_at, "when": when, "sentence": sentence}

    def _trend(self) -> str:
        at = self.person.trend_at
        if at is not None and self.at - at > TREND_HOLDS:
            return self._say("today", "trend_later")
        # The baseline's own assessment is a beginning: there are no "last weeks" to speak of yet.
        weeks = any(row.kind == WEEKLY and row.status == COMPLETED for row in self.check_ins)
        decision = self.person.trend if weeks else None
        return str(feedback.trend(decision, self.language)["sentence"])

    def _progress(self) -> dict[str, Any] | None:
        began, weeks = self.person.plan_began, self.person.weeks
        if began is None or weeks is None:
            return None
        modules = len(self.activities)
        done = sum(row.status == activities.COMPLETED for row in self.activities)
        week = (self.date - began.astimezone(self.zone).date()).days // WEEK + 1
        if done == modules:
            sentence = self._say("today", "progress_all", modules=modules)
        elif week > weeks:
            sentence = self._say("today", "progress_later", done=done, modules=modules)
        else:
            sentence = self._say(
                "today", "progress", done=done, modules=modules, week=week, weeks=weeks
            )
        return {
            "modules_done": done,
            "modules": modules,
            "week": min(week, weeks),
            "weeks": weeks,
            "sentence": sentence,
        }

    # Words

    def _say(self, part: str, key: str, **values: object) -> str:
        return feedback.sentence(part, key, self.language, **values)

    def _how_long(self, minutes: int) -> str:
        if minutes == 1:
            return self._say("today", "minute")
        return self._say("today", "minutes", minutes=minutes)

    def _when(self, at: datetime) -> str:
        pattern = self._say("today", "when")
        return format_datetime(at.astimezone(self.zone), pattern, locale=self.language)


def minutes_for(asked: Questionnaire) -> int:
    """About how many minutes the questions take that are put to everybody. Pure."""
    put = (item for link, item in asked.items.items() if link not in asked.behind)
    seconds = (
        SECONDS_A_YES_OR_NO if item.type == "boolean" else SECONDS_A_QUESTION for item in put
    )
    return math.ceil(sum(seconds) / 60)


def _pressing(row: Any) -> tuple[bool, bool, datetime]:
    # Safety questions first, then what closes soonest, then what stays open.
    return row.kind != SAFETY_SCREEN, row.closes_at is None, row.closes_at or row.opens_at
