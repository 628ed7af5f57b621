"""Where people stand in their graded activities, computed from all that has happened so far.

Nothing of it is stored: the events of a person's own calendar days are walked through anew, so that
what is told late, twice or from two devices gives the same quota and the same ladder.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from backend.core.clock import now
from backend.core.database import session
from backend.patients import contraindications
from backend.patients.models import Patient
from backend.programme import daily, graded_activity, graded_exposure, sleep, words
from backend.programme.daily import RESTRICTION, Paced, Slept
from backend.programme.graded_activity import Aim, State
from backend.programme.graded_exposure import Ladder, Trial
from backend.programme.models import ActivityEntry, ActivityEvent, PracticeLog
from backend.programme.words import Sentence
from backend.risk.models import SafetyHold
from backend.risk.practice_rules import PracticeRules

GRADED_ACTIVITY = "graded-activity"
GRADED_EXPOSURE = "graded-exposure"
PACING = "pacing"
SLEEP = "sleep"
ENGINES = (GRADED_ACTIVITY, GRADED_EXPOSURE, PACING, SLEEP)
AIM, FLARE, RATED, APPROVED = "aim", "flare", "rated", "approved"

# What the modules' practice asks for, by the ids of its values.
AMOUNTS = ("amount_done", "trial_amount")
MOVEMENT, SAFETY_HABITS, CONTEXT = "movement", "safety_behaviours", "context"
NUMBERS = ("fear_before", "fear_after", "belief_before", "belief_after")


@dataclass(frozen=True)
class ChosenAim:
    """What a person chose to work on: ``amount`` of ``measure`` (minutes, steps), from ``day``."""

    activity: str
    measure: str
    amount: Decimal
    rounded_to: Decimal
    planned_days: int
    day: date
    at: datetime

    @property
    def aim(self) -> Aim:
        """As the quotas are computed from it."""
        return Aim(self.amount, self.rounded_to, self.planned_days)

    @property
    def counts(self) -> tuple[str, str]:
        """What is done and what is counted: amounts of another pair cannot be compared."""
        return plain(self.activity), plain(self.measure)


@dataclass(frozen=True)
class Quota:
    """An aim and where a person stands on the way to it; neither before one is chosen."""

    aim: ChosenAim | None
    state: State | None
    sentence: Sentence
    for_provider: str

    @property
    def offer(self) -> Sentence | None:
        """What is offered after pain that lasted: a flare-up's amount, and safety questions."""
        advice = () if self.state is None else self.state.advice
        return Sentence("offer-flare") if graded_activity.OFFER_FLARE in advice else None


@dataclass(frozen=True)
class Rungs:
    """A ladder of movements and what there is to say about it."""

    ladder: Ladder
    sentence: Sentence
    for_provider: str


@dataclass(frozen=True)
class Standing:
    """A graded activity on a day: its quota, its ladder, its blocks or its nights."""

    quota: Quota | None = None
    rungs: Rungs | None = None
    paced: Paced | None = None
    slept: Slept | None = None

    @property
    def told(self) -> Quota | Rungs | Paced | Slept:
        """The one of the four that it is."""
        told = self.quota or self.rungs or self.paced or self.slept
        assert told is not None
        return told

    @property
    def for_provider(self) -> str:
        """A line for the provider's plan."""
        return self.told.for_provider

    @property
    def stuck(self) -> bool:
        """Whether it needs somebody to look at it together."""
        if self.quota is not None:
            return self.quota.state is not None and self.quota.state.stuck
        return self.rungs is not None and self.rungs.ladder.verdict == graded_exposure.STUCK


@dataclass
class _Told:
    """What was told about one activity, oldest day first."""

    events: list[Any] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)
    entries: list[Any] = field(default_factory=list)

    def until(self, day: date) -> _Told:
        """What is of that day or one before."""
        return _Told(
            *([e for e in each if e.day <= day] for each in (self.events, self.logs, self.entries))
        )


def standings(
    rules: PracticeRules, engines: Mapping[UUID, str], patient_id: UUID, zone: str
) -> dict[UUID, Standing]:
    """Where a patient stands today in each activity, given the engine that grades it.

    Activities of another engine are left out. At most five queries; none where none is graded.
    """
    return through_time(rules, engines, patient_id, zone)(today_in(zone), engines)


def through_time(
    rules: PracticeRules, engines: Mapping[UUID, str], patient_id: UUID, zone: str
) -> Callable[[date, Collection[UUID]], dict[UUID, Standing]]:
    """Where a patient stood in some of the activities on any day, from all that happened up to it,
    whenever that was told. Queries as for ``standings``, now."""
    graded = [i for i, name in engines.items() if name in ENGINES]
    if not graded:
        return lambda day, ids: {}
    told = _told(graded, any(engines[i] in (PACING, SLEEP) for i in graded))
    for entry in _nights([i for i in graded if engines[i] == SLEEP]):
        told[entry.activity_id].entries.append(entry)
    begun = any(each.events for each in told.values())
    gates = _gates(patient_id, ZoneInfo(zone)) if begun else []
    barred = _is_barred(patient_id, told)

    def on(day: date, ids: Collection[UUID]) -> dict[UUID, Standing]:
        before = [gate for gate in gates if gate.day <= day.toordinal()]
        return {
            i: _standing(rules, engines[i], told[i].until(day), before, day, barred)
            for i in graded
            if i in ids
        }

    return on


def _nights(activity_ids: Sequence[UUID]) -> Sequence[Any]:
    """The entries of sleep diaries, oldest change first."""
    if not activity_ids:
        return []
    query = (
        select(ActivityEntry.activity_id, ActivityEntry.day, ActivityEntry.values.label("said"))
        .where(ActivityEntry.activity_id.in_(activity_ids), ActivityEntry.removed_at.is_(None))
        .order_by(ActivityEntry.changed_at, ActivityEntry.id)
    )
    return session.execute(query).all()


def _is_barred(patient_id: UUID, told: Mapping[UUID, _Told]) -> bool:
    """Whether a provider has named something since with which no set time in bed goes."""
    set_at = [e.at for each in told.values() for e in each.events if e.kind == RESTRICTION]
    if not set_at:
        return False
    return contraindications.has_applied_since(patient_id, sleep.BARRING, max(set_at))


def _standing(
    rules: PracticeRules,
    engine: str,
    told: _Told,
    gates: Sequence[graded_activity.Event],
    today: date,
    barred: bool,
) -> Standing:
    if engine == GRADED_ACTIVITY:
        return Standing(quota=_quota(rules, told, gates, today))
    if engine == GRADED_EXPOSURE:
        return Standing(rungs=_rungs(rules, told))
    if engine == PACING:
        return Standing(paced=daily.paced(rules.pacing, told.logs, today))
    switches = [each for each in told.events if each.kind == RESTRICTION and not barred]
    return Standing(slept=daily.slept(rules.sleep, told.logs, told.entries, switches, today))


def zone_of(patient_id: UUID) -> str:
    """A patient's time zone; no query where the caller holds the patient."""
    patient = session.get(Patient, patient_id)
    assert patient is not None
    return patient.time_zone


def today_in(zone: str) -> date:
    """The day it is where a person lives."""
    return now().astimezone(ZoneInfo(zone)).date()


def plain(name: str) -> str:
    """A name as it is compared: however it is spaced and capitalised."""
    return " ".join(name.split()).casefold()


def _told(activity_ids: Sequence[UUID], by_logs: bool) -> dict[UUID, _Told]:
    told = {activity_id: _Told() for activity_id in activity_ids}
    events = (
        select(
            ActivityEvent.activity_id,
            ActivityEvent.kind,
            ActivityEvent.item,
            ActivityEvent.day,
            ActivityEvent.values.label("said"),
            ActivityEvent.at,
        )
        .where(ActivityEvent.activity_id.in_(activity_ids))
        .order_by(ActivityEvent.day, ActivityEvent.at, ActivityEvent.event_id)
    )
    for event in session.execute(events):
        told[event.activity_id].events.append(event)
    if not by_logs and not any(each.events for each in told.values()):
        return told
    logs = (
        select(
            PracticeLog.activity_id,
            PracticeLog.day,
            PracticeLog.done,
            PracticeLog.values.label("said"),
            PracticeLog.pain_after,
            PracticeLog.pain_lasted,
            PracticeLog.at,
        )
        .where(PracticeLog.activity_id.in_(activity_ids))
        .order_by(PracticeLog.day)
    )
    for log in session.execute(logs):
        told[log.activity_id].logs.append(log)
    return told


def _gates(patient_id: UUID, zone: ZoneInfo) -> list[graded_activity.Event]:
    # Days on which one hold ends and another begins are locked throughout.
    holds = session.execute(
        select(SafetyHold.opened_at, SafetyHold.cleared_at)
        .where(SafetyHold.patient_id == patient_id)
        .order_by(SafetyHold.opened_at)
    )
    spans: list[tuple[int, int | None]] = []
    for opened_at, cleared_at in holds:
        opened = opened_at.astimezone(zone).toordinal()
        cleared = None if cleared_at is None else cleared_at.astimezone(zone).toordinal()
        if spans and (spans[-1][1] is None or spans[-1][1] >= opened):
            spans[-1] = (spans[-1][0], cleared)
        else:
            spans.append((opened, cleared))
    kind = graded_activity.Kind
    gates = [graded_activity.Event(opened, kind.GATE) for opened, _ in spans]
    return gates + [graded_activity.Event(end, kind.CLEARED) for _, end in spans if end is not None]


def _quota(
    rules: PracticeRules, told: _Told, gates: Sequence[graded_activity.Event], today: date
) -> Quota:
    aims = [_aim(event) for event in told.events if event.kind == AIM]
    if not aims:
        said = words.quota_sentence(None, "", Decimal(0), today.toordinal())
        return Quota(None, None, said, words.quota_for_provider(None, "", "", Decimal(0)))
    # What is counted now: an aim for another activity, or in another measure, begins anew.
    first = len(aims) - 1
    while first and aims[first - 1].counts == aims[-1].counts:
        first -= 1
    began = aims[first]
    events = [*gates]
    for event in told.events:
        if event.kind == FLARE and (not first or event.day >= began.day):
            days = event.said.get("days", 0)
            events.append(
                graded_activity.Event(event.day.toordinal(), graded_activity.Kind.FLARE, days=days)
            )
    for log in told.logs:
        if not first or log.day > began.day or (log.day == began.day and log.at >= began.at):
            done = _done(log)
            events += [] if done is None else [done]
    later = {each.day.toordinal(): each.aim for each in aims[first + 1 :]}
    state = graded_activity.replay(rules.activity, began.aim, events, today.toordinal(), later)
    aim = aims[-1]
    return Quota(
        aim,
        state,
        words.quota_sentence(state, aim.measure, aim.amount, today.toordinal()),
        words.quota_for_provider(state, aim.activity, aim.measure, aim.amount),
    )


def _aim(event: Any) -> ChosenAim:
    said = event.said
    return ChosenAim(
        activity=said["activity"],
        measure=said["measure"],
        amount=Decimal(said["amount"]),
        rounded_to=Decimal(said["rounded_to"]),
        planned_days=said["planned_days"],
        day=event.day,
        at=event.at,
    )


def _done(log: Any) -> graded_activity.Event | None:
    """One day's practice: an amount, or no more than that it was done."""
    day = log.day.toordinal()
    sore = log.pain_after or 0 if log.pain_lasted else 0
    given = [log.said[name] for name in AMOUNTS if name in log.said]
    if given:
        amount = Decimal(str(given[0]))
        kind = graded_activity.Kind.DONE
        return graded_activity.Event(day, kind, amount, lasting_pain=sore) if amount > 0 else None
    kept = graded_activity.Event(day, graded_activity.Kind.KEPT, lasting_pain=sore)
    return kept if log.done else None


def _rungs(rules: PracticeRules, told: _Told) -> Rungs:
    kind = graded_exposure.Kind
    # A movement is called as it was first written; told twice on a day, the later counts.
    names: dict[str, str] = {}
    ratings: dict[tuple[int, str], int] = {}
    events = []
    for event in told.events:
        day, movement = event.day.toordinal(), plain(event.item)
        if event.kind == RATED:
            names.setdefault(movement, event.item)
            ratings[day, movement] = event.said["rating"]
    for (day, movement), rating in ratings.items():
        events.append(graded_exposure.Event(day, kind.RATED, names[movement], rating))
    for event in told.events:
        if event.kind == APPROVED:
            item = names.get(plain(event.item), event.item)
            events.append(graded_exposure.Event(event.day.toordinal(), kind.APPROVED, item))
    for log in told.logs:
        if all(type(log.said.get(name)) is int for name in NUMBERS):
            said = str(log.said.get(MOVEMENT, ""))
            # A movement that is on no ladder is practice, but climbs none.
            tried = names.get(plain(said)) if said.strip() else ""
            if tried is not None:
                trial = _trial(log)
                events.append(graded_exposure.Event(trial.day, kind.TRIED, tried, trial=trial))
    rule = rules.exposure
    ladder = graded_exposure.climb(rule, events)
    sentence = words.ladder_sentence(ladder, rule.fewest, rule.most)
    return Rungs(ladder, sentence, words.ladder_for_provider(ladder))


def _trial(log: Any) -> Trial:
    said: Mapping[str, Any] = log.said
    return Trial(
        **{name: said[name] for name in NUMBERS},
        safe_guarded=bool(str(said.get(SAFETY_HABITS, "")).strip()),
        context=plain(str(said.get(CONTEXT, ""))),
        day=log.day.toordinal(),
    )
