"""A plan's progress: a fold over what happened to it. Pure.

A state and one moment give the next state and what was decided. Weekly answers judge every grade
that is due, and what the pathway's rules say of them may change the plan itself: a factor that has
risen, a module that did not help, more support or a lighter plan. Practice or a quiz may only move
a grade on. A provider's word changes what the plan holds. All moments in their order, by instant
and id, give the same state whether they are folded at once or in pieces, in whatever order they
came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backend.programme import planning, progression
from backend.programme.clearance import Known, blocked
from backend.programme.modules import Module
from backend.programme.progression import ACTIVE, COMPLETED, SKIPPED, STUCK, WAITING, Standing, Work
from backend.risk.decisions import Assessment, Decision, decide
from backend.risk.decisions import State as Facts
from backend.risk.pathway import (
    HAND_OVER,
    NON_ENGAGEMENT,
    STEP_DOWN,
    STEP_UP,
    SWAP,
    PlanRule,
    ProgressionRule,
    RuleBook,
)
from backend.risk.profile import ElevatedFactor

ADD, DROP, MOVE = "provider-add", "provider-drop", "provider-move"
BY_PROVIDERS = (ADD, DROP, MOVE)
JOINED = "add-module"
STUCK_WITHIN = timedelta(days=14)


@dataclass(frozen=True)
class Part:
    """One module of a plan and how far it is. ``planned`` is its place in the plan as it was first
    made; ``None`` for one that joined later. ``swapped_at``: when another way was taken, because
    its factor had not moved."""

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
    joined_at: datetime | None = None
    swapped_at: datetime | None = None
    optional: bool = False

    @property
    def grades_passed(self) -> int:
        """How many grades are behind."""
        return self.grade if self.status == COMPLETED else self.grade - 1


@dataclass(frozen=True)
class State:
    """A plan's parts in order; ``maintenance_since`` once it only keeps the gains.

    ``support`` is what the plan asks of people, in words. ``stuck_at``: when modules, quotas and
    ladders were found stuck; ``graded_stuck``: one of the latter two was at the last answers.
    """

    parts: tuple[Part, ...]
    maintenance_since: datetime | None = None
    support: str = ""
    stuck_at: tuple[datetime, ...] = ()
    graded_stuck: bool = False

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
class Reviewed:
    """A weekly check-in as the pathway's rules look at it, after it has judged the grades.

    ``factors`` are elevated in it, the most severe first: modules may join for one. ``known`` and
    ``new`` are what was known before and what it says, without what only the plan itself can tell:
    how often somebody is stuck, where ``known`` does not say so, and which factors' modules are
    done. ``changes``: by how many percent of its scale each factor has changed for the better.
    """

    at: datetime
    id: str
    factors: tuple[ElevatedFactor, ...] = ()
    known: Facts = field(default_factory=Facts)
    new: Assessment = field(default_factory=Assessment)
    changes: Mapping[str, Decimal] = field(default_factory=dict)
    rank: int = field(default=1, init=False)


@dataclass(frozen=True)
class Changed:
    """The plan is changed by a provider, or by a rule in a weekly check-in. ``inputs`` is all that
    is kept of it.

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


Moment = Answered | Reviewed | Changed | Practised | Quizzed


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
class Decided:
    """One decision to keep, on a module or, without one, on the plan as a whole.

    ``words`` names the patient's sentence, in which the module's title and ``values`` stand.
    ``occurrence`` says what was judged, so that the same is kept once.
    """

    at: datetime
    module: Module | None
    decision: str
    rule: str
    occurrence: str
    inputs: Mapping[str, Any]
    words: str
    for_provider: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Graded:
    """What was decided on quotas and ladders by some answers; ``stuck``: one of them is."""

    decided: Sequence[Decided] = ()
    stuck: bool = False


@dataclass(frozen=True)
class Rules:
    """By what a plan moves on, and what is known of its person before a moment.

    ``newest`` are the modules a plan takes in. ``known_at`` and ``circumstances`` are asked only
    where a module calls for it, ``graded`` at every check-in.
    """

    progression: ProgressionRule
    plan: PlanRule
    rule_book: RuleBook
    newest: Mapping[str, Module]
    zone: ZoneInfo
    held_at: Callable[[datetime], Held]
    known_at: Callable[[Moment], Known]
    circumstances: Callable[[], Set[str]]
    graded: Callable[[State, Answered], Graded] = lambda state, moment: Graded()

    @property
    def closing(self) -> frozenset[str]:
        """Modules that stand at the end of a plan."""
        return frozenset(name for names in self.plan.closing.values() for name in names)


Step = tuple[State, list[Decided]]


def order(moment: Moment) -> tuple[datetime, int, str]:
    """Where a moment stands among all: by instant, then by kind and id."""
    return moment.at, moment.rank, moment.id


def start(parts: Sequence[Part], at: datetime, support: str = "") -> State:
    """The plan as it was made at an instant: what joined later is not in it, the first is open."""
    planned = sorted((p for p in parts if p.planned is not None), key=lambda p: p.planned or 0)
    fresh = [Part(p.module, p.factor, p.reason, p.planned, joined_at=at) for p in planned]
    if fresh:
        fresh[0] = _opened(fresh[0], at)
    return State(tuple(fresh), support=support)


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
        state = _open_next(rules, state, moment)
        graded = rules.graded(state, moment)
        found = [each.at for each in (*kept, *graded.decided) if each.decision == STUCK]
        state = replace(state, stuck_at=(*state.stuck_at, *found), graded_stuck=graded.stuck)
        return state, [*kept, *graded.decided]
    if isinstance(moment, Practised | Quizzed):
        state, kept = _judge(rules, state, moment, done)
        return (_open_next(rules, state, moment) if kept else state), kept
    if isinstance(moment, Reviewed):
        return _review(rules, state, moment)
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


def finished_factors(state: State) -> dict[str, datetime]:
    """The factors of which every module in the plan is done, and since when."""
    ends: dict[str, list[datetime | None]] = {}
    for part in state.parts:
        if part.factor is not None and part.status != SKIPPED:
            ends.setdefault(part.factor, []).append(part.completed_at)
    return {f: max(e for e in each if e) for f, each in ends.items() if all(each)}


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


def _review(rules: Rules, state: State, moment: Reviewed) -> Step:
    """What the pathway's rules say of a check-in, as far as it moves the plan."""
    finished = finished_factors(state)
    changes = sorted(
        ((f, change) for f, change in moment.changes.items() if f in finished),
        key=lambda each: (each[1], each[0]),
    )
    known = moment.known
    if known.stuck_marks is None:
        known = replace(known, stuck_marks=_stuck_marks(state, moment.at))
    least = changes[0][1] if changes else None
    decisions = decide(rules.rule_book, known, replace(moment.new, least_factor_change=least))
    kept: list[Decided] = []
    if moment.factors and not any(each.kind == NON_ENGAGEMENT for each in decisions):
        state, kept = _join_for_risen(rules, state, moment)
        state = _open_next(rules, state, moment) if kept else state
    for decision in decisions:
        change = _asked(rules, state, replace(moment, known=known), decision, changes)
        if change is not None:
            state, made = _change(rules, state, change)
            state = _open_next(rules, state, change)
            kept = [*kept, *made]
    return state, kept


def _asked(
    rules: Rules,
    state: State,
    moment: Reviewed,
    decision: Decision,
    changes: Sequence[tuple[str, Decimal]],
) -> Changed | None:
    """The change of the plan that a decision asks for, if any."""
    at, rule, reason = moment.at, decision.rule, decision.reason
    if decision.kind in (STEP_UP, HAND_OVER):
        return Changed(at, moment.id, STEP_UP, rule, "", reason)
    if decision.kind == STEP_DOWN:
        last, inputs = rules.plan.maintenance, {"reason": reason}
        return Changed(at, "maintenance", STEP_DOWN, rule, last, reason, inputs=inputs)
    if decision.kind == SWAP:
        unmoved = [each for each in changes if _speaks(rules, moment, rule, each[1])]
        return _swap_of(state, moment, rule, unmoved)
    return None


def _speaks(rules: Rules, moment: Reviewed, rule: str, change: Decimal) -> bool:
    """Whether a rule would hold of a factor that changed so much."""
    new = replace(moment.new, least_factor_change=change)
    return any(each.rule == rule for each in decide(rules.rule_book, moment.known, new))


def _stuck_marks(state: State, at: datetime) -> int:
    # Only while something stands stuck.
    if not state.graded_stuck and all(part.status != STUCK for part in state.parts):
        return 0
    return sum(at - STUCK_WITHIN < each <= at for each in state.stuck_at)


def _swap_of(
    state: State, moment: Reviewed, rule: str, unmoved: Sequence[tuple[str, Decimal]]
) -> Changed | None:
    """Another way for the first of some factors of which the newest module that is done has not
    been answered so before; each with its change, the least first."""
    for factor, change in unmoved:
        # Of two that came to their end together, the later one of the plan.
        done = [p for p in reversed(state.parts) if p.factor == factor and p.status == COMPLETED]
        newest = max(done, key=_completed, default=None)
        if newest is None or newest.swapped_at is not None:
            continue
        reason = f"{factor} changed by {change:.0f} % of its scale after its modules"
        inputs = {"reason": reason, "factor": factor, "change_percent": float(change)}
        name = newest.module.id
        return Changed(moment.at, factor, SWAP, rule, name, reason, factor, inputs=inputs)
    return None


def _completed(part: Part) -> datetime:
    assert part.completed_at is not None
    return part.completed_at


def _join_for_risen(rules: Rules, state: State, moment: Reviewed) -> Step:
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
    parts = [Part(each.module, each.factor, each.reason, joined_at=at) for each in joining]
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
        STEP_UP: _step_up,
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
    part = replace(part, swapped_at=moment.at)
    state = _with(state, part)
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


def _step_up(rules: Rules, state: State, moment: Changed) -> Step:
    """One level more of human support, where the pathway has one above."""
    above = rules.plan.level_above(state.support)
    if above is None:
        return state, []
    told = f"Support raised to {above.name}: {above.raised} Because {moment.reason}."
    inputs = {"reason": moment.reason, "before": state.support, "level": above.name}
    kept = _decided(replace(moment, inputs=inputs), None, STEP_UP, told)
    return replace(state, support=above.raised), [kept]


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
    state = replace(state, parts=parts, maintenance_since=moment.at)
    part = state.part(module.id)
    if part is None:
        last = Part(module, None, planning.CLOSING_REASON, joined_at=moment.at)
        state = replace(state, parts=(*parts, last))
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
    before = [each for each in joined if each.module is not module]
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


def _decided(moment: Changed, module: Module | None, words: str, for_provider: str) -> Decided:
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
