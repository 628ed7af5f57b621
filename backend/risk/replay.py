"""What a pathway would have decided on a patient's stored history. Pure.

The same functions as on the road of a check-in, fed with what was stored: scores, answers, missed
windows, tasks. Nothing is read from the decisions made then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.risk import history, profile, risk_score, stratification, trajectory
from backend.risk.decisions import Assessment, Decision, State, decide
from backend.risk.history import (
    GLOBAL_CHANGE,
    PAIN,
    RMDQ,
    Engagement,
    History,
    Judged,
    Scored,
    state_of,
)
from backend.risk.pathway import Pathway

PHQ9 = "phq9.total"
LOOKED_BACK_ON = frozenset({RMDQ, PAIN})
# The steps of one road are stored within moments of each other.
SAME_ROAD = timedelta(minutes=1)
STUCK_WITHIN = timedelta(days=14)
ON_THE_COURSE = frozenset({"baseline", "weekly"})
ACUTE = "under-6-weeks"


@dataclass(frozen=True)
class Answered:
    """A set of answers: what was asked, its scores (``None``: asked, not scorable) and its danger.

    ``locks``: the programme stood still at once, and nothing else was looked at.
    """

    at: datetime
    response_id: UUID
    kind: str
    occasion: int
    scores: Mapping[str, Decimal | None]
    answers: Mapping[str, Any]
    danger: str | None
    locks: bool


PROGRESSION = "progression"


@dataclass(frozen=True)
class Missed:
    """A weekly window that closed unanswered."""

    at: datetime


@dataclass(frozen=True)
class Unanswered:
    """A weekly window that still stood unanswered when a call fell due."""

    at: datetime
    opened_at: datetime


@dataclass(frozen=True)
class Move:
    """A decision on one module at a time, such as ``stuck``; ``activity`` is its plan's part.

    Each ``rule`` speaks for itself: what one of them calls stuck, another does not undo.
    """

    at: datetime
    activity: UUID
    name: str
    rule: str = PROGRESSION


@dataclass(frozen=True)
class Story:
    """All that is stored of one patient, each kind oldest first."""

    enrolled_at: datetime
    ended_at: datetime | None
    answered: tuple[Answered, ...] = ()
    missed: tuple[Missed, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    plan_began: datetime | None = None
    # Days with a completed task, and when each was noted.
    tasks: tuple[tuple[date, datetime], ...] = ()
    moves: tuple[Move, ...] = ()
    # Modules that target a factor: (factor, joined the plan at, completed at).
    factor_modules: tuple[tuple[str, datetime, datetime | None], ...] = ()
    # Safety holds: (opened at, cleared at).
    holds: tuple[tuple[datetime, datetime | None], ...] = ()


@dataclass(frozen=True)
class Decided:
    """What was due at an instant."""

    at: datetime
    decision: Decision


@dataclass
class _Telling:
    """A story told from its start by one pathway. ``courses`` are the decisions by response."""

    rules: Pathway
    story: Story
    courses: Mapping[UUID, str | None]
    scores: list[Scored] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    last_course: str | None = None
    last_answer: datetime | None = None
    missed_in_a_row: int = 0


def replay(rules: Pathway, story: Story, until: datetime) -> list[Decided]:
    """Everything that is due by a pathway from a patient's start to ``until``, oldest first."""
    telling = _Telling(rules, story, _courses(rules, story))
    events: list[tuple[datetime, int, Any]] = [
        *((each.at, 0, each) for each in story.answered),
        *((each.at, 1, each) for each in story.unanswered),
        *((each.at, 2, each) for each in story.missed),
        *((at, 3, None) for at in _reviews(rules, story, until)),
    ]
    found: list[Decided] = []
    for at, _, event in sorted(events, key=lambda each: each[:2]):
        if isinstance(event, Answered):
            pairs = list(_answered(telling, event))
        elif isinstance(event, Missed):
            pairs = list(_missed(telling, at))
        elif isinstance(event, Unanswered):
            pairs = list(_unanswered(telling, event))
        else:
            pairs = [(_plan_state(telling, at), Assessment())]
        for state, new in pairs:
            found += [Decided(at, each) for each in decide(rules.rule_book, state, new)]
    return found


def _answered(telling: _Telling, event: Answered) -> Iterator[tuple[State, Assessment]]:
    if event.danger is not None:
        yield State(), Assessment(danger=event.danger)
    if not event.locks:
        step = {"baseline": _baseline, "weekly": _weekly, "follow-up": _follow_up}.get(event.kind)
        if step is not None:
            yield step(telling, event)
    telling.last_answer = event.at
    if event.kind == "weekly":
        telling.missed_in_a_row = 0
    telling.scores += [
        Scored(event.response_id, code, value, event.at)
        for code, value in event.scores.items()
        if value is not None and code in LOOKED_BACK_ON
    ]


def _baseline(telling: _Telling, event: Answered) -> tuple[State, Assessment]:
    _move_course(telling, event)
    codes = [source.code for factor in telling.rules.factors for source in factor.sources]
    known = {code: event.scores.get(code) for code in codes}
    group = _stratify(telling, event)
    telling.judged.append(
        Judged(
            event.response_id,
            "factor-profile",
            None,
            event.at,
            {code: float(value) for code, value in known.items() if value is not None},
            {},
        )
    )
    return State(), Assessment(new_group=group)


def _weekly(telling: _Telling, event: Answered) -> tuple[State, Assessment]:
    rules, scores, at = telling.rules, event.scores, event.at
    decision = _move_course(telling, event)
    stuck = _stuck_marks(telling.story.moves, at)
    state, group, change = State(week=event.occasion, stuck_marks=stuck), None, None
    if history.is_due(rules, event.occasion, scores):
        past = History(tuple(telling.scores), tuple(telling.judged))
        engagement = _engagement(telling.story, at)
        state = state_of(past, engagement, rules.engagement, at, event.occasion, stuck)
        change = profile.least_improvement(
            rules.factors,
            list(engagement.finished_factors),
            past.start("factor-profile"),
            scores,
        )
        if stratification.answered(rules.stratification, scores):
            group = _stratify(telling, event)
    return state, Assessment(
        decision=decision,
        new_group=group,
        rmdq=scores.get(RMDQ),
        pain=scores.get(PAIN),
        global_change=scores.get(GLOBAL_CHANGE),
        least_factor_change=change,
    )


def _follow_up(telling: _Telling, event: Answered) -> tuple[State, Assessment]:
    return State(), Assessment(phq9_total=event.scores.get(PHQ9))


def _missed(telling: _Telling, at: datetime) -> Iterator[tuple[State, Assessment]]:
    telling.missed_in_a_row += 1
    group = _group(telling)
    if _has_ended(telling, at) or (group is None and telling.last_course is None):
        return
    since = telling.last_answer or telling.story.enrolled_at
    yield (
        State(
            risk_group=group,
            silent_days=(at - since).days,
            silent_after_rise=telling.last_course in trajectory.CONCERNS,
        ),
        Assessment(),
    )


def _unanswered(telling: _Telling, event: Unanswered) -> Iterator[tuple[State, Assessment]]:
    if not _has_ended(telling, event.at):
        yield (
            State(
                risk_group=_group(telling),
                unanswered_hours=int((event.at - event.opened_at) / timedelta(hours=1)),
                missed_sets=telling.missed_in_a_row,
            ),
            Assessment(),
        )


def _has_ended(telling: _Telling, at: datetime) -> bool:
    ended = telling.story.ended_at
    return ended is not None and ended <= at


def _plan_state(telling: _Telling, at: datetime) -> State:
    began = telling.story.plan_began
    assert began is not None
    engagement = _engagement(telling.story, at)
    return State(plan_days=(at - began).days, tasks_7_days=engagement.tasks_7_days(at.date()))


def _reviews(rules: Pathway, story: Story, until: datetime) -> list[datetime]:
    if story.plan_began is None:
        return []
    days = {
        _once_cleared(story.holds, story.plan_began + timedelta(days=day))
        for day in rules.engagement.review_days
    }
    last = min(story.ended_at or until, until)
    return sorted(day for day in days if day is not None and day <= last)


def _once_cleared(
    holds: Sequence[tuple[datetime, datetime | None]], at: datetime
) -> datetime | None:
    for opened, cleared in holds:
        if opened <= at and (cleared is None or at < cleared):
            return cleared
    return at


def _stratify(telling: _Telling, event: Answered) -> str | None:
    rule = telling.rules.stratification
    group = stratification.stratify(rule.methods[rule.assigning], event.scores).group
    telling.judged.append(Judged(event.response_id, "stratification", group, event.at, {}, {}))
    return group


def _group(telling: _Telling) -> str | None:
    groups = [j.outcome for j in telling.judged if j.kind == "stratification" and j.outcome]
    return groups[-1] if groups else None


def _move_course(telling: _Telling, event: Answered) -> str | None:
    decision = telling.courses[event.response_id]
    telling.last_course = decision or telling.last_course
    return decision


def _courses(rules: Pathway, story: Story) -> dict[UUID, str | None]:
    """The decision on the course at every set of answers that moved it."""
    told = [e for e in story.answered if e.kind in ON_THE_COURSE and not e.locks]
    acute = any(e.answers.get("context.duration") == ACUTE for e in told if e.kind == "baseline")
    course, rule = "acute" if acute else "persistent", rules.trajectory
    occasions = [
        trajectory.Occasion(e.at, course, risk_score.severities(rule, e.scores)) for e in told
    ]
    judged = trajectory.replay(rule, occasions)
    return {
        each.response_id: judgement.decision if judgement else None
        for each, (_, judgement) in zip(told, judged, strict=True)
    }


def _engagement(story: Story, at: datetime) -> Engagement:
    if story.plan_began is None:
        return Engagement()
    began = story.plan_began.date()
    ends: dict[str, list[datetime | None]] = {}
    for factor, joined, completed in story.factor_modules:
        if joined <= at:
            done = completed if completed is not None and completed <= at + SAME_ROAD else None
            ends.setdefault(factor, []).append(done)
    finished = {f: [e for e in each if e is not None] for f, each in ends.items()}
    return Engagement(
        plan_began=began,
        task_days=frozenset(day for day, noted in story.tasks if day >= began and noted <= at),
        finished_factors={f: max(e) for f, e in finished.items() if e and len(e) == len(ends[f])},
    )


def _stuck_marks(moves: Sequence[Move], at: datetime) -> int:
    # As the weekly step counts them: only while some module stands stuck.
    known = [move for move in moves if move.at <= at + SAME_ROAD]
    stands: dict[tuple[UUID, str], bool] = {}
    for move in known:
        if move.name in ("stuck", "advance") or move.rule == PROGRESSION:
            # A quota or a rung is left behind only by an advance.
            stands[move.activity, move.rule] = move.name == "stuck"
    if not any(stands.values()):
        return 0
    return sum(move.name == "stuck" and move.at > at - STUCK_WITHIN for move in known)
