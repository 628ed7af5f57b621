"""When an alert must be taken up and when it climbs, by its practice's own hours."""

from __future__ import annotations

from datetime import date, datetime

from backend.alerts import deadlines
from backend.alerts.models import Alert
from backend.practices.models import Practice
from backend.risk import service as risk


def start(alert: Alert, practice: Practice, at: datetime) -> None:
    """Somebody must take the alert up, from ``at`` on."""
    alert.respond_from = at
    alert.escalation = 0
    compute(alert, practice)


def compute(alert: Alert, practice: Practice) -> None:
    """Set what follows from since when an alert waits."""
    alert.respond_by = deadlines.respond_by(
        alert.respond_from,
        alert.tier,
        risk.pathway(practice.id).alerts.response_times,
        deadlines.service_hours(practice.service_hours),
        practice.time_zone,
        holidays(practice),
    )
    alert.escalate_at = next_escalation(alert, practice)


def next_escalation(alert: Alert, practice: Practice) -> datetime | None:
    """When an alert that nobody takes up rises by a level; None after the last."""
    return deadlines.next_escalation(
        alert.respond_from,
        alert.escalation,
        risk.pathway(practice.id).alerts.escalation[alert.tier],
        deadlines.service_hours(practice.service_hours),
        practice.time_zone,
        holidays(practice),
    )


def holidays(practice: Practice) -> frozenset[date]:
    """The practice's days without service."""
    return frozenset(date.fromisoformat(day) for day in practice.holidays)
