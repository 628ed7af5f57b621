"""What the clock asks of alerts."""

from __future__ import annotations

from sqlalchemy import select

from backend.alerts import service
from backend.alerts.models import OPEN_STATES, Alert
from backend.core.clock import now
from backend.core.database import session
from backend.practices.models import Practice


def escalate_overdue(limit: int) -> int:
    """Raise the level of open alerts that nobody has dealt with in time.

    1. Take open alerts whose ``escalate_at`` has passed, skipping what another worker holds.
    2. Raise each by one level, set its next instant (none after the last level), record it.
    3. Tier 1: text the care team again, in the same transaction.
    A crash before the commit leaves them due; the next tick finds them.
    """
    overdue = (
        select(Alert)
        .where(Alert.status.in_(OPEN_STATES), Alert.escalate_at <= now())
        .order_by(Alert.escalate_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    alerts = list(session.scalars(overdue))
    versions: dict[object, int] = {}
    for alert in alerts:
        practice = session.get_one(Practice, alert.practice_id)
        if practice.id not in versions:
            versions[practice.id] = service.bump_feed(practice.id)
        service.escalate(alert, practice, versions[practice.id])
    session.flush()
    return len(alerts)
