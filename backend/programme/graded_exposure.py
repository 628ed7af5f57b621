"""Graded exposure: a ladder of feared movements, climbed by trials of a prediction. Pure.

Items are rated 0-100 for expected harm and the lowest comes first, as in the protocols of exposure
in vivo (Riecke 2013, Trials 14:203). In a daily-diary series fear fell in 65 % and pain in 20 %,
and fear fell first (PMC8911417): pain is no part of any decision. Cuts, counts and contexts are
Lumbra's own defaults.

As with graded activity, a person's state is computed from what happened: the same events give the
same ladder, in whatever order they were told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from backend.risk.practice_rules import ExposureRule

TO_DO, CURRENT, DONE = "to-do", "current", "done"
GO_ON, ADVANCE, EASIER, STUCK, STEP_BACK = "go-on", "advance", "easier-item", "stuck", "step-back"


@dataclass(frozen=True)
class Trial:
    """One try of an item. ``safe_guarded``: something was done to be on the safe side."""

    fear_before: int
    fear_after: int
    belief_before: int
    belief_after: int
    safe_guarded: bool = False
    context: str = ""
    day: int = 0


class Kind(IntEnum):
    """What can happen, in the order in which it counts on one day."""

    RATED = 0
    APPROVED = 1
    TRIED = 2


@dataclass(frozen=True)
class Event:
    """On a ``day`` an ``item`` was rated, allowed by a provider, or tried.

    A trial without an item is one of the movement that was then its turn.
    """

    day: int
    kind: Kind
    item: str
    rating: int = 0
    trial: Trial | None = None


@dataclass(frozen=True)
class Rung:
    """An item of the ladder: its first and newest rating, and where it stands."""

    item: str
    first_rating: int
    rating: int
    status: str
    needs_provider: bool
    generalised: bool


@dataclass(frozen=True)
class Ladder:
    """Where a person stands. ``verdict`` speaks of the current item's trials.

    ``complete``: enough items were rated to begin. ``success``: ratings have fallen by half.
    """

    rungs: tuple[Rung, ...]
    current: str | None
    verdict: str
    waits_for_provider: bool
    complete: bool
    success: bool


def passes(rule: ExposureRule, trial: Trial, first: Trial) -> bool:
    """Fear and belief are low, or half of what they were at the item's first trial."""
    calm = trial.fear_after <= max(rule.calm, first.fear_before / 2)
    doubts = trial.belief_after <= max(rule.calm, first.belief_before / 2)
    return calm and doubts


def judge(rule: ExposureRule, trials: Sequence[Trial]) -> str:
    """What the trials of one item say, oldest first."""
    if not trials:
        return GO_ON
    moved = _moves(rule, trials)
    if moved is not None:
        return moved
    first = trials[0]
    dropped = any(first.fear_before - t.fear_after >= rule.least_drop for t in trials)
    if not dropped and len(trials) >= rule.stuck_after:
        return STUCK
    if not dropped and len(trials) >= rule.easier_after:
        return EASIER
    return GO_ON


def _moves(rule: ExposureRule, trials: Sequence[Trial]) -> str | None:
    """Whether an item is done, or one step back is due, by its newest trials."""
    first, last = trials[0], trials[-1]
    recent = trials[-rule.passes :]
    apart = len({trial.day for trial in recent}) == rule.passes
    if apart and all(passes(rule, t, first) for t in recent) and not last.safe_guarded:
        return ADVANCE
    shaken = trials[-rule.rises :]
    if len(shaken) == rule.rises and all(t.fear_after - t.fear_before >= rule.rise for t in shaken):
        return STEP_BACK
    return None


def climb(rule: ExposureRule, events: Iterable[Event]) -> Ladder:
    """The ladder after all that has happened."""
    course = _Climb(rule)
    for event in sorted(set(events), key=_order):
        course.take(event)
    return course.ladder()


def _order(event: Event) -> tuple[object, ...]:
    trial = event.trial
    told = (
        ()
        if trial is None
        else (trial.fear_before, trial.fear_after, trial.belief_before, trial.belief_after,
              trial.safe_guarded, trial.context)
    )  # fmt: skip
    return event.day, event.kind, event.item, event.rating, told


@dataclass
class _Item:
    first_rating: int
    rating: int
    approved: bool = False
    done: bool = False
    trials: list[Trial] = field(default_factory=list)
    contexts: set[str] = field(default_factory=set)


@dataclass
class _Climb:
    """The walk through the events; a fresh one for every call."""

    rule: ExposureRule
    items: dict[str, _Item] = field(default_factory=dict)
    # The names in their order, until another item is rated.
    _sorted: list[str] | None = None

    def take(self, event: Event) -> None:
        if event.kind is Kind.RATED:
            self._rate(event)
        elif event.kind is Kind.APPROVED:
            if event.item in self.items:
                self.items[event.item].approved = True
        else:
            current = self._current()
            if event.trial is not None and current is not None and event.item in ("", current):
                self._try(current, event.trial)

    def ladder(self) -> Ladder:
        current = self._current()
        return Ladder(
            rungs=tuple(self._rung(name, current) for name in self._order()),
            current=current,
            verdict=judge(self.rule, self.items[current].trials) if current else GO_ON,
            waits_for_provider=current is None and self._next() is not None,
            complete=self.rule.fewest <= len(self._order()),
            success=self._success(),
        )

    def _rate(self, event: Event) -> None:
        known = self.items.get(event.item)
        if known is not None:
            known.rating = event.rating
        elif len(self.items) < self.rule.most:
            self.items[event.item] = _Item(event.rating, event.rating)
            self._sorted = None

    def _try(self, name: str, trial: Trial) -> None:
        item = self.items[name]
        item.trials.append(trial)
        item.contexts.add(trial.context)
        verdict = _moves(self.rule, item.trials)
        if verdict == ADVANCE:
            item.done = True
        elif verdict == STEP_BACK:
            item.trials = []
            before = self._before(name)
            if before is not None:
                self.items[before].done = False
                self.items[before].trials = []

    def _order(self) -> list[str]:
        if self._sorted is None:
            kept = [n for n, i in self.items.items() if i.first_rating >= self.rule.lowest_rating]
            self._sorted = sorted(kept, key=lambda name: (self.items[name].first_rating, name))
        return self._sorted

    def _next(self) -> str | None:
        return next((name for name in self._order() if not self.items[name].done), None)

    def _current(self) -> str | None:
        name = self._next()
        if name is None or len(self._order()) < self.rule.fewest:
            return None
        return None if self._needs_provider(self.items[name]) else name

    def _before(self, name: str) -> str | None:
        order = self._order()
        place = order.index(name)
        return order[place - 1] if place else None

    def _needs_provider(self, item: _Item) -> bool:
        return item.first_rating >= self.rule.provider_from and not item.approved

    def _rung(self, name: str, current: str | None) -> Rung:
        item = self.items[name]
        return Rung(
            item=name,
            first_rating=item.first_rating,
            rating=item.rating,
            status=DONE if item.done else CURRENT if name == current else TO_DO,
            needs_provider=self._needs_provider(item),
            generalised=item.done and len(item.contexts - {""}) >= self.rule.contexts,
        )

    def _success(self) -> bool:
        items = [self.items[name] for name in self._order()]
        first = sum(item.first_rating for item in items)
        now = sum(item.rating for item in items)
        return bool(items) and 100 * (first - now) >= self.rule.success_percent * first
