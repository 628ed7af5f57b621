"""What is known of phone numbers: whether texts reach them.

A number is marked by the carrier's error codes, or after three sets of texts in a row of which none
arrived. Reminders to a marked number are not sent; urgent texts and sign-in codes are tried all the
same, and one that arrives clears the mark.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import case, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.core.clock import now
from backend.core.database import session
from backend.messaging.models import UNREACHABLE, USABLE, PhoneNumber

# Three weekly sets: about three weeks of silence (Lumbra's own limit).
SETS_IN_A_ROW = 3


def condition(phone_index: bytes) -> str:
    """``usable``, ``unreachable``, ``invalid``, ``landline`` or ``no-sms``."""
    query = select(PhoneNumber.condition).where(PhoneNumber.phone_index == phone_index)
    return session.scalar(query) or USABLE


def is_usable(phone_index: bytes) -> bool:
    """Whether reminders may be planned for a number."""
    return condition(phone_index) == USABLE


def marked(indexes: Collection[bytes]) -> set[bytes]:
    """Which of some numbers reminders do not reach, in one query."""
    query = select(PhoneNumber.phone_index).where(
        PhoneNumber.phone_index.in_(indexes), PhoneNumber.condition != USABLE
    )
    return set(session.scalars(query))


def mark(phone_index: bytes, condition: str, code: int) -> None:
    """The carrier says what is wrong with a number."""
    _write(phone_index, condition=condition, code=code)


def set_failed(phone_index: bytes, subject_id: UUID, code: int) -> None:
    """A text about a subject did not arrive; the third subject in a row marks the number."""
    known = insert(PhoneNumber).values(
        phone_index=phone_index,
        code=code,
        failed_sets=1,
        last_failed=subject_id,
        changed_at=now(),
    )
    another = PhoneNumber.last_failed.is_distinct_from(subject_id)
    sets = PhoneNumber.failed_sets + case((another, 1), else_=0)
    flagged = (PhoneNumber.condition == USABLE) & (sets >= SETS_IN_A_ROW)
    session.execute(
        known.on_conflict_do_update(
            index_elements=["phone_index"],
            set_={
                "condition": case((flagged, UNREACHABLE), else_=PhoneNumber.condition),
                "code": code,
                "failed_sets": sets,
                "last_failed": subject_id,
                "changed_at": now(),
            },
        )
    )


def confirm(phone_index: bytes) -> None:
    """A text has arrived, or the person has shown that the number is theirs: it is usable again."""
    session.execute(
        update(PhoneNumber)
        .where(PhoneNumber.phone_index == phone_index)
        .where((PhoneNumber.condition != USABLE) | (PhoneNumber.failed_sets > 0))
        .values(condition=USABLE, code=None, failed_sets=0, last_failed=None, changed_at=now())
        .execution_options(synchronize_session=False)
    )


def _write(phone_index: bytes, **values: object) -> None:
    row = {"phone_index": phone_index, "changed_at": now(), **values}
    session.execute(
        insert(PhoneNumber)
        .values(row)
        .on_conflict_do_update(index_elements=["phone_index"], set_=row)
    )
