"""What a practice may spend on texts in a month, counted in segments.

Above the soft limit the practice's lead is told; above the hard one only urgent texts (sign-in
codes, tier 1) leave. The month is the practice's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from backend.core import audit
from backend.core.clock import now
from backend.core.database import session
from backend.core.ids import new_id
from backend.messaging import tasks
from backend.messaging.models import PENDING, SMS, Communication, TextUse
from backend.practices.models import Practice

WITHIN, NEAR, SPENT = STATES = ("within", "near", "spent")
OVER = "the practice's budget of texts is spent"


@dataclass(frozen=True)
class Budget:
    """One month of a practice: segments used, and its two limits."""

    month: date
    segments: int
    texts: int
    soft: int
    hard: int

    @property
    def state(self) -> str:
        """``within``, ``near`` (the soft limit is reached) or ``spent``."""
        if self.segments >= self.hard:
            return SPENT
        return NEAR if self.segments >= self.soft else WITHIN


def month_of(at: datetime, time_zone: str) -> date:
    """The first day of the month that an instant lies in, by the calendar of a zone."""
    return at.astimezone(ZoneInfo(time_zone)).date().replace(day=1)


def next_month(at: datetime, time_zone: str) -> datetime:
    """The instant at which the next month begins in a zone, in UTC."""
    month = month_of(at, time_zone)
    year, following = divmod(month.year * 12 + month.month, 12)
    begins = datetime.combine(date(year, following + 1, 1), time(), ZoneInfo(time_zone))
    return begins.astimezone(UTC)


def of(practice: Practice) -> Budget:
    """The present month of a practice."""
    month = month_of(now(), practice.time_zone)
    used = session.execute(
        select(TextUse.segments, TextUse.texts).where(
            TextUse.practice_id == practice.id, TextUse.month == month
        )
    ).first()
    soft, hard = _limits(practice)
    return Budget(month, used.segments if used else 0, used.texts if used else 0, soft, hard)


def count_states() -> Counter[str]:
    """How many of the practices in sight stand in which state, each in its own month."""
    at = now()
    # Somewhere the new month has begun a day before it has elsewhere.
    since = (at - timedelta(days=1)).date().replace(day=1)
    used = {
        (use.practice_id, use.month): use.segments
        for use in session.scalars(select(TextUse).where(TextUse.month >= since))
    }
    counted: Counter[str] = Counter()
    for practice in session.scalars(select(Practice)):
        month = month_of(at, practice.time_zone)
        soft, hard = _limits(practice)
        segments = used.get((practice.id, month), 0)
        counted[Budget(month, segments, 0, soft, hard).state] += 1
    return counted


def change(practice: Practice, limits: Mapping[str, int | None]) -> Budget:
    """Set ``soft`` or ``hard``, in segments of a month; None goes back to the setting.

    Texts that wait for the next month ask again. The caller has seen to who may.
    """
    for name, limit in limits.items():
        setattr(practice, f"segments_{name}", limit)
    audit.record(
        "practice.text-budget",
        practice_id=practice.id,
        soft=practice.segments_soft,
        hard=practice.segments_hard,
    )
    session.flush()
    release(practice.id)
    return of(practice)


def charge(row: Communication, practice: Practice) -> bool:
    """Count a text that is about to leave; False, and nothing is counted, when the limit forbids.

    The month's row stays locked until the transaction ends. An e-mail costs nothing.
    """
    if row.channel != SMS:
        return True
    soft, hard = _limits(practice)
    if not row.urgent and row.segments > hard:
        return False
    month = month_of(now(), practice.time_zone)
    new = {"id": new_id(), "practice_id": practice.id, "month": month}
    counted = insert(TextUse).values(**new, segments=row.segments, texts=1)
    used = session.scalar(
        counted.on_conflict_do_update(
            index_elements=["practice_id", "month"],
            set_={
                "segments": TextUse.segments + row.segments,
                "texts": TextUse.texts + 1,
            },
            where=None if row.urgent else TextUse.segments + row.segments <= hard,
        ).returning(TextUse.segments)
    )
    if used is None:
        return False
    if used - row.segments < soft <= used:
        current_app.extensions["log"].warning(
            "sms-budget-near", practice_id=str(practice.id), segments=used, soft=soft, hard=hard
        )
    return True


def refund(row: Communication) -> None:
    """Take back what was counted for a text that did not leave after all."""
    if row.channel != SMS:
        return
    practice = session.get_one(Practice, row.practice_id)
    month = month_of(row.submitted_at or now(), practice.time_zone)
    session.execute(
        update(TextUse)
        .where(TextUse.practice_id == row.practice_id, TextUse.month == month)
        .values(segments=TextUse.segments - row.segments, texts=TextUse.texts - 1)
        .execution_options(synchronize_session=False)
    )


def release(practice_id: UUID) -> None:
    """A limit has been raised: let the texts that wait for the next month ask again."""
    at = now()
    waiting = session.scalars(
        update(Communication)
        .where(
            Communication.practice_id == practice_id,
            Communication.status == PENDING,
            Communication.because == OVER,
        )
        .values(send_after=at, updated_at=at)
        .returning(Communication.id)
        .execution_options(synchronize_session=False)
    ).all()
    tasks.queue_deliveries([(key, at) for key in waiting])


def _limits(practice: Practice) -> tuple[int, int]:
    settings = current_app.extensions["settings"]
    soft, hard = practice.segments_soft, practice.segments_hard
    return (
        settings.sms_segments_soft if soft is None else soft,
        settings.sms_segments_hard if hard is None else hard,
    )
