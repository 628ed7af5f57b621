"""A plan's progress: a fold over what happened to it. Pure.

A state and one moment give the next state and what was decided. Weekly answers judge every grade
that is due; practice or a quiz may only move a grade on; a factor that has risen, a module that did
not help and a provider's word change what the plan holds. All moments in their order, by instant
and id, give the same state whether they are folded at once or in pieces, in whatever order they
came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.programme import planning, progression
from backend.programme.clearance import Known, blocked
from backend.programme.modules import Module
from backend.programme.progression import ACTIVE, COMPLETED, SKIPPED, STUCK, WAITING, Standing, Work
from backend.risk.pathway import PlanRule, ProgressionRule
from backend.risk.profile import ElevatedFactor

SWAP, STEP_DOWN = "swap", "step-down"
ADD, DROP, MOVE = "provider-add", "provider-drop", "provider-move"
CHANGES = (SWAP, STEP_DOWN, ADD, DROP, MOVE)
JOINED = "add-module"


@dataclass(frozen=True)
class Part:
    """One module of a plan and how far it is. ``planned`` is its place in the plan as it was first
    made; ``None`` for one that joined later."""

    module: Module
    factor: str | None
    reason: str
    planned: int | None = None
    status: str = WAITING
    grade: int = 1
    holds: int = 0
    started_at: datetime | None = None
    grade_began_at: datetime | None = None
    completed_at: datetime | None = None
    optional: bool = False

    @property
    def grades_passed(self) -> int:
        """How many grades are behind."""
        return self.grade if self.status == COMPLETED else self.grade - 1


@dataclass(frozen=True)
class State:
    """A plan's parts in order; ``maintenance_since`` once it only keeps the gains."""

    parts: tuple[Part, ...]
    maintenance_since: datetime | None = None

    def part(self, module_id: str) -> Part | None:
        """The part with a module, if the plan holds it."""
        return next((each for each in self.parts if each.module.id == module_id), None)


@dataclass(frozen=True)
class Answered:
    """A weekly check-in; ``id`` is its response."""

    at: datetime
    id: str
    rank: int = field(default=0, init=False)


@dataclass(frozen=True)
class Risen:
    """The factors elevated in a weekly check-in, most severe first, where modules may join."""

    at: datetime
    id: str
    factors: tuple[ElevatedFactor, ...]
    rank: int = field(default=1, init=False)


@dataclass(frozen=True)
class Changed:
    """The plan was changed by a rule or a provider. ``inputs`` is all that is kept of it.

    ``factor`` is the one that has not moved (``SWAP``), ``place`` counts from 0 (``MOVE``).
    """

    at: datetime
    id: str
    kind: str
    rule: str
    module_id: str
    reason: str
    factor: str | None = None
    place: int = 0
    inputs: Mapping[str, Any] = field(default_factory=dict)
    rank: int = field(default=2, init=False)


@dataclass(frozen=True)
class Practised:
    """A day's practice; ``at`` is the beginning of that day where the person lives."""

    at: datetime
    id: str
    module_id: str
    day: date
    done: bool
    confidence: int | None
    rank: int = field(default=3, init=False)


@dataclass(frozen=True)
class Quizzed:
    """A quiz attempt, 0 to 100 percent right."""

    at: datetime
    id: str
    module_id: str
    grade: int
    percent: int
    rank: int = field(default=4, init=False)


Moment = Answered | Risen | Changed | Practised | Quizzed


@dataclass(frozen=True)
class Hold:
    """A safety hold: from when to when, and its level."""

    opened_at: datetime
    cleared_at: datetime | None
    level: str


@dataclass(frozen=True)
class Held:
    """What holds mean at an instant: the level of the open one, and when the last one ended."""

    level: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Done:
    """What was practised and answered, as far as it may count."""

    practice: Sequence[Practised] = ()
    quizzes: Sequence[Quizzed] = ()

    def best_quiz(self, module_id: str, grade: int, moment: Moment) -> int | None:
        """The best percent of a grade's quiz before a moment; a quiz counts in its own."""
        made = (
            each.percent
            for each in self.quizzes
            if each.module_id == module_id
            and each.grade == grade
            and (each.at, each.rank) <= (moment.at, moment.rank)
        )
        return max(made, default=None)

    def practised(self, module_id: str, since: date, until: date) -> tuple[int, int | None]:
        """Days done, and the newest confidence given, from one day to another, both included."""
        days = [
            each
            for each in sorted(self.practice, key=lambda each: each.day)
            if each.module_id == module_id and since <= each.day <= until
        ]
        given = [each.confidence for each in days if each.confidence is not None]
        return sum(each.done for each in days), given[-1] if given else None


@dataclass(frozen=True)
class Rules:
    """By what a plan moves on, and what is known of its person before a moment.

    ``newest`` are the modules a plan takes in. ``known_at`` and ``circumstances`` are asked only
    where a module calls for it.
    """

    progression: ProgressionRule
    plan: PlanRule
    newest: Mapping[str, Module]
    zone: ZoneInfo
    held_at: Callable[[datetime], Held]
    known_at: Callable[[Moment], Known]
    circumstances: Callable[[], Set[str]]

    @property
    def closing(self) -> frozenset[str]:
        """Modules that stand at the end of a plan."""
        return frozenset(name for names in self.plan.closing.values() for name in names)


@dataclass(frozen=True)
class Decided:
    """One decision to keep. ``words`` names the patient's sentence, in which the module's title
    stands; ``occurrence`` what was judged, so that the same is kept once."""

    at: datetime
    module: Module
    decision: str
    rule: str
    occurrence: str
    inputs: Mapping[str, Any]
    words: str
    for_provider: str


Step = tuple[State, list[Decided]]


def order(moment: Moment) -> tuple[datetime, int, str]:
    """Where a moment stands among all: by instant, then by kind and id."""
    return moment.at, moment.rank, moment.id


def start(parts: Sequence[Part], at: datetime) -> State:
    """The plan as it was made at an instant: what joined later is not in it, the first is open."""
    planned = sorted((p for p in parts if p.planned is not None), key=lambda p: p.planned or 0)
    fresh = [Part(p.module, p.factor, p.reason, p.planned) for p in planned]
    if fresh:
        fresh[0] = _opened(fresh[0], at)
    return State(tuple(fresh))


def fold(rules: Rules, state: State, moments: Iterable[Moment], done: Done) -> Step:
    """The state after all of some moments, and everything decided on the way."""
    kept: list[Decided] = []
    for moment in sorted(moments, key=order):
        state, decided = step(rules, state, moment, done)
        kept += decided
    return state, kept


def step(rules: Rules, state: State, moment: Moment, done: Done) -> Step:
    """The state after one more moment, and what was decided in it."""
    if isinstance(moment, Answered):
        state, kept = _judge(rules, state, moment, done)
        return _open_next(rules, state, moment), kept
    if isinstance(moment, Practised | Quizzed):
        state, kept = _judge(rules, state, moment, done)
        return (_open_next(rules, state, moment) if kept else state), kept
    if isinstance(moment, Risen):
        state, kept = _join_for_risen(rules, state, moment)
        return (_open_next(rules, state, moment) if kept else state), kept
    state, kept = _change(rules, state, moment)
    return _open_next(rules, state, moment), kept


def due(rules: Rules, state: State, moment: Moment) -> list[Part]:
    """The parts that a moment judges: those at work whose week is over.

    A module that a safety hold locks stands still, and its week begins anew when that is cleared.
    """
    if not isinstance(moment, Answered | Practised | Quizzed):
        return []
    one = None if isinstance(moment, Answered) else moment.module_id
    held = rules.held_at(moment.at)
    return [
        part
        for part in state.parts
        if part.status in (ACTIVE, STUCK)
        and one in (None, part.module.id)
        and _is_due(rules, part, held, moment.at)
    ]


def held_at(holds: Iterable[Hold], at: datetime) -> Held:
    """What some holds mean at an instant."""
    before = [each for each in holds if each.opened_at <= at]
    level = next((h.level for h in before if h.cleared_at is None or h.cleared_at > at), None)
    ends = [h.cleared_at for h in before if h.cleared_at is not None and h.cleared_at <= at]
    return Held(level, max(ends, default=None))


def _is_due(rules: Rules, part: Part, held: Held, at: datetime) -> bool:
    began = part.grade_began_at
    if part.module.locked_by_safety_hold:
        if held.level is not None:
            return False
        if began is not None and held.ended_at is not None:
            began = max(began, held.ended_at)
    return began is not None and progression.is_due(rules.progression, began, at)


def _judge(rules: Rules, state: State, moment: Answered | Practised | Quizzed, done: Done) -> Step:
    kept = []
    today = moment.at.astimezone(rules.zone).date()
    since = today - timedelta(days=rules.progression.period_days)
    for part in due(rules, state, moment):
        days, confidence = done.practised(part.module.id, since, today)
        planned = part.module.grades[part.grade].practice.planned_days
        work = Work(
            grade=part.grade,
            last_grade=part.module.last_grade,
            holds=part.holds,
            best_quiz_percent=done.best_quiz(part.module.id, part.grade, moment),
            practice_percent=progression.practice_percent(days, planned),
            confidence=confidence,
        )
        decision = progression.decide(rules.progression, work)
        if decision.lacking and not isinstance(moment, Answered):
            continue
        state = _with(state, _moved(part, decision, moment.at))
        why = "; ".join(decision.lacking) or "quiz, practice and confidence reached"
        name = f"{part.module.id} grade {work.grade}"
        kept.append(
            Decided(
                at=moment.at,
                module=part.module,
                decision=decision.move,
                rule="progression",
                occurrence=f"{moment.id} {decision.move} {work.grade}",
                inputs=progression.summary(work, decision.lacking),
                words=decision.move,
                for_provider=f"{name}: {decision.move}, because {why}.",
            )
        )
    return state, kept


def _moved(part: Part, decision: progression.Decision, at: datetime) -> Part:
    part = replace(part, holds=decision.holds)
    if decision.move in (progression.ADVANCE, progression.STEP_BACK):
        return replace(part, grade=decision.grade, grade_began_at=at, status=ACTIVE)
    if decision.move == progression.COMPLETE:
        return replace(part, status=COMPLETED, completed_at=at)
    if decision.move == progression.STUCK:
        return replace(part, status=STUCK)
    return part


def _join_for_risen(rules: Rules, state: State, moment: Risen) -> Step:
    # One factor at a time: the most severe that no module of the plan targets yet.
    for factor in moment.factors:
        targeted = any(
            factor.factor in rules.newest[p.module.id].target_factors
            for p in state.parts
            if p.module.id in rules.newest
        )
        found = None if targeted else _next_for(rules, state, factor.factor)
        if found is not None:
            inputs = {
                "factor": factor.factor,
                "value": None if factor.value is None else float(factor.value),
            }
            return _join(
                rules, state, moment.at, moment.id, found, factor.factor, factor.reason, inputs
            )
    return state, []


def _next_for(rules: Rules, state: State, factor: str) -> Module | None:
    present = [part.module.id for part in state.parts]
    found = planning.modules_for(factor, rules.newest, present)
    if any(module.needs is not None for module in found):
        true_of = rules.circumstances()
        found = [module for module in found if planning.suits(module, true_of)]
    return found[0] if found else None


def _join(
    rules: Rules,
    state: State,
    at: datetime,
    occurrence: str,
    module: Module,
    factor: str | None,
    reason: str,
    inputs: Mapping[str, Any],
    rule: str = "factor-risen",
) -> Step:
    present = [part.module.id for part in state.parts]
    joining = planning.with_what_it_builds_on(module, factor, reason, present, rules.newest)
    place = next(
        (
            n
            for n, part in enumerate(state.parts)
            if part.module.id in rules.closing and part.status == WAITING
        ),
        len(state.parts),
    )
    parts = [Part(each.module, each.factor, each.reason) for each in joining]
    kept = [
        Decided(
            at=at,
            module=each.module,
            decision=JOINED,
            rule=rule,
            occurrence=occurrence,
            inputs=inputs,
            words=JOINED,
            for_provider=f"{each.module.id} added: {each.reason}.",
        )
        for each in joining
    ]
    return replace(state, parts=(*state.parts[:place], *parts, *state.parts[place:])), kept


def _change(rules: Rules, state: State, moment: Changed) -> Step:
    return {
        SWAP: _swap,
        STEP_DOWN: _step_down,
        ADD: _add,
        DROP: _drop,
        MOVE: _move,
    }[moment.kind](rules, state, moment)


def _swap(rules: Rules, state: State, moment: Changed) -> Step:
    """Another module for a factor that has not moved; where there is none, a grade again."""
    part = state.part(moment.module_id)
    if part is None or moment.factor is None:
        return state, []
    other = _next_for(rules, state, moment.factor)
    if other is None:
        grade = max(1, part.grade - 1)
        again = replace(
            part, status=ACTIVE, grade=grade, holds=0, grade_began_at=moment.at, completed_at=None
        )
        told = f"{part.module.id} grade {grade} again: {moment.reason}."
        return _with(state, again), [_decided(moment, part.module, "swap-grade", told)]
    reason = f"{moment.reason}; another way to the same end"
    told = f"{other.id} after {part.module.id}: {moment.reason}."
    swapped = _decided(moment, part.module, SWAP, told)
    state, kept = _join(
        rules,
        state,
        moment.at,
        f"{moment.id} {part.module.id}",
        other,
        moment.factor,
        reason,
        moment.inputs,
        moment.rule,
    )
    return state, [swapped, *kept]


def _step_down(rules: Rules, state: State, moment: Changed) -> Step:
    """What keeps the gains opens next; the modules of factors that have not begun may be left."""
    module = rules.newest.get(moment.module_id)
    if state.maintenance_since is not None or module is None:
        return state, []
    parts = tuple(
        replace(part, optional=True)
        if part.status == WAITING and part.factor is not None and part.module.id != module.id
        else part
        for part in state.parts
    )
    state = State(parts, moment.at)
    part = state.part(module.id)
    if part is None:
        state = replace(state, parts=(*parts, Part(module, None, planning.CLOSING_REASON)))
    elif part.status == SKIPPED:
        state = _with(state, replace(part, status=WAITING))
    told = f"{module.id} opens next; modules of factors that have not begun are optional."
    return state, [_decided(moment, module, STEP_DOWN, told)]


def _add(rules: Rules, state: State, moment: Changed) -> Step:
    module = rules.newest.get(moment.module_id)
    part = state.part(moment.module_id)
    if module is None:
        return state, []
    told = f"{module.id} added by a provider: {moment.reason}."
    kept = [_decided(moment, module, ADD, told)]
    if part is not None:
        if part.status != SKIPPED and not part.optional:
            return state, []
        status = WAITING if part.status == SKIPPED else part.status
        return _with(state, replace(part, status=status, optional=False)), kept
    state, joined = _join(
        rules,
        state,
        moment.at,
        moment.id,
        module,
        moment.factor,
        f"Added by a provider: {moment.reason}",
        moment.inputs,
        moment.rule,
    )
    before = [each for each in joined if each.module.id != module.id]
    return state, [*before, *kept]


def _drop(rules: Rules, state: State, moment: Changed) -> Step:
    part = state.part(moment.module_id)
    if part is None or part.status != WAITING:
        return state, []
    told = f"{part.module.id} left out by a provider: {moment.reason}."
    return _with(state, replace(part, status=SKIPPED)), [_decided(moment, part.module, DROP, told)]


def _move(rules: Rules, state: State, moment: Changed) -> Step:
    part = state.part(moment.module_id)
    if part is None or part.status != WAITING:
        return state, []
    rest = [each for each in state.parts if each is not part]
    place = min(moment.place, len(rest))
    told = f"{part.module.id} moved to place {place + 1} by a provider: {moment.reason}."
    return replace(state, parts=(*rest[:place], part, *rest[place:])), [
        _decided(moment, part.module, MOVE, told)
    ]


def _decided(moment: Changed, module: Module, words: str, for_provider: str) -> Decided:
    return Decided(
        at=moment.at,
        module=module,
        decision=moment.kind,
        rule=moment.rule,
        occurrence=moment.id,
        inputs=moment.inputs,
        words=words,
        for_provider=for_provider,
    )


def _open_next(rules: Rules, state: State, moment: Moment) -> State:
    """Open the next module when its turn has come; never one that a safety hold locks or that
    waits for a provider's word."""
    last = rules.plan.maintenance if state.maintenance_since is not None else None
    parts = sorted(
        (part for part in state.parts if part.status != SKIPPED),
        key=lambda part: (part.module.id != last, part.optional),
    )
    standings = [
        Standing(
            part.module.id,
            part.status,
            part.module.prerequisites,
            part.grades_passed,
            0 if part.module.id == last else part.module.modules_done,
        )
        for part in parts
    ]
    starts = [part.started_at for part in parts if part.started_at is not None]
    waits: set[str] = set()
    passed = {part.module.id: part.grades_passed for part in parts}
    while True:
        chosen = progression.next_to_start(
            rules.plan, standings, max(starts, default=None), moment.at, waits
        )
        part = None if chosen is None else state.part(chosen)
        if part is None:
            return state
        if not _may_open(rules, part.module, passed, moment):
            waits.add(part.module.id)
            continue
        return _with(state, _opened(part, moment.at))


def _may_open(rules: Rules, module: Module, passed: Mapping[str, int], moment: Moment) -> bool:
    if module.locked_by_safety_hold and rules.held_at(moment.at).level is not None:
        return False
    if not module.contraindications:
        return True
    return blocked(module, replace(rules.known_at(moment), passed=passed)) is None


def _opened(part: Part, at: datetime) -> Part:
    return replace(part, status=ACTIVE, started_at=at, grade_began_at=at)


def _with(state: State, changed: Part) -> State:
    parts = (changed if p.module.id == changed.module.id else p for p in state.parts)
    return replace(state, parts=tuple(parts))
