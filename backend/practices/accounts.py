"""What becomes of an account after it was opened: closed, opened again, another role, a new phone.

Whoever it is about must sign in anew each time: their sessions end, and with them every refresh
token. An access token that was given out before lives on for its few minutes.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pyotp
from sqlalchemy import select

from backend.core import audit, sessions
from backend.core.database import session
from backend.core.identity import actor
from backend.core.problems import Problem, not_found
from backend.practices.models import Provider
from backend.practices.service import NewProvider, authenticator_uri

CLOSED, ROLE_CHANGED, FACTOR_RENEWED = "account-closed", "role-changed", "second-factor-renewed"


def close(provider_id: UUID) -> Provider:
    """Close an account; closing twice is the same as once.

    What they did stays under their name. Open alerts of theirs go to the pool with the next tick.
    Raises ``Problem`` 404 or 409 (one's own).
    """
    provider = _another(provider_id)
    if provider.active:
        provider.active = False
        _kept("provider.close", provider, CLOSED)
    return provider


def reopen(provider_id: UUID) -> Provider:
    """Open a closed account again, with its password and second factor. Raises ``Problem`` 404."""
    provider = _another(provider_id)
    if not provider.active:
        provider.active = True
        provider.failed_attempts, provider.locked_until = 0, None
        _kept("provider.reopen", provider)
    return provider


def change_role(provider_id: UUID, role: str) -> Provider:
    """Give an account another role. Raises ``Problem`` 404 or 409 (one's own)."""
    provider = _another(provider_id)
    if provider.role != role:
        before, provider.role = provider.role, role
        _kept("provider.role", provider, ROLE_CHANGED, before=before, after=role)
    return provider


def renew_second_factor(provider_id: UUID) -> NewProvider:
    """A new secret for a colleague's authenticator app; codes of the old one are void.

    Raises ``Problem`` 404 or 409 (one's own, or a closed account).
    """
    provider = _another(provider_id)
    if not provider.active:
        raise Problem(409, "account-closed", "This account is closed. Open it again first.")
    secret = pyotp.random_base32()
    # Not 0: the page of the first sign-in gives a secret to whoever knows the password alone.
    provider.totp_secret, provider.totp_step = secret, 1
    provider.failed_attempts, provider.locked_until = 0, None
    _kept("provider.second-factor", provider, FACTOR_RENEWED)
    return NewProvider(provider, secret, authenticator_uri(provider.email, secret))


def _another(provider_id: UUID) -> Provider:
    provider = session.scalar(
        select(Provider)
        .where(Provider.id == provider_id, Provider.practice_id == actor.practice_id)
        .with_for_update(key_share=True)
    )
    if provider is None:
        raise not_found("provider")
    if provider_id == actor.id:
        raise Problem(409, "own-account", "Another administrator does this for your own account.")
    return provider


def _kept(action: str, provider: Provider, ends_sessions: str | None = None, **detail: Any) -> None:
    session.flush()
    if ends_sessions is not None:
        sessions.close_all(provider.id, ends_sessions)
    audit.record(
        action,
        practice_id=provider.practice_id,
        entity="provider",
        entity_id=provider.id,
        **detail,
    )
