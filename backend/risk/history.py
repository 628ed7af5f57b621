"""What was known of a patient at a moment, from all that was stored before it. Pure.

The road of a check-in and the replay of a changed pathway both ask here, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.risk.decisions import State
from backend.risk.pathway import EngagementRule, Pathway

RMDQ = "rmdq.total"
PAIN = "peg.intensity"
GLOBAL_CHANGE = "pgic.change"
WEEK = timedelta(days=7)
# The first weekly check-ins finish the response index, once the first week is over.
INDEX_WEEKS = frozenset({1, 2})


@dataclass(frozen=True)
class Scored:
    """A score that was stored, with the response it came from."""

    response_id: UUID
    code: str
    value: Decimal
    at: datetime


@dataclass(frozen=True)
class Judged:
    """A judgement of the start or of a review: risk group, factor profile or response index."""

    response_id: UUID | None
    kind: str
    outcome: str | None
    at: datetime
    inputs: Mapping[str, Any]
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Engagement:
    """When the plan began, days with a completed task since, and factors whose modules are done."""

    plan_began: date | None = None
    task_days: frozenset[date] = frozenset()
    finished_factors: Mapping[str, datetime] = field(default_factory=dict)

    def days(self, since: date, until: date) -> int:
        """Days with a completed task from ``since`` to before ``until``."""
        return sum(since <= day < until for day in self.task_days)

    def first_days(self, days: int) -> int | None:
        """Days with a task among the first ``days`` of the plan; ``None`` without a plan."""
        if self.plan_began is None:
            return None
        return self.days(self.plan_began, self.plan_began + timedelta(days=days))

    def dose_percent(self, rule: EngagementRule, at: date) -> int | None:
        """Days with a task against the days planned so far, 0-100; ``None`` in the first week."""
        if self.plan_began is None or at - self.plan_began < WEEK:
            return None
        planned = rule.planned_days_a_week * (at - self.plan_began).days
        return min(100, 700 * self.days(self.plan_began, at) // planned)

    def tasks_7_days(self, at: date) -> int | None:
        """Days with a task among the last seven, today included; ``None`` without a plan."""
        if self.plan_began is None:
            return None
        return self.days(at - WEEK + timedelta(days=1), at + timedelta(days=1))


@dataclass(frozen=True)
class History:
    """All that is stored of a patient's scores and judgements, oldest first."""

    scores: tuple[Scored, ...] = ()
    judged: tuple[Judged, ...] = ()

    def before(self, at: datetime) -> History:
        """What was stored before an instant."""
        return History(
            tuple(each for each in self.scores if each.at < at),
            tuple(each for each in self.judged if each.at < at),
        )

    def first(self, kind: str) -> Judged | None:
        """The oldest judgement of a kind: of the baseline, and frozen."""
        return next((each for each in self.judged if each.kind == kind), None)

    def newest(self, kind: str) -> Judged | None:
        """The newest judgement of a kind."""
        return next((each for each in reversed(self.judged) if each.kind == kind), None)

    def start(self, kind: str) -> dict[str, Decimal | None]:
        """The scores that a judgement of the baseline rests on."""
        first = self.first(kind)
        inputs = {} if first is None else first.inputs
        return {
            code: Decimal(str(value))
            for code, value in inputs.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }


def is_due(rules: Pathway, week: int, scores: Mapping[str, Decimal | None]) -> bool:
    """Whether a weekly check-in looks back: by its week or by what was asked, never by chance."""
    asked = {RMDQ, *rules.stratification.codes}
    return (
        week in INDEX_WEEKS or week in rules.rule_book.review_weeks or not asked.isdisjoint(scores)
    )


def state_of(
    history: History,
    engagement: Engagement,
    rule: EngagementRule,
    at: datetime,
    week: int | None = None,
    stuck_marks: int | None = None,
) -> State:
    """What was known at an instant, from what was stored before it."""
    sets = [each for each in history.scores if each.code == RMDQ]
    start = history.first("stratification")
    baseline = next(
        (s.value for s in sets if start is not None and s.response_id == start.response_id), None
    )
    group = _newest_group(history.judged)
    previous = sets[-1] if sets else None
    today = at.date()
    return State(
        week=week,
        risk_group=group,
        rmdq_baseline=baseline,
        rmdq_best=min((s.value for s in sets), default=None),
        rmdq_previous=previous.value if previous else None,
        rmdq_previous_age=(at - previous.at).days if previous else None,
        rmdq_best_earlier=min((s.value for s in sets[:-1]), default=None),
        pain_previous=_beside(history.scores, previous, PAIN),
        dose_percent=engagement.dose_percent(rule, today),
        tasks_7_days=engagement.tasks_7_days(today),
        stuck_marks=stuck_marks,
    )


def _newest_group(judged: Sequence[Judged]) -> str | None:
    groups = [j.outcome for j in judged if j.kind == "stratification" and j.outcome is not None]
    return groups[-1] if groups else None


def _beside(scores: Sequence[Scored], other: Scored | None, code: str) -> Decimal | None:
    # The same set of answers, not merely the newest value.
    return next(
        (
            s.value
            for s in scores
            if other and s.code == code and s.response_id == other.response_id
        ),
        None,
    )
