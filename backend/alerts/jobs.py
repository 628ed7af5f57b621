"""What the clock asks of alerts."""

from __future__ import annotations

from sqlalchemy import select

from backend.alerts import absences, service
from backend.alerts.models import IS_OPEN, Alert
from backend.alerts.writing import bump_feed
from backend.core.clock import now
from backend.core.database import session


def escalate_overdue(limit: int) -> int:
    """Raise the level of open alerts that nobody has dealt with in time.

    1. Take open alerts whose ``escalate_at`` has passed, skipping what another worker holds; the
       feeds of their practices first, in one order.
    2. Raise each to the level due, set its next instant (none after the last level), record it.
    3. Tier 1: text the care team again, in the same transaction.
    A crash before the commit leaves them due; the next tick finds them.
    """
    overdue = IS_OPEN, Alert.escalate_at <= now()
    practices = session.scalars(select(Alert.practice_id).where(*overdue).distinct())
    versions = {practice_id: bump_feed(practice_id) for practice_id in sorted(practices)}
    taken = (
        select(Alert)
        .where(*overdue, Alert.practice_id.in_(versions))
        .order_by(Alert.escalate_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    alerts = list(session.scalars(taken))
    service.escalate(alerts, versions)
    session.flush()
    return len(alerts)


def pass_on_absent(limit: int) -> int:
    """Give open alerts of those who have become absent to their cover or to the pool.

    A crash before the commit leaves them where they were; the next tick finds them.
    """
    return absences.pass_on(limit)
