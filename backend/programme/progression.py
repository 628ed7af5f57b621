"""When a grade advances, holds, steps back or is stuck. Pure.

Advance when the quiz is passed, practice was done on enough of the planned days and confidence is
high enough; otherwise hold. After repeated holds an easier grade is offered, then a person calls
(Lumbra's own defaults, in the pathway). Pain does not enter the decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.programme.modules import Prerequisite
from backend.risk.pathway import PlanRule, ProgressionRule

ADVANCE = "advance"
COMPLETE = "complete"
HOLD = "hold"
STEP_BACK = "step-back"
STUCK = "stuck"

# What an activity can be, besides stuck: not begun, at work, done, left out by a provider.
WAITING = "waiting"
ACTIVE = "active"
COMPLETED = "completed"
SKIPPED = "skipped"


@dataclass(frozen=True)
class Work:
    """What was done since the grade began. Percents 0-100; ``confidence`` 0-10 or not given."""

    grade: int
    last_grade: int
    holds: int
    best_quiz_percent: int | None
    practice_percent: int
    confidence: int | None


@dataclass(frozen=True)
class Decision:
    """The move, the grade and holds after it, and what was found lacking."""

    move: str
    grade: int
    holds: int
    lacking: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """Where one module of a plan stands. ``grades_passed`` opens what builds on it;
    ``modules_done`` is how many others it waits for, or for all of a smaller plan."""

    module_id: str
    status: str
    prerequisites: tuple[Prerequisite, ...]
    grades_passed: int
    modules_done: int = 0


def decide(rule: ProgressionRule, work: Work) -> Decision:
    """The weekly decision on one active module."""
    lacking = _lacking(rule, work)
    if not lacking:
        if work.grade == work.last_grade:
            return Decision(COMPLETE, work.grade, 0, ())
        return Decision(ADVANCE, work.grade + 1, 0, ())
    holds = work.holds + 1
    if holds >= rule.stuck_after_holds:
        return Decision(STUCK, work.grade, holds, lacking)
    if holds >= rule.easier_after_holds and work.grade > 1:
        return Decision(STEP_BACK, work.grade - 1, holds, lacking)
    return Decision(HOLD, work.grade, holds, lacking)


def practice_percent(days_done: int, planned_days: int) -> int:
    """Share of planned days on which practice was done, 0-100, rounded down."""
    return min(100, 100 * days_done // planned_days)


def is_due(rule: ProgressionRule, grade_began_at: datetime, at: datetime) -> bool:
    """Whether a grade has lasted long enough to be judged."""
    return at - grade_began_at >= timedelta(days=rule.period_days)


def next_to_start(
    rule: PlanRule,
    standings: Sequence[Standing],
    last_start: datetime | None,
    at: datetime,
    locked: Set[str] = frozenset(),
) -> str | None:
    """The next module to open: few at once, one new a week, none before what it builds on."""
    if sum(s.status == ACTIVE for s in standings) >= rule.active_at_once:
        return None
    if last_start is not None and at - last_start < timedelta(days=rule.new_every_days):
        return None
    done = sum(s.status == COMPLETED for s in standings)
    passed = {s.module_id: s.grades_passed for s in standings}
    for standing in standings:
        # What the plan does not hold is nothing to wait for.
        ready = all(passed.get(p.module, p.grade) >= p.grade for p in standing.prerequisites)
        ready = ready and done >= min(standing.modules_done, len(standings) - 1)
        if standing.status == WAITING and ready and standing.module_id not in locked:
            return standing.module_id
    return None


def summary(work: Work, lacking: Sequence[str]) -> Mapping[str, object]:
    """The inputs of a decision, as stored with it."""
    return {
        "grade": work.grade,
        "holds": work.holds,
        "quiz_percent": work.best_quiz_percent,
        "practice_percent": work.practice_percent,
        "confidence": work.confidence,
        "lacking": list(lacking),
    }


def _lacking(rule: ProgressionRule, work: Work) -> tuple[str, ...]:
    lacking = []
    if work.best_quiz_percent is None or work.best_quiz_percent < rule.quiz_percent:
        lacking.append(f"quiz under {rule.quiz_percent} %")
    if work.practice_percent < rule.practice_percent:
        lacking.append(f"practice on under {rule.practice_percent} % of planned days")
    if work.confidence is None or work.confidence < rule.confidence:
        lacking.append(f"confidence under {rule.confidence} of 10")
    return tuple(lacking)
