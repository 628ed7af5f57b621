"""When an alert must be taken up, when it wants an end and when it climbs, in service time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select

from backend.alerts import deadlines, events, states
from backend.alerts.models import IS_OPEN, Alert
from backend.alerts.writing import bump_feed, write_event
from backend.core.clock import now
from backend.core.database import session
from backend.practices import service as practices
from backend.practices.models import Practice
from backend.risk import service as risk
from backend.risk.pathway import ServiceTime


def start(alert: Alert, practice: Practice, at: datetime) -> None:
    """The matter is new, worse or back: it is to be taken up and to be closed, from ``at`` on."""
    alert.resolve_from = at
    wait(alert, practice, at)


def wait(alert: Alert, practice: Practice, at: datetime) -> None:
    """Somebody must take it up, from ``at`` on; by when it should be closed does not move."""
    alert.respond_from = at
    alert.escalation = 0
    _compute(alert, practice)
    alert.escalate_at = _next_step(alert, practice)


def resume(alert: Alert, practice: Practice) -> None:
    """It waits again, since when it did and at the level it had: taking it up was a slip."""
    alert.escalate_at = _next_step(alert, practice)


def hold(alert: Alert, at: datetime) -> None:
    """Somebody has it in hand or has closed it: it climbs no more, or if it stays open too long."""
    in_hand = alert.status in states.IN_HAND and alert.resolve_by > at
    alert.escalate_at = alert.resolve_by if in_hand else None


def climb(alert: Alert, practice: Practice, at: datetime) -> str | None:
    """Raise it to the level that is due at ``at``; ``unresolved`` if it was taken up and not
    closed in time."""
    if alert.status in states.IN_HAND and alert.resolve_by <= at:
        alert.escalation += 1
        alert.escalate_at = None
        return "unresolved"
    while alert.escalate_at is not None and alert.escalate_at <= at:
        alert.escalation += 1
        alert.escalate_at = _next_step(alert, practice)
    return None


def recompute(practice: Practice) -> int:
    """Set every open alert's times anew, after the practice's hours have changed.

    Where one moves, the feed says so. Returns how many have moved.
    """
    version = bump_feed(practice.id)
    moved = [alert for alert in _open_alerts(practice) if _has_moved(alert, practice)]
    for alert in moved:
        alert.updated_at = now()
        alert.feed_version = version
        write_event(alert, events.RETIMED, alert.status, None, None)
    session.flush()
    return len(moved)


def holidays(practice: Practice) -> frozenset[date]:
    """The practice's days without service."""
    return frozenset(each.day for each in practices.holidays_of(practice))


def _open_alerts(practice: Practice) -> Sequence[Alert]:
    return session.scalars(
        select(Alert)
        .where(Alert.practice_id == practice.id, IS_OPEN)
        .order_by(Alert.id)
        .with_for_update()
    ).all()


def _has_moved(alert: Alert, practice: Practice) -> bool:
    before = alert.respond_by, alert.resolve_by
    climbs_when_late = alert.escalate_at == alert.resolve_by
    _compute(alert, practice)
    if alert.escalate_at is not None:
        in_hand = alert.status in states.IN_HAND and climbs_when_late
        alert.escalate_at = alert.resolve_by if in_hand else _next_step(alert, practice)
    return (alert.respond_by, alert.resolve_by) != before


def _compute(alert: Alert, practice: Practice) -> None:
    times = risk.pathway(practice.id).alerts
    response, resolution = times.response_times[alert.tier], times.resolution_times[alert.tier]
    alert.respond_by = _after(alert.respond_from, response, practice)
    alert.resolve_by = _after(alert.resolve_from, resolution, practice)


def _next_step(alert: Alert, practice: Practice) -> datetime | None:
    steps = risk.pathway(practice.id).alerts.escalation[alert.tier]
    if alert.escalation >= len(steps):
        return None
    return _after(alert.respond_from, steps[alert.escalation], practice)


def _after(at: datetime, span: ServiceTime, practice: Practice) -> datetime:
    hours = deadlines.service_hours(practice.service_hours)
    return deadlines.after(at, span, hours, practice.time_zone, holidays(practice))
