"""A practice at a glance: its alerts, how soon they are taken up, and how many patients it reaches.

Counted by the database, in as many statements whatever there is to count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    DateTime,
    Float,
    Numeric,
    and_,
    cast,
    column,
    extract,
    func,
    literal,
    select,
    type_coerce,
)

from backend.alerts import deadlines, timers
from backend.alerts.models import OPEN_STATES, Alert
from backend.alerts.states import WAITING
from backend.checkins.models import WEEKLY, CheckIn
from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import actor
from backend.patients.models import ACTIVE, WITHDRAWN, Enrolment
from backend.practices import service as practices
from backend.practices.models import Practice
from backend.programme.dose import Share

WEEK = timedelta(days=7)
# Check-ins are weekly: who has answered none for this long is out of sight.
LATELY = timedelta(days=14)
_MINUTE = 60


@dataclass(frozen=True)
class OpenAlerts:
    """Open alerts of a tier. ``late``: nobody has taken them up by their respond-by; ``pool``:
    nobody has them."""

    tier: int
    count: int
    late: int
    pool: int
    oldest: datetime


@dataclass(frozen=True)
class RuleAlerts:
    """Alerts that a rule raised at a tier, and what became of them."""

    rule: str
    title: str
    tier: int
    raised: int
    resolved: int
    dismissed: int


@dataclass(frozen=True)
class Response:
    """How soon alerts of a tier were taken up. ``in_time``: of those that were due. ``median`` and
    ``p90`` are minutes of service, of those that were taken up; ``None`` where none was."""

    tier: int
    in_time: Share
    taken_up: int
    median: int | None
    p90: int | None


@dataclass(frozen=True)
class Reach:
    """How far patients enrolled in the period came, and who of all active ones answers lately."""

    enrolled: int
    joined: Share
    answered: Share
    left: Share
    answering: Share


@dataclass(frozen=True)
class Overview:
    """``raised`` holds for each week, named by its Monday, the number of alerts by tier."""

    since: date
    weeks: int
    open_now: list[OpenAlerts]
    raised: dict[date, Mapping[int, int]]
    rules: list[RuleAlerts]
    responses: list[Response]
    reach: Reach


def overview(weeks: int) -> Overview:
    """The actor's practice over the last ``weeks`` calendar weeks, the present one among them."""
    practice = practices.get_practice(actor.practice_id)
    zone = ZoneInfo(practice.time_zone)
    today = now().astimezone(zone).date()
    monday = today - timedelta(days=today.weekday()) - (weeks - 1) * WEEK
    since = datetime(monday.year, monday.month, monday.day, tzinfo=zone)
    audit.record("practice.overview", practice_id=practice.id)
    return Overview(
        since=monday,
        weeks=weeks,
        open_now=_open_now(practice),
        raised=_raised(practice, since, [monday + n * WEEK for n in range(weeks)]),
        rules=_rules(practice, since),
        responses=_responses(practice, since),
        reach=_reach(practice, since),
    )


def _open_now(practice: Practice) -> list[OpenAlerts]:
    late = and_(Alert.status.in_(WAITING), Alert.respond_by < now())
    query = (
        select(
            Alert.tier,
            func.count(),
            func.count().filter(late),
            func.count().filter(Alert.owner_id.is_(None)),
            func.min(Alert.opened_at),
        )
        .where(Alert.practice_id == practice.id, Alert.status.in_(OPEN_STATES))
        .group_by(Alert.tier)
        .order_by(Alert.tier)
    )
    return [OpenAlerts(*row) for row in session.execute(query)]


def _raised(
    practice: Practice, since: datetime, mondays: Sequence[date]
) -> dict[date, Mapping[int, int]]:
    week = cast(func.date_trunc("week", func.timezone(practice.time_zone, Alert.opened_at)), Date)
    query = (
        select(week, Alert.tier, func.count())
        .where(_since(practice, since))
        .group_by(week, Alert.tier)
    )
    found: dict[date, dict[int, int]] = {monday: {} for monday in mondays}
    for monday, tier, count in session.execute(query.group_by(week, Alert.tier)):
        # Another server's clock may be ahead, and its week the next one.
        found.setdefault(monday, {})[tier] = count
    return dict(found)


def _rules(practice: Practice, since: datetime) -> list[RuleAlerts]:
    query = (
        select(
            Alert.rule,
            func.max(Alert.title),
            Alert.tier,
            func.count(),
            func.count().filter(Alert.status == "resolved"),
            func.count().filter(Alert.status == "dismissed"),
        )
        .where(_since(practice, since))
        .group_by(Alert.rule, Alert.tier)
        .order_by(func.count().desc(), Alert.rule, Alert.tier)
    )
    return [RuleAlerts(*row) for row in session.execute(query)]


def _responses(practice: Practice, since: datetime) -> list[Response]:
    taken = Alert.acknowledged_at
    minutes = _service_minutes(practice, since)
    spread = func.percentile_cont([0.5, 0.9]).within_group(minutes).filter(taken.is_not(None))
    due = taken.is_not(None) | (Alert.respond_by <= now())
    query = (
        select(
            Alert.tier,
            func.count().filter(taken <= Alert.respond_by),
            func.count().filter(due),
            func.count(taken),
            type_coerce(spread, ARRAY(Float)),
        )
        .where(_since(practice, since))
        .group_by(Alert.tier)
        .order_by(Alert.tier)
    )
    return [
        Response(tier, Share(in_time, of), count, *(_whole(each) for each in times or (None, None)))
        for tier, in_time, of, count, times in session.execute(query)
    ]


def _service_minutes(practice: Practice, since: datetime) -> ColumnElement[float]:
    """Minutes of service from the opening of an alert until it was taken up.

    The days with service are few and the same for every alert; the database adds up what of each
    lies between the two instants.
    """
    hours = deadlines.service_hours(practice.service_hours)
    spans = deadlines.periods(since, now(), hours, practice.time_zone, timers.holidays(practice))
    instants = ARRAY(DateTime(timezone=True))
    both_ends = func.unnest(
        literal([opens for opens, _ in spans], instants),
        literal([closes for _, closes in spans], instants),
    )
    open_time = both_ends.table_valued(
        column("opens", DateTime(timezone=True)), column("closes", DateTime(timezone=True))
    ).render_derived()
    opens, closes = open_time.c.opens, open_time.c.closes
    overlap = func.least(closes, Alert.acknowledged_at) - func.greatest(opens, Alert.opened_at)
    seconds = func.coalesce(func.sum(extract("epoch", overlap)), 0)
    both = and_(closes > Alert.opened_at, opens < Alert.acknowledged_at)
    return select(cast(seconds / _MINUTE, Numeric)).where(both).scalar_subquery()


def _reach(practice: Practice, since: datetime) -> Reach:
    answered = CheckIn.enrolment_id == Enrolment.id
    weekly = select(CheckIn.id).where(
        answered, CheckIn.kind == WEEKLY, CheckIn.completed_at.is_not(None)
    )
    lately = select(CheckIn.id).where(answered, CheckIn.completed_at >= now() - LATELY)
    new = Enrolment.enrolled_at >= since
    active = Enrolment.status == ACTIVE
    query = select(
        func.count().filter(new),
        func.count().filter(new, Enrolment.consented_at.is_not(None)),
        func.count().filter(new, weekly.exists()),
        func.count().filter(new, Enrolment.status == WITHDRAWN),
        func.count().filter(active),
        func.count().filter(active, lately.exists()),
    ).where(Enrolment.practice_id == practice.id)
    enrolled, joined, weeks, left, all_active, answering = session.execute(query).one()
    return Reach(
        enrolled,
        Share(joined, enrolled),
        Share(weeks, enrolled),
        Share(left, enrolled),
        Share(answering, all_active),
    )


def _since(practice: Practice, since: datetime) -> ColumnElement[bool]:
    return and_(Alert.practice_id == practice.id, Alert.opened_at >= since)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
