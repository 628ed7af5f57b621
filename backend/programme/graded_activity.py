"""Graded activity: from three tries to quotas that rise by plan and not by pain. Pure.

The protocol is that of a published trial (BMC Public Health 2007; 7:254, table 2): three baseline
tries, a start at 70 % of their mean, quotas set in advance and strictly time-contingent. Pain is
recorded and never changes a quota; only a safety gate stops. Steps, spread, gaps, holds and the
flare plan are Lumbra's own defaults.

The state of a person is computed from what happened, in whatever order it was told: ``replay``
sorts the events by day, so that the same events always give the same plan.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import IntEnum

from backend.risk.practice_rules import ActivityRule

WEEK = 7

BASELINE = "baseline"
QUOTA = "quota"
LOCKED = "locked"

UNDER, MET, OVER = "under", "met", "over"
ADVANCE, HOLD, STEP_BACK, NEW_BASELINE = "advance", "hold", "step-back", "new-baseline"


@dataclass(frozen=True)
class Aim:
    """What a person works towards: ``goal`` and ``unit`` in the measure they chose (minutes,
    steps, seconds); quotas are multiples of ``unit``. ``planned`` sessions a week, 3 to 7."""

    goal: Decimal
    unit: Decimal = Decimal(1)
    planned: int = 5


class Kind(IntEnum):
    """What can happen, in the order in which it counts on one day.

    ``DONE`` is a try while the starting point is sought and a session afterwards; ``KEPT`` is a
    session of which the person says no more than that it was done as planned.
    """

    GATE = 0
    CLEARED = 1
    FLARE = 2
    TRY = 3
    SESSION = 4
    DONE = 5
    KEPT = 6


@dataclass(frozen=True, order=True)
class Event:
    """Something that happened on a ``day`` (a day number, such as ``date.toordinal()``).

    ``amount`` belongs to a try, a session and what was done; ``days`` to a flare (1-7);
    ``lasting_pain`` (0-10 more than a day after a session) is looked at for advice, never for a
    quota.
    """

    day: int
    kind: Kind
    amount: Decimal = Decimal(0)
    days: int = 0
    lasting_pain: int = 0


@dataclass(frozen=True)
class Baseline:
    """What the tries say. ``mean`` is ``None`` while there are too few; ``wide`` asks for a fourth
    try; ``partial`` rests on two."""

    mean: Decimal | None
    wide: bool = False
    partial: bool = False


@dataclass(frozen=True)
class Week:
    """One week judged: sessions ``met`` of those ``planned``, and what followed."""

    begins: int
    planned: int
    met: int
    decision: str

    @property
    def begins_on(self) -> date:
        """The first day, where days are numbered as ``date.toordinal()`` does."""
        return date.fromordinal(self.begins)


@dataclass(frozen=True)
class State:
    """Where a person stands on a day.

    ``quota`` is ``None`` before the baseline is known and while a safety gate stands. ``advice``
    holds what to offer (``flare-plan``, ``finer-unit``, ``fourth-try``). ``tries`` were made for
    the starting point; ``after_gap``: the pause so long that the quota is a lower one.
    """

    phase: str
    quota: Decimal | None
    baseline: Baseline
    in_flare: bool = False
    stuck: bool = False
    reached_goal: bool = False
    weeks: tuple[Week, ...] = ()
    advice: tuple[str, ...] = ()
    tries: int = 0
    after_gap: bool = False


def baseline(rule: ActivityRule, tries: Sequence[Decimal], days_since_first: int) -> Baseline:
    """Mean of three tries; if they lie far apart, the median with a fourth; two after a week."""
    if len(tries) >= 3:
        first = tries[:3]
        mean = sum(first, Decimal(0)) / 3
        if mean == 0:
            return Baseline(None)
        wide = statistics.stdev(first) / mean > rule.widest_spread
        if not wide:
            return Baseline(mean)
        return Baseline(statistics.median(tries[:4]) if len(tries) >= 4 else None, wide=True)
    if len(tries) == 2 and days_since_first >= rule.partial_after_days and any(tries):
        return Baseline(sum(tries, Decimal(0)) / 2, partial=True)
    return Baseline(None)


def start(rule: ActivityRule, mean: Decimal) -> Decimal:
    """The unrounded first quota."""
    return rule.start_share * mean


def rounded(amount: Decimal, aim: Aim) -> Decimal:
    """A quota as a person sees it: to the nearest unit, never nothing, never over the goal."""
    units = (amount / aim.unit).quantize(Decimal(1), ROUND_HALF_UP)
    return min(aim.goal, max(units, Decimal(1)) * aim.unit)


def quotas(rule: ActivityRule, mean: Decimal, aim: Aim, levels: int) -> list[Decimal]:
    """The quotas of the first ``levels`` levels, as they are set in advance."""
    step = rule.step_share * mean
    return [rounded(start(rule, mean) + n * step, aim) for n in range(levels)]


def session_result(rule: ActivityRule, done: Decimal, quota: Decimal) -> str:
    """``under``, ``met`` or ``over``; too much is a miss as well."""
    ratio = done / quota
    if ratio < rule.met_from:
        return UNDER
    return MET if ratio <= rule.met_up_to else OVER


def weekly_decision(rule: ActivityRule, met: int, planned: int) -> str:
    """Two thirds of the planned sessions: advance; a third or less: one step back."""
    share = Decimal(met) / planned
    # Two thirds and one third are 0.67 and 0.33 in the protocol; 2 of 3 sessions are enough.
    share = share.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if share >= rule.advance_from:
        return ADVANCE
    return STEP_BACK if share <= rule.back_up_to else HOLD


def fallback(current: Decimal, first: Decimal, aim: Aim) -> Decimal:
    """The quota of a flare: half, but not under the first quota and never over the present one."""
    half = (current / 2 / aim.unit).to_integral_value(ROUND_CEILING) * aim.unit
    return min(current, max(half, first))


def way_back(rule: ActivityRule, low: Decimal, old: Decimal, aim: Aim) -> list[Decimal]:
    """The quotas of the sessions after a flare, in equal steps to the old one."""
    rise = (old - low) / rule.flare_steps
    return [rounded(low + n * rise, aim) for n in range(1, rule.flare_steps + 1)]


def replay(
    rule: ActivityRule,
    aim: Aim,
    events: Iterable[Event],
    today: int,
    later_aims: Mapping[int, Aim] | None = None,
) -> State:
    """Where a person stands on ``today``, from all that has happened up to it.

    ``later_aims`` are aims chosen in place of the first, by the day from which they count: what was
    set and judged before stays as it was.
    """
    course = _Course(rule, aim)
    changes = sorted((later_aims or {}).items(), reverse=True)
    for event in sorted(set(events)):
        while changes and changes[-1][0] <= min(event.day, today):
            course.aim_for(*changes.pop())
        if event.day <= today:
            course.take(event)
    while changes and changes[-1][0] <= today:
        course.aim_for(*changes.pop())
    return course.state(today)


@dataclass
class _Course:
    """The walk through the events; a fresh one for every replay."""

    rule: ActivityRule
    aim: Aim
    tries: list[Event] = field(default_factory=list)
    mean: Decimal | None = None
    found: Baseline = field(default_factory=lambda: Baseline(None))
    raw: Decimal = Decimal(0)
    step: Decimal = Decimal(0)
    began: int = 0
    last_session: int | None = None
    last_amount: Decimal = Decimal(0)
    met: int = 0
    sessions: int = 0
    holds: int = 0
    backs: int = 0
    stuck: bool = False
    stepped_back: bool = False
    weeks: list[Week] = field(default_factory=list)
    flare_until: int | None = None
    flare_days_in_week: set[int] = field(default_factory=set)
    path_back: list[Decimal] = field(default_factory=list)
    gate_since: int | None = None
    sore: int = 0

    def take(self, event: Event) -> None:
        self._pass_time(event.day)
        if event.kind is Kind.GATE:
            self.gate_since = event.day
        elif event.kind is Kind.CLEARED:
            self._unlock(event.day)
        elif self.gate_since is not None:
            return
        elif event.kind is Kind.TRY:
            self._try(event)
        elif event.kind is Kind.SESSION and self.mean is not None:
            self._session(event)
        elif event.kind is Kind.FLARE and self.mean is not None:
            self._flare(event)
        elif event.kind in (Kind.DONE, Kind.KEPT):
            self._done(event)

    def aim_for(self, day: int, aim: Aim) -> None:
        """From this day on, work towards another aim."""
        self._pass_time(day)
        self.aim = aim
        self.raw = min(self.raw, aim.goal)

    def state(self, today: int) -> State:
        self._pass_time(today)
        paused = 0 if self.last_session is None else today - self.last_session
        self._rest_on(today)
        if self.mean is None:
            found = self._baseline(today)
            if found.mean is None:
                phase = LOCKED if self.gate_since is not None else BASELINE
                return State(
                    phase,
                    None,
                    found,
                    stuck=self.stuck,
                    weeks=tuple(self.weeks),
                    advice=("fourth-try",) if found.wide else (),
                    tries=len(self.tries),
                )
            self._begin(found, today)
        if self.gate_since is not None:
            return State(LOCKED, None, self.found, stuck=self.stuck, weeks=tuple(self.weeks))
        quota = self._quota(today)
        return State(
            phase=QUOTA,
            quota=quota,
            baseline=self.found,
            in_flare=self._in_flare(today),
            stuck=self.stuck,
            reached_goal=quota >= self.aim.goal,
            weeks=tuple(self.weeks),
            advice=self._advice(),
            tries=len(self.tries),
            after_gap=paused >= self.rule.back_after_gap,
        )

    # Tries

    def _done(self, event: Event) -> None:
        # A pause may have cost the baseline, and then this is the first of the new tries.
        self._rest_on(event.day)
        if self.mean is not None:
            kept = event.kind is Kind.KEPT
            amount = self._quota(event.day) if kept else event.amount
            self._session(replace(event, amount=amount))
        elif event.kind is Kind.DONE:
            self._try(event)

    def _try(self, event: Event) -> None:
        if self.mean is not None or any(event.day == t.day for t in self.tries):
            return
        self.tries.append(event)
        found = self._baseline(event.day)
        if found.mean is not None and not found.partial:
            self._begin(found, event.day)

    def _baseline(self, day: int) -> Baseline:
        if not self.tries:
            return Baseline(None)
        amounts = [t.amount for t in self.tries]
        return baseline(self.rule, amounts, day - self.tries[0].day)

    def _begin(self, found: Baseline, day: int) -> None:
        assert found.mean is not None
        self.found = found
        self.mean = found.mean
        self.raw = start(self.rule, found.mean)
        self.step = self.rule.step_share * found.mean
        self._new_week(day)
        self.last_session = day
        self.last_amount = self.raw
        self.holds = self.backs = 0

    # Time

    def _pass_time(self, day: int) -> None:
        if self.mean is None:
            found = self._baseline(day)
            if found.partial:
                self._begin(found, self.tries[0].day + self.rule.partial_after_days)
        while self.mean is not None and day >= self.began + WEEK:
            self._end_week()

    def _end_week(self) -> None:
        # A week with a gate, or without any session, is not judged: the gate and the gap are.
        flare = len({d for d in self.flare_days_in_week if self.began <= d < self.began + WEEK})
        share = Decimal(self.aim.planned * (WEEK - flare)) / WEEK
        planned = int(share.quantize(Decimal(1), ROUND_HALF_UP))
        if self.gate_since is None and self.sessions and planned:
            decision = weekly_decision(self.rule, min(self.met, planned), planned)
            self._decide(decision, planned)
        if self.mean is not None:
            self._new_week(self.began + WEEK)

    def _decide(self, decision: str, planned: int) -> None:
        self.holds = self.holds + 1 if decision == HOLD else 0
        self.backs = self.backs + 1 if decision == STEP_BACK else 0
        if decision == ADVANCE:
            self.stuck = False
            self.raw = min(self.raw + self._capped_step(), self.aim.goal)
        elif decision == STEP_BACK:
            self._one_back()
        if self.holds == 2:
            self.step /= 2
            self.holds = 0
        if self.backs == 2:
            decision = NEW_BASELINE
            self.stuck = True
            self._forget_baseline()
        self.weeks.append(Week(self.began, planned, self.met, decision))

    def _capped_step(self) -> Decimal:
        return min(self.step, self.rule.largest_step * self.raw)

    def _one_back(self) -> None:
        assert self.mean is not None
        self.raw = max(self.raw - self.step, min(start(self.rule, self.mean), self.raw))
        self.stepped_back = True

    def _forget_baseline(self) -> None:
        self.mean = None
        self.tries = []
        self.flare_until = None
        self.path_back = []
        self.backs = self.holds = 0

    def _new_week(self, begins: int) -> None:
        self.began = begins
        self.met = self.sessions = 0

    # Sessions, gaps and flares

    def _session(self, event: Event) -> None:
        self._rest_on(event.day)
        if self.mean is None:
            return
        result = session_result(self.rule, event.amount, self._quota(event.day))
        in_flare = self._in_flare(event.day)
        if not in_flare:
            self.sessions += 1
            self.met += result == MET
            if self.path_back:
                self.path_back.pop(0)
        if result != UNDER:
            self.last_amount = min(event.amount, self._quota(event.day))
        self.last_session = event.day
        self.stepped_back = False
        self.sore = self.sore + 1 if event.lasting_pain >= self.rule.severe_pain else 0

    def _rest_on(self, day: int) -> None:
        """What a pause does: nothing, one level back, a restart lower, or a new baseline."""
        if self.mean is None or self.last_session is None or self.gate_since is not None:
            return
        gap = day - self.last_session
        if gap < self.rule.back_after_gap:
            return
        if gap >= self.rule.baseline_after_gap:
            self._forget_baseline()
        elif gap >= self.rule.restart_after_gap:
            self.raw = min(self.raw, self.rule.restart_share * self.last_amount)
            self.last_session = day
            self._new_week(day)
        elif not self.stepped_back:
            # The week that the pause began in may have cost a step already: one is enough.
            self._one_back()

    def _flare(self, event: Event) -> None:
        days = min(max(event.days or self.rule.flare_days, 1), self.rule.longest_flare)
        old = rounded(self.raw, self.aim)
        assert self.mean is not None
        low = fallback(old, min(old, rounded(start(self.rule, self.mean), self.aim)), self.aim)
        self.flare_until = event.day + days
        self.flare_days_in_week |= set(range(event.day, event.day + days))
        self.path_back = way_back(self.rule, low, old, self.aim)[:-1]
        # A flare is no pause: the days of rest it allows are not held against anybody.
        self.last_session = event.day + days

    def _in_flare(self, day: int) -> bool:
        return self.flare_until is not None and day < self.flare_until

    def _quota(self, day: int) -> Decimal:
        old = rounded(self.raw, self.aim)
        assert self.mean is not None
        if self._in_flare(day):
            return fallback(old, min(old, rounded(start(self.rule, self.mean), self.aim)), self.aim)
        return min(self.path_back[0], old) if self.path_back else old

    # Gates

    def _unlock(self, day: int) -> None:
        if self.gate_since is None:
            return
        self.gate_since = None
        # The lock was ours, so its days are no pause of theirs.
        if self.last_session is not None:
            self.last_session = day
        if self.mean is not None:
            self._new_week(day)

    def _advice(self) -> tuple[str, ...]:
        assert self.mean is not None
        advice = []
        if self.sore >= 2:
            advice.append("flare-plan")
        if self.mean < 10 * self.aim.unit:
            advice.append("finer-unit")
        return tuple(advice)
