"""Sign-in sessions: a short access token and a refresh token that changes at every use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped

from backend.core import audit, tenancy
from backend.core.clock import now
from backend.core.crypto import new_token, token_hash
from backend.core.database import Base, OwnedByPractice, session
from backend.core.identity import Actor, become, issue_access_token
from backend.core.ids import new_id
from backend.core.problems import Problem


class SignInSession(OwnedByPractice, Base):
    """One device or browser that somebody is signed in on. Tokens are stored hashed."""

    __tablename__ = "sign_in_session"
    __table_args__ = (Index("ix_sign_in_session_person", "person_id"),)

    person_id: Mapped[UUID]
    role: Mapped[str]
    device: Mapped[str | None]
    refresh_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None]


@dataclass(frozen=True)
class Tokens:
    """What a signed-in client holds. ``expires_in`` is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    role: str
    token_type: str = "Bearer"  # noqa: S105


def open_session(
    person_id: UUID, practice_id: UUID, role: str, life: timedelta, device: str | None = None
) -> Tokens:
    """Sign a person in on a device."""
    at = now()
    secret = new_token()
    row = SignInSession(
        id=new_id(),
        practice_id=practice_id,
        person_id=person_id,
        role=role,
        device=device,
        refresh_hash=token_hash(secret),
        created_at=at,
        used_at=at,
        expires_at=at + life,
    )
    become(Actor(person_id, practice_id, role, row.id))
    session.add(row)
    session.flush()
    audit.record("session.open", practice_id=practice_id, entity="session", entity_id=row.id)
    return _tokens(row, secret)


def rotate(refresh_token: str) -> Tokens:
    """Exchange a refresh token for a new pair.

    Raises ``Problem`` 401. A token that was already exchanged ends the whole session, for its
    holder cannot be told from a thief (RFC 9700, section 4.14).
    """
    row, secret = _find(refresh_token)
    if row.revoked_at is not None or row.expires_at <= now():
        raise Problem(401, "session-ended", "This session has ended; sign in again.")
    if not compare_digest(row.refresh_hash, token_hash(secret)):
        _revoke(row, "reuse")
        # The answer is a refusal, but the revocation must stand.
        session.commit()
        raise Problem(401, "session-ended", "This session has ended; sign in again.")
    fresh = new_token()
    row.refresh_hash = token_hash(fresh)
    row.used_at = now()
    return _tokens(row, fresh)


def close_session(session_id: UUID) -> None:
    """Sign out; closing twice is the same as once."""
    row = session.get(SignInSession, session_id)
    if row is not None and row.revoked_at is None:
        _revoke(row, "sign-out")


def close_all(person_id: UUID, because: str) -> None:
    """End every session of a person at once; their refresh tokens are void."""
    query = select(SignInSession).where(
        SignInSession.person_id == person_id, SignInSession.revoked_at.is_(None)
    )
    for row in session.scalars(query.with_for_update()):
        _revoke(row, because)
    session.flush()


def is_open(session_id: UUID) -> bool:
    """Whether a session may still be used."""
    row = session.get(SignInSession, session_id)
    return row is not None and row.revoked_at is None and row.expires_at > now()


def _find(refresh_token: str) -> tuple[SignInSession, str]:
    session_id, _, secret = refresh_token.partition(".")
    try:
        key = UUID(session_id)
    except ValueError:
        key = None
    with tenancy.across_practices():
        row = key and session.scalar(
            select(SignInSession).where(SignInSession.id == key).with_for_update()
        )
    if not row:
        raise Problem(401, "session-ended", "This session has ended; sign in again.")
    tenancy.enter(row.practice_id)
    return row, secret


def _revoke(row: SignInSession, because: str) -> None:
    row.revoked_at = now()
    row.revoked_because = because
    audit.record(
        "session.revoke",
        practice_id=row.practice_id,
        entity="session",
        entity_id=row.id,
        reason=because,
    )


def _tokens(row: SignInSession, secret: str) -> Tokens:
    access, seconds = issue_access_token(Actor(row.person_id, row.practice_id, row.role, row.id))
    return Tokens(access, f"{row.id}.{secret}", seconds, row.role)
