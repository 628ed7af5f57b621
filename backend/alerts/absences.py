"""What becomes of somebody's alerts while they are away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, select

from backend.alerts import ownership
from backend.alerts.models import IS_OPEN, Alert
from backend.alerts.writing import bump_feed
from backend.core.clock import now
from backend.core.database import session
from backend.practices import absence
from backend.practices.models import Practice, Provider


def go_away(
    provider_id: UUID, away_from: date, away_until: date, cover_id: UUID | None
) -> Provider:
    """Note an absence; if it has begun, what they have goes to the cover or the pool at once.

    It comes back by hand only. Raises ``Problem`` as ``absence.set_absence`` does.
    """
    provider = absence.set_absence(provider_id, away_from, away_until, cover_id)
    practice = session.get_one(Practice, provider.practice_id)
    if not absence.is_here(provider, practice.time_zone, now()):
        _pass_on(Alert.owner_id == provider_id, {practice.id: bump_feed(practice.id)})
    return provider


def pass_on(limit: int) -> int:
    """The same for those whose absence begins today, or whose account was closed."""
    owners = (
        select(Provider.id, Provider.practice_id)
        .join(Practice, Practice.id == Provider.practice_id)
        .where(
            absence.is_gone(now()),
            select(Alert.id)
            .where(
                Alert.practice_id == Provider.practice_id,
                Alert.owner_id == Provider.id,
                IS_OPEN,
            )
            .exists(),
        )
    )
    gone = session.execute(owners).all()
    # Feeds before alerts, and feeds in one order.
    versions = {key: bump_feed(key) for key in sorted({practice_id for _, practice_id in gone})}
    return _pass_on(Alert.owner_id.in_([key for key, _ in gone]), versions, limit) if gone else 0


def _pass_on(
    whose: ColumnElement[bool], versions: Mapping[UUID, int], limit: int | None = None
) -> int:
    at = now()
    alerts = session.scalars(
        select(Alert)
        .where(whose, Alert.practice_id.in_(versions), IS_OPEN)
        .order_by(Alert.tier, Alert.id)
        .limit(limit)
        .with_for_update()
    ).all()
    for alert in alerts:
        practice = session.get_one(Practice, alert.practice_id)
        ownership.pass_on(alert, practice, versions[practice.id], at)
    session.flush()
    return len(alerts)
