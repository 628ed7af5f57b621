"""The audit trail (FHIR AuditEvent): who did what to whose record, when and why. Append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g, has_request_context, request
from sqlalchemy import Index, insert
from sqlalchemy.orm import Mapped

from backend.core.clock import now
from backend.core.database import Base, OwnedByPractice, session, table_of
from backend.core.identity import Actor
from backend.core.ids import new_id


class AuditEvent(OwnedByPractice, Base):
    """One access to a person's record. The application's role may insert and read, never change."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_patient", "patient_id", "at"),
        Index("ix_audit_event_practice", "practice_id", "at"),
    )

    at: Mapped[datetime]
    action: Mapped[str]
    actor_role: Mapped[str]
    actor_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    entity: Mapped[str | None]
    entity_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    detail: Mapped[dict[str, Any] | None]
    request_id: Mapped[str | None]


_INSERT = insert(table_of(AuditEvent))


def record(
    action: str,
    *,
    practice_id: UUID,
    patient_id: UUID | None = None,
    entity: str | None = None,
    entity_id: UUID | None = None,
    reason: str | None = None,
    **detail: Any,
) -> None:
    """Write one line of the trail, in the same commit as what it tells of.

    ``action`` is ``noun.verb`` (``alert.acknowledge``); ``detail`` holds codes and counts, never
    clinical values.
    """
    who: Actor | None = g.get("actor")
    session.connection().execute(
        _INSERT,
        {
            "id": new_id(),
            "practice_id": practice_id,
            "at": now(),
            "action": action,
            "actor_role": who.role if who else "system",
            "actor_id": who.id if who else None,
            "patient_id": patient_id,
            "entity": entity,
            "entity_id": entity_id,
            "reason": reason,
            "detail": detail or None,
            "request_id": g.get("request_id") if has_request_context() and request else None,
        },
    )
