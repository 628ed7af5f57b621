"""Graded activity: where a person stands, from all that has happened. Pure.

The state is computed from what happened, in whatever order it was told: ``replay`` sorts the events
by day, so that the same events always give the same plan. What a quota is, ``quotas`` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from backend.programme.quotas import (
    ADVANCE,
    BASELINE,
    HOLD,
    LOCKED,
    MET,
    NEW_BASELINE,
    OVER,
    QUOTA,
    STEP_BACK,
    UNDER,
    WEEK,
    Aim,
    Baseline,
    Event,
    Kind,
    State,
    Week,
    baseline,
    fallback,
    quotas,
    rounded,
    session_result,
    start,
    way_back,
    weekly_decision,
)
from backend.risk.practice_rules import ActivityRule

__all__ = [
    "ADVANCE",
    "BASELINE",
    "HOLD",
    "LOCKED",
    "MET",
    "NEW_BASELINE",
    "OVER",
    "QUOTA",
    "STEP_BACK",
    "UNDER",
    "WEEK",
    "Aim",
    "Baseline",
    "Event",
    "Kind",
    "State",
    "Week",
    "baseline",
    "fallback",
    "quotas",
    "replay",
    "rounded",
    "session_result",
    "start",
    "way_back",
    "weekly_decision",
]


OFFER_FLARE = "flare-plan"


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
            coming_back=bool(self.path_back) and not self._in_flare(today),
            flare_quota=self._flare_quota(),
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
        self.sore = 0
        days = min(max(event.days or self.rule.flare_days, 1), self.rule.longest_flare)
        old = rounded(self.raw, self.aim)
        low = self._flare_quota()
        self.flare_until = event.day + days
        self.flare_days_in_week |= set(range(event.day, event.day + days))
        self.path_back = way_back(self.rule, low, old, self.aim)[:-1]
        # A flare is no pause: the days of rest it allows are not held against anybody.
        self.last_session = event.day + days

    def _in_flare(self, day: int) -> bool:
        return self.flare_until is not None and day < self.flare_until

    def _quota(self, day: int) -> Decimal:
        old = rounded(self.raw, self.aim)
        if self._in_flare(day):
            return self._flare_quota()
        return min(self.path_back[0], old) if self.path_back else old

    def _flare_quota(self) -> Decimal:
        assert self.mean is not None
        old = rounded(self.raw, self.aim)
        return fallback(old, min(old, rounded(start(self.rule, self.mean), self.aim)), self.aim)

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
            advice.append(OFFER_FLARE)
        if self.mean < 10 * self.aim.unit:
            advice.append("finer-unit")
        return tuple(advice)
