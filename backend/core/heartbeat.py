"""When each of the clock's jobs last ran; ``/readyz`` and operators read it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import now
from backend.core.database import Base, session


class Heartbeat(Base):
    """The last run of one of the clock's jobs, on whichever worker."""

    __tablename__ = "heartbeat"

    job: Mapped[str] = mapped_column(primary_key=True)
    ran_at: Mapped[datetime]
    handled: Mapped[int]


def beat(job: str, handled: int) -> None:
    """Record that ``job`` has just run and how many rows it handled."""
    row = {"job": job, "ran_at": now(), "handled": handled}
    session.execute(
        insert(Heartbeat).values(row).on_conflict_do_update(index_elements=["job"], set_=row)
    )


def worker_seen_within(span: timedelta) -> bool:
    """Whether any of the clock's jobs ran lately."""
    latest = session.scalar(select(func.max(Heartbeat.ran_at)))
    return latest is not None and now() - latest <= span
