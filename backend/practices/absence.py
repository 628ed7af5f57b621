"""Who is here, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, and_, cast, func, or_, select

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.identity import CARE_TEAM, CLINICIAN, LEAD, actor
from backend.core.problems import Problem, invalid, not_found
from backend.practices.models import Practice, Provider


def is_here(provider: Provider, zone: str, at: datetime) -> bool:
    """Whether somebody works at ``at``: has an account, and is not away on that day of ``zone``."""
    day = at.astimezone(ZoneInfo(zone)).date()
    away = (
        provider.away_from is not None
        and provider.away_until is not None
        and provider.away_from <= day <= provider.away_until
    )
    return provider.active and not away


def is_gone(at: datetime) -> ColumnElement[bool]:
    """The opposite, in SQL, of a ``Provider`` joined with their ``Practice``."""
    day = cast(func.timezone(Practice.time_zone, at), Date)
    return or_(
        Provider.active.is_(False), and_(Provider.away_from <= day, Provider.away_until >= day)
    )


def stand_in(
    provider: Provider, zone: str, at: datetime, get: Callable[[UUID], Provider | None]
) -> UUID | None:
    """Who takes what comes to ``provider``: they or, while they are away, their cover.

    None, and so the practice's pool, while the cover is away as well: nothing goes further than
    one step, so that everybody can foresee where it lies.
    """
    if is_here(provider, zone, at):
        return provider.id
    cover = get(provider.cover_id) if provider.cover_id else None
    if cover is None or cover.role not in CARE_TEAM or not is_here(cover, zone, at):
        return None
    return cover.id


def lead_here(practice: Practice, at: datetime) -> UUID | None:
    """The lead who has been with a practice longest of those who work at ``at``."""
    query = select(Provider).where(Provider.practice_id == practice.id, Provider.role == LEAD)
    here = (
        lead.id
        for lead in session.scalars(query.order_by(Provider.id))
        if is_here(lead, practice.time_zone, at)
    )
    return next(here, None)


def set_absence(
    provider_id: UUID, away_from: date, away_until: date, cover_id: UUID | None
) -> Provider:
    """Say from which day until which somebody is away, both by the practice's calendar.

    Raises ``Problem`` 404, 403 (a clinician says so of themselves only) or 422.
    """
    provider = _mine_to_change(provider_id)
    if away_until < away_from:
        raise invalid({"away_until": "The last day is before the first."})
    if away_until < _today():
        raise invalid({"away_until": "This day is over."})
    if cover_id is not None:
        cover = find_colleague(cover_id)
        if cover is None or not cover.active or cover_id == provider_id:
            raise invalid({"cover_id": "Name another member of the care team."})
    provider.away_from, provider.away_until = away_from, away_until
    provider.cover_id = cover_id
    _record("provider.absence", provider)
    return provider


def end_absence(provider_id: UUID) -> Provider:
    """Somebody is back, or does not go. Raises ``Problem`` 404 or 403."""
    provider = _mine_to_change(provider_id)
    if provider.away_from is not None:
        provider.away_from = provider.away_until = provider.cover_id = None
        _record("provider.back", provider)
    return provider


def colleagues() -> Sequence[Provider]:
    """The care team of the actor's practice, by name: to whom work can be given."""
    return session.scalars(
        select(Provider)
        .where(
            Provider.practice_id == actor.practice_id,
            Provider.role.in_(CARE_TEAM),
            Provider.active,
        )
        .order_by(Provider.name, Provider.id)
    ).all()


def find_colleague(provider_id: UUID) -> Provider | None:
    """A member of the actor's care team, if there is one of this id."""
    return session.scalar(
        select(Provider).where(
            Provider.id == provider_id,
            Provider.practice_id == actor.practice_id,
            Provider.role.in_(CARE_TEAM),
        )
    )


def _mine_to_change(provider_id: UUID) -> Provider:
    provider = session.scalar(
        select(Provider)
        .where(Provider.id == provider_id, Provider.practice_id == actor.practice_id)
        # A key is not touched: who writes down whose an alert is, need not wait.
        .with_for_update(key_share=True)
    )
    if provider is None:
        raise not_found("provider")
    if actor.role == CLINICIAN and provider_id != actor.id:
        raise Problem(403, "not-allowed", "A lead or administrator says who else is away.")
    return provider


def _today() -> date:
    zone = session.get_one(Practice, actor.practice_id).time_zone
    return now().astimezone(ZoneInfo(zone)).date()


def _record(action: str, provider: Provider) -> None:
    session.flush()
    audit.record(
        action,
        practice_id=provider.practice_id,
        entity="provider",
        entity_id=provider.id,
    )
