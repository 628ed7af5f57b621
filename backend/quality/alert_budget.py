"""How many alerts a practice gets for its check-ins, week by week, and the rules they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, cast, func, or_, select

from backend.alerts import service as alerts
from backend.alerts.models import Alert
from backend.checkins.models import WEEKLY, CheckIn
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.practices import absence
from backend.practices.models import Practice
from backend.quality import alert_load
from backend.risk import service as risk
from backend.risk.decisions import Decision
from backend.risk.pathway import AlertAllowance

WEEK = timedelta(days=7)
REVIEW = "alert-load-review"
# What the system asks of a practice is no alert that a patient's answers raised.
TASKS = (REVIEW, "break-glass")
# After an outage longer than this, older weeks stay unjudged.
LONGEST_LOOK = 8


@dataclass(frozen=True)
class RuleLoad:
    """What one rule added."""

    rule: str
    title: str
    alerts: int
    per_100: float | None


@dataclass(frozen=True)
class Week:
    """One week (from ``begins``, a Monday) by the practice's calendar."""

    begins: date
    check_ins: int
    alerts: int
    per_100: float | None
    is_over: bool
    is_complete: bool
    rules: list[RuleLoad]


@dataclass(frozen=True)
class AlertBudget:
    """The allowance and what was used, oldest week first; ``rules`` are of all complete weeks, the
    one that raised most first. ``weeks_over`` is how many of the last weeks in a row were over."""

    allowed_per_100: int
    weeks: list[Week]
    rules: list[RuleLoad]
    weeks_over: int
    review_after_weeks: int


def budget(weeks: int) -> AlertBudget:
    """The last ``weeks`` complete weeks of the actor's practice, and the present one."""
    practice = session.get_one(Practice, actor.practice_id)
    allowance = risk.pathway(practice.id).alerts.budget
    monday = _monday(practice)
    counted = _count([practice], monday - weeks * WEEK)
    starts = [monday - n * WEEK for n in range(weeks, -1, -1)]
    shown = [counted.week(practice.id, start, allowance, start < monday) for start in starts]
    audit.record("alert-budget.read", practice_id=practice.id)
    complete = shown[:-1]
    return AlertBudget(
        allowed_per_100=allowance.per_100_check_ins,
        weeks=shown,
        rules=_together(complete),
        weeks_over=alert_load.in_a_row([week.is_over for week in complete]),
        review_after_weeks=allowance.weeks_in_a_row,
    )


def review_load(limit: int) -> int:
    """Hold each practice's weeks that have ended against its budget, once.

    Where a run of weeks over it has become as long as the pathway bears, the lead is given a task.
    Two statements count for all practices of a batch, whatever number of patients they have.
    """
    practices = session.scalars(
        select(Practice)
        .where(or_(Practice.load_judged_to.is_(None), Practice.load_judged_to < _sql_monday()))
        .order_by(Practice.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    if not practices:
        return 0
    mondays = {practice.id: _monday(practice) for practice in practices}
    counted = _count(practices, min(mondays.values()) - (2 * LONGEST_LOOK) * WEEK)
    for practice in practices:
        allowance = risk.pathway(practice.id).alerts.budget
        for over, week in _unjudged(practice, mondays[practice.id], counted, allowance):
            if alert_load.wants_review(over, allowance.weeks_in_a_row):
                _ask_for_review(practice, week, allowance)
        practice.load_judged_to = mondays[practice.id]
    session.flush()
    return len(practices)


class _Counts:
    """Alerts by practice, week and rule, and answered weekly check-ins by practice and week."""

    def __init__(self) -> None:
        self.alerts: dict[tuple[UUID, date], Counter[str]] = {}
        self.check_ins: dict[tuple[UUID, date], int] = {}
        self.titles: dict[str, str] = {}

    def week(
        self, practice_id: UUID, begins: date, allowance: AlertAllowance, is_complete: bool = True
    ) -> Week:
        by_rule = self.alerts.get((practice_id, begins), Counter())
        check_ins = self.check_ins.get((practice_id, begins), 0)
        per_100 = allowance.per_100_check_ins
        count = by_rule.total()
        return Week(
            begins=begins,
            check_ins=check_ins,
            alerts=count,
            per_100=alert_load.rate(count, check_ins),
            is_over=is_complete and alert_load.is_over(count, check_ins, per_100),
            is_complete=is_complete,
            rules=[
                RuleLoad(rule, self.titles[rule], n, alert_load.rate(n, check_ins))
                for rule, n in sorted(by_rule.items(), key=lambda each: (-each[1], each[0]))
            ],
        )


def _count(practices: Sequence[Practice], since: date) -> _Counts:
    counts = _Counts()
    ids = [practice.id for practice in practices]
    # A day early, whatever the zone; what lies before the first week is asked for by nobody.
    begin = datetime.combine(since, time(0), UTC) - timedelta(days=1)
    week = _week_of(Alert.opened_at)
    raised = (
        select(Alert.practice_id, week, Alert.rule, func.max(Alert.title), func.count())
        .join(Practice, Practice.id == Alert.practice_id)
        .where(Alert.practice_id.in_(ids), Alert.opened_at >= begin, Alert.rule.not_in(TASKS))
        .group_by(Alert.practice_id, week, Alert.rule)
    )
    for practice_id, begins, rule, title, count in session.execute(raised):
        counts.alerts.setdefault((practice_id, begins), Counter())[rule] = count
        counts.titles[rule] = title
    week = _week_of(CheckIn.completed_at)
    answered = (
        select(CheckIn.practice_id, week, func.count())
        .join(Practice, Practice.id == CheckIn.practice_id)
        .where(
            CheckIn.practice_id.in_(ids),
            CheckIn.kind == WEEKLY,
            CheckIn.completed_at >= begin,
        )
        .group_by(CheckIn.practice_id, week)
    )
    for practice_id, begins, count in session.execute(answered):
        counts.check_ins[practice_id, begins] = count
    return counts


def _unjudged(
    practice: Practice, monday: date, counted: _Counts, allowance: AlertAllowance
) -> Iterable[tuple[list[bool], Week]]:
    """Each week that ended since the last look, with whether it and those before it were over."""
    first = practice.load_judged_to or monday - WEEK
    weeks = [
        counted.week(practice.id, monday - n * WEEK, allowance)
        for n in range(2 * LONGEST_LOOK, 0, -1)
    ]
    for place, week in enumerate(weeks):
        if week.begins >= max(first, monday - LONGEST_LOOK * WEEK):
            yield [each.is_over for each in weeks[: place + 1]], week


def _ask_for_review(practice: Practice, week: Week, allowance: AlertAllowance) -> None:
    most = ", ".join(f"{each.title} ({each.alerts})" for each in week.rules[:3])
    decision = Decision(
        rule=REVIEW,
        version=risk.pathway(practice.id).label,
        kind="practice",
        tier=3,
        title="Too many alerts: review the rules",
        reason=(
            f"{week.alerts} alerts came from {week.check_ins} weekly check-ins in the week from "
            f"{week.begins:%-d %B}; {allowance.per_100_check_ins} for each 100 are allowed. Most: "
            f"{most}."
        ),
        for_patient=None,
        suggestions=(
            "Look at the rules that raise most in the alert budget",
            "Try a changed pathway on what happened: flask pathway replay",
            "Note what was decided when you close this",
        ),
        source="Ancker 2017",
        inputs={},
    )
    evidence: Mapping[str, Any] = {"week": week.begins.isoformat(), "alerts": week.alerts}
    alerts.raise_for(
        practice.id, None, [decision], evidence, to=absence.lead_here(practice, now()), always=True
    )


def _together(weeks: Sequence[Week]) -> list[RuleLoad]:
    counts: Counter[str] = Counter()
    titles = {}
    for week in weeks:
        for each in week.rules:
            counts[each.rule] += each.alerts
            titles[each.rule] = each.title
    check_ins = sum(week.check_ins for week in weeks)
    return [
        RuleLoad(rule, titles[rule], n, alert_load.rate(n, check_ins))
        for rule, n in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]


def _monday(practice: Practice) -> date:
    today = now().astimezone(ZoneInfo(practice.time_zone)).date()
    return today - timedelta(days=today.weekday())


def _sql_monday() -> ColumnElement[date]:
    return _week_of(now())


def _week_of(at: Any) -> ColumnElement[date]:
    """The Monday of an instant, by the calendar of the practice that is joined."""
    return cast(func.date_trunc("week", func.timezone(Practice.time_zone, at)), Date)
